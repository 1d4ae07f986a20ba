use super::*;
use crate::metadata::Target;
use crate::scratch::Scratch;

fn package(folder: &Path, sources: &[&str]) -> Package {
    let target = |source: &&str| Target {
        name: (*source).to_owned(),
        kinds: vec!["test".to_owned()],
        source: folder.join(source),
    };
    Package {
        name: "nuthatch-tests".to_owned(),
        folder: folder.to_owned(),
        features: Vec::new(),
        targets: sources.iter().map(target).collect(),
        needs: Vec::new(),
    }
}

fn make(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn files_that_no_target_names_are_found() {
    let folder = Scratch::new().unwrap();
    let files = ["src/lib.rs", "listed.rs", "lost.rs", "data/notes.rs", "lost_too/main.rs"];
    make(folder.path(), &files.map(|name| (name, "")));
    make(folder.path(), &[("other/Cargo.toml", ""), ("other/main.rs", ""), ("notes.txt", "")]);

    let found = unlisted(&package(folder.path(), &["listed.rs"])).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("/lost.rs is not listed"));
    assert!(found[1].contains("/lost_too/main.rs is not listed"));
}

#[test]
fn modules_that_main_does_not_declare_are_found() {
    let folder = Scratch::new().unwrap();
    let main = "mod modes;\npub(crate) mod support;\n// mod lost;\n";
    make(folder.path(), &[("it/main.rs", main), ("it/modes.rs", ""), ("it/support/mod.rs", "")]);
    let it = package(folder.path(), &["it/main.rs"]);
    assert_eq!(unlisted(&it).unwrap(), [""; 0]);

    make(folder.path(), &[("it/lost.rs", ""), ("it/ui/case.rs", "")]);
    let found = unlisted(&it).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("/it/lost.rs is no module"));
}

#[test]
fn papers_name_their_commands_and_only_those_that_exist() {
    let text = "Run `cargo xtask test`, or\n\n    cargo xtask test --only fmt,clippy # quick\n";
    assert_eq!(check_paper("README.md", text, &[TEST]), [""; 0]);
    assert_eq!(xtask_commands(text), [vec!["test"], vec!["test", "--only", "fmt,clippy"]]);

    let missing = check_paper("README.md", text, &[QUICKSTART]);
    assert_eq!(missing, ["README.md does not name `cargo run --example quickstart`"]);

    let wrong = check_paper("README.md", "`cargo xtask test --only lint`", &[]);
    assert!(wrong[0].contains("there is no step `lint`"), "{wrong:?}");
}

#[test]
fn decisions_that_the_index_does_not_link_to_are_found() {
    let folder = Scratch::new().unwrap();
    let index = "| [0001](0001-keys.md) | … |\n0002-paths.md\n";
    make(folder.path(), &[("README.md", index), ("0001-keys.md", ""), ("0002-paths.md", "")]);
    let found = unindexed(folder.path()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("0002-paths.md is not in the index"));
}
