//! The command line.

use crate::Result;
use crate::steps::{STEPS, Step};

pub(crate) const USAGE: &str = "\
usage: cargo xtask test [--only STEP,STEP…]    run the steps, all of them or only some
       cargo xtask test --list                 name the steps
       cargo xtask with-servers PROGRAM …      run a program that finds the databases of the tests
       cargo xtask help                        this text";

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    List,
    /// A program and its arguments.
    WithServers(Vec<String>),
    /// The chosen steps, in the order of [`STEPS`].
    Test(Vec<&'static Step>),
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command> {
    let mut arguments = arguments.into_iter();
    match arguments.next().as_deref() {
        Some("help" | "--help" | "-h") => Ok(Command::Help),
        Some("test") => parse_test(arguments),
        Some("with-servers") => match arguments.collect::<Vec<_>>() {
            line if line.is_empty() => Err("`with-servers` needs a program to run".into()),
            line => Ok(Command::WithServers(line)),
        },
        Some(other) => Err(format!("there is no command `{other}`").into()),
        None => Err("say which command".into()),
    }
}

fn parse_test(mut arguments: impl Iterator<Item = String>) -> Result<Command> {
    let mut only = None;
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        match (name, value) {
            ("--list", None) => return Ok(Command::List),
            ("--help" | "-h", None) => return Ok(Command::Help),
            ("--only", Some(names)) => only = Some(names.to_owned()),
            ("--only", None) => {
                only = Some(arguments.next().ok_or("--only needs the names of steps")?);
            }
            _ => return Err(format!("`test` does not know `{argument}`").into()),
        }
    }
    select(only.as_deref()).map(Command::Test)
}

fn select(only: Option<&str>) -> Result<Vec<&'static Step>> {
    let Some(only) = only else { return Ok(STEPS.iter().collect()) };
    let names: Vec<&str> = only.split(',').map(str::trim).collect();
    for name in &names {
        if !STEPS.iter().any(|step| step.name == *name) {
            let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
            return Err(
                format!("there is no step `{name}`; the steps are {}", known.join(", ")).into()
            );
        }
    }
    Ok(STEPS.iter().filter(|step| names.contains(&step.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn selected(line: &str) -> Vec<&'static str> {
        match parsed(line).unwrap() {
            Command::Test(steps) => steps.iter().map(|step| step.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn error(line: &str) -> String {
        parsed(line).unwrap_err().to_string()
    }

    #[test]
    fn all_steps_run_when_none_is_named() {
        assert_eq!(selected("test").len(), STEPS.len());
    }

    #[test]
    fn named_steps_run_in_the_order_of_the_table() {
        assert_eq!(selected("test --only clippy,fmt"), ["fmt", "clippy"]);
        assert_eq!(selected("test --only=tree"), ["tree"]);
    }

    #[test]
    fn unknown_words_are_told_with_what_is_known() {
        assert!(error("test --only fmt,clipy").contains("no step `clipy`; the steps are fmt"));
        assert!(error("test --only=").contains("no step ``"));
        assert!(error("test --only").contains("needs the names"));
        assert!(error("test fmt").contains("does not know `fmt`"));
        assert!(error("bench").contains("no command `bench`"));
        assert!(error("").contains("which command"));
        assert!(error("with-servers").contains("needs a program"));
    }

    #[test]
    fn a_program_keeps_its_own_arguments() {
        match parsed("with-servers cargo nextest --list").unwrap() {
            Command::WithServers(line) => assert_eq!(line, ["cargo", "nextest", "--list"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn help_and_the_list_run_nothing() {
        assert!(matches!(parsed("help").unwrap(), Command::Help));
        assert!(matches!(parsed("test --list").unwrap(), Command::List));
    }
}
