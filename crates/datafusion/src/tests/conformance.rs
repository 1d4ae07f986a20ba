//! The suite that every backend runs.

use nuthatch_core::backend::conformance::Suite;

use super::*;

#[test]
fn frames_behave_as_every_backend_does() {
    let all = rows(40);
    let part = |start, length| frame(vec![all.slice(start, length)]);
    let suite = Suite::new(&FRAMES, |one: &DataFrame, other| {
        let (one, other) = (try_collect(one.clone()), try_collect(other.clone()));
        one.ok().zip(other.ok()).is_some_and(|(one, other)| one == other)
    })
    .lazy()
    .value(frame(vec![rows(0)]))
    .value(frame(vec![rows(1000)]))
    .upsert(&["number"], part(0, 30), part(20, 20), frame(vec![all.clone()]));
    block_on(within(suite.run()));
}
