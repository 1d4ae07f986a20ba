//! Buckets that are not there, servers that are down, and options that nobody knows.

use nuthatch::prelude::*;

use crate::bucket::{Bucket, Service, block_on, options};
use crate::front::Front;
use crate::told::Told;

#[cache]
fn doubled(number: u32) -> nuthatch::Result<u32> {
    Ok(2 * number)
}

fn stored_nothing() {
    let told = Told::listen();
    assert_eq!(doubled(1).unwrap(), 2);
    let stats = nuthatch::stats();
    assert_eq!((stats.stored, stats.store_failures), (0, 1), "{stats}");
    told.says(&["doubled", "s3://no-such-bucket/team"]);
}

#[test]
fn a_bucket_that_is_not_there_costs_a_warning() {
    let bucket = Bucket::new(Service::S3);
    nuthatch::set_parameter!({
        "filesystem" => "s3://no-such-bucket/team",
        "filesystem_options" => bucket.options(),
    })
    .unwrap();
    stored_nothing();
}

#[test]
fn a_server_that_is_down_costs_a_warning() {
    let front = Front::saying(200, "");
    let mut options = options(Service::S3, &front.url);
    options.insert("max_retries".into(), 0.into());
    drop(front);
    nuthatch::set_parameter!({
        "filesystem" => "s3://lake/team",
        "filesystem_options" => options,
    })
    .unwrap();
    let told = Told::listen();
    assert_eq!(doubled(1).unwrap(), 2);
    told.says(&["s3://lake/team"]);
    let stats = nuthatch::stats();
    assert_eq!((stats.stored, stats.absent), (0, 1), "{stats}");
}

#[test]
fn an_error_of_the_server_is_tried_again_within_bounds() {
    let front = Front::saying(503, "slow down");
    let mut options = options(Service::S3, &front.url);
    options.insert("max_retries".into(), 2.into());
    options.insert("retry_timeout".into(), "5s".into());
    let store = nuthatch::store::open("s3://lake", &options).unwrap().store;
    let path = object_store::path::Path::from("x");
    let error = block_on(async { store.get_opts(&path, <_>::default()).await });
    assert!(error.is_err());
    assert_eq!(front.asked().len(), 3, "once, and twice again");
}

#[test]
fn an_option_that_is_not_known_is_told_by_its_name() {
    let mut options = options(Service::S3, "http://127.0.0.1:1");
    options.insert("regoin".into(), "eu".into());
    let error = nuthatch::store::open("s3://lake", &options).unwrap_err().to_string();
    for words in ["\"regoin\"", "not known", "s3://lake"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(!error.contains("topsecret"), "{error}");
}

#[test]
fn secrets_are_not_told_where_a_store_cannot_be_built() {
    let mut options = options(Service::S3, "http://127.0.0.1:1");
    options.insert("allow_http".into(), "topsecret-flag".into());
    let error = nuthatch::store::open("s3://lake", &options).unwrap_err().to_string();
    assert!(!error.contains("topsecret"), "{error}");
}
