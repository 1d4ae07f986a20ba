//! Methods and associated functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nuthatch::prelude::*;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
struct Station {
    name: String,
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

impl Station {
    #[cache(in_impl, memoize)]
    fn new(name: &str) -> String {
        Self { name: name.to_owned() }.name
    }

    #[cache(in_impl, memoize)]
    async fn reading(&self, day: &str) -> nuthatch::Result<usize> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Ok(self.name.len() + day.len())
    }

    #[cache(in_impl, skip(self), memoize)]
    pub(crate) fn renamed(&mut self, name: &str) -> usize {
        self.name = name.to_owned();
        self.name.len()
    }

    #[cache(in_impl, memoize, cache_disable_if = self.name.is_empty())]
    fn shared(self: Arc<Self>, mut times: usize) -> usize {
        times *= self.name.len();
        times
    }

    #[cache(in_impl, companion = none)]
    fn consumed(self) -> String {
        self.name
    }
}

struct Borrowed<'a, T> {
    text: &'a str,
    value: T,
}

impl<'a, T: Copy + Into<i64>> Borrowed<'a, T> {
    #[cache(in_impl, skip(self), name = "Borrowed::total", memoize)]
    fn total(&self, more: &str) -> i64 {
        self.value.into() + i64::try_from(self.text.len() + more.len()).unwrap_or(0)
    }

    #[cache(in_impl, skip(self), name = "Borrowed::taken")]
    async fn taken(self, more: &'a str) -> usize {
        self.text.len() + more.len()
    }

    #[cache(in_impl, name = "Borrowed::constant")]
    async fn constant() -> i64 {
        1
    }
}

fn station(name: &str) -> Station {
    Station { name: name.to_owned() }
}

#[tokio::test]
async fn two_instances_have_two_results() -> nuthatch::Result<()> {
    let (long, short) = (station("long name"), station("s"));
    assert_eq!((long.reading("1").await?, short.reading("1").await?), (10, 2));
    assert_eq!(long.reading("1").await?, 10);
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    assert_eq!(long.reading_call("1").await?, 10);
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    Ok(())
}

#[test]
fn associated_functions_stand_beside_the_method() {
    assert_eq!((Station::new("a"), Station::new_call("b").run()), ("a".into(), "b".into()));
    assert_eq!(Station::new_original("c"), "c");
    let one = station("one");
    assert_eq!(one.reading_key("x").ok(), Station::reading_key(&station("one"), "x").ok());
    assert_ne!(one.reading_key("x").ok(), station("two").reading_key("x").ok());
}

#[test]
fn every_kind_of_receiver_is_taken() {
    let mut station = station("old");
    assert_eq!(station.renamed("newer"), 5);
    assert_eq!(Arc::new(station.clone()).shared(2), 10);
    assert_eq!(station.consumed(), "newer");
}

#[tokio::test]
async fn methods_of_generic_types_with_lifetimes_are_cached() {
    let text = String::from("abc");
    let borrowed = Borrowed { text: &text, value: 2_i32 };
    assert_eq!(borrowed.total("d"), 6);
    assert_eq!(Borrowed { text: &text, value: 2_i32 }.taken("de").await, 5);
    assert_eq!(Borrowed::<i32>::constant().await, 1);
}
