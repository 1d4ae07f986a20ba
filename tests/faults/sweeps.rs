//! Every request of a sweep goes wrong: the entry stands, what stays behind is told, and the next
//! sweep removes it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nuthatch::GcReport;

use crate::lake::{Answers, Lake, There, Where};
use crate::matrix::FAULTS;
use crate::subjects::{Do, NUMBER, Subject};

/// What makes something that nobody needs, and what is there besides.
struct Litter {
    subject: Subject,
    drop: fn(&Lake, Subject),
    there: There,
    /// What of it is there after a sweep.
    needed: There,
    /// The entry that stands all the while, if any.
    stands: Option<u32>,
}

/// Of what was replaced.
pub(crate) fn a_sweep(subject: Subject, answers: Answers) {
    let drop = |_: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        call(subject, 2, Do::Overwrite);
    };
    let generations = if is_null(subject) { 0 } else { 1 };
    let needed = There { generations, manifests: 1, leases: 0 };
    let there = There { generations: generations + 1, ..needed };
    swept(&Litter { subject, drop, there, needed, stands: Some(2) }, answers);
}

/// Of a write whose process ended before its commit, beside an entry.
pub(crate) fn a_sweep_of_what_was_abandoned(subject: Subject, answers: Answers) {
    let drop = |lake: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        lake.strand();
        call(subject, 2, Do::Overwrite);
        lake.leave_stranded();
    };
    let needed = There { generations: 1, manifests: 1, leases: 0 };
    let there = There { generations: 2, ..needed };
    swept(&Litter { subject, drop, there, needed, stands: Some(1) }, answers);
}

/// Of a tombstone, with the data of what was forgotten.
pub(crate) fn a_sweep_of_what_was_forgotten(subject: Subject, answers: Answers) {
    let drop = |_: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        assert_eq!(subject(Do::Forget).unwrap(), 1);
    };
    let there = There { generations: usize::from(!is_small(subject)), manifests: 1, leases: 0 };
    // Where the last writer wins a manifest is not removed: it may be an entry by then.
    let manifests = usize::from(answers == Answers::Careless);
    let needed = There { generations: 0, manifests, leases: 0 };
    swept(&Litter { subject, drop, there, needed, stands: None }, answers);
}

/// Of a lease whose holder has died, beside an entry.
pub(crate) fn a_sweep_of_a_lease(subject: Subject, answers: Answers) {
    let drop = |lake: &Lake, subject: Subject| {
        call(subject, 1, Do::Call);
        lake.leave_lease();
    };
    let needed = There { generations: usize::from(!is_small(subject)), manifests: 1, leases: 0 };
    let there = There { leases: 1, ..needed };
    swept(&Litter { subject, drop, there, needed, stands: Some(1) }, answers);
}

/// Of an entry of another version than those that are kept.
pub(crate) fn a_sweep_of_another_version(subject: Subject, answers: Answers) {
    let drop = |_: &Lake| call(subject, 1, Do::Call);
    let sweep = || nuthatch::gc().only("root").keep_versions("as_small", ["2"]).run().unwrap();
    every_fault(answers, &drop, &sweep, &|lake, report, shown| {
        let stands = subject(Do::Read);
        if answers == Answers::Careless {
            assert!(report.left().count + report.failed().count > 0, "{shown}");
            assert_eq!(stands.unwrap(), 1, "it is left: {shown}");
            return;
        }
        match stands {
            Ok(number) => assert!(number == 1 && report.failed().count > 0, "{shown}"),
            Err(error) => assert!(error.is_not_cached(), "{error}; {shown}"),
        }
        // The first forgets it, unless that was done; the second removes what is left of it.
        for _ in 0..2 {
            wait();
            assert_eq!(sweep().failed().count, 0, "{shown}");
        }
        assert!(subject(Do::Read).unwrap_err().is_not_cached(), "{shown}");
        assert_eq!(lake.there(), There { generations: 0, manifests: 0, leases: 0 }, "{shown}");
    });
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

/// Until what is there is older than the grace time.
fn wait() {
    std::thread::sleep(Duration::from_millis(3));
}

fn sweep() -> GcReport {
    nuthatch::gc().only("root").run().unwrap()
}

fn swept(litter: &Litter, answers: Answers) {
    let drop = |lake: &Lake| {
        (litter.drop)(lake, litter.subject);
        assert_eq!(lake.there(), litter.there);
    };
    every_fault(answers, &drop, &sweep, &|lake, report, shown| check(litter, lake, report, shown));
}

/// Has each request of a sweep go wrong, in each way, and looks at what came of it.
fn every_fault(
    answers: Answers,
    drop: &dyn Fn(&Lake),
    sweep: &dyn Fn() -> GcReport,
    check: &dyn Fn(&Lake, &GcReport, &str),
) {
    let mut lake = Lake::new(answers);
    let mut struck = 0;
    for fault in FAULTS {
        for nth in 1.. {
            nuthatch::set_parameter!("grace", "7d").unwrap();
            lake.next();
            drop(&lake);
            nuthatch::set_parameter!("grace", "1ms").unwrap();
            wait();
            lake.inject(Where::Root, nth, fault);
            let report = sweep();
            if lake.heal() == 0 {
                break;
            }
            struck += 1;
            check(&lake, &report, &format!("{fault:?} at {nth}: {report}"));
        }
    }
    // The marker, the time (three), the listing, and a manifest.
    assert!(struck >= 6 * FAULTS.len() as u64, "{struck}");
}

fn check(litter: &Litter, lake: &Lake, report: &GcReport, shown: &str) {
    let Litter { subject, stands, needed, .. } = litter;
    let stands_still = || match stands {
        Some(number) => assert_eq!(subject(Do::Read).unwrap(), *number, "{shown}"),
        None => assert!(subject(Do::Read).unwrap_err().is_not_cached(), "{shown}"),
    };
    stands_still();
    assert!(lake.there() == *needed || report.failed().count > 0, "left, and not told: {shown}");
    let again = sweep();
    let shown = format!("{shown}, then {again}");
    assert_eq!(again.failed().count, 0, "{shown}");
    assert_eq!(lake.there(), *needed, "{shown}");
    stands_still();
    // Whatever was swept: it can be stored.
    nuthatch::set_parameter!("grace", "7d").unwrap();
    lake.open_anew();
    call(*subject, 2, Do::Overwrite);
    assert_eq!(subject(Do::Read).unwrap(), 2, "{shown}");
}
