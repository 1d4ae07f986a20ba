use std::time::Duration;

use super::{World, origin, root, text};
use crate::config::{CommitPolicy, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify};
use crate::mode::CacheMode;

#[test]
fn without_any_layer_the_defaults_hold() {
    let world = World::new();
    let settings = world.resolve();
    assert!(settings.root.is_none() && settings.mirrors.is_empty());
    assert_eq!(settings.local().unwrap().filesystem, text(&world.path("home/.nuthatch/caches")));
    assert_eq!((settings.cache_mode, settings.mode()), (None, CacheMode::ReadOnly));
    assert_eq!(settings.namespace, None);
    assert_eq!((settings.memoize, settings.durable), (false, false));
    assert_eq!(settings.memo_size, 2_000_000_000);
    assert_eq!(settings.on_store_failure, OnStoreFailure::Warn);
    assert_eq!(settings.manifest_identity, ManifestIdentity::Full);
    assert_eq!(settings.commit, CommitPolicy::Conditional);
    assert_eq!(settings.grace, Duration::from_secs(604_800));
    assert_eq!(settings.timeout, Duration::from_secs(30));
    assert_eq!((settings.verify, settings.progress), (Verify::Full, Progress::Auto));
    assert_eq!((settings.lease, settings.on_busy), (None, OnBusy::Wait));
    assert_eq!(settings.lease_ttl, Duration::from_secs(30));
    assert_eq!(settings.lease_wait, Duration::from_secs(3_600));
    assert!(settings.skipped_filesystems.is_empty());
    assert_eq!(origin(&settings, "memo_size"), "default");
    assert_eq!(origin(&settings, "local.filesystem"), "default");
}

#[test]
fn each_layer_beats_the_weaker_ones() {
    let world =
        World::new().file("home/.nuthatch.toml", "[nuthatch]\nfilesystem = 'memory://user'");
    assert_eq!(root(&world.resolve()), "memory://user");
    let world = world.project("[nuthatch]\n\nfilesystem = 'memory://project'");
    assert_eq!(root(&world.resolve()), "memory://project");
    let world = world.env("NUTHATCH_FILESYSTEM", "memory://environment");
    assert_eq!(root(&world.resolve()), "memory://environment");
    let world = world.code("filesystem", "memory://code");
    assert_eq!(root(&world.resolve()), "memory://code");
}

#[test]
fn each_value_says_where_it_came_from() {
    let world = World::new()
        .file("home/.nuthatch.toml", "[nuthatch]\nnamespace = 'mine'")
        .project("[nuthatch]\n\ngrace = '1d'\n[nuthatch.root.zarr]\nchunk = 3\n")
        .env("NUTHATCH_MEMO_SIZE", "1 GB")
        .env("NUTHATCH_ROOT_FILESYSTEM", "memory://x")
        .code("durable", true);
    let settings = world.resolve();
    let file = |name: &str, line| format!("{}:{line}", world.path(name).display());
    assert_eq!(origin(&settings, "namespace"), file("home/.nuthatch.toml", 2));
    assert_eq!(origin(&settings, "grace"), file("project/nuthatch.toml", 3));
    assert_eq!(origin(&settings, "root.zarr.chunk"), file("project/nuthatch.toml", 5));
    assert_eq!(origin(&settings, "memo_size"), "NUTHATCH_MEMO_SIZE");
    assert_eq!(origin(&settings, "root.filesystem"), "NUTHATCH_ROOT_FILESYSTEM");
    assert_eq!(settings.root.as_ref().unwrap().origin.to_string(), "NUTHATCH_ROOT_FILESYSTEM");
    assert_eq!(origin(&settings, "durable"), "src/main.rs:7 in app");
    assert!(settings.origin("root.filesytem").is_none());
}

#[test]
fn every_parameter_is_read_from_a_file_and_from_the_environment() {
    let said = [
        ("cache_mode", "local_strict", "cache_mode = \"offline\""),
        ("namespace", "winter", "namespace = \"winter\""),
        ("memoize", "true", "memoize = true"),
        ("memo_size", "512 MiB", "memo_size = \"512 MiB\""),
        ("durable", "true", "durable = true"),
        ("on_store_failure", "error", "on_store_failure = \"error\""),
        ("manifest_identity", "none", "manifest_identity = \"none\""),
        ("commit", "last-writer-wins", "commit = \"last-writer-wins\""),
        ("grace", "1d 12h", "grace = \"36h\""),
        ("timeout", "90s", "timeout = \"90s\""),
        ("lease", "true", "lease = true"),
        ("lease_ttl", "1s", "lease_ttl = \"1s\""),
        ("lease_wait", "5m", "lease_wait = \"5min\""),
        ("on_busy", "error", "on_busy = \"error\""),
        ("verify", "off", "verify = \"off\""),
        ("progress", "on", "progress = \"on\""),
        ("skipped_filesystems", "s3://x", "skipped_filesystems = [\"s3://x\"]"),
        ("filesystem", "memory://x", "root.filesystem = \"memory://x\""),
        ("local.filesystem", "/x", "local.filesystem = \"/x\""),
    ];
    for (key, value, line) in said {
        let literal = match (key, value) {
            ("skipped_filesystems", _) => format!("['{value}']"),
            (_, "true") => value.to_owned(),
            _ => format!("'{value}'"),
        };
        let file = World::new().project(&format!("nuthatch.{key} = {literal}"));
        let variable = format!("NUTHATCH_{}", key.to_uppercase().replace('.', "_"));
        let environment = World::new().env(&variable, value);
        let code = World::new().code(
            key,
            toml::from_str::<toml::Table>(&format!("v = {literal}")).unwrap()["v"].clone(),
        );
        for world in [file, environment, code] {
            let shown = world.resolve().to_string();
            assert!(shown.contains(&format!("{line}  (")), "{key}: {shown}");
        }
    }
    let names: Vec<_> = crate::config::parameters::GLOBALS.iter().map(|known| known.name).collect();
    assert!(names.iter().all(|name| said.iter().any(|(key, _, _)| key == name)), "{names:?}");
}

#[test]
fn layers_merge_parameter_by_parameter_and_option_by_option() {
    let settings = World::new()
        .file(
            "home/.nuthatch.toml",
            "[nuthatch]\nfilesystem_options = { region = 'weak', endpoint = 'weak' }",
        )
        .project(
            "[nuthatch]\nfilesystem = 's3://lake'\n[nuthatch.filesystem_options]\nregion = 'strong'\n\
             [nuthatch.root.zarr]\nchunk = 1\nlevel = 1",
        )
        .env("NUTHATCH_ZARR_CHUNK", "2")
        .resolve();
    let root = settings.root.unwrap();
    assert_eq!(root.filesystem, "s3://lake");
    assert_eq!(root.filesystem_options["region"].as_str(), Some("strong"));
    assert_eq!(root.filesystem_options["endpoint"].as_str(), Some("weak"));
    let zarr = root.backend_options("zarr");
    assert_eq!((zarr["chunk"].as_str(), zarr["level"].as_integer()), (Some("2"), Some(1)));
    assert!(root.backend_options("delta").is_empty());
}

#[test]
fn a_backend_beats_its_location() {
    let settings = World::new()
        .project(
            "[nuthatch]\nfilesystem = 's3://lake'\nfilesystem_options = { region = 'r', token = 't' }\n\
             [nuthatch.root.zarr]\nfilesystem = 's3://cheap'\nfilesystem_options = { region = 'other' }\n\
             [nuthatch.root.delta]\nfilesystem = 'gs://elsewhere'\n",
        )
        .resolve();
    let root = settings.root.unwrap();
    let (zarr, options) = root.place("zarr");
    assert_eq!(zarr, "s3://cheap");
    assert_eq!(options["region"].as_str(), Some("other"));
    assert_eq!(options["token"].as_str(), Some("t"));
    // Another kind of filesystem takes nothing of what was meant for the location's.
    let (delta, options) = root.place("delta");
    assert_eq!((delta, options.len()), ("gs://elsewhere", 0));
    let (basic, options) = root.place("basic");
    assert_eq!((basic, options.len()), ("s3://lake", 2));
}

#[test]
fn a_stronger_location_leaves_a_weaker_backend_in_its_place() {
    let settings = World::new()
        .project("[nuthatch.root]\nfilesystem = 's3://a'\nzarr.filesystem = 's3://zarr'")
        .env("NUTHATCH_FILESYSTEM", "s3://b")
        .resolve();
    let root = settings.root.unwrap();
    assert_eq!((root.place("basic").0, root.place("zarr").0), ("s3://b", "s3://zarr"));
}

#[test]
fn mirrors_keep_the_order_of_configuration() {
    let settings = World::new()
        .file("home/.nuthatch.toml", "[nuthatch.mirror-nas]\nfilesystem = '/nas'")
        .project(
            "[nuthatch.mirror-z]\nfilesystem = '/z'\n[nuthatch.mirror]\nfilesystem = '/m'\n\
             [nuthatch.mirror-a]\nfilesystem = '/a'",
        )
        .env("NUTHATCH_MIRROR_A_FILESYSTEM_OPTIONS", "{ region = 'r' }")
        .env("NUTHATCH_MIRROR_NEW_FILESYSTEM", "/new")
        .resolve();
    let names: Vec<_> = settings.mirrors.iter().map(|mirror| mirror.name.as_str()).collect();
    assert_eq!(names, ["mirror-nas", "mirror-z", "mirror", "mirror-a", "mirror-new"]);
    assert_eq!(settings.mirrors[3].filesystem_options["region"].as_str(), Some("r"));
}

#[test]
fn the_default_mode_follows_the_root() {
    let with_root = World::new().env("NUTHATCH_FILESYSTEM", "/lake");
    assert_eq!(with_root.resolve().mode(), CacheMode::Write);
    let asked = with_root.env("NUTHATCH_CACHE_MODE", "off");
    assert_eq!(asked.resolve().mode(), CacheMode::Off);
}

#[test]
fn options_alone_make_no_root() {
    let world = World::new().env("NUTHATCH_FILESYSTEM_OPTIONS", r#"{"region": "r"}"#);
    assert!(world.resolve().root.is_none());
}

#[test]
fn skipped_filesystems_are_no_locations() {
    let all = || {
        World::new().project(
            "[nuthatch]\nfilesystem = 's3://lake/a'\n[nuthatch.mirror]\nfilesystem = 's3://lake/ab'\n\
             [nuthatch.mirror-east]\nfilesystem = '/east'\n[nuthatch.mirror-west]\nfilesystem = '~/west'",
        )
    };
    let left = |skipped: &str| {
        let settings = all().env("NUTHATCH_SKIPPED_FILESYSTEMS", skipped).resolve();
        let names: Vec<String> = settings.locations().map(|place| place.name.clone()).collect();
        (names.join(" "), settings.mode())
    };
    let write = CacheMode::Write;
    assert_eq!(left(""), ("root local mirror mirror-east mirror-west".to_owned(), write));
    assert_eq!(
        left("s3://lake/a"),
        ("local mirror mirror-east mirror-west".into(), CacheMode::ReadOnly)
    );
    assert_eq!(left("s3://lake/, mirror-east"), ("local mirror-west".into(), CacheMode::ReadOnly));
    assert_eq!(left("mirror,~/west/,/e"), ("root local mirror-east".into(), write));
    // What the working directory is called, not where a file lies.
    assert_eq!(left("east"), left(""));
}
