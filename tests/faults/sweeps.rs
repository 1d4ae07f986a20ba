//! Every request of a sweep goes wrong: the entry stands, what stays behind is told, and the next
//! sweep removes it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nuthatch::GcReport;

use crate::lake::{Answers, Lake, Where};
use crate::matrix::FAULTS;
use crate::subjects::{Do, NUMBER, Subject};

/// What makes something that nobody needs, and what is there besides.
struct Litter {
    subject: Subject,
    drop: fn(&Lake, Subject),
    /// How many generations there are then.
    generations: usize,
    /// The entry that stands all the while, if any.
    stands: Option<u32>,
}

/// Of what was replaced.
pub(crate) fn a_sweep(subject: Subject, answers: Answers) {
    let drop = |_: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        call(subject, 2, Do::Overwrite);
    };
    let generations = if is_null(subject) { 1 } else { 2 };
    swept(&Litter { subject, drop, generations, stands: Some(2) }, answers);
}

/// Of a write whose process ended before its commit, beside an entry.
pub(crate) fn a_sweep_of_what_was_abandoned(subject: Subject, answers: Answers) {
    let drop = |lake: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        lake.strand();
        call(subject, 2, Do::Overwrite);
        lake.leave_stranded();
    };
    swept(&Litter { subject, drop, generations: 2, stands: Some(1) }, answers);
}

/// Of a tombstone, with the data of what was forgotten.
pub(crate) fn a_sweep_of_what_was_forgotten(subject: Subject, answers: Answers) {
    let drop = |_: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        assert_eq!(subject(Do::Forget).unwrap(), 1);
    };
    let generations = usize::from(!is_small(subject));
    swept(&Litter { subject, drop, generations, stands: None }, answers);
}

fn is_small(subject: Subject) -> bool {
    std::ptr::fn_addr_eq(subject, crate::subjects::small as Subject)
}

fn is_null(subject: Subject) -> bool {
    std::ptr::fn_addr_eq(subject, crate::subjects::becoming_null as Subject)
}

fn call(subject: Subject, number: u32, what: Do) {
    NUMBER.store(number, Ordering::SeqCst);
    assert_eq!(subject(what).unwrap(), number);
}

fn sweep() -> GcReport {
    nuthatch::gc().only("root").run().unwrap()
}

fn swept(litter: &Litter, answers: Answers) {
    let mut lake = Lake::new(answers);
    let mut struck = 0;
    for fault in FAULTS {
        for nth in 1.. {
            nuthatch::set_parameter!("grace", "7d").unwrap();
            lake.next();
            (litter.drop)(&lake, litter.subject);
            assert_eq!(lake.generations(), litter.generations);
            nuthatch::set_parameter!("grace", "1ms").unwrap();
            std::thread::sleep(Duration::from_millis(3));
            lake.inject(Where::Root, nth, fault);
            let report = sweep();
            if lake.heal() == 0 {
                break;
            }
            struck += 1;
            check(litter, &lake, &report, &format!("{fault:?} at {nth}: {report}"));
        }
    }
    assert!(struck >= 8 * FAULTS.len() as u64, "{struck}");
}

fn check(litter: &Litter, lake: &Lake, report: &GcReport, shown: &str) {
    let Litter { subject, stands, .. } = litter;
    let stands_still = || match stands {
        Some(number) => assert_eq!(subject(Do::Read).unwrap(), *number, "{shown}"),
        None => assert!(subject(Do::Read).unwrap_err().is_not_cached(), "{shown}"),
    };
    let needed = match stands {
        Some(_) if is_null(*subject) => (0, 1),
        Some(_) => (1, 1),
        None => (0, 0),
    };
    let there = || (lake.generations(), lake.manifests());
    stands_still();
    assert!(there() == needed || report.failed().count > 0, "left, and not told: {shown}");
    let again = sweep();
    let shown = format!("{shown}, then {again}");
    assert_eq!(again.failed().count, 0, "{shown}");
    assert_eq!(there(), needed, "{shown}");
    stands_still();
    // Whatever was swept: it can be stored.
    nuthatch::set_parameter!("grace", "7d").unwrap();
    lake.open_anew();
    call(*subject, 2, Do::Overwrite);
    assert_eq!(subject(Do::Read).unwrap(), 2, "{shown}");
}
