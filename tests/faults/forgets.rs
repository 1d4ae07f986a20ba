//! Every request of a `forget` goes wrong: the entry is there or gone, as the caller was told.

use std::sync::atomic::Ordering;

use nuthatch::store::Fault;

use crate::lake::{Answers, Lake, Where};
use crate::matrix::FAULTS;
use crate::subjects::{Do, NUMBER, Subject};

pub(crate) fn a_forget(subject: Subject, answers: Answers) {
    let mut lake = Lake::new(answers);
    let mut struck = 0;
    for fault in FAULTS {
        for nth in 1.. {
            lake.next();
            NUMBER.store(1, Ordering::SeqCst);
            assert_eq!(subject(Do::Call).unwrap(), 1);
            lake.inject(Where::Root, nth, fault);
            let answer = subject(Do::Forget);
            if lake.heal() == 0 {
                break;
            }
            struck += 1;
            let shown = format!("{fault:?} at {nth}: {answer:?}");
            check(subject, fault, &answer, &shown);
        }
    }
    // The marker, the manifest, and the tombstone.
    assert!(struck >= 3 * FAULTS.len() as u64, "{struck}");
}

fn check(subject: Subject, fault: Fault, answer: &nuthatch::Result<u32>, shown: &str) {
    let is_there = match subject(Do::Read) {
        Ok(number) => {
            assert_eq!(number, 1, "{shown}");
            true
        }
        Err(error) => {
            assert!(error.is_not_cached(), "neither there nor gone: {error}; {shown}");
            false
        }
    };
    match answer {
        Ok(1) => assert!(!is_there, "forgotten, as was told, and there: {shown}"),
        // Private and public S3 say so of what is not there.
        Ok(_) => assert!(fault == Fault::Deny, "it was there: {shown}"),
        Err(_) => {}
    }
    let again = subject(Do::Forget).unwrap_or_else(|error| panic!("again: {error}; {shown}"));
    assert_eq!(again == 1, is_there, "{shown}");
    assert!(subject(Do::Read).unwrap_err().is_not_cached(), "{shown}");
    NUMBER.store(2, Ordering::SeqCst);
    assert_eq!(subject(Do::Call).unwrap(), 2, "{shown}");
    assert_eq!(subject(Do::Read).unwrap(), 2, "{shown}");
}
