use super::{DEPENDENCY, OWN, World, root};
use crate::config::{Scope, Value, current, read};

#[test]
fn a_table_sets_all_that_it_holds() {
    let mut table = toml::Table::new();
    table.insert("filesystem".into(), "s3://lake".into());
    table.insert("zarr".into(), toml::toml! { filesystem = "s3://cheap" }.into());
    let settings = World::new()
        .code("root", table)
        .code("local.filesystem_options.region", "r")
        .code("mirror-x.filesystem", "/x")
        .resolve();
    let lake = settings.root.as_ref().unwrap();
    assert_eq!((lake.filesystem.as_str(), lake.place("zarr").0), ("s3://lake", "s3://cheap"));
    let local = settings.local().unwrap();
    assert_eq!(local.filesystem_options["region"].as_str(), Some("r"));
    assert_eq!(settings.mirrors[0].filesystem, "/x");
}

#[test]
fn what_is_set_last_counts() {
    let world = World::new().code("filesystem", "memory://a").code("root.filesystem", "memory://b");
    assert_eq!(root(&world.resolve()), "memory://b");
    let world = world.code("memo_size", 1).code("memo_size", 2_i64);
    assert_eq!(world.resolve().memo_size, 2);
}

#[test]
fn a_wrong_name_or_type_is_an_error_at_the_call_and_sets_nothing() {
    let cases: [(&str, Value, &str); 8] = [
        ("filesytem", "x".into(), "unknown key `filesytem`; the nearest known one is `filesystem`"),
        ("root.filesytem", "x".into(), "unknown key `root.filesytem`"),
        ("root.zarr.filesytem", "x".into(), "unknown key `root.zarr.filesytem`"),
        ("memoize", 1.into(), "`memoize` must be true or false, and is 1"),
        ("filesystem", 1.into(), "`root.filesystem` must be text"),
        ("", "x".into(), "unknown key ``"),
        (".", "x".into(), "unknown key ``"),
        ("memoize.x", true.into(), "`memoize` must be true or false, and is a table"),
    ];
    let mut world = World::new().code("filesystem", "memory://kept");
    for (name, value, message) in cases {
        let error = world.sources.code.set(OWN, name, value).unwrap_err().to_string();
        assert!(error.contains(message), "{name}: {error}");
        assert!(error.ends_with("(src/main.rs:7 in app)"), "{error}");
    }
    let deep = "a.".repeat(1_000_000);
    assert!(world.sources.code.set(OWN, &deep, "x".into()).is_err());
    assert_eq!(root(&world.resolve()), "memory://kept");
}

#[test]
fn a_dependency_configures_its_own_functions_and_nothing_of_the_program() {
    let mut world = World::new().code("filesystem", "memory://mine");
    for (name, value) in [
        ("filesystem", "memory://theirs"),
        ("mirror-old.filesystem", "memory://old"),
        ("local.filesystem", "/hostile"),
        ("cache_mode", "overwrite"),
        ("namespace", "theirs"),
        ("root.odd.filesystem", "memory://odd"),
    ] {
        world.sources.code.set(DEPENDENCY, name, value.into()).unwrap();
    }
    let settings = world.resolve();
    assert_eq!(root(&settings), "memory://mine");
    assert!(settings.mirrors.is_empty() && settings.namespace.is_none());
    assert_eq!((settings.cache_mode, settings.warnings().len()), (None, 0));
    assert!(settings.local().unwrap().filesystem.ends_with(".nuthatch/caches"));
    assert!(!settings.to_string().contains("hostile"));
    let mirrors = settings.mirrors_of(&DEPENDENCY);
    let names: Vec<_> = mirrors.iter().map(|m| (m.name.as_str(), m.filesystem.as_str())).collect();
    let theirs = [
        ("mirror-weather-lib-root", "memory://theirs"),
        ("mirror-weather-lib-mirror-old", "memory://old"),
    ];
    assert_eq!(names, theirs);
    assert!(settings.mirrors_of(&Scope { version: "0.4.0", ..DEPENDENCY }).is_empty());
    assert!(settings.mirrors_of(&OWN).is_empty());
}

#[test]
fn a_variable_lets_a_dependency_configure_the_program() {
    let mut world = World::new();
    world.sources.code.set(DEPENDENCY, "filesystem", "memory://theirs".into()).unwrap();
    assert!(world.resolve().root.is_none());
    let world = world.env("NUTHATCH_ALLOW_INSTALLED_PACKAGE_CONFIGURATION", "1");
    let settings = world.resolve();
    assert_eq!(root(&settings), "memory://theirs");
    assert!(settings.mirrors_of(&DEPENDENCY).is_empty());
}

#[test]
fn a_dependencys_mistake_is_a_warning_of_the_program() {
    let mut world = World::new();
    world.sources.code.set(DEPENDENCY, "filesystem", "$UNSET/x".into()).unwrap();
    let settings = world.resolve();
    assert!(settings.mirrors_of(&DEPENDENCY).is_empty());
    assert!(settings.warnings()[0].starts_with("the mirrors of weather-lib are not used"));
}

#[test]
fn relative_sources_are_the_programs_own() {
    let at = |file| Scope { file, ..OWN };
    let documentation = "/tmp/rustdoctestjE7fWs/doctest_bundle_2024.rs";
    for own in ["src/main.rs", "crates/a/src/lib.rs", "..\\a\\lib.rs", "", documentation] {
        assert!(at(own).is_own(), "{own}");
    }
    for foreign in ["/home/x/.cargo/registry/src/a/lib.rs", "C:\\a\\lib.rs", "\\\\host\\lib.rs"] {
        assert!(!at(foreign).is_own(), "{foreign}");
    }
}

#[test]
fn the_process_has_one_configuration_that_code_renews() {
    crate::set_parameter!("namespace", "first").unwrap();
    let first = current().unwrap();
    assert_eq!(first.namespace.as_deref(), Some("first"));
    let line = line!() + 1;
    crate::set_parameter!({ "namespace" => "second", "memo_size" => 10, "durable" => true })
        .unwrap();
    let second = current().unwrap();
    assert_eq!(second.namespace.as_deref(), Some("second"));
    assert_eq!((second.memo_size, second.durable), (10, true));
    let origin = second.origin("durable").unwrap().to_string();
    assert_eq!(origin, format!("{}:{line} in nuthatch-core", file!()));
    // All or none.
    let both = crate::set_parameter!({ "memo_size" => 11, "durabel" => false });
    assert!(both.unwrap_err().to_string().contains("`durable`"));
    assert_eq!(read(|settings| settings.memo_size).unwrap(), 10);
    // What cannot be used is told at every call, and mended by what is set next.
    crate::set_parameter!("filesystem", "$NUTHATCH_TEST_UNSET/x").unwrap();
    let errors = [(); 2].map(|()| current().unwrap_err().to_string());
    assert!(errors[0].contains("NUTHATCH_TEST_UNSET") && errors[0] == errors[1]);
    assert!(read(|_| ()).is_err());
    crate::set_parameter!("filesystem", "memory://mended").unwrap();
    assert_eq!(root(&current().unwrap()), "memory://mended");
    reading_may_read_and_set();
    no_parameter_is_lost_between_threads();
}

fn reading_may_read_and_set() {
    let sizes = read(|outer| {
        crate::set_parameter!("memo_size", 77).unwrap();
        (outer.memo_size, read(|inner| inner.memo_size).unwrap())
    });
    assert_eq!(sizes.unwrap(), (10, 77));
    assert_eq!(read(|settings| settings.memo_size).unwrap(), 77);
    let elsewhere = std::thread::spawn(|| read(|settings| settings.memo_size).unwrap());
    assert_eq!(elsewhere.join().unwrap(), 77);
}

fn no_parameter_is_lost_between_threads() {
    let set = |thread: usize| {
        for option in 0..20 {
            let name = format!("root.filesystem_options.t{thread}_{option}");
            crate::set_parameter!(&name, "x").unwrap();
            // Whoever has set a parameter sees it in the very next call.
            let key = name.trim_start_matches("root.filesystem_options.");
            let root = current().unwrap().root.clone().unwrap();
            assert!(root.filesystem_options.contains_key(key), "{key}");
        }
    };
    std::thread::scope(|scope| (0..8).for_each(|thread| drop(scope.spawn(move || set(thread)))));
    assert_eq!(current().unwrap().root.as_ref().unwrap().filesystem_options.len(), 160);
}
