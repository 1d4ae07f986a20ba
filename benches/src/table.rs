//! The table that a bench prints.

use std::fmt;
use std::time::Duration;

/// Rows of figures, each with its ratio to a reference measured in the same run.
#[derive(Debug, Default)]
pub struct Table {
    title: String,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    took: Duration,
    reference: Option<Reference>,
}

#[derive(Debug)]
struct Reference {
    name: String,
    took: Duration,
    /// The ratio is to be at most this.
    at_most: Option<f64>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    /// A figure that is compared with a reference, and the ratio that it may have at most.
    pub fn goal(&mut self, what: &str, took: Duration, to: (&str, Duration), at_most: f64) {
        self.add(what, took, to, Some(at_most));
    }

    /// A figure that is compared with a reference and has no goal: peers.
    pub fn beside(&mut self, what: &str, took: Duration, to: (&str, Duration)) {
        self.add(what, took, to, None);
    }

    /// A figure alone.
    pub fn alone(&mut self, what: &str, took: Duration) {
        self.rows.push(Row { what: what.to_owned(), took, reference: None });
    }

    fn add(&mut self, what: &str, took: Duration, to: (&str, Duration), at_most: Option<f64>) {
        let reference = Reference { name: to.0.to_owned(), took: to.1, at_most };
        self.rows.push(Row { what: what.to_owned(), took, reference: Some(reference) });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.title)?;
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        for row in &self.rows {
            write!(f, "  {:width$}  {:>10}", row.what, shown(row.took))?;
            if let Some(Reference { name, took, at_most }) = &row.reference {
                let ratio = row.took.as_secs_f64() / took.as_secs_f64();
                write!(f, "  {ratio:>8.2} × {name} ({})", shown(*took))?;
                if let Some(goal) = at_most {
                    let verdict = if ratio <= *goal { "met" } else { "MISSED" };
                    write!(f, ", goal {goal:.2}: {verdict}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Three digits and a unit.
fn shown(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_over_its_goal_is_told() {
        let mut table = Table::new("t");
        let us = Duration::from_micros;
        table.goal("slow", us(30), ("bare", us(10)), 2.0);
        table.goal("fast", us(30), ("bare", us(10)), 3.0);
        let printed = table.to_string();
        assert!(printed.contains("3.00 × bare (10.0 µs), goal 2.00: MISSED"), "{printed}");
        assert!(printed.contains("goal 3.00: met"), "{printed}");
    }

    #[test]
    fn times_are_shown_with_three_digits() {
        let shown = [53, 4_700, 12_340_000, 2_500_000_000].map(|n| shown(Duration::from_nanos(n)));
        assert_eq!(shown, ["53.0 ns", "4.70 µs", "12.3 ms", "2.50 s"]);
    }
}
