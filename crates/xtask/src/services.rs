//! Real servers, thrown away when the step ends: databases and object stores that tests store in.
//! And the programs of others, which tests compare with.

mod azurite;
mod mariadb;
mod moto;
mod postgres;
mod python;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use crate::Result;
use crate::context::{Context, Task};
use crate::process::Running;
use crate::scratch::Scratch;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);
/// Where ports are looked for: below those that systems hand out to whoever asks for any.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// How often another port is tried where somebody else was faster.
const ATTEMPTS: usize = 5;

/// Servers that run, and what tests find them by. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Servers {
    running: Vec<Server>,
    python: PathBuf,
}

/// One server.
#[derive(Debug)]
struct Server {
    /// The variable that tests read, and the URL that stands in it.
    variable: &'static str,
    url: String,
    // Fields are dropped in this order: the server before its folder.
    running: Running,
    folder: Scratch,
}

impl Servers {
    /// Starts all of them.
    pub(crate) fn start(context: &Context) -> Result<Self> {
        let running = vec![
            postgres::start(context)?,
            mariadb::start(context)?,
            moto::start(context)?,
            azurite::start(context)?,
        ];
        for Server { variable, running, folder, .. } in &running {
            println!("{variable}: {running:?} in {}", folder.path().display());
        }
        let python = python::ensure(context, &python::LIBRARIES)?;
        Ok(Self { running, python })
    }

    /// Tells a program where they are.
    pub(crate) fn known_to<'a>(&self, task: Task<'a>) -> Task<'a> {
        let task = task.env(python::VARIABLE, &self.python);
        self.running.iter().fold(task, |task, server| task.env(server.variable, &server.url))
    }
}

/// Starts a server on a free port, and waits until it answers. `start` is given the port and a
/// folder that the server's user can reach.
fn start(
    context: &Context,
    variable: &'static str,
    launch: impl Fn(u16, &Path) -> Result<(Running, String)>,
    answers: impl Fn(u16, &Path) -> Result<bool>,
) -> Result<Server> {
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let folder = Scratch::new()?;
        let port = free_port(attempt)?;
        let (mut running, url) = launch(port, folder.path())?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = running.finished()? {
                last = Some(format!("it ended at once, {status}{}", log(folder.path())));
                break;
            }
            if answers(port, folder.path())? {
                return Ok(Server { variable, url, running, folder });
            }
            if Instant::now() > deadline || context.is_over() {
                let waited = PATIENCE.as_secs();
                return Err(format!(
                    "the server for {variable} did not answer in {waited} s{}",
                    log(folder.path())
                )
                .into());
            }
            thread::sleep(POLL);
        }
    }
    Err(format!("the server for {variable} does not start: {}", last.unwrap_or_default()).into())
}

/// A port that nobody listens on just now.
fn free_port(attempt: usize) -> Result<u16> {
    let count = usize::from(PORTS.end - PORTS.start);
    let first = (process::id() as usize * 7 + attempt * 1009) % count;
    let port = |offset: usize| PORTS.start + ((first + offset) % count) as u16;
    (0..count)
        .map(port)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| "no port is free".into())
}

/// What a server has written, for the error.
fn log(folder: &Path) -> String {
    let written = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let last: Vec<&str> = written.lines().rev().take(10).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    if last.is_empty() { String::new() } else { format!(":\n{}", last.join("\n")) }
}

/// A program of a server: on the search path, or in one of the folders that packages use.
fn find(context: &Context, program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = context.search_path();
    let path = std::env::split_paths(&path).collect::<Vec<_>>();
    path.iter().chain(folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs a package of Debian's. Where there is no `apt-get`, it says what to install.
fn install(context: &Context, package: &str) -> Result {
    println!("{package} is not on this machine: installing it");
    let apt = |arguments: &[&str]| {
        let task = context.program("apt-get", arguments);
        task.env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    let install = ["install", "--yes", "--quiet", "--no-install-recommends", package];
    let installed = apt(&["update", "--quiet"]).and_then(|()| apt(&install));
    installed.map_err(|error| {
        format!("{error}; install {package} by hand: the tests of databases need real ones").into()
    })
}

/// Whether this process is root, whom no database server runs as.
fn is_root(context: &Context) -> Result<bool> {
    Ok(context.program("id", ["-u"]).quiet_output()?.trim() == "0")
}

/// A program with arguments, run as a server's own user where this process is root.
fn as_user<'a>(
    context: &'a Context,
    root: bool,
    user: &str,
    program: &Path,
    arguments: impl IntoIterator<Item = OsString>,
) -> Task<'a> {
    if !root {
        return context.program(program, arguments);
    }
    let before = ["-u", user, "--"].map(OsString::from);
    let all = before.into_iter().chain([program.as_os_str().to_owned()]).chain(arguments);
    context.program("runuser", all)
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_one_that_can_be_listened_on() {
        let port = free_port(0).unwrap();
        assert!(PORTS.contains(&port));
        let listening = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert_ne!(free_port(0).unwrap(), port);
        drop(listening);
    }

    #[test]
    fn the_end_of_a_log_is_told() {
        let folder = Scratch::new().unwrap();
        assert_eq!(log(folder.path()), "");
        let lines: Vec<String> = (0..20).map(|line| line.to_string()).collect();
        fs::write(folder.path().join("log"), lines.join("\n")).unwrap();
        let told = log(folder.path());
        assert!(told.starts_with(":\n10\n") && told.ends_with("\n19"), "{told}");
    }
}
