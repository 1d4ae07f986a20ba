//! What others do in Python: a process that does one thing a line.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The variable that names an interpreter which has what others use.
pub const PYTHON: &str = "TEST_PYTHON";

/// A folder of packages that one bench alone needs, installed there once; none where no interpreter
/// is named.
///
/// # Errors
///
/// They cannot be installed.
pub fn packages(name: &str, packages: &[&str]) -> io::Result<Option<PathBuf>> {
    let Some(python) = std::env::var_os(PYTHON) else { return Ok(None) };
    // Beside the program, where cargo keeps what benches leave.
    let folder = std::env::current_exe()?.with_file_name(name);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"];
    let mut command = Command::new(python);
    let installed =
        command.args(pip).arg("--target").arg(&folder).args(packages).status()?.success();
    match installed {
        true => Ok(Some(folder)),
        false => Err(io::Error::other(format!("{packages:?} cannot be installed"))),
    }
}

/// A running interpreter.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Peer {
    /// Starts a script with these arguments, and with these folders' packages beside its own; none
    /// where no interpreter is named, which is said.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(
        script: &str,
        arguments: &[&OsStr],
        packages: Option<&Path>,
    ) -> io::Result<Option<Self>> {
        let Some(python) = std::env::var_os(PYTHON) else {
            println!("\nPython is not measured: {PYTHON} names no interpreter");
            return Ok(None);
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        let mut command = Command::new(python);
        command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(packages) = packages {
            command.env("PYTHONPATH", packages);
        }
        let mut process = command.spawn()?;
        let none = || io::Error::other("a process without pipes");
        let input = process.stdin.take().ok_or_else(none)?;
        let output = process.stdout.take().ok_or_else(none)?;
        Ok(Some(Self { process, pipes: RefCell::new((input, BufReader::new(output))) }))
    }

    /// Does one thing, and waits until it is done.
    ///
    /// # Panics
    ///
    /// It failed; what Python says of it stands above.
    pub fn run(&self, what: &str) {
        let (input, output) = &mut *self.pipes.borrow_mut();
        let mut answer = String::new();
        let ran = writeln!(input, "{what}").and_then(|()| output.read_line(&mut answer));
        assert!(ran.is_ok() && answer.trim() == "done", "`{what}` failed in Python: {answer}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
