//! The suite that every backend runs.

use nuthatch_core::backend::conformance::Suite;

use super::*;

#[test]
fn eager_frames_behave_as_every_backend_does() {
    let all = rows(40);
    let suite = Suite::new(&FRAMES, |one: &DataFrame, other: &DataFrame| one.equals_missing(other))
        .value(rows(0))
        .value(rows(1000))
        .value(DataFrame::empty_with_height(3))
        .upsert(&["number"], all.slice(0, 30), all.slice(20, 20), all.clone());
    block_on(within(suite.run()));
}

#[test]
fn lazy_frames_behave_as_every_backend_does() {
    let all = rows(40);
    let part = |start, length| all.slice(start, length).lazy();
    let suite = Suite::new(&FRAMES, |one: &LazyFrame, other: &LazyFrame| {
        let (one, other) = (one.clone().collect(), other.clone().collect());
        one.ok().zip(other.ok()).is_some_and(|(one, other)| one.equals_missing(&other))
    })
    .lazy()
    .value(rows(0).lazy())
    .value(rows(1000).lazy())
    .upsert(&["number"], part(0, 30), part(20, 20), all.clone().lazy());
    block_on(within(suite.run()));
}
