//! A running child that is ended, with everything it started, when its time is up.

use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

use crate::Result;

const POLL: Duration = Duration::from_millis(20);

/// A child of ours. It is ended when this is dropped before it has finished; a server that a
/// step starts is held by one of these for as long as the step needs it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    finished: bool,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_owned();
        let child = command.stdin(Stdio::null()).spawn();
        let child =
            child.map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        Ok(Self { child, finished: false })
    }

    /// How it ended, where it has.
    pub(crate) fn finished(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.finished |= status.is_some();
        Ok(status)
    }

    /// Waits until it has finished, or ends it at the deadline and gives `None`.
    pub(crate) fn wait_until(mut self, deadline: Instant) -> Result<Option<ExitStatus>> {
        let interrupted = interrupted()?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.finished = true;
                return Ok(Some(status));
            }
            if interrupted.load(Ordering::Relaxed) {
                return Err("interrupted".into());
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }
}

/// Whether this process was asked to end. It then ends what it has started, and not only itself.
fn interrupted() -> Result<Arc<AtomicBool>> {
    static ASKED: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(asked) = &*asked {
        return Ok(Arc::clone(asked));
    }
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // Who asks twice is not to wait.
        register_conditional_shutdown(signal, 1, Arc::clone(&flag))?;
        register(signal, Arc::clone(&flag))?;
    }
    Ok(Arc::clone(asked.insert(flag)))
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        end_descendants(self.child.id());
        // Fails only where it has just ended by itself, which the wait then finds.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends what the process has started, however deep, by id. Process groups would not do: the
/// test runner gives every test a group of its own.
fn end_descendants(root: u32) {
    const ROUNDS: usize = 20;
    let mut stopped = BTreeSet::new();
    // All are stopped before one is killed: orphans lose the parent that they are found by, and
    // one that still runs can start more.
    signal("STOP", [root]);
    for _ in 0..ROUNDS {
        let found = descendants(root, &processes());
        let new: Vec<u32> = found.difference(&stopped).copied().collect();
        if new.is_empty() {
            break;
        }
        signal("STOP", new.iter().copied());
        stopped.extend(new);
    }
    signal("KILL", stopped);
}

fn signal(name: &str, ids: impl IntoIterator<Item = u32>) {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return;
    }
    // The shell's own `kill` is everywhere; one that has just ended makes it grumble.
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$@\" 2>/dev/null", "sh", name]).args(ids);
    let _ = kill.stdin(Stdio::null()).status();
}

fn descendants(root: u32, processes: &[Process]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for process in processes.iter().filter(|process| process.parent == parent) {
            if found.insert(process.id) {
                open.push(process.id);
            }
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    id: u32,
    parent: u32,
}

fn processes() -> Vec<Process> {
    let listed =
        Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).stdin(Stdio::null()).output();
    match listed {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().filter_map(parse_process).collect()
        }
        _ => {
            eprintln!("`ps` does not answer: only the direct child is ended, not what it started");
            Vec::new()
        }
    }
}

/// Reads a line of `ps`; a zombie has ended already, and is none.
fn parse_process(line: &str) -> Option<Process> {
    let mut words = line.split_whitespace();
    let (id, parent, state) = (words.next()?, words.next()?, words.next()?);
    (!state.starts_with('Z')).then_some(())?;
    Some(Process { id: id.parse().ok()?, parent: parent.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn lines_of_ps_are_read_whatever_their_padding() {
        assert_eq!(parse_process("   12    1 Ss"), Some(Process { id: 12, parent: 1 }));
        assert_eq!(parse_process("4194304 7 R+ "), Some(Process { id: 4_194_304, parent: 7 }));
        assert_eq!(parse_process("12 1 Z"), None);
        assert_eq!(parse_process("PID PPID STAT"), None);
        assert_eq!(parse_process(""), None);
    }

    #[test]
    fn descendants_are_found_however_deep_and_others_are_left_alone() {
        let table = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 5), (1, 1)]
            .map(|(id, parent)| Process { id, parent });
        assert_eq!(descendants(2, &table), BTreeSet::from([3, 4]));
        assert_eq!(descendants(6, &table), BTreeSet::new());
    }

    #[test]
    fn what_a_child_started_ends_with_it() {
        let folder = Scratch::new().unwrap();
        let mut script = Command::new("sh");
        script.current_dir(folder.path());
        script.args(["-c", "sh -c 'sleep 600 & echo $! > id; mv id grandchild; wait' & wait"]);
        let running = Running::start(&mut script).unwrap();

        let written = folder.path().join("grandchild");
        let patience = Instant::now() + Duration::from_secs(60);
        while !written.exists() {
            assert!(Instant::now() < patience, "the script did not start");
            thread::sleep(POLL);
        }
        let grandchild: u32 = fs::read_to_string(&written).unwrap().trim().parse().unwrap();
        let alive = || processes().iter().any(|process| process.id == grandchild);
        assert!(alive());

        assert!(running.wait_until(Instant::now()).unwrap().is_none());
        while alive() {
            assert!(Instant::now() < patience, "the grandchild still runs");
            thread::sleep(POLL);
        }
    }

    #[test]
    fn a_child_that_finishes_gives_its_status() {
        let mut script = Command::new("sh");
        script.args(["-c", "exit 3"]);
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = Running::start(&mut script).unwrap().wait_until(deadline).unwrap();
        assert_eq!(status.unwrap().code(), Some(3));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Running::start(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().contains("cannot start no-such-program"));
    }
}
