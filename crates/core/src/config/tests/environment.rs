use super::{World, origin, root};

#[test]
fn a_variable_names_location_and_backend() {
    let settings = World::new()
        .env("NUTHATCH_FILESYSTEM", "s3://root")
        .env("NUTHATCH_ZARR_FILESYSTEM", "s3://root-zarr")
        .env("NUTHATCH_ROOT_DELTA_FILESYSTEM", "s3://root-delta")
        .env("NUTHATCH_LOCAL_FILESYSTEM", "/local")
        .env("NUTHATCH_LOCAL_ZARR_FILESYSTEM", "/local-zarr")
        .env("NUTHATCH_MIRROR_FILESYSTEM", "/mirror")
        .env("NUTHATCH_MIRROR_ZARR_FILESYSTEM", "/mirror-zarr")
        .env("NUTHATCH_MIRROR_ARCHIVE_ZARR_FILESYSTEM", "/archive-zarr")
        .env("NUTHATCH_MIRROR_ARCHIVE_FILESYSTEM", "/archive")
        .env("NUTHATCH_SQL_HOST", "db")
        .env("NUTHATCH_ROOT_SQL_WRITE_USER", "rw")
        .resolve();
    assert_eq!(root(&settings), "s3://root");
    let place = |name: &str, backend: &str| {
        let location = settings.locations().find(|location| location.name == name).unwrap();
        location.place(backend).0.to_owned()
    };
    assert_eq!(place("root", "zarr"), "s3://root-zarr");
    assert_eq!(place("root", "delta"), "s3://root-delta");
    assert_eq!(
        (place("local", "basic").as_str(), place("local", "zarr").as_str()),
        ("/local", "/local-zarr")
    );
    assert_eq!(
        (place("mirror", "basic").as_str(), place("mirror", "zarr").as_str()),
        ("/mirror", "/mirror-zarr")
    );
    assert_eq!(place("mirror-archive", "basic"), "/archive");
    assert_eq!(place("mirror-archive", "zarr"), "/archive-zarr");
    assert_eq!(settings.mirrors.len(), 2);
    let sql = settings.root.as_ref().unwrap().backend_options("sql");
    assert_eq!((sql["host"].as_str(), sql["write_user"].as_str()), (Some("db"), Some("rw")));
    assert_eq!(origin(&settings, "root.sql.host"), "NUTHATCH_SQL_HOST");
}

#[test]
fn the_longest_location_wins() {
    let settings = World::new()
        .project("nuthatch.mirror.filesystem = '/m'\nnuthatch.mirror-sql.filesystem = '/s'")
        .env("NUTHATCH_MIRROR_SQL_FILESYSTEM", "/from-env")
        .resolve();
    let mirror = |name: &str| settings.mirrors.iter().find(|m| m.name == name).unwrap();
    assert_eq!(mirror("mirror-sql").filesystem, "/from-env");
    assert_eq!(mirror("mirror").place("sql").0, "/m");
}

#[test]
fn what_is_no_letter_or_digit_is_an_underscore() {
    let settings = World::new()
        .project(
            "[nuthatch.mirror-eu-west_1]\nfilesystem = '/m'\n[nuthatch.root.my-format]\nlevel = 1",
        )
        .env("NUTHATCH_MIRROR_EU_WEST_1_FILESYSTEM", "/moved")
        .env("NUTHATCH_FILESYSTEM", "/root")
        .env("NUTHATCH_MY_FORMAT_LEVEL", "2")
        .resolve();
    assert_eq!(settings.mirrors[0].filesystem, "/moved");
    assert_eq!(settings.mirrors[0].name, "mirror-eu-west_1");
    let options = settings.root.unwrap().backend_options("my-format");
    assert_eq!(options["level"].as_str(), Some("2"));
}

#[test]
fn a_variable_that_names_two_locations_is_an_error() {
    let error = World::new()
        .project("nuthatch.mirror-a-b.filesystem = '/1'\nnuthatch.mirror-a_b.filesystem = '/2'")
        .env("NUTHATCH_MIRROR_A_B_FILESYSTEM", "/3")
        .error();
    assert!(error.contains("names both `mirror-a-b` and `mirror-a_b`; rename one"), "{error}");
}

#[test]
fn an_unknown_variable_names_the_nearest_known_one() {
    let cases = [
        ("NUTHATCH_FILESYTEM", "NUTHATCH_FILESYSTEM"),
        ("NUTHATCH_CACHEMODE", "NUTHATCH_CACHE_MODE"),
        ("NUTHATCH_memo_size", "NUTHATCH_MEMO_SIZE"),
        ("NUTHATCH_LOCL_FILESYSTEM", "NUTHATCH_LOCAL_FILESYSTEM"),
        ("NUTHATCH_ZAR_FILESYSTEM", "NUTHATCH_ZARR_FILESYSTEM"),
        ("NUTHATCH_ZARR_FILESYTEM", "NUTHATCH_ZARR_FILESYSTEM"),
        ("NUTHATCH_MIRROR_ARCHIVE_FILESYTEM", "NUTHATCH_MIRROR_ARCHIVE_FILESYSTEM"),
        (
            "NUTHATCH_ALLOW_INSTALLED_CONFIGURATION",
            "NUTHATCH_ALLOW_INSTALLED_PACKAGE_CONFIGURATION",
        ),
        ("NUTHATCH_", "NUTHATCH_COMMIT"),
        ("NUTHATCH_ZARR_", "NUTHATCH_GRACE"),
    ];
    for (variable, near) in cases {
        let error =
            World::new().env("NUTHATCH_MIRROR_ARCHIVE_FILESYSTEM", "/a").env(variable, "1").error();
        assert!(error.ends_with(&format!("({variable})")), "{error}");
        let named = format!("the nearest known one is `{near}`");
        assert!(error.contains(&named) || variable.ends_with('_'), "{variable}: {error}");
    }
}

#[test]
fn an_empty_variable_counts_as_unset_and_others_are_not_ours() {
    let world =
        World::new().env("NUTHATCH_FILESYSTEM", "").env("NUTHATCHES", "x").env("OTHER", "x");
    assert!(world.resolve().root.is_none());
}

#[test]
fn options_are_written_as_toml_or_json() {
    for text in ["{ region = 'r', allow_http = true }", r#"{"region": "r", "allow_http": true}"#] {
        let world = World::new()
            .env("NUTHATCH_FILESYSTEM", "s3://x")
            .env("NUTHATCH_FILESYSTEM_OPTIONS", text);
        let options = world.resolve().root.unwrap().filesystem_options;
        assert_eq!(options["region"].as_str(), Some("r"), "{text}");
        assert_eq!(options["allow_http"].as_bool(), Some(true), "{text}");
    }
    for text in ["hunter2", "'hunter2'", "{}\nx = 'hunter2'", "{ region = ['hunter2'] }", "[1]"] {
        let error = World::new().env("NUTHATCH_FILESYSTEM_OPTIONS", text).error();
        assert!(error.ends_with("(NUTHATCH_FILESYSTEM_OPTIONS)"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn wrong_values_name_the_variable() {
    let cases = [
        ("NUTHATCH_CACHE_MODE", "wirte", "must be one of \"write\", \"overwrite\""),
        ("NUTHATCH_MEMOIZE", "yes", "must be true or false, and is \"yes\""),
        ("NUTHATCH_MEMO_SIZE", "2 GO", "must be bytes, or text with a unit"),
        ("NUTHATCH_GRACE", "7", "must be text such as \"7d\""),
        ("NUTHATCH_NAMESPACE", "_", "must be text that is neither empty nor `_`"),
        ("NUTHATCH_ALLOW_INSTALLED_PACKAGE_CONFIGURATION", "maybe", "must be true or false"),
    ];
    for (variable, value, message) in cases {
        let error = World::new().env(variable, value).error();
        assert!(error.contains(message), "{error}");
        assert!(error.ends_with(&format!("({variable})")), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn values_that_are_not_text_are_an_error_for_our_variables_only() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let odd = || OsString::from_vec(b"\xff".to_vec());
    let mut world = World::new();
    world.sources.env.push(("OTHER".into(), odd()));
    world.sources.env.push((odd(), odd()));
    world.resolve();
    world.sources.env.push(("NUTHATCH_NAMESPACE".into(), odd()));
    assert!(world.error().contains("the value of the variable is not UTF-8"));
    world.sources.env.pop();
    world.sources.env.push((OsString::from_vec(b"NUTHATCH_\xff".to_vec()), "x".into()));
    assert!(world.error().contains("the name of the variable is not UTF-8"));
}

#[test]
fn the_reference_names_every_parameter_and_form() {
    let reference = crate::config::reference();
    for variable in [
        "NUTHATCH_FILESYSTEM",
        "NUTHATCH_<LOCATION>_FILESYSTEM",
        "NUTHATCH_<BACKEND>_FILESYSTEM_OPTIONS",
        "NUTHATCH_<LOCATION>_<BACKEND>_FILESYSTEM",
        "NUTHATCH_<LOCATION>_<BACKEND>_<OPTION>",
        "NUTHATCH_ALLOW_INSTALLED_PACKAGE_CONFIGURATION",
    ] {
        assert!(reference.contains(&format!("| `{variable}` |")), "{variable}\n{reference}");
    }
    for known in crate::config::parameters::GLOBALS {
        let variable = format!("`NUTHATCH_{}`", known.name.to_uppercase());
        assert!(reference.contains(&variable), "{variable}");
        // Every variable of the reference is one that resolving knows.
        let value = if known.default == "none" { "x" } else { known.default };
        if !value.contains(' ') || known.name == "memo_size" {
            World::new().env(variable.trim_matches('`'), value).resolve();
        }
    }
}
