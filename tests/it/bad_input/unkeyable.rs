//! Arguments that cannot be keys.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nuthatch::prelude::*;

use super::{runs, value};
use crate::lake::Lake;
use crate::told::Told;

#[cache(name = "bad_input_long_text")]
fn of_text(text: &str) -> nuthatch::Result<String> {
    value();
    Ok(text.to_owned())
}

#[test]
fn an_argument_that_cannot_be_a_key_turns_caching_off_and_is_named() {
    #[derive(serde::Serialize)]
    struct Sources {
        first: PathBuf,
    }
    #[cache(name = "bad_input_sources")]
    fn of_sources(sources: &Sources) -> nuthatch::Result<usize> {
        value();
        Ok(sources.first.as_os_str().len())
    }
    let lake = Lake::new();
    let told = Told::listen();
    let sources = Sources { first: OsStr::from_bytes(b"\xff").into() };
    for _ in 0..2 {
        assert_eq!(of_sources(&sources).unwrap(), 1);
        told.says(&["argument `sources` cannot be a key", "skip(sources)"]);
        assert_eq!(of_text(&"x".repeat(2 << 20)).unwrap().len(), 2 << 20);
        told.says(&["argument `text` cannot be a key", "1 MiB", "skip(text)"]);
    }
    assert_eq!(runs(), 4);
    assert!(!lake.path("root").exists());
}

#[test]
fn calls_that_have_no_key_are_neither_remembered_nor_joined() {
    #[cache(name = "bad_input_first_letter", memoize)]
    async fn first_letter(text: &str) -> nuthatch::Result<char> {
        value();
        tokio::task::yield_now().await;
        Ok(text.chars().next().unwrap_or_default())
    }
    let _lake = Lake::new();
    let [a, b] = ["a", "b"].map(|letter| letter.repeat(2 << 20));
    for text in [&a, &b, &a] {
        assert_eq!(of_text::call(text).memoize(true).run().unwrap(), *text);
        assert_eq!(first_letter::call(text).run().unwrap(), text.chars().next().unwrap());
    }
    assert_eq!((runs(), nuthatch::stats().memo_hits), (6, 0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let both = async { tokio::join!(first_letter(&a), first_letter(&b)) };
    let (first, second) = runtime.block_on(both);
    assert_eq!((first.unwrap(), second.unwrap()), ('a', 'b'));
    assert_eq!((runs(), nuthatch::stats().joined), (2, 0));
}
