//! xarray and zarr-python, in a process that does one thing a line.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;

/// A running interpreter.
pub(crate) struct Peer {
    process: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Peer {
    /// Starts it in a folder; none where `TEST_PYTHON` names no interpreter, which is said.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(python) = std::env::var_os("TEST_PYTHON") else {
            println!("\nxarray is not measured: TEST_PYTHON names no interpreter");
            return Ok(None);
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/arrays/peer.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let input = process.stdin.take().ok_or("it has no input")?;
        let output = process.stdout.take().ok_or("it has no output")?;
        Ok(Some(Self { process, pipes: RefCell::new((input, BufReader::new(output))) }))
    }

    /// Does one thing, and waits until it is done.
    ///
    /// # Panics
    ///
    /// It failed; what Python says of it stands above.
    pub(crate) fn run(&self, what: &str) {
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
