use super::{OWN, World, root, text};

#[test]
fn a_path_is_relative_to_the_file_that_names_it() {
    let world = World::new()
        .file("home/.nuthatch.toml", "[nuthatch.local]\nfilesystem = './mine'")
        .project("[nuthatch]\nfilesystem = 'lake'\nroot.zarr.filesystem = '../zarr'")
        .cwd("project/deep/down");
    let settings = world.resolve();
    assert_eq!(root(&settings), text(&world.path("project/lake")));
    let zarr = settings.root.as_ref().unwrap().place("zarr").0.to_owned();
    assert_eq!(zarr, text(&world.path("project/../zarr")));
    assert_eq!(settings.local().unwrap().filesystem, text(&world.path("home/mine")));
}

#[test]
fn a_path_of_the_environment_and_of_code_is_relative_to_the_working_directory() {
    let world = World::new()
        .env("NUTHATCH_FILESYSTEM", "lake")
        .code("local.filesystem", "near")
        .cwd("project/deep");
    let settings = world.resolve();
    assert_eq!(root(&settings), text(&world.path("project/deep/lake")));
    assert_eq!(settings.local().unwrap().filesystem, text(&world.path("project/deep/near")));
}

#[test]
fn home_and_variables_are_expanded() {
    let cases = [
        ("~/lake", "HOME/lake"),
        ("~", "HOME"),
        ("$TEAM/lake", "/srv/team/lake"),
        ("${TEAM}s/lake", "/srv/teams/lake"),
        ("/x/$$TEAM", "/x/$TEAM"),
        ("/x/$-/$9", "/x/$-/$9"),
        ("/x$", "/x$"),
        ("s3://${BUCKET}/~/caches", "s3://lake/~/caches"),
        ("/a/~/b", "/a/~/b"),
        ("C:odd", "CWD/C:odd"),
    ];
    for (written, meant) in cases {
        let world = World::new()
            .env("TEAM", "/srv/team")
            .env("BUCKET", "lake")
            .project(&format!("[nuthatch]\nfilesystem = '{written}'"));
        let meant = meant
            .replace("HOME", &text(&world.path("home")))
            .replace("CWD", &text(&world.path("project")));
        assert_eq!(root(&world.resolve()), meant, "{written}");
    }
}

#[test]
fn a_value_that_is_not_used_need_not_expand() {
    let world = World::new()
        .project("[nuthatch]\nfilesystem = '$UNSET/lake'")
        .env("NUTHATCH_FILESYSTEM", "memory://x");
    assert_eq!(root(&world.resolve()), "memory://x");
}

#[test]
fn places_that_cannot_be_used_say_what_to_do() {
    let cases = [
        ("$UNSET/lake", "names the variable `UNSET`, which is not set; set it"),
        ("${UNSET", "has a `${` without its `}`"),
        ("~other/lake", "names the home of another user; write its path whole"),
        ("s3:/lake", "is neither a URL nor a path; write `s3://…`"),
        ("s3://", "names no place; write what follows `s3://`"),
        ("my lake://x", "what stands before `://` is no scheme"),
        ("a\\u0000b", "holds a NUL character"),
        ("", "`root.filesystem` is empty; give it a URL or a path"),
    ];
    for (written, message) in cases {
        let error = World::new().project(&format!("nuthatch.filesystem = \"{written}\"")).error();
        assert!(error.contains(message), "{written}: {error}");
        assert!(error.ends_with("(/project/nuthatch.toml:1)"), "{error}");
    }
}

#[test]
fn without_a_home_only_what_needs_it_fails() {
    let mut world = World::new();
    for home in [None, Some("".into()), Some("relative".into())] {
        world.sources.home = home;
        let settings = world.resolve();
        assert!(settings.local.is_none());
        let error = settings.local().unwrap_err().to_string();
        assert!(error.contains("set HOME to a full path, or `local.filesystem`"), "{error}");
    }
    let world = world.env("NUTHATCH_LOCAL_FILESYSTEM", "/here");
    assert_eq!(world.resolve().local().unwrap().filesystem, "/here");
    let error = world.env("NUTHATCH_FILESYSTEM", "~/lake").error();
    assert!(error.contains("needs the home folder, which is not known; set HOME"), "{error}");
}

#[test]
fn without_a_working_directory_a_relative_path_is_an_error() {
    let mut world = World::new().env("NUTHATCH_FILESYSTEM", "lake");
    world.sources.cwd = None;
    assert!(world.error().contains("write it whole (NUTHATCH_FILESYSTEM)"));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_text_is_written_as_a_url() {
    use std::os::unix::ffi::OsStrExt;
    let mut world = World::new();
    let home = world.path("home");
    world.sources.home = Some(home.join(std::ffi::OsStr::from_bytes(b"\xff")));
    world.sources.code.set(OWN, "filesystem", "~/lake".into()).unwrap();
    let settings = world.resolve();
    let url = format!("file://{}/%FF", home.display());
    assert_eq!(settings.root.as_ref().unwrap().filesystem, format!("{url}/lake"));
    assert_eq!(settings.local().unwrap().filesystem, format!("{url}/.nuthatch/caches"));
}
