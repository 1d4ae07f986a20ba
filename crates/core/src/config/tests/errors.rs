use super::World;

/// What is wrong in `nuthatch.toml`, where, and the line.
fn assert_wrong(text: &str, message: &str, line: usize) {
    let error = World::new().project(text).error();
    assert!(error.contains(message), "{text}\n{error}");
    assert!(error.ends_with(&format!("(/project/nuthatch.toml:{line})")), "{text}\n{error}");
}

#[test]
fn unknown_keys_name_file_line_and_the_nearest_known_key() {
    let cases = [
        (
            "[nuthatch]\n\nfilesytem = 'x'",
            "unknown key `filesytem`; the nearest known one is `filesystem`",
            3,
        ),
        ("[nuthatch]\nmemosize = 1", "the nearest known one is `memo_size`", 2),
        ("[nuthatch]\nmemo-size = 1", "the nearest known one is `memo_size`", 2),
        (
            "[tool.nuthatch.local]\nfilesystm = 'x'",
            "unknown key `local.filesystm`; the nearest known one is `filesystem`",
            2,
        ),
        (
            "[nuthatch.root.zarr]\nfilesytem = 'x'",
            "unknown key `root.zarr.filesytem`; the nearest known one is `filesystem`",
            2,
        ),
        (
            "[nuthatch.root.filesystem_option]\nx = 'x'",
            "the nearest known one is `filesystem_options`",
            1,
        ),
        ("[nuthatch]\n[nuthatch.loacl]\nfilesystem = 'x'", "the nearest known one is `local`", 2),
        ("[nuthatch.mirrors]\nfilesystem = 'x'", "mirrors are named `mirror` or `mirror-NAME`", 1),
        ("[nuthatch.mirror2]\nfilesystem = 'x'", "mirrors are named `mirror` or `mirror-NAME`", 1),
        (
            "[nuthatch.mine]\nx = 1",
            "a backend of your own stands in a location, as [nuthatch.root.mine]",
            1,
        ),
        ("[nuthatch.root.local]\nx = 1", "unknown key `root.local`", 1),
        ("[nuthach]\nx = 1", "unknown key `nuthach`; the nearest known one is `nuthatch`", 1),
        ("filesystem = 'x'", "`filesystem` stands outside `[nuthatch]`; put it under that head", 1),
        (
            "[nuthatch.local]\nmemoize = true",
            "`memoize` belongs to no location; put it right under [nuthatch]",
            2,
        ),
    ];
    for (text, message, line) in cases {
        assert_wrong(text, message, line);
    }
}

#[test]
fn wrong_types_say_what_is_taken() {
    let cases = [
        ("[nuthatch]\nfilesystem = 3", "`root.filesystem` must be text, and is 3", 2),
        ("[nuthatch]\nfilesystem = { a = 1 }", "`root.filesystem` must be text, and is a table", 2),
        ("[nuthatch]\nmemoize = 'true'", "`memoize` must be true or false, and is \"true\"", 2),
        ("[nuthatch]\nmemo_size = -1", "`memo_size` must be bytes", 2),
        ("[nuthatch]\nmemo_size = '99999999999 TB'", "`memo_size` must be bytes", 2),
        ("[nuthatch]\nskipped_filesystems = 's3://a'", "`skipped_filesystems` must be a list", 2),
        ("[nuthatch]\nskipped_filesystems = [7]", "`skipped_filesystems` must be a list", 2),
        ("[nuthatch]\nskipped_filesystems = ['local']", "`local` cannot be skipped", 2),
        ("[nuthatch]\nskipped_filesystems = ['://x']", "is no URL", 2),
        ("[nuthatch]\ntimeout = 7", "`timeout` must be text such as", 2),
        ("[nuthatch]\ngrace = 7", "`grace` must be text such as \"7d\"", 2),
        ("[nuthatch]\ngrace = '4000000000w'", "`grace` must be at most 36500d", 2),
        ("[nuthatch]\ngrace = '99999999999999999999d'", "`grace` must be text such as", 2),
        ("[nuthatch]\ngrace = ''", "`grace` must be text such as", 2),
        ("[nuthatch]\ncache_mode = 'fast'", "`cache_mode` must be one of \"write\"", 2),
        (
            "[nuthatch]\non_store_failure = true",
            "must be one of \"warn\", \"error\", and is true",
            2,
        ),
        ("[nuthatch]\nverify = false", "must be one of \"full\", \"off\", and is false", 2),
        ("[nuthatch]\nprogress = true", "must be one of \"auto\", \"on\", \"off\"", 2),
        (
            "[nuthatch]\ncommit = 'last_writer_wins'",
            "must be one of \"conditional\", \"last-writer-wins\"",
            2,
        ),
        ("[nuthatch]\nmanifest_identity = []", "and is an array", 2),
        ("[nuthatch]\nnamespace = ''", "`namespace` must be text that is neither empty nor `_`", 2),
        (
            "[nuthatch]\nroot = 's3://x'",
            "`root` is a location; give it a table with a `filesystem`",
            2,
        ),
        (
            "[nuthatch]\nzarr = 's3://x'",
            "`root.zarr` is a backend; give it a table: [nuthatch.root.zarr]",
            2,
        ),
        ("[nuthatch]\nfilesystem_options = 'x'", "`root.filesystem_options` must be a table", 2),
        (
            "[nuthatch.filesystem_options]\nheaders = { a = 1 }",
            "must be text, a number, true or false",
            2,
        ),
        ("[nuthatch.root.zarr]\nlevel = 0xffffffffffffffffff", "more than 64 bits", 2),
        ("nuthatch = 3", "[nuthatch] must be a table", 1),
    ];
    for (text, message, line) in cases {
        assert_wrong(text, message, line);
    }
}

#[test]
fn invalid_toml_names_the_line_and_quotes_nothing() {
    assert_wrong("[nuthatch]\n\nfilesystem = ", "this is not valid TOML", 3);
    assert_wrong("[nuthatch]\nnamespace = 'a'\nnamespace = 'b'", "this is not valid TOML", 3);
    let secret = "[nuthatch.filesystem_options]\nsecret = \"hunter2";
    assert_wrong(secret, "this is not valid TOML", 2);
    assert!(!World::new().project(secret).error().contains("hunter2"));
    let deep = format!("[nuthatch]\nroot = {}", "[".repeat(100_000));
    assert!(World::new().project(&deep).error().contains("this is not valid TOML"));
    let deep = format!("[nuthatch.root]\n{}x = 1", "a.".repeat(100_000));
    assert!(World::new().project(&deep).error().contains("this is not valid TOML"));
}

#[test]
fn what_is_said_twice_is_an_error() {
    let twice = "[nuthatch]\nfilesystem = 'a'\n[nuthatch.root]\nfilesystem = 'b'";
    assert_wrong(twice, "`root.filesystem` is given twice, here and at /", 4);
    let options = "[nuthatch]\nfilesystem_options = { a = 1 }\nroot.filesystem_options = { a = 2 }";
    assert_wrong(options, "`root.filesystem_options.a` is given twice", 3);
    assert_wrong("[nuthatch]\n[tool.nuthatch]\n", "[nuthatch] and [tool.nuthatch] both hold", 2);
}

#[test]
fn two_configurations_at_one_level_are_an_error() {
    let metadata = "[package.metadata.nuthatch]\nnamespace = 'x'\n";
    let error = World::new().project("").file("project/Cargo.toml", metadata).error();
    assert!(
        error.contains("both nuthatch.toml and the metadata in /project/Cargo.toml"),
        "{error}"
    );
    assert!(error.ends_with("(/project/nuthatch.toml)"), "{error}");
    let both = format!("{metadata}[workspace.metadata.nuthatch]\n");
    let error = World::new().file("project/Cargo.toml", both).error();
    assert!(error.contains("[package.metadata.nuthatch] and [workspace.metadata.nuthatch] both"));
}

#[test]
fn a_location_without_its_filesystem_is_an_error() {
    let message = "`mirror-x` has no `filesystem`; give it a URL or a path";
    assert_wrong("[nuthatch]\n[nuthatch.mirror-x]\n", message, 2);
    let error = World::new().env("NUTHATCH_ZARR_FILESYSTEM", "/zarr").error();
    assert!(error.contains("`root` has no `filesystem`"), "{error}");
    assert!(error.ends_with("(NUTHATCH_ZARR_FILESYSTEM)"), "{error}");
}

#[test]
fn a_folder_in_place_of_the_file_is_an_error() {
    let world = World::new().cwd("project/nuthatch.toml").cwd("project");
    assert!(
        world.error().ends_with("this is not a file; rename or remove it (/project/nuthatch.toml)")
    );
}

#[test]
fn a_file_that_is_not_utf_8_names_the_line() {
    let error = World::new().file("project/nuthatch.toml", b"[nuthatch]\n# \xff").error();
    assert!(error.ends_with("save it as UTF-8 (/project/nuthatch.toml:2)"), "{error}");
}

#[test]
fn a_manifest_that_speaks_of_us_and_is_no_toml_is_an_error() {
    let error = World::new().file("project/Cargo.toml", "[package.metadata.nuthatch\n").error();
    assert!(error.contains("this is not valid TOML"), "{error}");
}

/// No permission stops root, so this runs once more as nobody.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_an_error_that_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    if let Some(folder) = std::env::var_os("CONFIG_TEST_FOLDER") {
        let mut world = World::new();
        world.sources.cwd = Some(folder.clone().into());
        let error = world.error();
        assert!(error.contains("make it readable for this user"), "{error}");
        // Another user's home is as good as none.
        world.sources.cwd = None;
        world.sources.home = Some(std::path::Path::new(&folder).join("closed"));
        let settings = world.resolve();
        assert!(settings.warnings()[0].contains("cannot look for"), "{:?}", settings.warnings());
        return;
    }
    let world = World::new().project("").file("project/closed/.nuthatch.toml", "wrong");
    mode(&world.path(""), 0o755);
    mode(&world.path("project/nuthatch.toml"), 0o000);
    mode(&world.path("project/closed"), 0o000);
    // The build folder may be closed to others.
    let program = world.path("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    mode(&program, 0o755);
    let name = "config::tests::errors::an_unreadable_file_is_an_error_that_says_what_to_do";
    let mut child = std::process::Command::new(&program);
    child.args(["--exact", name]).env("CONFIG_TEST_FOLDER", world.path("project"));
    if std::fs::read(world.path("project/nuthatch.toml")).is_ok() {
        child.uid(65_534).gid(65_534);
    }
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    mode(&world.path("project/closed"), 0o755);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
