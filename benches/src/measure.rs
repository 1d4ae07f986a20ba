//! Measuring several ways of doing one thing, in turns.

use std::time::{Duration, Instant};

/// How long a comparison goes on.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// How many samples are taken of each side.
    pub samples: usize,
    /// How often a sample runs the side; its time is divided by this.
    pub repeats: u32,
}

/// One way of doing it.
pub struct Side<'a> {
    /// What it is, for the table.
    pub name: &'a str,
    /// Does it once.
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Side<'a> {
    /// A way of doing it.
    pub fn new(name: &'a str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The median time of each side for doing it once, in the order of the sides.
///
/// The sides take turns, a sample each, so that what slows the machine down for a while slows all
/// of them. The first turn warms up and is not counted.
pub fn compare(rounds: Rounds, sides: &mut [Side<'_>]) -> Vec<Duration> {
    let mut samples = vec![Vec::with_capacity(rounds.samples); sides.len()];
    for turn in 0..=rounds.samples {
        for (side, taken) in sides.iter_mut().zip(&mut samples) {
            let started = Instant::now();
            for _ in 0..rounds.repeats {
                (side.run)();
            }
            if turn > 0 {
                taken.push(started.elapsed() / rounds.repeats.max(1));
            }
        }
    }
    samples.into_iter().map(median).collect()
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn sides_take_turns_and_a_first_turn_warms_up() {
        let order = std::cell::RefCell::new(String::new());
        let say = |word: char| order.borrow_mut().push(word);
        let rounds = Rounds { samples: 2, repeats: 2 };
        let sides = &mut [Side::new("a", || say('a')), Side::new("b", || say('b'))];
        assert_eq!(compare(rounds, sides).len(), 2);
        assert_eq!(*order.borrow(), "aabbaabbaabb");
    }

    #[test]
    fn the_median_is_not_moved_by_one_slow_sample() {
        let turns = Cell::new(0);
        let slow_once = || {
            turns.set(turns.get() + 1);
            if turns.get() == 2 {
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let rounds = Rounds { samples: 5, repeats: 1 };
        let times = compare(rounds, &mut [Side::new("slow once", slow_once)]);
        assert!(times[0] < Duration::from_millis(50), "{times:?}");
    }
}
