//! The same behaviour on every database: real servers, started by `cargo xtask`.

#![allow(clippy::unwrap_used)]

mod busy;
mod conformance;
mod faults;
mod kinds;
mod names;
mod people;
mod places;
mod removals;
mod upserts;
mod widths;
mod within;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::RecordBatch;
use nuthatch_core::backend::{Backend, Source, Stored, Target, Written};
use nuthatch_core::config::Verify;
use nuthatch_core::store::LocalFiles;
use nuthatch_core::{Error, Result, runtime};
use object_store::path::Path;
use url::Url;

use crate::Sql;
use crate::dialect::Dialect;

/// Runs a body on each database, as three tests of its name.
macro_rules! on_all {
    ($($body:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $body() { super::$body(&crate::tests::Db::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $body() { super::$body(&crate::tests::Db::postgres()); })*
        }
        mod mysql {
            $(#[test] fn $body() { super::$body(&crate::tests::Db::mysql()); })*
        }
    };
}
pub(crate) use on_all;

/// A database of a test's own, and a location.
pub(crate) struct Db {
    pub(crate) dialect: Dialect,
    /// Of the server as a whole, and of the database in it.
    server: Option<Url>,
    pub(crate) url: Option<Url>,
    pub(crate) folder: tempfile::TempDir,
    generations: AtomicU32,
}

impl Db {
    pub(crate) fn sqlite() -> Self {
        Self::new(Dialect::Sqlite, None)
    }

    pub(crate) fn postgres() -> Self {
        Self::new(Dialect::Postgres, Some("TEST_POSTGRES_URL"))
    }

    pub(crate) fn mysql() -> Self {
        Self::new(Dialect::MySql, Some("TEST_MYSQL_URL"))
    }

    fn new(dialect: Dialect, variable: Option<&str>) -> Self {
        let server = variable.map(|variable| {
            let url = std::env::var(variable).unwrap_or_else(|_| {
                panic!(
                    "{variable} names no server: run `cargo xtask with-servers cargo nextest run \
                     -p nuthatch-sql --all-features`"
                )
            });
            Url::parse(&url).unwrap()
        });
        let folder = tempfile::tempdir().unwrap();
        let mut db =
            Self { dialect, url: server.clone(), server, folder, generations: AtomicU32::new(0) };
        if let Some(server) = db.server.clone() {
            let name = format!("test_{}", db.folder.path().file_name().unwrap().display());
            let name = name.replace('.', "").to_lowercase();
            db.sql(&format!("CREATE DATABASE {name}"));
            let mut url = server;
            url.set_path(&name);
            db.url = Some(url);
        }
        db
    }

    /// The options of the backend.
    pub(crate) fn options(&self) -> toml::Table {
        let mut options = toml::Table::new();
        if let Some(url) = &self.url {
            options.insert("url".to_owned(), url.as_str().into());
        }
        options
    }

    pub(crate) fn options_with(&self, more: toml::Table) -> toml::Table {
        let mut options = self.options();
        options.extend(more);
        options
    }

    /// Where a new generation goes.
    pub(crate) fn target(&self) -> Target {
        self.target_of("_", "month=3", self.options())
    }

    pub(crate) fn target_of(
        &self,
        namespace: &str,
        arguments: &str,
        options: toml::Table,
    ) -> Target {
        let number = self.generations.fetch_add(1, Ordering::Relaxed);
        let generation = format!("01m83m2xaakwk6vaw7thq6{number:04}");
        let prefix = format!(
            "{namespace}/lake.weather.daily/data/36/{arguments}~36qtfr7kd4n5vpxou5xomvh3zh/{generation}"
        );
        Target {
            store: Arc::new(LocalFiles::new(self.folder.path())),
            prefix: Path::parse(prefix).unwrap(),
            shown: "root (a test's lake)".into(),
            immediate: true,
            folder: Some(self.folder.path().into()),
            inline_up_to: 0,
            arguments: BTreeMap::new(),
            options,
        }
    }

    /// Stores a value and gives what the manifest would say.
    pub(crate) fn write<T>(&self, value: &T) -> Result<Source>
    where
        Sql: Backend<T>,
    {
        self.write_to(value, &self.target())
    }

    pub(crate) fn write_to<T>(&self, value: &T, target: &Target) -> Result<Source>
    where
        Sql: Backend<T>,
    {
        let written = runtime::block_on(Backend::<T>::write(&Sql, value, target))?;
        Ok(source(target, written, None))
    }

    pub(crate) fn upsert(
        &self,
        value: &RecordBatch,
        keys: &[&str],
        base: Option<&Source>,
        options: toml::Table,
    ) -> Result<Source> {
        let target = self.target_of("_", "month=3", options);
        let merged = Backend::<RecordBatch>::upsert(&Sql, value, keys, base, &target);
        let written = runtime::block_on(merged)?;
        Ok(source(&target, written, base))
    }

    /// What a program of the database's own, or Python for SQLite, prints: a line a row, columns
    /// apart by a bar, nothing for NULL.
    pub(crate) fn sql(&self, statement: &str) -> Vec<String> {
        self.try_sql(statement).unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    pub(crate) fn try_sql(&self, statement: &str) -> Result<Vec<String>, String> {
        let mut command = match self.dialect {
            Dialect::Postgres => {
                let mut command = Command::new("psql");
                let url = self.url.as_ref().unwrap().as_str();
                command.args([
                    "-X",
                    "-q",
                    "-A",
                    "-t",
                    "-v",
                    "ON_ERROR_STOP=1",
                    url,
                    "-c",
                    statement,
                ]);
                command
            }
            Dialect::MySql => {
                let url = self.url.as_ref().unwrap();
                let mut command = Command::new("mariadb");
                command.args(["--no-defaults", "-N", "-B", "--default-character-set=utf8mb4"]);
                command.args(["-h", url.host_str().unwrap(), "-u", url.username()]);
                command.arg(format!("-P{}", url.port().unwrap()));
                command.arg(format!("-p{}", url.password().unwrap()));
                command.args([url.path().trim_start_matches('/'), "-e", statement]);
                command
            }
            Dialect::Sqlite => {
                let script = "import sqlite3, sys\n\
                    db = sqlite3.connect(sys.argv[1])\n\
                    for row in db.execute(sys.argv[2]):\n    \
                    print('|'.join('' if v is None else str(v) for v in row))\n\
                    db.commit()";
                let mut command = Command::new("python3");
                command.args(["-c", script]).arg(self.file()).arg(statement);
                command
            }
        };
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let printed = String::from_utf8(output.stdout).unwrap();
        let bars = |line: &str| match self.dialect {
            Dialect::MySql => line
                .split('\t')
                .map(|value| if value == "NULL" { "" } else { value })
                .collect::<Vec<_>>()
                .join("|"),
            _ => line.to_owned(),
        };
        Ok(printed.lines().map(bars).collect())
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join(".sql/tables.sqlite")
    }

    /// The names of all tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.sql(match self.dialect {
            Dialect::Postgres => {
                "SELECT tablename FROM pg_tables WHERE schemaname NOT IN \
                 ('pg_catalog', 'information_schema') ORDER BY 1"
            }
            Dialect::MySql => {
                "SELECT table_name FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1"
            }
            Dialect::Sqlite => {
                if !self.file().exists() {
                    return Vec::new();
                }
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
            }
        })
    }

    pub(crate) fn quoted(&self, name: &str) -> String {
        self.dialect.quoted(name)
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        let (Some(server), Some(url)) = (self.server.take(), self.url.take()) else { return };
        let name = url.path().trim_start_matches('/').to_owned();
        let force = if self.dialect == Dialect::Postgres { " WITH (FORCE)" } else { "" };
        self.url = Some(server);
        // The server goes with all its databases, should this fail.
        let _ = self.try_sql(&format!("DROP DATABASE {name}{force}"));
    }
}

/// What core would read, once the manifest is committed.
pub(crate) fn source(target: &Target, written: Written, base: Option<&Source>) -> Source {
    let base = base.filter(|_| written.in_base);
    let generation = target.prefix.filename().unwrap().to_owned();
    let record = Stored {
        backend: crate::NAME.to_owned(),
        generation: base.map_or(generation, |base| base.record.generation.clone()),
        path: target.prefix.to_string(),
        bytes: written.bytes,
        type_name: String::new(),
        type_shape: None,
        inline: None,
        details: written.details,
        time_extent: None,
    };
    Source {
        store: Arc::clone(&target.store),
        prefix: target.prefix.clone(),
        shown: target.shown.clone(),
        immediate: target.immediate,
        folder: target.folder.clone(),
        record: Arc::new(record),
        options: target.options.clone(),
        verify: Verify::Full,
        is_alone: true,
    }
}

pub(crate) fn read(source: &Source) -> Result<RecordBatch> {
    runtime::block_on(Backend::<RecordBatch>::read(&Sql, source))
}

pub(crate) fn publish(source: &Source) {
    try_publish(source).unwrap();
}

pub(crate) fn try_publish(source: &Source) -> Result<()> {
    runtime::block_on(Backend::<RecordBatch>::publish(&Sql, source))
}

pub(crate) fn detail(source: &Source, name: &str) -> String {
    source.record.details.get(name).and_then(|detail| detail.as_str()).unwrap().to_owned()
}

/// The error of a write that must not succeed, and leaves no table behind.
pub(crate) fn refused(db: &Db, batch: &RecordBatch) -> String {
    let before = db.tables();
    let error = db.write(batch).unwrap_err();
    assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    assert_eq!(db.tables(), before);
    error.to_string()
}
