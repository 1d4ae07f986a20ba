//! What a step is given: the folders, its time limit, and ways to run programs within both.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::places::Places;
use crate::process::Running;
use crate::scratch::Scratch;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) places: Places,
    started: Instant,
    limit: Duration,
}

impl Context {
    pub(crate) fn new(places: Places, limit: Duration) -> Self {
        Self { places, started: Instant::now(), limit }
    }

    /// Cargo with these arguments, in the root of the workspace.
    pub(crate) fn cargo<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Task<'_> {
        self.program("cargo", arguments)
    }

    /// A program with these arguments, in the root of the workspace.
    pub(crate) fn program<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Task<'_> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.places.root);
        command.env("CARGO_TARGET_DIR", &self.places.target);
        command.env("PATH", self.search_path());
        for (name, _) in env::vars_os().filter(|(name, _)| is_not_for_children(name)) {
            command.env_remove(name);
        }
        Task { context: self, command }
    }

    /// Whether the step's time is up.
    pub(crate) fn is_over(&self) -> bool {
        self.elapsed() >= self.limit
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The programs of the machine first, then those that a step has installed.
    pub(crate) fn search_path(&self) -> OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain([self.places.tools.join("bin")]);
        // Fails only for a folder with a colon in its name, which no search path can hold.
        env::join_paths(folders).unwrap_or(path)
    }
}

/// The caller's own settings must not reach what is tested (a developer's lake is not for tests),
/// and what `cargo run` says of this program is not so for the programs that it starts.
fn is_not_for_children(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    ["NUTHATCH_", "CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
}

/// A program that is about to run.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    context: &'a Context,
    command: Command,
}

impl Task<'_> {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Lives in another home folder; cargo and rustup keep theirs.
    pub(crate) fn home(mut self, home: &Path) -> Self {
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let Some(kept) = kept_home(name, folder) {
                self.command.env(name, kept);
            }
        }
        for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            self.command.env_remove(name);
        }
        self.command.env("HOME", home);
        self
    }

    /// Runs it to its end; it must succeed.
    pub(crate) fn run(mut self) -> Result {
        self.execute()
    }

    /// As [`run`](Self::run), and gives what it printed. A file takes it, not a pipe: what the
    /// program leaves behind cannot hold us by keeping it open.
    pub(crate) fn output(mut self) -> Result<String> {
        let folder = Scratch::new()?;
        let path = folder.path().join("stdout");
        self.command.stdout(File::create(&path)?);
        let result = self.execute();
        let printed = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        if let Err(error) = result {
            print!("{printed}");
            return Err(error);
        }
        Ok(printed)
    }

    /// As [`output`](Self::output); what it says on the way is shown only where it fails.
    pub(crate) fn quiet_output(mut self) -> Result<String> {
        let folder = Scratch::new()?;
        let (out, said) = (folder.path().join("stdout"), folder.path().join("stderr"));
        self.command.stdout(File::create(&out)?).stderr(File::create(&said)?);
        let result = self.execute();
        if let Err(error) = result {
            print!("{}", String::from_utf8_lossy(&fs::read(&said)?));
            return Err(error);
        }
        Ok(String::from_utf8_lossy(&fs::read(&out)?).into_owned())
    }

    /// Whether it can be run and succeeds; it is asked again and again, so nothing is shown.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        let deadline = self.context.started + self.context.limit;
        let ran = Running::start(&mut self.command).and_then(|run| run.wait_until(deadline));
        matches!(ran, Ok(Some(status)) if status.success())
    }

    /// Starts it beside what follows, writing into a file. It is ended when what is returned is
    /// dropped.
    pub(crate) fn start(mut self, log: &Path) -> Result<Running> {
        println!("$ {} &", self.line());
        let file = File::create(log)?;
        self.command.stdout(file.try_clone()?).stderr(file);
        Running::start(&mut self.command)
    }

    fn execute(&mut self) -> Result {
        let line = self.line();
        println!("$ {line}");
        let deadline = self.context.started + self.context.limit;
        match Running::start(&mut self.command)?.wait_until(deadline)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("`{line}` {}", outcome(status)).into()),
            None => {
                let minutes = self.context.limit.as_secs() / 60;
                Err(format!("`{line}` was ended: the step's {minutes} minutes are over").into())
            }
        }
    }

    fn line(&self) -> String {
        let words = [self.command.get_program()].into_iter().chain(self.command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

fn kept_home(variable: &str, folder: &str) -> Option<PathBuf> {
    let set = env::var_os(variable).map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(folder)))
}

fn outcome(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("failed with exit code {code}"),
        None => format!("was ended by another: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(limit: Duration) -> Context {
        Context::new(Places::find().unwrap(), limit)
    }

    fn shell<'a>(context: &'a Context, script: &str) -> Task<'a> {
        context.program("sh", ["-c", script])
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_that_fails_is_told_with_its_exit_code() {
        let error = shell(&context(MINUTE), "exit 7").run().unwrap_err().to_string();
        assert!(error.contains("`sh -c exit 7` failed with exit code 7"), "{error}");
    }

    #[test]
    fn a_program_past_the_limit_is_ended_and_told() {
        let error = shell(&context(Duration::ZERO), "sleep 600").run().unwrap_err().to_string();
        assert!(error.contains("was ended: the step's 0 minutes are over"), "{error}");
    }

    #[test]
    fn output_is_what_was_printed() {
        let context = context(MINUTE);
        assert_eq!(shell(&context, "echo one; echo two").output().unwrap(), "one\ntwo\n");
        assert!(shell(&context, "echo one; exit 1").output().is_err());
    }

    #[test]
    fn another_home_leaves_cargo_and_rustup_where_they_are() {
        let context = context(MINUTE);
        let print = "echo $HOME; echo $CARGO_HOME; echo $RUSTUP_HOME; echo $XDG_CACHE_HOME.";
        let printed = shell(&context, print).home(Path::new("/elsewhere")).output().unwrap();
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines.len(), 4, "{printed}");
        assert_eq!((lines[0], lines[3]), ("/elsewhere", "."));
        assert!(!lines[1].is_empty() && !lines[1].starts_with("/elsewhere"));
        assert!(!lines[2].is_empty() && !lines[2].starts_with("/elsewhere"));
    }

    #[test]
    fn settings_of_the_caller_do_not_reach_children() {
        for name in ["NUTHATCH_FILESYSTEM", "NUTHATCH_TARGET_DIR", "CARGO_PKG_NAME"] {
            assert!(is_not_for_children(OsStr::new(name)));
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN", "PATH"] {
            assert!(!is_not_for_children(OsStr::new(name)));
        }
    }
}
