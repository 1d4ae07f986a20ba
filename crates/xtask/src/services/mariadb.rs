//! MariaDB, with data of its own.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use super::{Server, find, install, is_root, words};
use crate::Result;
use crate::context::Context;

const VARIABLE: &str = "TEST_MYSQL_URL";
const PACKAGE: &str = "mariadb-server";
const USER: &str = "mysql";

/// Run by the server as it starts.
const SET_UP: &str = "\
CREATE DATABASE nuthatch CHARACTER SET utf8mb4;
CREATE USER 'nuthatch'@'%' IDENTIFIED BY 'throw-away';
GRANT ALL PRIVILEGES ON *.* TO 'nuthatch'@'%' WITH GRANT OPTION;
";

pub(super) fn start(context: &Context) -> Result<Server> {
    let folders = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    if find(context, "mariadbd", &folders).is_none() {
        install(context, PACKAGE)?;
    }
    let program = |name: &str| {
        let missing = || format!("{PACKAGE} is installed, and its `{name}` is not to be found");
        find(context, name, &folders).ok_or_else(missing)
    };
    let set_up = program("mariadb-install-db")?;
    let (server, admin) = (program("mariadbd")?, program("mariadb-admin")?);
    let root = is_root(context)?;
    super::start(
        context,
        VARIABLE,
        |port, folder| {
            let (data, first) = (folder.join("data"), folder.join("first.sql"));
            fs::create_dir(&data)?;
            fs::write(&first, SET_UP)?;
            let of = |name: &str, path: PathBuf| -> OsString {
                format!("--{name}={}", path.display()).into()
            };
            let mut owner = Vec::new();
            if root {
                let owned = [OsString::from(USER), data.clone().into_os_string()];
                context.program("chown", owned).run()?;
                owner.extend(words(["--user=mysql"]));
            }
            let mut arguments = words(["--no-defaults", "--skip-test-db"]);
            arguments.push("--auth-root-authentication-method=normal".into());
            arguments.push(of("datadir", data.clone()));
            arguments.extend(owner.clone());
            context.program(&set_up, arguments).quiet_output()?;

            let mut arguments = words(["--no-defaults", "--bind-address=127.0.0.1"]);
            arguments.push(format!("--port={port}").into());
            arguments.push(of("datadir", data.clone()));
            arguments.push(of("socket", data.join("socket")));
            arguments.push(of("pid-file", data.join("pid")));
            arguments.push(of("init-file", first));
            arguments.push("--innodb-flush-log-at-trx-commit=0".into());
            arguments.extend(owner);
            let server = context.program(&server, arguments);
            let url = format!("mysql://nuthatch:throw-away@127.0.0.1:{port}/nuthatch");
            Ok((server.start(&folder.join("log"))?, url))
        },
        |port, _| {
            let port = format!("--port={port}");
            let login = ["--no-defaults", "--host=127.0.0.1", &port, "--user=nuthatch"];
            let ping = login.into_iter().chain(["--password=throw-away", "ping"]);
            Ok(context.program(&admin, ping).succeeds())
        },
    )
}
