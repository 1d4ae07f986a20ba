//! A program and a dependency with a secret each, for a backend that both use: whose secret opens
//! which location.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files;
use crate::shared_lake::{cargo_for, run, target};

/// A backend that tells what it is opened with, as no real one would.
const VAULT: &str = r#"
use nuthatch::Cacheable;
use nuthatch::backend::{Backend, Backends, Basic, Source, Target, Written};

#[derive(Debug, Clone)]
pub struct Note(pub String);

#[derive(Debug)]
struct Vault;

type Future<'a, O> = std::pin::Pin<Box<dyn std::future::Future<Output = nuthatch::Result<O>> + Send + 'a>>;

impl Backend<Note> for Vault {
    fn name(&self) -> &'static str {
        "vault"
    }
    fn type_shape(&self) -> Option<String> {
        None
    }
    fn write<'a>(&'a self, note: &'a Note, target: &'a Target) -> Future<'a, Written> {
        println!("write {} pin={:?}", target.shown, target.options.get("pin"));
        Box::pin(async move { Basic.write(&note.0, target).await })
    }
    fn read<'a>(&'a self, source: &'a Source) -> Future<'a, Note> {
        println!("read {} pin={:?}", source.shown, source.options.get("pin"));
        Box::pin(async move { Ok(Note(Basic.read(source).await?)) })
    }
    fn weigh(&self, note: &Note) -> u64 {
        note.0.len() as u64
    }
}

impl Cacheable for Note {
    fn backends() -> Backends<Self> {
        &[&Vault]
    }
}
"#;

const STATION: &str = r#"
use nuthatch::{Secret, cache, config_parameter};

/// For its own lake; the program's root has the same name here.
#[config_parameter("pin", location = "root", backend = "vault", secret)]
fn pin() -> Secret<String> {
    Secret::new("pin-of-the-station".to_owned())
}

#[cache]
pub fn note() -> nuthatch::Result<vault::Note> {
    Ok(vault::Note("of the station".to_owned()))
}

pub fn set_in_code() -> nuthatch::Result<()> {
    nuthatch::set_parameter!("root.vault.pin", "set-by-the-station")
}
"#;

/// With a function of its own that gives the pin, or without.
const APP: &str = r#"
#[nuthatch::cache]
fn note() -> nuthatch::Result<vault::Note> {
    Ok(vault::Note("of the app".to_owned()))
}

fn main() -> nuthatch::Result<()> {
    match std::env::var("SET").as_deref() {
        Ok("station") => station::set_in_code()?,
        Ok("app") => nuthatch::set_parameter!("root.vault.pin", "set-by-the-app")?,
        _ => {}
    }
    println!("{}, {}", station::note()?.0, note()?.0);
    println!("{}", nuthatch::config()?);
    Ok(())
}
"#;

const PIN: &str = r#"
#[nuthatch::config_parameter("pin", location = "root", backend = "vault", secret)]
async fn pin() -> Result<String, std::io::Error> {
    Ok("pin-of-the-app".to_owned())
}
"#;

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::create_dir(world.path("home")).unwrap();
        world.package("vault", "");
        world.write("vault/src/lib.rs", VAULT);
        world.package("station", "vault = { path = \"../vault\" }\n");
        let lake = world.path("lake");
        world.write("station/nuthatch.toml", &format!("[nuthatch]\nfilesystem = {lake:?}\n"));
        world.write("station/src/lib.rs", STATION);
        let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nuthatch");
        let face = face.canonicalize().unwrap();
        let patch = format!("[patch.crates-io]\nnuthatch = {{ path = {face:?} }}\n");
        let dependencies = "vault = { path = \"../vault\" }\nstation = { path = \"../station\" }\n";
        world.package("app", &(dependencies.to_owned() + &patch));
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, world.path("app/Cargo.lock")).unwrap();
        world.write("app/src/bin/with-pin.rs", &(PIN.to_owned() + APP));
        world.write("app/src/bin/without-pin.rs", APP);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn package(&self, name: &str, dependencies: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\npublish = false\n\
             [workspace]\n[dependencies]\nnuthatch = \"0.1.0\"\n{dependencies}"
        );
        self.write(&format!("{name}/Cargo.toml"), &manifest);
    }

    /// What a program has told, with that folder as its root.
    fn told(&self, program: &str, root: &str, set: &str) -> String {
        let mut command = Command::new(target().join("debug").join(program));
        command.env_clear().current_dir(self.path("home")).env("HOME", self.path("home"));
        command.env("NUTHATCH_FILESYSTEM", self.path(root)).env("SET", set);
        run(command)
    }

    /// The lines of the backend, each as what was done where, and the pin.
    fn opened(&self, program: &str, root: &str, set: &str) -> Vec<(String, String)> {
        let told = self.told(program, root, set);
        for secret in ["pin-of", "set-by"] {
            for line in told.lines().filter(|line| line.contains(" = ")) {
                assert!(!line.contains(secret), "the settings are shown without: {line}");
            }
        }
        let lines = told.lines().filter_map(|line| line.split_once(" pin="));
        lines
            .map(|(place, pin)| {
                let words: Vec<&str> = place.split(' ').take(2).collect();
                (words.join(" "), pin.to_owned())
            })
            .collect()
    }
}

#[test]
fn a_crates_secret_opens_its_own_locations_and_no_others() {
    let world = World::new();
    let mut build = cargo_for(&world.path("home"), &world.path("app"));
    build.args(["build", "--quiet"]);
    run(build);
    let opens = |program: &str, root: &str, set: &str, expected: &[(&str, Option<&str>)]| {
        let opened = world.opened(program, root, set);
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(place, pin)| ((*place).to_owned(), format!("{:?}", pin.map(toml::Value::from))))
            .collect();
        assert_eq!(opened, expected, "{program}, {root}, {set}");
    };
    let (station, app) = (Some("pin-of-the-station"), Some("pin-of-the-app"));

    // The station's owner fills its lake: here, the program whose root it is.
    opens("with-pin", "lake", "", &[("write root", app), ("write root", app)]);
    let lake = files::under(&world.path("lake"));
    let mirror = "read mirror-station-root";
    opens("with-pin", "own", "", &[(mirror, station), ("write root", app)]);
    opens("with-pin", "own", "", &[(mirror, station), ("read root", app)]);
    // A program without a pin gets none of the dependency's, nor one that this sets in code.
    opens("without-pin", "bare", "", &[(mirror, station), ("write root", None)]);
    let theirs = Some("set-by-the-station");
    opens("without-pin", "bare", "station", &[(mirror, theirs), ("read root", None)]);
    opens("with-pin", "own", "station", &[(mirror, theirs), ("read root", app)]);
    // And what the program sets never reaches the dependency's lake.
    let ours = Some("set-by-the-app");
    opens("without-pin", "bare", "app", &[(mirror, station), ("read root", ours)]);
    opens("with-pin", "own", "app", &[(mirror, station), ("read root", ours)]);
    assert_eq!(files::under(&world.path("lake")), lake, "nothing is written to the lake");
}
