use std::fs;
use std::path::Path;

use super::find::find;
use super::{compiled, crate_file};

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            tree.file(name, text);
        }
        tree
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The file found for the package in that folder, relative to the tree.
    fn found(&self, package: &str) -> Option<String> {
        let (path, _) = find(&self.0.path().join(package)).unwrap()?;
        let path = path.strip_prefix(self.0.path()).unwrap();
        Some(path.to_str().unwrap().to_owned())
    }

    fn mistake(&self, package: &str) -> String {
        let mistake = crate_file(&self.0.path().join(package), false).unwrap_err();
        mistake.replace(self.0.path().to_str().unwrap(), "")
    }

    fn unpackaged(&self, package: &str) -> Option<String> {
        crate_file(&self.0.path().join(package), false).unwrap().unwrap().unpackaged
    }
}

const PACKAGE: &str = "[package]\nname = 'a'\n";
const LAKE: &str = "[nuthatch]\nfilesystem = '/lake'\n";

#[test]
fn the_nearest_file_up_to_the_root_of_the_workspace_is_the_crates() {
    let tree = Tree::new(&[
        ("nuthatch.toml", LAKE),
        ("ws/Cargo.toml", "[workspace]\nmembers = ['*']"),
        ("ws/a/Cargo.toml", PACKAGE),
    ]);
    assert_eq!(tree.found("ws/a"), None, "what lies above the root is not read");
    tree.file("ws/Cargo.toml", "[workspace]\n[workspace.metadata.nuthatch]\nmemoize = true");
    assert_eq!(tree.found("ws/a").as_deref(), Some("ws/Cargo.toml"));
    tree.file("ws/Cargo.toml", "[workspace]");
    tree.file("ws/nuthatch.toml", LAKE);
    assert_eq!(tree.found("ws/a").as_deref(), Some("ws/nuthatch.toml"));
    tree.file("ws/a/Cargo.toml", "[package]\n[package.metadata.nuthatch]\nmemoize = true");
    assert_eq!(tree.found("ws/a").as_deref(), Some("ws/a/Cargo.toml"));
    tree.file("ws/a/Cargo.toml", PACKAGE);
    tree.file("ws/a/nuthatch.toml", LAKE);
    assert_eq!(tree.found("ws/a").as_deref(), Some("ws/a/nuthatch.toml"));
}

#[test]
fn a_repositorys_root_ends_the_search() {
    let tree = Tree::new(&[
        ("Cargo.toml", "[workspace]"),
        ("nuthatch.toml", LAKE),
        ("repository/.git/HEAD", ""),
        ("repository/a/Cargo.toml", PACKAGE),
    ]);
    assert_eq!(tree.found("repository/a"), None);
    tree.file("repository/nuthatch.toml", LAKE);
    assert_eq!(tree.found("repository/a").as_deref(), Some("repository/nuthatch.toml"));
}

#[test]
fn an_unpacked_crate_has_nothing_above_it() {
    for mark in ["Cargo.toml.orig", ".cargo-checksum.json", ".cargo-ok"] {
        let tree = Tree::new(&[
            ("Cargo.toml", "[workspace]"),
            ("nuthatch.toml", LAKE),
            ("vendor/a/Cargo.toml", PACKAGE),
        ]);
        assert_eq!(tree.found("vendor/a").as_deref(), Some("nuthatch.toml"));
        tree.file(&format!("vendor/a/{mark}"), "");
        assert_eq!(tree.found("vendor/a"), None, "{mark}");
    }
}

#[test]
fn two_files_at_one_level_are_a_mistake() {
    let metadata = "[package]\n[package.metadata.nuthatch]\nmemoize = true";
    let tree = Tree::new(&[("a/nuthatch.toml", LAKE), ("a/Cargo.toml", metadata)]);
    let mistake = tree.mistake("a");
    assert!(
        mistake.contains("both /a/nuthatch.toml and the metadata in /a/Cargo.toml"),
        "{mistake}"
    );
}

#[test]
fn what_looks_like_a_secret_is_not_compiled_in() {
    for (text, key) in [
        (
            "filesystem_options = { secret_access_key = 'x' }",
            "filesystem_options.secret_access_key",
        ),
        ("[nuthatch.root.sql]\nPassword = 'x'", "root.sql.Password"),
        ("mirror.filesystem = 'https://me:pass@host/lake'", "mirror.filesystem"),
        ("mirror.filesystem = 'https://host/lake?sig=x'", "mirror.filesystem"),
        ("mirror.filesystem = 'https://host/lake?X-Amz-Signature=x'", "mirror.filesystem"),
    ] {
        let tree = Tree::new(&[
            ("a/Cargo.toml", PACKAGE),
            ("a/nuthatch.toml", &format!("[nuthatch]\nmemoize = true\n{text}\n")),
        ]);
        let mistake = tree.mistake("a");
        assert!(mistake.contains(&format!("holds `{key}`")), "{text}: {mistake}");
        assert!(
            mistake.starts_with("/a/nuthatch.toml:") && !mistake.contains("pass@"),
            "{mistake}"
        );
    }
    let manifest = "[package]\n[package.metadata.nuthatch.filesystem_options]\ntoken = 'x'\n";
    let tree = Tree::new(&[("a/Cargo.toml", manifest)]);
    assert!(tree.mistake("a").starts_with("/a/Cargo.toml:3 holds `filesystem_options.token`"));
    // Another tool's table is its own matter.
    let manifest = "[package.metadata.other]\ntoken = 'x'\n[package.metadata.nuthatch]\n";
    let tree = Tree::new(&[("a/Cargo.toml", manifest)]);
    assert!(crate_file(&tree.0.path().join("a"), false).is_ok());
}

#[test]
fn what_cannot_be_read_is_a_mistake_that_names_the_line() {
    let tree =
        Tree::new(&[("a/Cargo.toml", PACKAGE), ("a/nuthatch.toml", "[nuthatch]\na = 'secret")]);
    let mistake = tree.mistake("a");
    assert!(mistake.starts_with("/a/nuthatch.toml:2 is not valid TOML"), "{mistake}");
    assert!(!mistake.contains("secret"), "{mistake}");
    fs::write(tree.0.path().join("a/nuthatch.toml"), b"[nuthatch]\n# \xff").unwrap();
    assert!(tree.mistake("a").contains("not UTF-8"));
    fs::remove_file(tree.0.path().join("a/nuthatch.toml")).unwrap();
    fs::create_dir(tree.0.path().join("a/nuthatch.toml")).unwrap();
    assert!(tree.mistake("a").starts_with("cannot read /a/nuthatch.toml"));
}

#[test]
fn a_file_that_the_package_would_not_hold_is_told() {
    let cases = [
        ("include = ['src/**']", Some("`include` in Cargo.toml leaves")),
        ("include = ['src/**', '/nuthatch.toml']", None),
        ("include = ['**/*.toml']", None),
        ("include = ['*']", None),
        ("exclude = ['nuthatch.*']", Some("`exclude` in Cargo.toml leaves")),
        ("exclude = ['tests']", None),
        ("include = ['src/**']\npublish = false", None),
    ];
    for (manifest, told) in cases {
        let tree = Tree::new(&[
            ("a/Cargo.toml", &format!("{PACKAGE}{manifest}")),
            ("a/nuthatch.toml", LAKE),
        ]);
        let why = tree.unpackaged("a");
        assert_eq!(why.is_some(), told.is_some(), "{manifest}: {why:?}");
        assert!(why.unwrap_or_default().contains(told.unwrap_or_default()), "{manifest}");
    }
    let workspace = "[workspace]\n[workspace.metadata.nuthatch]\nmemoize = true\n";
    let tree = Tree::new(&[("Cargo.toml", workspace), ("a/Cargo.toml", PACKAGE)]);
    assert!(tree.unpackaged("a").unwrap().contains("is no part of the packaged crate"));
    let tree = Tree::new(&[("Cargo.toml", &format!("{PACKAGE}{workspace}"))]);
    assert!(tree.unpackaged("").unwrap().contains("[workspace.metadata.nuthatch]"));
}

#[test]
fn cargo_gives_the_source_of_a_dependency_by_an_absolute_path() {
    let call = |words: &[&str], is_binary| {
        let words = words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        compiled(words.into_iter(), is_binary)
    };
    let source = if cfg!(windows) { "C:\\x\\lib.rs" } else { "/x/lib.rs" };
    assert!(Path::new(source).is_absolute());
    assert_eq!(call(&["rustc", "--crate-name", "a", "src/lib.rs", "-C", "x"], false), Some("Own"));
    assert_eq!(call(&["rustc", source, "--edition=2024"], false), Some("Dependency"));
    assert_eq!(call(&["clippy-driver", "/bin/rustc", "src/lib.rs"], false), Some("Own"));
    assert_eq!(call(&["rustc", source], true), Some("Program"), "nobody depends on a binary");
    assert_eq!(call(&["/x/rustc.rs", "--cfg=a.rs", "@arguments"], true), None);
}

#[test]
fn settings_are_masked_by_the_words_that_are_not_compiled_in() {
    let of_core = include_str!("../../../core/src/config/secrets.rs");
    let (_, after) = of_core.split_once("const WORDS: [&str; 8] = [").unwrap();
    let (list, _) = after.split_once("];").unwrap();
    let words: Vec<&str> = list
        .split(',')
        .map(|word| word.trim().trim_matches('"'))
        .filter(|w| !w.is_empty())
        .collect();
    assert_eq!(words, super::check::WORDS);
}
