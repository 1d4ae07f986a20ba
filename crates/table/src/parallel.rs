//! Work over columns, on all cores.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

use nuthatch_core::{Error, Result};

/// What fewer values than this are worth is less than a thread.
const SMALL: usize = 64 * 1024;

/// How many threads to use for so many values (rows times columns).
pub(crate) fn threads_for(values: usize) -> usize {
    match values {
        ..SMALL => 1,
        _ => thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

/// Does `work` on each item, on up to `threads` threads, and gives the results in order.
///
/// # Errors
///
/// The first error of `work`, in the order of the items. A panic in it is one: the libraries that
/// encode and decode panic on some of what they do not know.
pub(crate) fn map<I: Send, O: Send>(
    items: Vec<I>,
    threads: usize,
    work: impl Fn(I) -> Result<O> + Sync,
) -> Result<Vec<O>> {
    let caught = |item: I| caught(|| work(item));
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.into_iter().map(caught).collect();
    }
    let mut done: Vec<Option<Result<O>>> = items.iter().map(|_| None).collect();
    let slots = Mutex::new(items.into_iter().zip(done.iter_mut()));
    let turn = || {
        loop {
            // The lock is held while the next item is taken, and not while it is worked on.
            let next = slots.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((item, slot)) = next else { break };
            *slot = Some(caught(item));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread can be had, the others do the work.
            let _ = thread::Builder::new().spawn_scoped(scope, turn);
        }
        turn();
    });
    done.into_iter()
        .map(|result| result.unwrap_or_else(|| Err(Error::other("work was left undone"))))
        .collect()
}

/// What `work` gives; a panic in it is an error.
pub(crate) fn caught<O>(work: impl FnOnce() -> Result<O>) -> Result<O> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Error::other(format!("the library panicked: {}", text.unwrap_or("it did not say why")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for threads in [1, 2, 7] {
            let squares = map((0..100_u64).collect(), threads, |n| Ok(n * n));
            let squares = squares.expect("nothing fails");
            assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_and_a_panic_are_errors() {
        let fail = |n: u32| match n {
            3 => Err(Error::other("three")),
            5 => panic!("five"),
            n => Ok(n),
        };
        for threads in [1, 4] {
            let error = map((0..10).collect(), threads, fail).expect_err("three fails");
            assert_eq!(error.to_string(), "three");
            let error = map((4..10).collect(), threads, fail).expect_err("five panics");
            assert_eq!(error.to_string(), "the library panicked: five");
        }
    }
}
