//! Several processes on one bucket.

use crate::bucket::{Bucket, Service};
use crate::crowd::crowd;

#[test]
fn sixteen_processes_compute_each_key_once_but_for_those_that_are_killed() {
    crowd(&Bucket::new(Service::S3).variables());
}
