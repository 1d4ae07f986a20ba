//! MySQL and MariaDB: batched inserts, and a table in the order of its rows.
//!
//! A statement that makes a table commits whatever went before. So a table is there before its
//! rows are; nobody looks at it until a manifest names it.

use std::sync::Arc;

use futures::TryStreamExt;
use sqlx::mysql::{MySql as Db, MySqlArguments, MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, raw_sql};

use crate::connections::{Connections, Lease};
use crate::dialect::Dialect;
use crate::failure::{Failure, has_code, missing_or};
use crate::frame::{Arriving, Marks, Rows};
use crate::gather::{Gather, Gathered};
use crate::kind::Values;
use crate::names::ROW;
use crate::options::{Login, Options};
use crate::server::{Doing, Merge, Server};
use crate::statements::{Table, places, qualified};

mod values;

/// The most values that one statement takes.
const MOST_VALUES: usize = 65_535;
/// So much of a table's name its lock has; a lock's may have 64 characters.
const LOCK_CHARS: usize = 55;
/// Rows of one statement; more gain nothing.
const ROWS: usize = 1000;

#[derive(Debug)]
pub(crate) struct MySql {
    options: Options,
    reader: Connections<Db>,
    writer: Connections<Db>,
}

impl MySql {
    pub(crate) fn new(options: &Options) -> Self {
        let of = |login: &Login| {
            let settings = settings(options, login);
            Connections::new(settings, options.connections, options.connect_timeout)
        };
        Self { reader: of(&options.reader), writer: of(&options.writer), options: options.clone() }
    }

    /// A connection on which no value is cut to fit, and none waits longer than is allowed for
    /// those that use a table.
    async fn lease_writer(&self) -> Result<Lease<Db>, Failure> {
        let mut connection = self.writer.lease().await?;
        let seconds = self.options.lock_timeout.as_secs().max(1);
        let strict = format!(
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), \
             lock_wait_timeout = {seconds}"
        );
        execute(&mut connection, strict).await?;
        Ok(connection)
    }

    async fn insert(
        &self,
        connection: &mut MySqlConnection,
        table: Table<'_>,
        mut arriving: Arriving<'_>,
        first: i64,
        end: &str,
    ) -> Result<u64, Failure> {
        let packet = "SELECT CAST(@@max_allowed_packet AS UNSIGNED)";
        let packet: u64 = sqlx::query_scalar(packet).fetch_one(&mut *connection).await?;
        let columns = table.all().len();
        let most = self.options.chunk.unwrap_or(ROWS).clamp(1, (MOST_VALUES / columns).max(1));
        let statement = |rows: usize| -> Arc<str> {
            let (table, list) = (table.quoted(), table.list());
            format!("INSERT INTO {table} ({list}) VALUES {}{end}", places(rows, columns)).into()
        };
        let full = statement(most);
        let mut marks = Marks::new(table.columns, Dialect::MySql);
        let mut number = first;
        while let Some(batch) = arriving.try_next().await? {
            let batch = &batch;
            let mut start = 0;
            while start < batch.count {
                let count = fitting(batch, start, most, packet).map_err(Failure::Refused)?;
                let mut arguments = MySqlArguments::default();
                for row in start..start + count {
                    values::bind(&mut arguments, table, batch, row, number, marks.as_mut())
                        .map_err(sqlx::Error::Encode)?;
                    number += 1;
                }
                let text = if count == most { Arc::clone(&full) } else { statement(count) };
                let query = sqlx::query_with(AssertSqlSafe(text), arguments);
                query.persistent(count == most).execute(&mut *connection).await?;
                start += count;
            }
        }
        Ok((number - first).unsigned_abs())
    }

    async fn filled(
        &self,
        connection: &mut MySqlConnection,
        table: Table<'_>,
        rows: Arriving<'_>,
    ) -> Result<u64, Failure> {
        execute(connection, table.create().map_err(Failure::Refused)?).await?;
        execute(connection, "START TRANSACTION".to_owned()).await?;
        let count = self.insert(connection, table, rows, 0, "").await?;
        execute(connection, "COMMIT".to_owned()).await?;
        Ok(count)
    }

    /// Takes away the table of a write that failed, as far as the server still answers. What is
    /// left is that of a generation that no manifest names.
    async fn clear(&self, table: Table<'_>, failure: Failure) -> Failure {
        let cleared = async {
            let mut connection = self.lease_writer().await?;
            execute(&mut connection, format!("DROP TABLE IF EXISTS {}", table.quoted())).await?;
            connection.done();
            Ok::<_, Failure>(())
        };
        if let Err(error) = cleared.await {
            let error = self.options.scrubbed(error.to_string());
            tracing::debug!(target: "nuthatch", table = table.name, error, "a table is left behind");
        }
        failure
    }

    async fn prepared(
        &self,
        connection: &mut MySqlConnection,
        merge: Merge<'_>,
    ) -> Result<(), Failure> {
        let Merge { base, into, keys, .. } = merge;
        if !merge.is_in_place() {
            execute(connection, into.create().map_err(Failure::Refused)?).await?;
            execute(connection, into.copy_from(&base)).await?;
        }
        let there = sqlx::query_scalar(
            "SELECT DISTINCT index_name FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name = ? AND index_name LIKE 'keys\\_%'",
        );
        let there: Vec<String> = there.bind(into.name).fetch_all(&mut *connection).await?;
        if there.iter().any(|name| name == merge.index) {
            return Ok(());
        }
        if !there.is_empty() {
            // A row that shares those with another would replace it, whatever its own keys are.
            return Err(Failure::Refused(
                "the table has other upsert keys, by which a merge began whose entry was not \
                 written; recompute the entry"
                    .to_owned(),
            ));
        }
        let unique = into.unique(keys, merge.index);
        execute(connection, unique).await.map_err(|error| match error {
            Failure::Database(error) if has_code(&error, &["23000"]) => merge.ambiguous(),
            error => error,
        })
    }

    async fn merged(
        &self,
        connection: &mut MySqlConnection,
        merge: Merge<'_>,
    ) -> Result<u64, Failure> {
        let Merge { into, keys, frame, .. } = merge;
        self.prepared(connection, merge).await?;
        execute(connection, "START TRANSACTION".to_owned()).await?;
        let row = quoted(ROW);
        let last = format!("SELECT coalesce(max({row}), -1) FROM {} FOR UPDATE", into.quoted());
        let last: i64 = sqlx::query_scalar(AssertSqlSafe(last)).fetch_one(&mut *connection).await?;
        self.insert(connection, into, frame.arriving(), last + 1, &into.on_conflict(keys)).await?;
        let count = format!("SELECT count(*) FROM {}", into.quoted());
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        execute(connection, "COMMIT".to_owned()).await?;
        Ok(count.unsigned_abs())
    }

    /// One merge into one table at a time: rows are numbered beyond the last.
    async fn merged_alone(
        &self,
        connection: &mut MySqlConnection,
        merge: Merge<'_>,
    ) -> Result<u64, Failure> {
        let lock = lock_of(merge.into.name);
        let got = sqlx::query_scalar::<_, Option<i64>>("SELECT GET_LOCK(?, 300)").bind(&lock);
        if got.fetch_one(&mut *connection).await? != Some(1) {
            return Err(Failure::Refused("another merge has held the table for long".to_owned()));
        }
        let count = self.merged(connection, merge).await?;
        sqlx::query("SELECT RELEASE_LOCK(?)").bind(&lock).fetch_one(connection).await?;
        Ok(count)
    }
}

/// The lock of a table, which the whole server knows by this name: what tells tables apart stands at
/// the end of theirs, which may be longer than a lock's.
fn lock_of(table: &str) -> String {
    let start = table.char_indices().rev().nth(LOCK_CHARS - 1).map_or(0, |(at, _)| at);
    format!("nuthatch {}", &table[start..])
}

impl Server for MySql {
    fn create<'a>(&'a self, table: Table<'a>, rows: Arriving<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.lease_writer().await?;
            match self.filled(&mut connection, table, rows).await {
                Ok(count) => {
                    connection.done();
                    Ok(count)
                }
                Err(failure) => {
                    drop(connection);
                    Err(self.clear(table, failure).await)
                }
            }
        })
    }

    fn load<'a>(&'a self, table: Table<'a>, mut gather: Gather) -> Doing<'a, Gathered> {
        Box::pin(async move {
            let mut connection = self.reader.lease().await?;
            // Prepared, so that values come in binary; once, so that no cache fills with tables.
            let select = sqlx::query(AssertSqlSafe(table.select())).persistent(false);
            let mut rows = select.fetch(&mut *connection);
            while let Some(row) = rows.try_next().await.map_err(missing_or)? {
                values::take(&row, table.is_marked(), &mut gather)?;
                gather.hand_on().await?;
            }
            drop(rows);
            connection.done();
            gather.finish().await
        })
    }

    fn merge<'a>(&'a self, merge: Merge<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.lease_writer().await?;
            if merge.is_in_place() {
                let count = self.merged_alone(&mut connection, merge).await?;
                connection.done();
                return Ok(count);
            }
            match self.merged(&mut connection, merge).await {
                Ok(count) => {
                    connection.done();
                    Ok(count)
                }
                Err(failure) => {
                    drop(connection);
                    Err(self.clear(merge.into, failure).await)
                }
            }
        })
    }

    fn publish<'a>(&'a self, view: &'a str, table: Table<'a>, shows_index: bool) -> Doing<'a, ()> {
        Box::pin(async move {
            let Some(shown) = table.shown(shows_index) else { return Ok(()) };
            let mut connection = self.lease_writer().await?;
            let view = qualified(Dialect::MySql, None, view);
            execute(&mut connection, format!("CREATE OR REPLACE VIEW {view} AS {shown}")).await?;
            connection.done();
            Ok(())
        })
    }

    fn remove<'a>(&'a self, view: &'a str, table: Table<'a>) -> Doing<'a, ()> {
        Box::pin(async move {
            let mut connection = self.lease_writer().await?;
            let shows = sqlx::query(
                "SELECT 1 FROM information_schema.views WHERE table_schema = DATABASE() \
                 AND table_name = ? AND locate(?, view_definition) > 0",
            );
            let shows = shows.bind(view).bind(table.name).fetch_optional(&mut *connection).await?;
            if shows.is_some() {
                let view = qualified(Dialect::MySql, None, view);
                execute(&mut connection, format!("DROP VIEW {view}")).await?;
            }
            execute(&mut connection, format!("DROP TABLE IF EXISTS {}", table.quoted())).await?;
            connection.done();
            Ok(())
        })
    }
}

async fn execute(connection: &mut MySqlConnection, statement: String) -> Result<(), Failure> {
    raw_sql(AssertSqlSafe(statement)).execute(connection).await.map_err(missing_or)?;
    Ok(())
}

/// How many rows from `start` on go into one statement.
fn fitting(rows: &Rows, start: usize, most: usize, packet: u64) -> Result<usize, String> {
    // What names, lengths and the protocol take beside the values.
    let room = packet.saturating_sub(packet / 8 + 1024);
    let mut bytes = 0;
    let left = most.min(rows.count - start);
    for count in 0..left {
        let row = row_bytes(rows, start + count);
        if row > room {
            return Err(format!(
                "a row of {row} bytes is more than the server takes at once \
                 (max_allowed_packet = {packet}); raise that, or use `backend = \"parquet\"`"
            ));
        }
        bytes += row;
        if bytes > room {
            return Ok(count);
        }
    }
    Ok(left)
}

fn row_bytes(rows: &Rows, row: usize) -> u64 {
    let value = |values: &Values| match values {
        Values::Text(values) => 16 + values.value(row).len() as u64,
        Values::Bytes(values) => 16 + values.value(row).len() as u64,
        Values::Decimal256(_) => 96,
        _ => 48,
    };
    64 + rows.values.iter().map(value).sum::<u64>()
}

fn quoted(name: &str) -> String {
    Dialect::MySql.quoted(name)
}

/// What a URL says.
pub(crate) fn of_url(url: &str) -> sqlx::Result<MySqlConnectOptions> {
    // sqlx knows the server by this scheme alone.
    match url.split_once("://") {
        Some((_, rest)) => format!("mysql://{rest}").parse(),
        None => url.parse(),
    }
}

fn settings(options: &Options, login: &Login) -> MySqlConnectOptions {
    // It was checked when the options were read.
    let url = options.url.as_ref().and_then(|url| of_url(url.expose()).ok());
    let mut settings = url.unwrap_or_default();
    if let Some(host) = &options.host {
        settings = match host.starts_with('/') {
            true => settings.socket(host),
            false => settings.host(host),
        };
    }
    if let Some(port) = options.port {
        settings = settings.port(port);
    }
    if let Some(database) = &options.database {
        settings = settings.database(database);
    }
    if let Some(user) = &login.user {
        settings = settings.username(user);
    }
    if let Some(password) = &login.password {
        settings = settings.password(password.expose());
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_a_lock_of_its_own() {
        let generations = ["01m8k6ez297qh3vdd734d7a41t", "01m8k6ez297qh3vdd734d7a41v"];
        for name in ["f", "søjle", &"é".repeat(37)] {
            let locks = generations.map(|generation| lock_of(&format!("{name}~{generation}")));
            assert_ne!(locks[0], locks[1]);
            for (lock, generation) in locks.iter().zip(generations) {
                assert!(lock.ends_with(generation) && lock.chars().count() <= 64, "{lock}");
            }
        }
    }
}
