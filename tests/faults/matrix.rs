//! The table: what is stored how, what is done with it, and what goes wrong.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nuthatch::store::Fault;

use crate::forgets::a_forget;
use crate::lake::{Answers, Lake, Where};
use crate::subjects::{self, Do, NUMBER, Subject};
use crate::sweeps::{
    a_sweep, a_sweep_of_a_lease, a_sweep_of_another_version, a_sweep_of_what_was_abandoned,
    a_sweep_of_what_was_forgotten,
};
use crate::told::Told;

pub(crate) const FAULTS: [Fault; 5] = [
    Fault::Fail,
    Fault::CutShort,
    Fault::LoseReply,
    Fault::Deny,
    Fault::Delay(Duration::from_millis(1)),
];

/// What is there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// An entry with the number 1.
    Entry,
    /// What is left of one that was forgotten.
    Tombstone,
}

/// One row of the table.
struct Row {
    subject: Subject,
    before: Before,
    what: Do,
    place: Where,
}

/// How the entry is read afterwards, by another process.
fn reading(what: Do) -> Do {
    match what {
        Do::Copy => Do::ReadLocal,
        _ => Do::Read,
    }
}

/// Has each request of an operation go wrong, in each way, and says how many were struck.
fn every_fault(row: &Row, answers: Answers) -> u64 {
    let told = Told::listen();
    let mut lake = Lake::new(answers);
    let mut struck = 0;
    for fault in FAULTS {
        for nth in 1.. {
            lake.next();
            NUMBER.store(1, Ordering::SeqCst);
            row.prepare();
            assert_eq!(warnings(&told), "", "nothing has gone wrong yet");
            lake.inject(row.place, nth, fault);
            NUMBER.store(2, Ordering::SeqCst);
            let answer = (row.subject)(row.what);
            let said = warnings(&told);
            if lake.heal() == 0 {
                break;
            }
            struck += 1;
            // Private and public S3 say so of what is not there: a miss, which is no failure.
            let is_miss = fault == Fault::Deny;
            let shown = format!("{fault:?} at {nth}: {answer:?}, told {said:?}");
            check(row, &answer, said.contains("WARN") || is_miss, &shown);
            told.take();
        }
    }
    struck
}

impl Row {
    fn prepare(&self) {
        if self.before != Before::Nothing {
            assert_eq!((self.subject)(Do::Call).unwrap(), 1);
        }
        if self.before == Before::Tombstone {
            assert_eq!((self.subject)(Do::Forget).unwrap(), 1);
        }
    }
}

/// What was told, but for that such a small array is in small chunks.
fn warnings(told: &Told) -> String {
    let told = told.take();
    told.split_inclusive('\n').filter(|line| !line.contains("chunks are best")).collect()
}

/// What must hold after something went wrong.
fn check(row: &Row, answer: &nuthatch::Result<u32>, was_told: bool, shown: &str) {
    let Row { subject, what, .. } = row;
    let stored = row.before == Before::Entry;
    // A copy or a recall gives what is stored; all else what was computed.
    let recalls = matches!(what, Do::Copy) || (stored && *what == Do::Call);
    let wanted = if recalls { 1 } else { 2 };
    match answer {
        // What cannot be recalled is computed, and that is told.
        Ok(number) => {
            assert!(*number == wanted || (recalls && was_told && *number == 2), "{shown}")
        }
        // A value that was computed is returned, whatever becomes of the store; an upsert returns
        // the merged whole, which it may not have, and a lazy value is read later.
        Err(_) => assert!(may_fail(row), "{shown}"),
    }
    let entry = subject(reading(*what));
    let number = match &entry {
        Ok(number) => Some(*number),
        Err(error) if error.is_not_cached() => None,
        Err(error) => panic!("neither the old value nor the new one: {error}; {shown}"),
    };
    assert!(number.is_some() || !stored || *what == Do::Copy, "the entry is lost; {shown}");
    match number {
        Some(1) => assert!(stored, "nobody has stored a 1; {shown}"),
        Some(2) => assert!(!recalls || matches!(answer, Ok(2)), "nobody had a 2; {shown}"),
        Some(other) => panic!("{other} is neither the old value nor the new one; {shown}"),
        None => {}
    }
    if answer.is_ok() && !was_told {
        assert_eq!(number, Some(wanted), "not stored, and nobody was told: {shown}");
    }
    if *what == Do::Copy {
        assert_eq!(subject(Do::Read).unwrap(), 1, "the original stays; {shown}");
    }
    let again = subject(*what).unwrap_or_else(|error| panic!("a second try: {error}; {shown}"));
    let after =
        subject(reading(*what)).unwrap_or_else(|error| panic!("after it: {error}; {shown}"));
    assert_eq!(again, after, "{shown}");
    if matches!(what, Do::Overwrite | Do::Upsert) {
        assert_eq!(after, 2, "{shown}");
    }
}

fn may_fail(row: &Row) -> bool {
    let lazy = [subjects::zarr as Subject, subjects::zarr2];
    row.what == Do::Upsert || lazy.iter().any(|lazy| std::ptr::fn_addr_eq(row.subject, *lazy))
}

/// A test for each operation of a backend, with stores here, afar, and where the last writer wins.
macro_rules! matrix {
    ($($backend:ident: $($operation:ident),* $(,)?;)*) => {
        $(mod $backend {
            use super::*;

            $(#[test]
            fn $operation() {
                super::$operation(subjects::$backend, Answers::Here);
            }

            paste! { $operation, $backend })*
        })*
    };
}

macro_rules! paste {
    ($operation:ident, $backend:ident) => {
        mod $operation {
            use crate::lake::Answers;

            #[test]
            fn afar() {
                crate::matrix::$operation(crate::subjects::$backend, Answers::Afar);
            }

            #[test]
            fn where_the_last_writer_wins() {
                crate::matrix::$operation(crate::subjects::$backend, Answers::Careless);
            }
        }
    };
}

fn a_store(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Nothing, what: Do::Call, place: Where::Root };
    // The marker, the manifest, the probe, and what is written.
    assert!(every_fault(&row, answers) >= 4 * FAULTS.len() as u64);
}

fn a_store_over_a_tombstone(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Tombstone, what: Do::Call, place: Where::Root };
    // The marker, the manifest, and what is written.
    assert!(every_fault(&row, answers) >= 3 * FAULTS.len() as u64);
}

fn an_overwrite(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Entry, what: Do::Overwrite, place: Where::Root };
    assert!(every_fault(&row, answers) >= 3 * FAULTS.len() as u64);
}

fn a_recall(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Entry, what: Do::Call, place: Where::Root };
    assert!(every_fault(&row, answers) >= 2 * FAULTS.len() as u64);
}

fn an_upsert(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Entry, what: Do::Upsert, place: Where::Root };
    assert!(every_fault(&row, answers) >= 4 * FAULTS.len() as u64);
}

fn an_upsert_into_nothing(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Nothing, what: Do::Upsert, place: Where::Root };
    assert!(every_fault(&row, answers) >= 4 * FAULTS.len() as u64);
}

fn a_copy_from(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Entry, what: Do::Copy, place: Where::Root };
    assert!(every_fault(&row, answers) >= 2 * FAULTS.len() as u64);
}

fn a_copy_to(subject: Subject, answers: Answers) {
    let row = Row { subject, before: Before::Entry, what: Do::Copy, place: Where::Local };
    assert!(every_fault(&row, answers) >= 4 * FAULTS.len() as u64);
}

matrix! {
    small: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, a_copy_from, a_copy_to,
        a_forget, a_sweep_of_what_was_forgotten, a_sweep_of_another_version, a_sweep_of_a_lease;
    null: an_overwrite, a_recall, a_copy_from, a_copy_to, a_forget;
    becoming_null: a_store, an_overwrite, a_sweep;
    large: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, a_copy_from, a_copy_to,
        a_forget, a_sweep, a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    parts: a_store, an_overwrite, a_recall, a_copy_from, a_copy_to, a_forget, a_sweep,
        a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    zarr: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, a_copy_from, a_copy_to,
        a_forget, a_sweep, a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    zarr2: a_store, an_overwrite, a_recall, a_copy_from, a_copy_to, a_forget, a_sweep,
        a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    parquet: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, an_upsert,
        an_upsert_into_nothing, a_copy_from, a_copy_to, a_forget, a_sweep,
        a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    partitions: a_store, an_overwrite, a_recall, an_upsert, an_upsert_into_nothing, a_copy_from,
        a_copy_to, a_forget, a_sweep, a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    delta: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, an_upsert,
        an_upsert_into_nothing, a_copy_from, a_copy_to, a_forget, a_sweep,
        a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
    sql: a_store, a_store_over_a_tombstone, an_overwrite, a_recall, an_upsert,
        an_upsert_into_nothing, a_copy_from, a_copy_to, a_forget, a_sweep,
        a_sweep_of_what_was_abandoned, a_sweep_of_what_was_forgotten;
}
