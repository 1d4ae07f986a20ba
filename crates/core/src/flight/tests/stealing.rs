//! Under rayon, a thread that waits runs other jobs on top of what it waits for.

use std::thread;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::*;

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn the_same_key_stolen_under_its_leader_does_not_hang() {
    within(60, || {
        let flights = flights();
        let steals = || {
            call(&flights, "key", || {
                // On the pool's only thread, the yield runs the other calls of the key.
                rayon::yield_now();
                Ok(1)
            })
        };
        let results: Vec<_> = pool(1).install(|| {
            let (a, b) = rayon::join(steals, || rayon::join(steals, steals));
            vec![a, b.0, b.1]
        });
        assert_eq!(results, [Ok(1); 3]);
        assert!(flights.0.is_clear());
    });
}

#[test]
fn parallel_bodies_in_parallel_loops_do_not_hang() {
    const KEYS: [Key; 5] = ["a", "b", "c", "d", "e"];
    within(120, || {
        let pool = pool(4);
        for _ in 0..10 {
            let flights = flights();
            let body = || {
                let work = (0..64i32).into_par_iter().with_max_len(1).map(|n| {
                    thread::sleep(Duration::from_micros(10));
                    i64::from(n)
                });
                Ok(work.sum())
            };
            let all = (0..200usize).into_par_iter().with_max_len(1);
            let sums = all.map(|n| call(&flights, KEYS[n % KEYS.len()], body));
            let sums: Vec<_> = pool.install(|| sums.collect());
            assert!(sums.iter().all(|sum| *sum == Ok(2016)));
            assert!(flights.0.is_clear());
        }
    });
}

#[test]
fn a_worker_that_computes_is_never_passed_over() {
    within(60, || {
        let (flights, runs) = (flights(), Runs::default());
        let body = || {
            runs.add();
            thread::sleep(STALLED_AFTER * 5);
            Ok(1)
        };
        let all = (0..4i32).into_par_iter().with_max_len(1);
        let calls = all.map(|_| call(&flights, "key", body));
        assert_eq!(pool(4).install(|| calls.collect::<Vec<_>>()), [Ok(1); 4]);
        assert_eq!(runs.count(), 1);
    });
}

#[test]
fn two_keys_stolen_crosswise_do_not_hang() {
    within(60, || {
        for _ in 0..20 {
            let flights = flights();
            let both = |first, second| {
                call(&flights, first, || {
                    rayon::yield_now();
                    thread::sleep(Duration::from_millis(1));
                    let (a, b) = rayon::join(
                        || call(&flights, second, || Ok(1)),
                        || call(&flights, second, || Ok(1)),
                    );
                    Ok(a? + b?)
                })
            };
            let calls = (0..8i32)
                .into_par_iter()
                .with_max_len(1)
                .map(|n| if n % 2 == 0 { both("a", "b") } else { both("b", "a") });
            pool(2).install(|| calls.for_each(|result| assert!(result.is_ok())));
            assert!(flights.0.is_clear());
        }
    });
}
