//! Roots that are not there, that are something else, or that cannot be a place.

use std::fs;

use nuthatch::prelude::*;

use super::{cannot_be_stored, plain, runs, small, use_root};
use crate::lake::Lake;
use crate::told::Told;

#[test]
fn a_missing_root_is_made_by_the_first_write() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let root = folder.path().join("not").join("yet").join("there");
    use_root(&root);
    small::call(1).cache_mode(CacheMode::ReadOnly).run().unwrap();
    assert!(!folder.path().join("not").exists(), "reading makes nothing");
    small(1).unwrap();
    assert!(root.join("nuthatch.json").exists());
    small(1).unwrap();
    assert_eq!(runs(), 2);
    told.is_silent();
}

#[test]
fn a_root_that_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::listen();
    let root = folder.path().join("root");
    fs::write(&root, b"my thesis").unwrap();
    for root in [root.clone(), root.join("below")] {
        use_root(&root);
        cannot_be_stored(&told, 1, &["a file stands where a folder should be; move it away"]);
    }
    assert_eq!(fs::read(&root).unwrap(), b"my thesis");
}

#[test]
fn a_root_that_cannot_be_a_place() {
    let _lake = Lake::new();
    let told = Told::listen();
    for (filesystem, words) in [
        ("gopher://lake", "the scheme gopher:// is not known"),
        match cfg!(feature = "remote") {
            true => ("s3://bucket:9000/lake", "`endpoint`"),
            false => ("s3://bucket/lake", "needs the feature `aws`"),
        },
    ] {
        nuthatch::set_parameter!("filesystem", filesystem).unwrap();
        assert_eq!(small(1).unwrap(), 1_001);
        told.says(&["WARN", words, "location root"]);
        assert_eq!(small(1).unwrap(), 1_001);
        told.says(&["WARN", words]);
        // The local location is not affected.
        assert_eq!(small::call(2).cache_mode(CacheMode::LocalOverwrite).run().unwrap(), 2_001);
        assert_eq!(small::call(2).cache_mode(CacheMode::Offline).run().unwrap(), 2_001);
        let _ = told.take();
    }
    assert_eq!(runs(), 5);
}

#[test]
fn a_configuration_that_means_nothing_is_an_error_where_there_is_a_place_for_it() {
    let _lake = Lake::new();
    let told = Told::listen();
    nuthatch::set_parameter!("filesystem", "memory://").unwrap();
    let error = small(1).unwrap_err().to_string();
    assert!(error.contains("names no place; write what follows `memory://`"), "{error}");
    assert!(error.contains("roots.rs"), "who said so: {error}");
    assert_eq!(runs(), 0);
    assert_eq!(plain(1), 2);
    told.says(&["WARN", "names no place"]);
    // Code can set what mends it.
    nuthatch::set_parameter!("filesystem", "memory://lake").unwrap();
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 2);
}
