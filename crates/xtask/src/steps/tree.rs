//! What a crate builds that depends on nuthatch alone: how many packages with its default features,
//! and which features of `parquet` with those of tables. A build of the whole workspace does not
//! tell: there, one crate switches a feature on for all.

use std::collections::BTreeSet;

use crate::Result;
use crate::context::Context;

/// What a user who caches an integer is asked to compile, and no more.
const LIMIT: usize = 130;

/// The codecs that others write files of Parquet in, unless they are told.
const CODECS: [&str; 2] = ["snap", "zstd"];

pub(super) fn run(context: &Context) -> Result {
    limited(context)?;
    let arguments = ["tree", "-p", "nuthatch", "--features", "parquet", "-e", "normal,features"];
    let tree = context.cargo(arguments.iter().chain(&["--prefix", "none"])).output()?;
    match missing(&tree).as_slice() {
        [] => Ok(()),
        missing => Err(format!(
            "nuthatch with its feature `parquet` alone reads no files in {}: `parquet` in \
             Cargo.toml needs these features",
            missing.join(", ")
        )
        .into()),
    }
}

/// The codecs that are not in a tree of features.
fn missing(tree: &str) -> Vec<&'static str> {
    let is_there = |codec: &str| {
        let feature = format!("parquet feature \"{codec}\"");
        tree.lines().any(|line| line.trim_end_matches(" (*)") == feature)
    };
    CODECS.into_iter().filter(|codec| !is_there(codec)).collect()
}

fn limited(context: &Context) -> Result {
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
    fn a_codec_that_no_feature_brings_is_told() {
        let tree = "\
nuthatch feature \"parquet\" (command-line)
parquet feature \"arrow\"
parquet feature \"snap\"
parquet feature \"snap\" (*)
zstd feature \"zstd\"
";
        assert_eq!(missing(tree), ["zstd"]);
        assert_eq!(missing(""), CODECS);
    }

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
