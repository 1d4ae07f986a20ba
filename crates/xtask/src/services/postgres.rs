//! PostgreSQL, in a cluster of its own.

use std::fs;
use std::path::PathBuf;

use super::{Server, as_user, find, install, is_root, words};
use crate::Result;
use crate::context::Context;

const VARIABLE: &str = "TEST_POSTGRES_URL";
const PACKAGE: &str = "postgresql";
const USER: &str = "postgres";
const PASSWORD: &str = "throw-away";

pub(super) fn start(context: &Context) -> Result<Server> {
    if find(context, "initdb", &folders()).is_none() {
        install(context, PACKAGE)?;
    }
    let program = |name| find(context, name, &folders());
    let (Some(initdb), Some(postgres)) = (program("initdb"), program("postgres")) else {
        return Err(format!("{PACKAGE} is installed, and its `initdb` is not to be found").into());
    };
    let isready = program("pg_isready").ok_or("`pg_isready` is not to be found")?;
    let root = is_root(context)?;
    super::start(
        context,
        VARIABLE,
        |port, folder| {
            let (data, password) = (folder.join("data"), folder.join("password"));
            fs::create_dir(&data)?;
            fs::write(&password, PASSWORD)?;
            if root {
                let owned = [data.clone(), password.clone()].map(PathBuf::into_os_string);
                let arguments = words([USER]).into_iter().chain(owned);
                context.program("chown", arguments).run()?;
            }
            let mut arguments = words(["--username=nuthatch", "--auth=scram-sha-256", "--pgdata"]);
            arguments.push(data.clone().into_os_string());
            arguments.extend(words(["--encoding=UTF8", "--locale=C", "--no-sync", "--pwfile"]));
            arguments.push(password.into_os_string());
            as_user(context, root, USER, &initdb, arguments).quiet_output()?;

            let mut arguments = words(["-c", "listen_addresses=127.0.0.1", "-D"]);
            arguments.push(data.clone().into_os_string());
            let mut settings = words(["-c", "fsync=off", "-c", "max_connections=200", "-p"]);
            settings.push(port.to_string().into());
            settings.extend(words(["-c"]));
            settings.push(format!("unix_socket_directories={}", data.display()).into());
            arguments.extend(settings);
            let server = as_user(context, root, USER, &postgres, arguments);
            let url = format!("postgresql://nuthatch:{PASSWORD}@127.0.0.1:{port}/postgres");
            Ok((server.start(&folder.join("log"))?, url))
        },
        |port, _| {
            let port = port.to_string();
            let arguments = ["-q", "-h", "127.0.0.1", "-p", &port];
            Ok(context.program(&isready, arguments).succeeds())
        },
    )
}

/// Debian keeps one folder a version, and the newest is taken.
fn folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.into_iter().map(|(_, folder)| folder).collect()
}
