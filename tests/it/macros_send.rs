//! Futures of cached functions can be spawned wherever those of the bodies could, also where
//! calls borrow from one another; those that cannot be sent can still be awaited in place.

use std::cell::Cell;
use std::fmt::Debug;

use nuthatch::prelude::*;
use serde::Serialize;
use tokio::task::yield_now;

#[cache(memoize, skip(seen))]
async fn seen_so_far(text: &str, seen: &mut [&str], other: Option<&str>) -> usize {
    yield_now().await;
    text.len() + seen.len() + other.map_or(0, str::len)
}

#[cache(memoize, skip(seen))]
async fn named<'a, T>(text: &'a str, seen: &mut [&'a str], other: T) -> usize
where
    T: CacheKey + Debug + Send + Sync,
{
    yield_now().await;
    text.len() + seen.len() + format!("{other:?}").len()
}

#[derive(Debug, Serialize)]
struct Owner(String);

impl Owner {
    #[cache(in_impl)]
    async fn length(&self, text: &str) -> usize {
        yield_now().await;
        self.0.len() + text.len()
    }
}

struct Borrower<'a, T>(&'a str, T);

impl<'a, T: Copy + Send + Sync + Into<i64>> Borrower<'a, T> {
    #[cache(in_impl, skip(self), name = "Borrower::length")]
    async fn length(&self, text: &'a str, other: &str) -> i64 {
        yield_now().await;
        let length = self.0.len() + text.len() + other.len();
        self.1.into() + i64::try_from(length).unwrap_or(0)
    }
}

#[cache(memoize)]
async fn outer(text: &str) -> usize {
    let own = String::from("x");
    let mut seen = vec![own.as_str()];
    let mut total = seen_so_far::call(&own, &mut seen, Some(text)).memoize(false).await;
    total += named::call(&own, &mut seen, &own).await + named(&own, &mut seen, &own).await;
    total += seen_so_far(text, &mut seen, None).await;
    let owner = Owner(own.clone());
    total + owner.length("y").await + owner.length_call(text).await
}

#[tokio::test]
async fn nested_calls_that_borrow_can_be_spawned() {
    let spawned = tokio::spawn(async {
        let text = String::from("abc");
        let borrower = Borrower(&text, 3_i32);
        let lengths = borrower.length(&text, "x").await + borrower.length_call(&text, "y").await;
        (outer(&text).await, outer::call(&text).await, lengths)
    });
    assert_eq!(spawned.await.ok(), Some((25, 25, 20)));
}

#[cache(skip(cell))]
async fn in_place(cell: &Cell<&str>) -> usize {
    yield_now().await;
    cell.get().len()
}

#[tokio::test]
async fn what_cannot_be_sent_is_awaited_in_place() {
    let cell = Cell::new("ab");
    assert_eq!((in_place(&cell).await, in_place::call(&cell).local().await), (2, 2));
}

#[cache(memoize)]
async fn fibonacci(index: u64) -> u64 {
    if index < 2 {
        return index;
    }
    let one = Box::pin(fibonacci(index - 1)).await;
    one + Box::pin(fibonacci::call(index - 2).local()).await
}

#[tokio::test]
async fn recursion_through_a_box_can_be_spawned() {
    assert_eq!(tokio::spawn(fibonacci(30)).await.ok(), Some(832_040));
}
