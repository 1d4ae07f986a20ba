//! Locations on other machines: S3 and Azure as real servers speak them (`cargo xtask
//! with-servers`), Google's as a fake here does, and files behind a web server. Every test runs in a process of its own (under `cargo nextest`), and
//! in a bucket of its own.

#![allow(clippy::unwrap_used, missing_docs)]

/// Each function as a test over every service.
macro_rules! tests {
    ($($test:ident,)*) => {
        mod s3 {
            $(#[test] fn $test() { super::$test(crate::bucket::Service::S3) })*
        }
        mod azure {
            $(#[test] fn $test() { super::$test(crate::bucket::Service::Azure) })*
        }
        mod google {
            $(#[test] fn $test() { super::$test(crate::bucket::Service::Google) })*
        }
    };
}

mod backends;
mod bad_input;
mod bucket;
mod budgets;
#[allow(dead_code)]
#[path = "../it/child.rs"]
mod child;
mod commits;
mod conformance;
mod copies;
#[path = "../it/crowd.rs"]
mod crowd;
#[allow(dead_code)]
#[path = "../it/files.rs"]
mod files;
mod front;
mod google;
mod mirrors;
mod network;
mod processes;
// Some of it is for databases.
#[allow(dead_code)]
mod proxy;
mod recalls;
mod swept;
#[allow(dead_code)]
#[path = "../it/told.rs"]
mod told;
#[path = "../tables/weather.rs"]
mod weather;
mod web;
