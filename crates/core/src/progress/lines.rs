//! A line on standard error for each tenth of a transfer, where there is no terminal to draw on.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{Observer, Transfer, megabytes};

/// What a line stands for, where it is not known how much there will be.
const APIECE: u64 = 100_000_000;

pub(super) fn observer() -> Observer {
    static OBSERVER: LazyLock<Observer> = LazyLock::new(|| {
        let lines = Mutex::new(Lines::default());
        Arc::new(move |transfer: &Transfer| {
            let line = lines.lock().unwrap_or_else(PoisonError::into_inner).line(transfer);
            if let Some(line) = line {
                eprintln!("nuthatch: {line}");
            }
        })
    });
    Arc::clone(&OBSERVER)
}

/// The lines that were written of each transfer.
#[derive(Debug, Default)]
struct Lines(HashMap<u64, u64>);

impl Lines {
    /// What is to be written now, if anything.
    fn line(&mut self, transfer: &Transfer) -> Option<String> {
        let moved = megabytes(transfer.bytes);
        if transfer.is_over {
            self.0.remove(&transfer.id);
            return Some(format!("{transfer}: {moved} MB, over"));
        }
        let now = match transfer.total {
            Some(total) => transfer.bytes.saturating_mul(10) / total.max(1),
            None => transfer.bytes / APIECE,
        };
        if self.0.insert(transfer.id, now).is_some_and(|last| last >= now) {
            return None;
        }
        Some(match transfer.total {
            Some(total) => format!("{transfer}: {moved} of {} MB", megabytes(total)),
            None => format!("{transfer}: {moved} MB"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Direction;

    #[test]
    fn a_line_a_tenth_and_one_at_the_end() {
        let mut transfer =
            Transfer::new(Direction::Read, "weather.daily", &"root", Some(50_000_000));
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for bytes in (1..=50).map(|megabytes| megabytes * 1_000_000) {
            transfer.bytes = bytes;
            told.extend(lines.line(&transfer));
        }
        transfer.is_over = true;
        told.extend(lines.line(&transfer));
        assert_eq!(told.len(), 12, "{told:?}");
        assert_eq!(told[0], "reading weather.daily from root: 1 of 50 MB");
        assert_eq!(told[5], "reading weather.daily from root: 25 of 50 MB");
        assert_eq!(told[11], "reading weather.daily from root: 50 MB, over");
        assert!(lines.0.is_empty(), "nothing is kept of what is over");
    }

    #[test]
    fn without_a_total_a_line_each_hundred_megabytes() {
        let mut transfer = Transfer::new(Direction::Write, "weather.daily", &"local", None);
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for bytes in (1..=25).map(|tens| tens * 10_000_000) {
            transfer.bytes = bytes;
            told.extend(lines.line(&transfer));
        }
        let expected = [10, 100, 200].map(|mb| format!("writing weather.daily to local: {mb} MB"));
        assert_eq!(told, expected);
    }
}
