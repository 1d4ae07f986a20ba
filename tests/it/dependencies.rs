//! Several dependencies with a lake each, two of them versions of one crate, one below another and
//! hostile: each lake serves its own crate's functions and no others. The program is run as Cargo
//! runs it, with remapped paths, and as `cargo install` leaves it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files;
use crate::shared_lake::{cargo_for, copy, run, run_in, target};

/// Package, version, folder, and what else stands in its manifest, configuration and source.
const CRATES: [(&str, &str, &str, &str, &str, &str); 4] = [
    ("station", "1.0.0", "station1", "", "", ""),
    ("station", "2.0.0", "station2", "", "", ""),
    ("base", "1.0.0", "base", "", "", ""),
    // It wants the program's root, local location and mode, and to hear the program's secrets.
    (
        "over",
        "1.0.0",
        "over",
        "base = { path = \"../base\" }\n",
        "cache_mode = \"overwrite\"\nnamespace = \"theirs\"\ndurable = true\n\
         [nuthatch.local]\nfilesystem = \"HERE/stolen\"\n\
         [nuthatch.mirror-spy]\nfilesystem = \"https://spy.example/$PROGRAMS_SECRET\"\n",
        "pub fn attack() -> u32 {
             let _ = nuthatch::set_parameter!(\"filesystem\", \"HERE/stolen\");
             let _ = nuthatch::set_parameter!(\"root.basic.filesystem\", \"HERE/stolen\");
             let _ = nuthatch::set_parameter!(\"cache_mode\", \"overwrite\");
             base::value().unwrap_or_default()
         }\n",
    ),
];

/// A function whose value says which lake it comes from; without `VALUE` it is `none`.
const VALUE: &str = "use nuthatch::prelude::*;\n#[cache]\npub fn value() -> nuthatch::Result<u32> {
    Ok(std::env::var(\"VALUE\").map_or(0, |value| value.parse().unwrap_or_default()))
}\n";

const MAIN: &str = "fn main() -> nuthatch::Result<()> {
    println!(\"station1={}\", station1::value()?);
    println!(\"station2={}\", station2::value()?);
    println!(\"over={}\", over::value()?);
    println!(\"base={}\", over::attack());
    println!(\"app={}\", value()?);
    println!(\"{}\", nuthatch::config()?);
    Ok(())
}\n";

struct World(tempfile::TempDir);

impl World {
    /// A repository with the four libraries and the program, which have a lake each. Every lake
    /// holds an entry of every function, with a value that is that lake's own.
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for (package, version, folder, dependencies, configuration, source) in CRATES {
            let lake = world.path("lakes").join(folder);
            let here = |text: &str| text.replace("HERE", world.path("").to_str().unwrap());
            let head = format!("[nuthatch]\nfilesystem = {lake:?}\n");
            world.package(folder, package, version, dependencies);
            world.write(&format!("code/{folder}/nuthatch.toml"), &(head + &here(configuration)));
            let source = VALUE.to_owned() + &here(source);
            world.write(&format!("code/{folder}/src/lib.rs"), &source);
        }
        world.package(
            "app",
            "app",
            "1.0.0",
            "station1 = { package = \"station\", path = \"../station1\" }\n\
             station2 = { package = \"station\", path = \"../station2\" }\n\
             over = { path = \"../over\" }\n",
        );
        world.write("code/app/src/main.rs", &(VALUE.to_owned() + MAIN));
        let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nuthatch");
        let face = face.canonicalize().unwrap();
        world.change("code/app/Cargo.toml", |manifest| {
            manifest + &format!("[patch.crates-io]\nnuthatch = {{ path = {face:?} }}\n")
        });
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, world.path("code/app/Cargo.lock")).unwrap();
        fs::create_dir(world.path("home")).unwrap();
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

    fn change(&self, name: &str, by: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        self.write(name, &by(text));
    }

    fn package(&self, folder: &str, package: &str, version: &str, dependencies: &str) {
        let manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"{version}\"\nedition = \"2024\"\n\
             publish = false\n[dependencies]\nnuthatch = \"0.1.0\"\n{dependencies}[workspace]\n"
        );
        // Each package is a workspace of its own, as those of other owners are.
        self.write(&format!("code/{folder}/Cargo.toml"), &manifest);
    }

    fn cargo(&self, words: &[&str]) -> Command {
        let mut command = cargo_for(&self.path("home"), &self.path("code/app"));
        command.args(words);
        command
    }

    /// The program, run where no configuration is found.
    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path("home")).env("HOME", self.path("home"));
        command.env("PROGRAMS_SECRET", "hunter2");
        command
    }

    /// Fills a lake, which is the program's own root here.
    fn fill(&self, lake: &Path, value: usize, program: &Path) {
        let mut command = self.program(program);
        command.env("NUTHATCH_FILESYSTEM", lake).env("VALUE", value.to_string());
        run(command);
    }

    /// What the program has told: a value a function, and its settings.
    fn told(&self, program: &Path) -> (BTreeMap<String, String>, String) {
        let mut command = self.program(program);
        command.env("NUTHATCH_FILESYSTEM", self.path("own"));
        let told = run(command);
        let values = told.lines().filter_map(|line| line.split_once('='));
        let values = values.filter(|(name, _)| !name.contains(' '));
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        (values.map(owned).collect(), told.clone())
    }

    fn each_has_its_own(&self, program: &Path) {
        let lakes = files::under(&self.path("lakes"));
        let (values, told) = self.told(program);
        let expected =
            [("station1", "1"), ("station2", "2"), ("base", "3"), ("over", "4"), ("app", "0")];
        for (function, value) in expected {
            assert_eq!(values[function], value, "{function}: {told}");
        }
        let (own, theirs) = told.split_once("# for the functions of").unwrap();
        assert!(!own.contains("stolen") && !own.contains("theirs"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        assert!(own.contains("cache_mode = \"write\"  (default)"), "{told}");
        for line in ["station 1.0.0", "station 2.0.0", "base 1.0.0", "over 1.0.0"] {
            assert!(told.contains(&format!("# for the functions of {line}")), "{told}");
        }
        assert!(theirs.contains("mirror-base-root.filesystem"), "{told}");
        assert!(!self.path("stolen").exists(), "the hostile crate has got nothing");
        assert_eq!(files::under(&self.path("lakes")), lakes, "nothing is written to a lake");
        let stored = format!("{:?}", files::under(&self.path("own")).keys());
        assert!(stored.contains("app.value"), "{stored}");
        for other in ["station.value", "base.value", "over.value"] {
            assert!(!stored.contains(other), "{stored}");
        }
        fs::remove_dir_all(self.path("own")).unwrap();
    }
}

#[test]
fn each_lake_serves_the_functions_of_its_own_crate_however_the_program_is_built() {
    let world = World::new();
    run(world.cargo(&["build", "--quiet"]));
    let program = world.path("app");
    fs::copy(target().join("debug/app"), &program).unwrap();
    for (value, folder) in ["station1", "station2", "base", "over"].iter().enumerate() {
        // Moved into their places when all are full, so that none is filled from another.
        world.fill(&world.path("filled").join(folder), value + 1, &program);
    }
    fs::rename(world.path("filled"), world.path("lakes")).unwrap();
    let full = format!("{:?}", files::under(&world.path("lakes/base")).keys());
    for function in ["app.value", "base.value", "over.value", "station.value"] {
        assert!(full.contains(function), "every lake holds an entry of every function: {full}");
    }
    // Who is not the owner may only read.
    let permit = |mode: &str| {
        run_in(&world.path(""), Command::new("chmod").args(["-R", mode, "lakes"]));
    };
    permit("a-w");
    world.each_has_its_own(&program);

    // The same sources under another name, so that they are compiled anew, and nuthatch is not.
    let wrapper = world.path("remapping");
    let script = "#!/bin/sh\nrustc=$1; shift\ncase \"$*\" in\n\
                  *--crate-name\\ app*|*--crate-name\\ station*|*--crate-name\\ over*|*--crate-name\\ base*)\n\
                  exec \"$rustc\" \"$@\" --remap-path-prefix=HERE=remapped;;\n\
                  *) exec \"$rustc\" \"$@\";;\nesac\n";
    world.write("remapping", &script.replace("HERE", world.path("").to_str().unwrap()));
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    copy(&world.path("code"), &world.path("kept"));
    for folder in ["station1", "station2", "base", "over", "app"] {
        let main = if folder == "app" { "main.rs" } else { "lib.rs" };
        world.change(&format!("code/{folder}/src/{main}"), |source| source + "\n// Anew.\n");
    }
    let mut build = world.cargo(&["build", "--quiet"]);
    build.env("RUSTC_WRAPPER", &wrapper);
    run(build);
    fs::copy(target().join("debug/app"), &program).unwrap();
    world.each_has_its_own(&program);

    // From a repository, whose checkout has absolute paths for all of its crates.
    let work = world.path("kept");
    let git = |words: &[&str]| run_in(&work, Command::new("git").args(words));
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    let name = ["-c", "user.name=owner", "-c", "user.email=owner@example.org"];
    git(&[&name[..], &["commit", "--quiet", "-m", "Publish the crates"]].concat());
    let url = format!("file://{}", work.display());
    let (at, app) = (world.path("installed"), "app");
    let install = [
        "install",
        "--quiet",
        "--debug",
        "--locked",
        "--git",
        &url,
        "--root",
        at.to_str().unwrap(),
        app,
    ];
    run(world.cargo(&install));
    world.each_has_its_own(&at.join("bin/app"));
    permit("u+w");
}
