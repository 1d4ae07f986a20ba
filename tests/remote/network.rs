//! A network that stalls, cuts and crawls: every request has a time-out, is made again within a
//! bound, and what comes of it is the value.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nuthatch::prelude::*;

use crate::bucket::{Bucket, Service};
use crate::proxy::{Proxy, Trouble};
use crate::told::Told;

const LARGE: usize = 256 * 1024;
/// More bytes than the head of an answer has, and fewer than a large one.
const HALF: usize = 128 * 1024;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache]
fn large(number: u32) -> nuthatch::Result<Vec<u8>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(right(number))
}

fn right(number: u32) -> Vec<u8> {
    (0..LARGE as u32).map(|index| (index.wrapping_mul(number) >> 8) as u8).collect()
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

/// Makes the bucket the root, seen through a proxy, with these options beside its own.
fn through(bucket: &Bucket, options: &str) -> Proxy {
    let proxy = Proxy::before(&bucket.front.url);
    bucket.configure_at(&proxy.url, &options.parse().unwrap());
    proxy
}

/// What is made again soon.
const IMPATIENT: &str = "timeout = '1s'\nmax_retries = 5\nretry_timeout = '20s'";

fn an_answer_that_stalls_or_is_cut_is_asked_for_again(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    large(1).unwrap();
    let told = Told::listen();
    let proxy = through(&bucket, IMPATIENT);
    large(1).unwrap();
    runs();
    for trouble in [Trouble::Stall(0), Trouble::Cut(0)] {
        proxy.expect([trouble]);
        assert_eq!(large(1).unwrap(), right(1), "{trouble:?} of the manifest");
        assert_eq!((proxy.struck(), runs()), (1, 0), "{trouble:?}");
    }
    for trouble in [Trouble::Stall(0), Trouble::Cut(0), Trouble::Stall(HALF), Trouble::Cut(HALF)] {
        proxy.expect([Trouble::None, trouble]);
        assert_eq!(large(1).unwrap(), right(1), "{trouble:?} of the value");
        assert_eq!((proxy.struck(), runs()), (1, 0), "{trouble:?}");
    }
    told.is_silent();
}

/// Also where the request went through and only its answer did not.
fn whichever_answer_of_a_first_store_is_lost_the_value_is_stored(service: Service) {
    let told = Told::listen();
    for trouble in [Trouble::Stall(0), Trouble::Cut(0)] {
        for nth in 0.. {
            let bucket = Bucket::new(service);
            let proxy = through(&bucket, IMPATIENT);
            let troubles = std::iter::repeat_n(Trouble::None, nth).chain([trouble]);
            proxy.expect(troubles);
            assert_eq!(large(1).unwrap(), right(1), "{trouble:?} of answer {nth}");
            let struck = proxy.struck();
            proxy.expect([]);
            let recalled = large::call(1).strict(true).run();
            assert_eq!(recalled.unwrap(), right(1), "{trouble:?} of answer {nth}");
            assert_eq!(runs(), 1, "{trouble:?} of answer {nth}");
            if struck == 0 {
                assert!(nth > 4, "{trouble:?} was tried of {nth} answers");
                break;
            }
        }
    }
    assert_eq!(nuthatch::stats().store_failures, 0);
    told.is_silent();
}

fn a_slow_network_is_waited_for(service: Service) {
    let bucket = Bucket::new(service);
    let told = Told::listen();
    let proxy = through(&bucket, "timeout = '30s'");
    proxy.slow(Duration::from_millis(20), 2 * LARGE as u64);
    assert_eq!(large(2).unwrap(), right(2));
    assert_eq!(large(2).unwrap(), right(2));
    assert_eq!(runs(), 1);
    // So slow that one request cannot bring it all: each goes on where the last has ended.
    let proxy = through(&bucket, IMPATIENT);
    large::entry(2).run().unwrap().unwrap();
    bucket.front.asked();
    proxy.slow(Duration::ZERO, LARGE as u64 / 2);
    assert_eq!(large(2).unwrap(), right(2));
    assert_eq!(runs(), 0);
    let of_data = |request: &&String| *request == "GET data";
    let asked = bucket.asked();
    assert!(asked.iter().filter(of_data).count() > 1, "{asked:?}");
    told.is_silent();
}

fn a_network_that_stays_silent_costs_a_bounded_number_of_requests(service: Service) {
    let bucket = Bucket::new(service);
    bucket.configure();
    large(3).unwrap();
    let told = Told::listen();
    let proxy = through(&bucket, "timeout = '300ms'\nmax_retries = 2\nretry_timeout = '5s'");
    large(3).unwrap();
    runs();
    bucket.asked();
    proxy.expect(std::iter::repeat_n(Trouble::Stall(0), 100));
    assert_eq!(large::call(3).cache_mode(CacheMode::ReadOnly).run().unwrap(), right(3));
    assert_eq!(runs(), 1, "the location is out of reach");
    assert_eq!(bucket.asked(), ["GET manifest"; 3]);
    told.says(&["out of reach", "root"]);
}

tests! {
    an_answer_that_stalls_or_is_cut_is_asked_for_again,
    whichever_answer_of_a_first_store_is_lost_the_value_is_stored,
    a_slow_network_is_waited_for,
    a_network_that_stays_silent_costs_a_bounded_number_of_requests,
}
