use super::{World, origin, root, text};

const LAKE: &str = "[nuthatch]\nfilesystem = 'memory://lake'";

#[test]
fn both_heads_are_read() {
    assert_eq!(root(&World::new().project(LAKE).resolve()), "memory://lake");
    let python = "[tool.other]\nx = 1\n[tool.nuthatch]\nfilesystem = 'memory://lake'";
    assert_eq!(root(&World::new().project(python).resolve()), "memory://lake");
}

#[test]
fn cargo_metadata_is_read_of_package_and_workspace() {
    for place in ["package", "workspace"] {
        let manifest =
            format!("[{place}.metadata.nuthatch]\nfilesystem = 'lake'\n[dependencies]\n");
        let world = World::new().file("project/Cargo.toml", manifest);
        let settings = world.resolve();
        assert_eq!(root(&settings), text(&world.path("project/lake")));
        let file = world.path("project/Cargo.toml");
        assert_eq!(origin(&settings, "root.filesystem"), format!("{}:2", file.display()));
    }
}

#[test]
fn a_manifest_that_says_nothing_is_passed_over() {
    let manifest = "[package]\nname = 'x'\n[package.metadata.other]\nnuthatch = 1";
    let world = World::new()
        .project(LAKE)
        .file("project/member/Cargo.toml", manifest)
        .cwd("project/member/src");
    assert_eq!(root(&world.resolve()), "memory://lake");
    // Nor is one that is no TOML our business, as long as it does not speak of us.
    let world = World::new().project(LAKE).file("project/member/Cargo.toml", "{{name}}");
    assert_eq!(root(&world.cwd("project/member").resolve()), "memory://lake");
}

#[test]
fn the_nearest_file_counts_alone() {
    let world = World::new()
        .project("[nuthatch]\nfilesystem = 'memory://outer'\nnamespace = 'outer'")
        .file("project/a/nuthatch.toml", "[nuthatch]\nfilesystem = 'memory://inner'")
        .cwd("project/a/b/c");
    let settings = world.resolve();
    assert_eq!((root(&settings), settings.namespace.as_deref()), ("memory://inner", None));
}

#[test]
fn nothing_above_the_repository_is_read() {
    let world = World::new().file("nuthatch.toml", LAKE).cwd("project/src");
    assert!(world.resolve().root.is_none());
    // A worktree's `.git` is a file.
    std::fs::remove_dir(world.path("project/.git")).unwrap();
    std::fs::write(world.path("project/.git"), "gitdir: elsewhere").unwrap();
    assert!(world.resolve().root.is_none());
    // Without it, the folder above is searched.
    std::fs::remove_file(world.path("project/.git")).unwrap();
    assert_eq!(root(&world.resolve()), "memory://lake");
}

#[test]
fn nothing_above_home_is_read() {
    let world = World::new().file("nuthatch.toml", LAKE).cwd("home/work/src");
    assert!(world.resolve().root.is_none());
    let world = world.file("home/nuthatch.toml", LAKE);
    assert_eq!(root(&world.resolve()), "memory://lake");
}

#[cfg(unix)]
#[test]
fn home_by_another_name_ends_the_search_too() {
    let mut world = World::new().file("nuthatch.toml", LAKE).cwd("home/work");
    std::os::unix::fs::symlink(world.path("home"), world.path("link")).unwrap();
    world.sources.home = Some(world.path("link"));
    assert!(world.resolve().root.is_none());
}

#[cfg(unix)]
#[test]
fn a_file_in_a_folder_of_everybodys_is_not_read_and_said_so() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().file("shared/nuthatch.toml", LAKE).cwd("shared/mine/deeper");
    assert_eq!(root(&world.resolve()), "memory://lake");
    let shared = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(world.path("shared"), shared).unwrap();
    let settings = world.resolve();
    assert!(settings.root.is_none());
    assert_eq!(settings.warnings().len(), 1);
    assert!(settings.warnings()[0].contains("shared/nuthatch.toml is not read"));
}

#[test]
fn the_users_file_is_read_wherever_the_program_runs() {
    let mut world = World::new().file("home/.nuthatch.toml", LAKE);
    assert_eq!(root(&world.resolve()), "memory://lake");
    world.sources.cwd = None;
    let settings = world.resolve();
    assert_eq!(root(&settings), "memory://lake");
    assert!(settings.warnings()[0].contains("the working directory is not known"));
}

#[test]
fn a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does() {
    let settings = World::new().project("\u{feff}[nuthatch]\r\n\r\nnamespace = 'x'\r\n").resolve();
    assert_eq!(settings.namespace.as_deref(), Some("x"));
    assert!(origin(&settings, "namespace").ends_with("nuthatch.toml:3"));
}

#[test]
fn an_empty_file_is_a_configuration_that_says_nothing() {
    let world = World::new().project(LAKE).file("project/a/nuthatch.toml", "").cwd("project/a");
    assert!(world.resolve().root.is_none());
}
