//! The decisions about leases, one by one and in every order of things.

use std::time::Duration;

use super::claim::{Claim, Holder, Seen, Step, Why};
use super::tenure::{Beat, Release, Tenure};
use crate::config::OnBusy;

mod model;

const TTL: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

fn held(version: u8) -> Seen<u8> {
    Seen::Held { version, holder: Holder::Other, ttl: TTL }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_lease_expires_when_it_was_not_seen_to_change_for_its_time_to_live() {
    let mut claim = Claim::new(OnBusy::Wait, HOUR, at(0));
    assert_eq!(claim.next(held(1), at(0), at(5)), Step::Wait);
    // Counted from when the first answer was there to when the last question went out.
    assert_eq!(claim.next(held(1), at(34), at(40)), Step::Wait);
    assert_eq!(claim.next(held(2), at(35), at(41)), Step::Wait, "a sign of life");
    assert_eq!(claim.next(held(2), at(70), at(71)), Step::Wait);
    assert_eq!(claim.next(held(2), at(71), at(71)), Step::TakeOver(2));
}

#[test]
fn whoever_is_to_be_told_is_told_once_the_other_has_shown_that_it_is_alive() {
    let mut claim = Claim::new(OnBusy::Error, HOUR, at(0));
    assert_eq!(claim.next(held(1), at(0), at(0)), Step::Wait);
    assert_eq!(claim.next(held(1), at(5), at(5)), Step::Wait);
    assert_eq!(claim.next(held(2), at(10), at(10)), Step::Refuse);
    let mut claim = Claim::new(OnBusy::Error, HOUR, at(0));
    assert_eq!(claim.next(held(1), at(0), at(0)), Step::Wait);
    assert_eq!(claim.next(held(1), at(30), at(30)), Step::TakeOver(1), "nobody is there");
}

#[test]
fn a_wait_is_bounded_whatever_is_seen() {
    let patient = || Claim::new(OnBusy::Wait, at(10), at(0));
    let mut claim = patient();
    assert_eq!(claim.next(held(1), at(9), at(9)), Step::Wait);
    assert_eq!(claim.next(held(2), at(10), at(10)), Step::Without(Why::Patience));
    // A store that refuses to put what is not there.
    let mut claim = patient();
    assert_eq!(claim.next(Seen::Free, at(1), at(1)), Step::Create);
    assert_eq!(claim.next(Seen::Free, at(2), at(2)), Step::Wait, "not asked again and again");
    assert_eq!(claim.next(Seen::Free, at(3), at(3)), Step::Create);
    assert_eq!(claim.next(Seen::Free, at(11), at(11)), Step::Without(Why::Patience));
}

#[test]
fn nobody_waits_for_what_is_its_own() {
    let mut claim = Claim::new(OnBusy::Wait, HOUR, at(0));
    let own = |holder| Seen::Held { version: 1, holder, ttl: TTL };
    assert_eq!(claim.next(own(Holder::Own), at(0), at(0)), Step::Without(Why::Own));
    assert_eq!(claim.next(own(Holder::Claim), at(0), at(0)), Step::Hold(1));
    let mut claim = Claim::new(OnBusy::Compute, HOUR, at(0));
    assert_eq!(claim.next(held(1), at(0), at(0)), Step::Without(Why::Asked));
}

#[test]
fn a_lease_is_deleted_only_while_nobody_can_have_taken_it_over() {
    let mut tenure = Tenure::new(TTL, 1, at(0));
    assert_eq!(tenure.release(at(14)), Release::Delete);
    assert_eq!(tenure.release(at(15)), Release::First(Beat::Write(1)));
    tenure.written(2, at(15));
    assert_eq!(tenure.release(at(29)), Release::Delete);
    tenure.unsure();
    assert_eq!(tenure.release(at(16)), Release::First(Beat::Look));
    tenure.looked(Some(3));
    assert_eq!(tenure.release(at(31)), Release::First(Beat::Write(3)), "seen is not written");
    tenure.looked(None);
    assert_eq!((tenure.release(at(31)), tenure.beat()), (Release::Lost, Beat::Lost));
    assert!(tenure.is_lost());
}
