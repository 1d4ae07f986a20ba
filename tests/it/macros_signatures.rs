//! Every kind of signature that `#[cache]` takes. A hit is told from a computation by how often the
//! body ran.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::sync::atomic::{AtomicUsize, Ordering};

use nuthatch::prelude::*;

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_sync_function_is_recalled() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    fn double(value: i64) -> i64 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        value * 2
    }

    assert_eq!((double(4), double(4), double(5)), (8, 8, 10));
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_async_function_is_recalled_and_its_future_can_be_spawned() -> nuthatch::Result<()> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    async fn shout(text: &str, times: usize) -> nuthatch::Result<String> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(text.to_uppercase().repeat(times))
    }

    assert_eq!(send(shout("a", 2)).await?, "AA");
    let spawned = tokio::spawn(async {
        let text = String::from("a");
        shout(&text, 2).await
    });
    assert_eq!(spawned.await.map_err(nuthatch::Error::other)??, "AA");
    assert_eq!(shout::call("a", 2).await?, "AA");
    assert_eq!(shout::call("a", 2).local().await?, "AA");
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    Ok(())
}

#[test]
fn a_function_without_a_return_type_returns_unit() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    fn nothing(_value: i64) {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }

    nothing(1);
    nothing(1);
    nothing(2);
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn options_and_results_of_any_error_are_taken() {
    #[derive(Debug, PartialEq)]
    struct Odd(i64);

    #[cache(memoize)]
    fn half(value: i64) -> Result<i64, Odd> {
        if value % 2 == 0 { Ok(value / 2) } else { Err(Odd(value)) }
    }

    #[cache(memoize)]
    fn first(values: &[i64]) -> Option<i64> {
        values.first().copied()
    }

    assert_eq!((half(4), half(3)), (Ok(2), Err(Odd(3))));
    assert_eq!((first(&[7, 8]), first(&[])), (Some(7), None));
}

#[test]
fn lifetimes_may_be_elided_named_and_invariant() {
    #[cache(memoize)]
    fn lengths(a: &str, b: &[&str], c: Option<&str>, d: Cow<'_, str>) -> usize {
        a.len() + b.iter().map(|text| text.len()).sum::<usize>() + c.map_or(0, str::len) + d.len()
    }

    #[cache(memoize, skip(seen))]
    fn collected<'a>(text: &'a str, seen: &mut Vec<&'a str>) -> usize {
        seen.push(text);
        seen.len()
    }

    #[cache(memoize, skip(seen))]
    async fn collected_elided(count: usize, seen: &mut Vec<&str>) -> usize {
        seen.truncate(count);
        seen.len()
    }

    #[cache(memoize, skip(cell))]
    fn swapped(text: &str, cell: &Cell<&str>) -> usize {
        text.len() + cell.replace("long text").len()
    }

    let owned = String::from("abc");
    assert_eq!(lengths(&owned, &["d", &owned], None, Cow::Borrowed("xy")), 9);
    let mut seen = Vec::new();
    assert_eq!(collected(&owned, &mut seen), 1);
    assert_eq!(collected_elided::call(0, &mut seen).run(), 0);
    let cell = Cell::new(owned.as_str());
    assert_eq!((swapped("a", &cell), cell.get()), (4, "long text"));
}

#[test]
fn type_and_const_parameters_tell_calls_apart() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    fn size<T, const N: usize>() -> String
    where
        T: Clone + Default + Debug,
    {
        RUNS.fetch_add(1, Ordering::Relaxed);
        format!("{:?}", vec![T::default(); N])
    }

    assert_eq!((size::<i64, 2>(), size::<i64, 2>()), ("[0, 0]".into(), "[0, 0]".into()));
    assert_eq!((size::<bool, 2>(), size::<i64, 1>()), ("[false, false]".into(), "[0]".into()));
    assert_eq!(RUNS.load(Ordering::Relaxed), 3);
}

#[test]
fn impl_trait_arguments_are_type_parameters_of_the_key() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize, skip(render))]
    fn joined<T: Display>(value: i64, render: impl Fn(i64) -> T, sink: &impl CacheKey) -> String {
        let _ = sink;
        RUNS.fetch_add(1, Ordering::Relaxed);
        render(value).to_string()
    }

    assert_eq!(joined(1, |value| value + 1, &0_u8), "2");
    assert_eq!(joined(1, |value| value + 1, &0_u8), "2");
    assert_eq!(joined(1, |value| value + 1, &false), "2");
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn mut_belongs_to_the_body_and_raw_names_are_names() {
    #[cache(memoize)]
    fn total(mut values: Vec<i64>, r#type: &str) -> i64 {
        values.push(i64::try_from(r#type.len()).unwrap_or(0));
        values.iter().sum()
    }

    assert_eq!((total(vec![1, 2], "abc"), total(vec![1, 2], "abc")), (6, 6));
}

#[test]
fn arguments_may_bear_the_names_that_the_expansion_uses() {
    #[cache(memoize, cache_disable_if = *disabled)]
    fn same(arguments: i64, disabled: bool, body: i64, call: i64) -> i64 {
        arguments + i64::from(disabled) + body + call
    }

    assert_eq!(same(1, true, 2, 3), 7);
}

#[test]
fn a_sync_function_may_recurse() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    fn fibonacci(index: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        if index < 2 { index } else { fibonacci(index - 1) + fibonacci(index - 2) }
    }

    assert_eq!(fibonacci(30), 832_040);
    assert_eq!(RUNS.load(Ordering::Relaxed), 31);
}
