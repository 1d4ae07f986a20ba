//! The project's own commands. `cargo xtask test` is everything that CI does.
//!
//! | file | holds |
//! |---|---|
//! | `arguments` | the command line |
//! | `steps` | the steps of `test`, a file each, and the table that orders them |
//! | `session` | runs steps, times them, and closes with the table of times |
//! | `context` | what a step is given: folders, its time limit, ways to run programs |
//! | `services` | servers that tests need, each thrown away when its step ends |
//! | `process` | a running child that is ended, with its descendants, when its time is up |
//! | `tools` | programs that a step needs, installed where they are absent |
//! | `metadata` | what cargo knows of packages and targets |
//! | `places`, `scratch` | the folders of the project and of the cache; temporary ones |

mod arguments;
mod context;
mod metadata;
mod places;
mod process;
mod scratch;
mod services;
mod session;
mod steps;
mod tools;

use std::process::ExitCode;

use arguments::Command;

/// An error is a message for the person who ran the command.
type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

const FAILED: u8 = 1;
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("cargo xtask: {error}\n\n{}", arguments::USAGE);
            return ExitCode::from(MISUSED);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Help => println!("{}", arguments::USAGE),
        Command::List => session::list(),
        Command::WithServers(line) => session::with_servers(&line)?,
        Command::Test(selected) => {
            if !session::run(&selected)? {
                return Ok(ExitCode::from(FAILED));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
