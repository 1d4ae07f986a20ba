//! A library crate brings its lake along: `examples/shared_lake`, built as its users would, with the
//! library as a path dependency, packaged, in a git repository and vendored.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{open_folder, powerless};
use crate::files;

/// A copy of the example in a folder of its own, with a lake and a home.
struct World(tempfile::TempDir);

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

impl World {
    fn new() -> Self {
        let world = Self(open_folder());
        fs::create_dir(world.path("home")).unwrap();
        let station = Path::new(REPOSITORY).join("examples/data/seattle_weather.csv");
        fs::copy(station, world.path("station.csv")).unwrap();
        world.crate_at("owner", "weather-lib");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// Copies one of the two crates, made to stand where it stands.
    fn crate_at(&self, folder: &str, name: &str) -> PathBuf {
        let to = self.path(folder).join(name);
        copy(&Path::new(REPOSITORY).join("examples/shared_lake").join(name), &to);
        let face = Path::new(REPOSITORY).join("crates/nuthatch").canonicalize().unwrap();
        let patch = format!("\n[patch.crates-io]\nnuthatch = {{ path = {face:?} }}\n");
        change(&to.join("Cargo.toml"), |manifest| {
            let by_version = "nuthatch = { version = \"0.1.0\" }";
            let by_path = "nuthatch = { path = \"../../../crates/nuthatch\", version = \"0.1.0\" }";
            assert!(manifest.contains(by_path));
            manifest.replace(by_path, by_version) + &patch
        });
        let lock = Path::new(REPOSITORY).join("Cargo.lock");
        fs::copy(lock, to.join("Cargo.lock")).unwrap();
        let configuration = to.join("nuthatch.toml");
        if configuration.exists() {
            change(&configuration, |text| {
                assert!(text.contains("\"../lake\""));
                text.replace("../lake", self.path("lake").to_str().unwrap())
            });
        }
        to
    }

    /// The app, which depends on the library in this way.
    fn app(&self, folder: &str, dependency: &str) -> PathBuf {
        let app = self.crate_at(folder, "weather-app");
        change(&app.join("Cargo.toml"), |manifest| {
            let by_path = "weather-lib = { path = \"../weather-lib\", version = \"0.3.0\" }";
            assert!(manifest.contains(by_path));
            manifest.replace(by_path, &format!("weather-lib = {{ {dependency} }}"))
        });
        app
    }

    /// The library as `cargo package` makes it, unpacked into a directory source.
    fn packaged_into(&self, folder: &Path) {
        let library = self.path("owner").join("weather-lib");
        let mut package = self.cargo(&library);
        package.args(["package", "--no-verify", "--allow-dirty", "--exclude-lockfile"]);
        run(package);
        let package = target().join("package/weather-lib-0.3.0.crate");
        fs::create_dir_all(folder).unwrap();
        run_in(folder, Command::new("tar").arg("-xzf").arg(package));
        let unpacked = folder.join("weather-lib-0.3.0");
        assert!(unpacked.join("nuthatch.toml").is_file(), "it is part of the package");
        fs::write(unpacked.join(".cargo-checksum.json"), r#"{"files":{},"package":null}"#).unwrap();
    }

    fn cargo(&self, folder: &Path) -> Command {
        cargo_for(&self.path("home"), folder)
    }

    /// Builds and runs the app as its user does, who can write nothing but what is at home; what it
    /// has told.
    fn told(&self, app: &Path, variables: &[(&str, &str)]) -> String {
        let mut build = self.cargo(app);
        build.args(["build", "--quiet"]);
        run(build);
        // The build folder may lie where nobody else may look.
        let program = self.path("weather-app");
        fs::copy(target().join("debug/weather-app"), &program).unwrap();
        let home = self.path("home");
        let mut command = Command::new(program);
        command.arg("--config").env_clear().current_dir(&home).env("HOME", &home);
        command.envs(variables.iter().copied());
        run(powerless(command, &home))
    }

    /// What a user of the app sees, with the library in that form.
    fn recalls(&self, app: &Path) {
        let lake = files::under(&self.path("lake"));
        let told = self.told(app, &[]);
        let from = |location: &str| told.matches(&format!("monthly() from {location}")).count();
        assert_eq!(from("mirror-weather-lib-root"), 3, "{told}");
        assert!(told.contains("12 months") && told.contains("wettest: 11"), "{told}");
        assert!(
            told.contains("computed wettest()") && told.contains("stored in nowhere"),
            "{told}"
        );
        assert!(!told.contains("computed monthly()") && !told.contains("WARN"), "{told}");
        let (own, of_library) =
            told.split_once("# for the functions of weather-lib 0.3.0").unwrap();
        assert!(!own.contains("root.filesystem") && !own.contains("/lake"), "{told}");
        assert!(of_library.contains("mirror-weather-lib-root.filesystem"), "{told}");

        let name = app.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let local = self.path(&format!("home/local-{name}"));
        let told = self.told(
            app,
            &[
                ("NUTHATCH_CACHE_MODE", "local"),
                ("NUTHATCH_LOCAL_FILESYSTEM", local.to_str().unwrap()),
            ],
        );
        let lines: Vec<&str> = told.lines().filter(|line| line.contains("recalled")).collect();
        assert!(lines[0].contains("monthly() from mirror-weather-lib-root"), "{told}");
        assert!(lines[1].contains("monthly() from local"), "{told}");

        let root = self.path(&format!("home/root-{name}"));
        let told = self.told(app, &[("NUTHATCH_FILESYSTEM", root.to_str().unwrap())]);
        assert!(told.contains("monthly() from mirror-weather-lib-root"), "{told}");
        assert!(told.contains("computed wettest()") && told.contains("stored in root"), "{told}");
        let stored = format!("{:?}", files::under(&root).keys());
        assert!(stored.contains("weather-app.wettest"), "{stored}");
        assert!(!stored.contains("weather-lib"), "{stored}");
        assert_eq!(files::under(&self.path("lake")), lake, "nothing is written to the lake");

        // Nor could it be: with the lake as its own root, the app's function is not stored.
        let told = self.told(app, &[("NUTHATCH_FILESYSTEM", self.path("lake").to_str().unwrap())]);
        assert!(told.contains("WARN") && told.contains("computed wettest()"), "{told}");
        assert_eq!(files::under(&self.path("lake")), lake);
    }

    /// The library is built anew whenever its file is another, and when it appears.
    fn file_changes_goes_and_comes_back(&self, app: &Path) {
        let file = self.path("owner/weather-lib/nuthatch.toml");
        let before = fs::read_to_string(&file).unwrap();
        let archive = "\n[nuthatch.mirror-archive]\nfilesystem = \"/nowhere/archive\"\n";
        fs::write(&file, before.clone() + archive).unwrap();
        let told = self.told(app, &[]);
        assert!(told.contains("mirror-weather-lib-mirror-archive.filesystem"), "{told}");
        fs::remove_file(&file).unwrap();
        let mut command = self.cargo(app);
        let output = command.args(["run", "--quiet"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && told.contains("the station's data is not here"),
            "{told}"
        );
        fs::write(&file, &before).unwrap();
        let told = self.told(app, &[]);
        assert!(told.contains("monthly() from mirror-weather-lib-root"), "{told}");
        assert!(!told.contains("mirror-archive") && !told.contains("WARN"), "{told}");
    }
}

#[test]
fn whoever_depends_on_a_crate_recalls_from_its_lake_in_whatever_way_it_comes() {
    let world = World::new();
    let owner = world.path("owner").join("weather-lib");
    let mut fill = world.cargo(&owner);
    fill.args(["run", "--quiet", "--example", "fill"]);
    fill.env("WEATHER_STATION", world.path("station.csv"));
    assert!(run(fill).contains("12 months, in the lake: true"));

    // Who is not the owner may only read.
    run_in(&world.path(""), Command::new("chmod").args(["-R", "a-w", "lake"]));

    world.recalls(&world.app("by-path", "path = \"../../owner/weather-lib\""));

    world.packaged_into(&world.path("packages"));
    let app = world.app("by-package", "version = \"0.3.0\", registry = \"weather\"");
    directory_source(&app, &world.path("packages"));
    world.recalls(&app);

    let repository = bare_repository(&world, &owner);
    let app = world.app("by-git", &format!("git = \"file://{}\"", repository.display()));
    world.recalls(&app);

    world.file_changes_goes_and_comes_back(&world.path("by-path").join("weather-app"));

    let app = world.app("vendored", "version = \"0.3.0\", registry = \"weather\"");
    world.packaged_into(&app.join("vendor"));
    directory_source(&app, &app.join("vendor"));
    world.recalls(&app);
}

/// Cargo in that folder, as a user who has no configuration at all.
pub(crate) fn cargo_for(own_home: &Path, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    let home = std::env::home_dir().unwrap();
    for (name, default) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(name).is_none() {
            command.env(name, home.join(default));
        }
    }
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"NUTHATCH_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("HOME", own_home);
    command.env("CARGO_TARGET_DIR", target()).env_remove("WEATHER_STATION");
    // Each world lies elsewhere, and what is built for it is built once: it is kept small.
    command.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    command
}

/// A registry that is replaced by the packages in a folder.
fn directory_source(app: &Path, packages: &Path) {
    let configuration = format!(
        "[registries.weather]\nindex = \"https://weather.invalid/index\"\n\
         [source.weather]\nregistry = \"https://weather.invalid/index\"\nreplace-with = \"packages\"\n\
         [source.packages]\ndirectory = {packages:?}\n"
    );
    fs::create_dir(app.join(".cargo")).unwrap();
    fs::write(app.join(".cargo/config.toml"), configuration).unwrap();
}

fn bare_repository(world: &World, library: &Path) -> PathBuf {
    let work = world.path("work");
    copy(library, &work);
    let bare = world.path("weather-lib.git");
    let git = |words: &[&str]| run_in(&work, Command::new("git").args(words));
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    let name = ["-c", "user.name=owner", "-c", "user.email=owner@example.org"];
    git(&[&name[..], &["commit", "--quiet", "-m", "Publish the crate"]].concat());
    git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    bare
}

/// Kept from run to run: what the crates depend on is built once.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared_lake")
}

pub(crate) fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{told}", output.status);
    told.into_owned()
}

pub(crate) fn run_in(folder: &Path, command: &mut Command) {
    let status = command.current_dir(folder).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn change(file: &Path, by: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, by(text)).unwrap();
}

/// Without what cargo has made there.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if name == "target" || name == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
