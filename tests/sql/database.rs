//! A root whose tables lie in a database of the test's own.

use std::path::Path;
use std::process::Command;

/// Runs a body on each database, as three tests of its name.
macro_rules! on_all {
    ($($body:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $body() { super::$body(&crate::database::Database::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $body() { super::$body(&crate::database::Database::postgres()); })*
        }
        mod mysql {
            $(#[test] fn $body() { super::$body(&crate::database::Database::mysql()); })*
        }
    };
}
pub(crate) use on_all;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

pub(crate) struct Database {
    pub(crate) kind: Kind,
    /// Without the database's name.
    server: String,
    name: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::new(Kind::Sqlite, None)
    }

    pub(crate) fn postgres() -> Self {
        Self::new(Kind::Postgres, Some("TEST_POSTGRES_URL"))
    }

    pub(crate) fn mysql() -> Self {
        Self::new(Kind::MySql, Some("TEST_MYSQL_URL"))
    }

    fn new(kind: Kind, variable: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
        let mut database = Self { kind, server: String::new(), name: String::new(), folder };
        if let Some(variable) = variable {
            let url = std::env::var(variable).unwrap_or_else(|_| {
                panic!(
                    "{variable} names no server: run `cargo xtask with-servers cargo nextest run -p \
                     nuthatch-tests --features sql --test sql`"
                )
            });
            let (server, name) = url.rsplit_once('/').unwrap();
            database.server = server.to_owned();
            database.name = name.to_owned();
            let own = database.folder.path().file_name().unwrap().to_str().unwrap();
            let own = format!("it_{}", own.replace('.', "").to_lowercase());
            database.sql(&format!("CREATE DATABASE {own}"));
            database.name = own;
            database.configure(&database.url());
        }
        database
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    pub(crate) fn configure(&self, url: &str) {
        nuthatch::set_parameter!("root.sql.url", url).unwrap();
    }

    /// A program of the server's own, which runs what it reads.
    pub(crate) fn client(&self) -> Command {
        if self.kind == Kind::Postgres {
            let mut command = Command::new("psql");
            command.args(["-X", "-q", "-A", "-t", &self.url()]);
            return command;
        }
        let (login, host) = self.server.split_once("://").unwrap().1.split_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let (host, port) = host.split_once(':').unwrap();
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "-n", "-N", "-B", "-h", host, "-P", port, "-u", user]);
        command.args([&format!("-p{password}"), &self.name]);
        command
    }

    /// What a program of the database's own prints, or Python for SQLite: a line a row.
    pub(crate) fn sql(&self, statement: &str) -> Vec<String> {
        let mut command = match self.kind {
            Kind::Postgres | Kind::MySql => {
                let mut command = self.client();
                command.args([if self.kind == Kind::MySql { "-e" } else { "-c" }, statement]);
                command
            }
            Kind::Sqlite => {
                let script = "import sqlite3, sys\n\
                    db = sqlite3.connect(sys.argv[1])\n\
                    for row in db.execute(sys.argv[2]): print('|'.join(str(v) for v in row))\n\
                    db.commit()";
                let mut command = Command::new("python3");
                command.args(["-c", script]);
                command.arg(self.folder.path().join(".sql/tables.sqlite")).arg(statement);
                command
            }
        };
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {said}");
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.lines().map(|line| line.replace('\t', "|")).collect()
    }

    /// The names of all tables, in their order.
    pub(crate) fn tables(&self) -> Vec<String> {
        if self.kind == Kind::Sqlite && !self.folder.path().join(".sql/tables.sqlite").exists() {
            return Vec::new();
        }
        self.sql(match self.kind {
            Kind::Postgres => {
                "SELECT tablename FROM pg_tables WHERE schemaname NOT IN \
                 ('pg_catalog', 'information_schema') ORDER BY 1"
            }
            Kind::MySql => {
                "SELECT table_name FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1"
            }
            Kind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
        })
    }

    /// The name that a manifest gives a table or view, between quotes.
    pub(crate) fn named(&self, manifest: &nuthatch::Manifest, what: &str) -> String {
        let details =
            &manifest.backends.iter().find(|stored| stored.backend == "sql").unwrap().details;
        let quote = if self.kind == Kind::MySql { '`' } else { '"' };
        format!("{quote}{}{quote}", details[what].as_str().unwrap())
    }

    /// Every file below the root, as text.
    pub(crate) fn files(&self) -> String {
        fn walk(folder: &Path, out: &mut String) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, out);
                } else {
                    out.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
                }
            }
        }
        let mut out = String::new();
        walk(self.folder.path(), &mut out);
        out
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Sqlite || std::thread::panicking() {
            return;
        }
        let force = if self.kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
        let own = std::mem::replace(
            &mut self.name,
            if self.kind == Kind::Postgres { "postgres" } else { "nuthatch" }.to_owned(),
        );
        self.sql(&format!("DROP DATABASE {own}{force}"));
    }
}
