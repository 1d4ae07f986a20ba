//! How many packages a crate builds that depends on nuthatch alone, with its default features.

use std::collections::BTreeSet;

use crate::Result;
use crate::context::Context;

/// What a user who caches an integer is asked to compile, and no more.
const LIMIT: usize = 130;

pub(super) fn run(context: &Context) -> Result {
    let tree = ["tree", "-p", "nuthatch", "-e", "normal,build", "--prefix", "none"];
    let count = packages(&context.cargo(tree).output()?).len();
    println!("{count} packages (limit {LIMIT})");
    match count {
        0 => Err("cargo tree listed nothing".into()),
        count if count > LIMIT => Err(format!(
            "the default features of nuthatch build {count} packages, the limit is {LIMIT}; \
             `cargo {}` shows who brings them",
            tree[..5].join(" ")
        )
        .into()),
        _ => Ok(()),
    }
}

/// The distinct packages of a tree without indentation: name and version.
fn packages(tree: &str) -> BTreeSet<(&str, &str)> {
    let words = tree.lines().map(str::split_whitespace);
    words.filter_map(|mut words| Some((words.next()?, words.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_once_however_often_it_is_needed() {
        let tree = "\
nuthatch v0.1.0 (/p/crates/nuthatch)
nuthatch-macros v0.1.0 (proc-macro) (/p/crates/macros)
syn v2.0.1
serde v1.0.1
serde v1.0.1 (*)
syn v2.0.1 (*)
syn v3.0.1

";
        let names: Vec<_> = packages(tree).into_iter().collect();
        let expected = [
            ("nuthatch", "v0.1.0"),
            ("nuthatch-macros", "v0.1.0"),
            ("serde", "v1.0.1"),
            ("syn", "v2.0.1"),
            ("syn", "v3.0.1"),
        ];
        assert_eq!(names, expected);
    }
}
