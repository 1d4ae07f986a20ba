//! Functions that panic.

use std::panic::catch_unwind;
use std::sync::atomic::Ordering;

use nuthatch::prelude::*;

use super::{VALUE, runs, value};
use crate::files;
use crate::lake::Lake;

#[cache(name = "bad_input_panicking")]
fn panicking(number: u32) -> nuthatch::Result<u32> {
    let value = value();
    assert_ne!(value, 666, "the station burns");
    Ok(number + value)
}

#[test]
fn a_panic_stores_nothing_and_the_next_call_computes() {
    let lake = Lake::new();
    VALUE.store(666, Ordering::SeqCst);
    for mode in [CacheMode::Write, CacheMode::Local] {
        let call = || panicking::call(1).cache_mode(mode).memoize(true).run();
        let panic = catch_unwind(call).unwrap_err();
        let words = panic.downcast_ref::<String>().unwrap();
        assert!(words.contains("the station burns"), "{words}");
    }
    assert!(files::under(&lake.path("root")).is_empty());
    assert!(files::under(&lake.path("local")).is_empty());
    assert_eq!(runs(), 2);
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(panicking(1).unwrap(), 3);
    VALUE.store(666, Ordering::SeqCst);
    let anew = || panicking::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run();
    assert!(catch_unwind(anew).is_err());
    assert_eq!(panicking(1).unwrap(), 3, "the entry is what it was");
    assert_eq!(runs(), 2);
}

#[test]
fn a_panic_in_async_code_stores_nothing_and_the_next_call_computes() {
    #[cache(name = "bad_input_async_panicking")]
    async fn panicking(number: u32) -> nuthatch::Result<u32> {
        tokio::task::yield_now().await;
        let value = value();
        assert_ne!(value, 666, "the station burns");
        Ok(number + value)
    }
    let lake = Lake::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    VALUE.store(666, Ordering::SeqCst);
    let failed = runtime.block_on(runtime.spawn(panicking(1))).unwrap_err();
    assert!(failed.is_panic());
    assert!(files::under(&lake.path("root")).is_empty());
    VALUE.store(2, Ordering::SeqCst);
    assert_eq!(runtime.block_on(panicking(1)).unwrap(), 3);
    assert_eq!(runtime.block_on(panicking(1)).unwrap(), 3);
    assert_eq!(runs(), 2);
}
