use std::sync::atomic::AtomicUsize;
use std::thread;

use super::*;
use crate::test_watchdog::within;

const MB: u64 = 1_000_000;

fn key(arguments: &[u8]) -> MemoKeyRef<'_> {
    let engine = std::any::TypeId::of::<u64>();
    MemoKeyRef { function: 1, instance: 0, engine, scope: b"", arguments }
}

fn value(number: u64, weight: u64) -> Memoized<()> {
    Memoized { value: Arc::new(number), weight, extra: () }
}

fn insert(memo: &Memo<()>, number: u64, weight: u64) {
    memo.insert(&key(&number.to_le_bytes()), value(number, weight));
}

fn get(memo: &Memo<()>, number: u64) -> Option<u64> {
    let memoized = memo.get(&key(&number.to_le_bytes()))?;
    Some(*memoized.value.downcast_ref().unwrap())
}

#[test]
fn every_part_of_the_key_counts() {
    let plain = MemoKeyRef { scope: b"ab", ..key(b"cd") };
    let others = [
        MemoKeyRef { function: 2, ..plain },
        MemoKeyRef { instance: 1, ..plain },
        MemoKeyRef { engine: std::any::TypeId::of::<i64>(), ..plain },
        MemoKeyRef { scope: b"a", ..plain },
        MemoKeyRef { arguments: b"c", ..plain },
        MemoKeyRef { scope: b"a", arguments: b"bcd", ..plain },
        MemoKeyRef { scope: b"abc", arguments: b"d", ..plain },
        MemoKeyRef { scope: b"", arguments: b"abcd", ..plain },
    ];
    let memo = Memo::new(MB);
    memo.insert(&plain, value(0, 8));
    for other in &others {
        assert!(memo.get(other).is_none(), "{other:?}");
    }
    for (number, other) in (1..).zip(&others) {
        memo.insert(other, value(number, 8));
    }
    for (number, key) in (0u64..).zip([&plain].into_iter().chain(&others)) {
        assert_eq!(memo.get(key).unwrap().value.downcast_ref(), Some(&number));
    }
}

#[test]
fn what_is_kept_beside_a_value_comes_with_it() {
    let memo = Memo::new(MB);
    memo.insert(&key(b"k"), Memoized { value: Arc::new(1), weight: 8, extra: "root" });
    let found = memo.get(&key(b"k")).unwrap();
    assert_eq!((found.weight, found.extra), (8, "root"));
}

#[test]
fn the_weight_is_bounded_and_old_values_go() {
    let memo = Memo::new(MB);
    for number in 0..10_000 {
        insert(&memo, number, 1000);
        assert!(memo.weight() <= MB);
    }
    assert_eq!(get(&memo, 9_999), Some(9_999));
    assert!(memo.len() > 500, "{memo:?}");
    assert_eq!((0..10_000).filter(|number| get(&memo, *number).is_some()).count(), memo.len());
}

#[test]
fn light_and_heavy_values_share_one_bound() {
    let memo = Memo::new(MB);
    for number in 0..2_000 {
        insert(&memo, number, number % 7 * 20_000 + 10);
        assert!(memo.weight() <= MB, "{memo:?}");
    }
    assert_eq!(get(&memo, 1_999), Some(1_999));
}

#[test]
fn a_value_heavier_than_a_shards_share_is_held() {
    let memo = Memo::new(2_000 * MB);
    for (number, weight) in [(1, 200 * MB), (2, 700 * MB), (3, 900 * MB), (4, 1_999 * MB)] {
        insert(&memo, number, weight);
        assert_eq!(get(&memo, number), Some(number));
        assert!(memo.weight() <= memo.capacity());
    }
    // The light ones still have a place, once the heaviest is gone.
    insert(&memo, 5, 100 * MB);
    assert_eq!((get(&memo, 4), get(&memo, 5)), (None, Some(5)));
    insert(&memo, 6, 8);
    assert_eq!(get(&memo, 6), Some(6));
}

#[test]
fn heavy_values_leave_room_for_light_ones() {
    let memo = Memo::new(1_000 * MB);
    for number in 0..100 {
        insert(&memo, number, 90 * MB);
    }
    for number in 100..1_100 {
        insert(&memo, number, 8);
    }
    assert_eq!((100..1_100).filter(|number| get(&memo, *number).is_some()).count(), 1_000);
    assert!(get(&memo, 99).is_some());
}

#[test]
fn a_value_heavier_than_the_whole_is_not_held() {
    let memo = Memo::new(MB);
    insert(&memo, 1, 8);
    insert(&memo, 2, 500_000);
    insert(&memo, 3, MB);
    insert(&memo, 4, u64::MAX);
    let found = [1, 2, 3, 4].map(|number| get(&memo, number));
    assert_eq!(found, [Some(1), Some(2), None, None]);
}

#[test]
fn a_replaced_value_gives_its_weight_back() {
    let memo = Memo::new(MB);
    let mut weights = Vec::new();
    for weight in [8, 900_000, 100, 300_000, 400_000, 8] {
        memo.insert(&key(b"k"), value(weight, weight));
        assert_eq!(memo.get(&key(b"k")).unwrap().weight, weight);
        assert_eq!(memo.len(), 1);
        weights.push(memo.weight() - weight);
    }
    assert!(weights.iter().all(|own| *own == weights[0]), "{weights:?}");
    // Even one that cannot be held takes the old one's place: that is not the value any more.
    memo.insert(&key(b"k"), value(0, 2 * MB));
    assert!(memo.get(&key(b"k")).is_none());
    assert_eq!(memo.weight(), 0);
}

#[test]
fn what_was_read_before_a_newer_value_came_is_not_remembered() {
    let memo = Memo::new(MB);
    let read = |number, since| memo.insert_read(&key(b"k"), value(number, 8), since);
    let found = || memo.get(&key(b"k")).map(|found| *found.value.downcast_ref().unwrap());
    let since = memo.moment(&key(b"k"));
    read(1, since);
    assert_eq!(found(), Some(1_u64));
    memo.insert_new(&key(b"k"), value(2, 8));
    read(1, since);
    assert_eq!(found(), Some(2));
    let since = memo.moment(&key(b"k"));
    memo.remove(&key(b"k"));
    read(2, since);
    assert_eq!(found(), None);
    // What is made takes as long as it takes, and is new when it is there.
    memo.insert_new(&key(b"k"), value(3, 8));
    read(3, memo.moment(&key(b"k")));
    assert_eq!(found(), Some(3));
}

#[test]
fn what_is_hit_outlives_what_is_not() {
    let memo = Memo::new(MB);
    insert(&memo, 0, 1000);
    insert(&memo, 1, 300_000);
    for number in 2..5_000 {
        insert(&memo, number, 1000);
        assert_eq!(get(&memo, 0), Some(0), "after {number}");
    }
    for number in 5_000..5_100 {
        insert(&memo, number, 300_000);
        assert_eq!(get(&memo, 1), Some(1), "after {number}");
    }
}

#[test]
fn removed_and_cleared_values_are_gone() {
    let memo = Memo::new(MB);
    for (number, weight) in [(1, 8), (2, 8), (3, 500_000), (4, 100_000)] {
        insert(&memo, number, weight);
    }
    memo.remove(&key(&1u64.to_le_bytes()));
    memo.remove(&key(&3u64.to_le_bytes()));
    assert_eq!([1, 2, 3, 4].map(|number| get(&memo, number)), [None, Some(2), None, Some(4)]);
    memo.clear();
    assert!(memo.is_empty());
    assert_eq!(memo.weight(), 0);
    insert(&memo, 1, 900_000);
    insert(&memo, 2, 8);
    assert_eq!([1, 2].map(|number| get(&memo, number)), [Some(1), Some(2)]);
}

#[test]
fn the_capacity_changes_at_run_time() {
    let memo = Memo::new(10 * MB);
    for number in 0..1_000 {
        insert(&memo, number, 5_000);
    }
    insert(&memo, 1_000, 2 * MB);
    memo.set_capacity(MB);
    assert_eq!(memo.capacity(), MB);
    assert!(memo.weight() <= MB && !memo.is_empty(), "{memo:?}");
    memo.set_capacity(0);
    assert!(memo.is_empty());
    insert(&memo, 1, 0);
    assert!(memo.is_empty());
    memo.set_capacity(10 * MB);
    insert(&memo, 1, 9 * MB);
    insert(&memo, 2, 8);
    assert_eq!([1, 2].map(|number| get(&memo, number)), [Some(1), Some(2)]);
}

#[test]
fn values_may_use_the_memo_when_they_are_dropped() {
    struct Uses(Arc<Memo<()>>, Arc<AtomicUsize>);
    impl Drop for Uses {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::SeqCst);
            for number in 1_000..1_200u64 {
                _ = self.0.get(&key(&number.to_le_bytes()));
                self.0.remove(&key(&number.to_le_bytes()));
            }
        }
    }
    within(60, || {
        let (memo, dropped) = (Arc::new(Memo::new(MB)), Arc::new(AtomicUsize::new(0)));
        for number in 1_000..1_200u64 {
            let value = Arc::new(Uses(Arc::clone(&memo), Arc::clone(&dropped)));
            let weight = if number % 2 == 0 { 2_000 } else { 100_000 };
            memo.insert(&key(&number.to_le_bytes()), Memoized { value, weight, extra: () });
        }
        memo.set_capacity(MB / 2);
        memo.clear();
        assert_eq!(dropped.load(Ordering::SeqCst), 200);
    });
}

#[test]
fn threads_that_use_it_at_once_find_their_own_values() {
    within(60, || {
        let memo = &Memo::new(MB);
        thread::scope(|scope| {
            for thread in 0..8u64 {
                scope.spawn(move || {
                    for n in 0..2_000u64 {
                        let number = thread << 32 | n;
                        insert(memo, number, if n % 50 == 0 { 50_000 } else { 100 });
                        assert!(get(memo, number).is_none_or(|found| found == number));
                    }
                });
            }
        });
        assert!(memo.weight() <= memo.capacity());
    });
}
