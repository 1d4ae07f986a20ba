//! A bar for each transfer, on the terminal.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Observer, Transfer};

const BAR: &str = "{msg} [{bar:24}] {decimal_bytes} of {decimal_total_bytes} ({eta})";

/// Where it is not known how much there will be.
const SPINNER: &str = "{msg} {spinner} {decimal_bytes} ({decimal_bytes_per_sec})";

/// Whether standard error is a terminal.
pub(super) fn can_be_seen() -> bool {
    static ON_TERMINAL: LazyLock<bool> = LazyLock::new(|| io::stderr().is_terminal());
    *ON_TERMINAL
}

pub(super) fn observer() -> Observer {
    static OBSERVER: LazyLock<Observer> = LazyLock::new(|| {
        let bars = Bars::new(ProgressDrawTarget::stderr());
        Arc::new(move |transfer: &Transfer| bars.show(transfer))
    });
    Arc::clone(&OBSERVER)
}

struct Bars {
    all: MultiProgress,
    /// By the transfer.
    bars: Mutex<HashMap<u64, ProgressBar>>,
}

impl Bars {
    fn new(target: ProgressDrawTarget) -> Self {
        Self { all: MultiProgress::with_draw_target(target), bars: Mutex::default() }
    }

    /// A bar goes when its transfer is over: what the program prints is its own.
    fn show(&self, transfer: &Transfer) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(transfer.id).or_insert_with(|| self.all.add(bar(transfer)));
        bar.set_position(transfer.bytes);
        if transfer.is_over {
            bar.finish_and_clear();
            bars.remove(&transfer.id);
        }
    }
}

fn bar(transfer: &Transfer) -> ProgressBar {
    let (bar, template) = match transfer.total {
        Some(total) => (ProgressBar::new(total), BAR),
        None => (ProgressBar::no_length(), SPINNER),
    };
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_message(transfer.to_string());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Direction;

    #[test]
    fn each_transfer_has_a_bar_until_it_is_over() {
        let bars = Bars::new(ProgressDrawTarget::hidden());
        let mut read = Transfer::new(Direction::Read, "weather.daily", &"root", Some(100));
        let write = Transfer::new(Direction::Write, "weather.daily", &"local", None);
        read.bytes = 40;
        bars.show(&read);
        bars.show(&write);
        {
            let known = bars.bars.lock().unwrap();
            let bar = &known[&read.id];
            assert_eq!((bar.position(), bar.length()), (40, Some(100)));
            assert_eq!(bar.message(), "reading weather.daily from root");
            assert_eq!(known[&write.id].length(), None);
        }
        read.is_over = true;
        bars.show(&read);
        let known = bars.bars.lock().unwrap();
        assert_eq!(known.keys().collect::<Vec<_>>(), [&write.id]);
    }

    #[test]
    fn both_templates_can_be_read() {
        for template in [BAR, SPINNER] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
