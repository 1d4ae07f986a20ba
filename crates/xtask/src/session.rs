//! Runs steps one after the other, and closes with the table of times.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use crate::Result;
use crate::context::Context;
use crate::places::Places;
use crate::services::Servers;
use crate::steps::{STEPS, Step};

/// How long a program may run beside the servers.
const SERVED: Duration = Duration::from_secs(4 * 60 * 60);

#[derive(Debug)]
struct Row {
    name: &'static str,
    /// Nothing for a step that was not reached.
    ran: Option<(Duration, bool)>,
}

pub(crate) fn list() {
    for step in STEPS {
        println!("{:12}{}", step.name, step.about);
    }
}

/// Runs the steps up to the first that fails, and tells whether all passed.
pub(crate) fn run(steps: &[&'static Step]) -> Result<bool> {
    let places = Places::find()?;
    println!("building in {}", places.target.display());
    let mut rows = Vec::new();
    let mut failure = None;
    for step in steps {
        let ran = if failure.is_some() {
            None
        } else {
            let (took, result) = run_one(step, &places);
            let passed = result.is_ok();
            failure = result.err().map(|error| format!("{} failed: {error}", step.name));
            Some((took, passed))
        };
        rows.push(Row { name: step.name, ran });
    }
    print!("\n{}", table(&rows));
    if let Some(failure) = &failure {
        println!("\n{failure}");
    }
    println!("{}", closing_line(&rows));
    io::stdout().flush()?;
    Ok(failure.is_none())
}

/// Runs a program beside the servers that tests store in.
pub(crate) fn with_servers(line: &[String]) -> Result {
    let [program, arguments @ ..] = line else { return Err("which program?".into()) };
    let context = Context::new(Places::find()?, SERVED);
    let servers = Servers::start(&context)?;
    servers.known_to(context.program(program, arguments)).run()
}

fn run_one(step: &Step, places: &Places) -> (Duration, Result) {
    println!("\n== {}: {}", step.name, step.about);
    let context = Context::new(places.clone(), step.limit);
    let result = (step.run)(&context);
    let took = context.elapsed();
    match &result {
        Ok(()) => println!("== {}: passed in {}", step.name, seconds(took)),
        Err(error) => println!("== {}: failed after {}: {error}", step.name, seconds(took)),
    }
    (took, result)
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, time: &str, result: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", format!("{name:12}{time:>10}  {result}").trim_end());
    };
    line("step", "time", "result");
    for row in rows {
        match row.ran {
            Some((took, true)) => line(row.name, &seconds(took), "passed"),
            Some((took, false)) => line(row.name, &seconds(took), "FAILED"),
            None => line(row.name, "–", "not run"),
        }
    }
    let total = rows.iter().filter_map(|row| row.ran).map(|(took, _)| took).sum();
    line("all", &seconds(total), "");
    text
}

fn closing_line(rows: &[Row]) -> String {
    let count = |wanted| rows.iter().filter(|row| row.ran.map(|(_, ok)| ok) == wanted).count();
    let (passed, failed, left) = (count(Some(true)), count(Some(false)), count(None));
    match left {
        0 => format!("steps: {passed} passed, {failed} failed"),
        _ => format!("steps: {passed} passed, {failed} failed, {left} skipped"),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [Row; 3] = [
        Row { name: "fmt", ran: Some((Duration::from_millis(1240), true)) },
        Row { name: "clippy", ran: Some((Duration::from_secs(61), false)) },
        Row { name: "tests", ran: None },
    ];

    #[test]
    fn the_table_tells_what_passed_what_failed_and_what_was_not_reached() {
        let expected = "\
step              time  result
fmt              1.2 s  passed
clippy          61.0 s  FAILED
tests                –  not run
all             62.2 s
";
        assert_eq!(table(&ROWS), expected);
    }

    #[test]
    fn the_closing_line_counts_steps() {
        assert_eq!(closing_line(&ROWS), "steps: 1 passed, 1 failed, 1 skipped");
        assert_eq!(closing_line(&ROWS[..1]), "steps: 1 passed, 0 failed");
    }
}
