//! PostgreSQL: rows go in and out by `COPY` in its binary format.

use bytes::{Buf, Bytes, BytesMut};
use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, Postgres as Db};
use sqlx::{AssertSqlSafe, raw_sql};

use crate::connections::{Connections, Lease};
use crate::failure::{Failure, has_code, missing_or};
use crate::frame::Arriving;
use crate::gather::{Gather, Gathered};
use crate::names::ROW;
use crate::options::{Login, Options};
use crate::server::{Doing, Merge, Server};
use crate::statements::{Table, qualified};

mod decode;
mod encode;

/// How many bytes are sent at once.
const SENT: usize = 1 << 20;

#[derive(Debug)]
pub(crate) struct Postgres {
    options: Options,
    reader: Connections<Db>,
    writer: Connections<Db>,
}

impl Postgres {
    pub(crate) fn new(options: &Options) -> Self {
        let of = |login: &Login| {
            let settings = settings(options, login);
            Connections::new(settings, options.connections, options.connect_timeout)
        };
        Self { reader: of(&options.reader), writer: of(&options.writer), options: options.clone() }
    }

    /// Makes the schema where there is none; the right to make one is not needed where it is.
    async fn ensure_schema(
        &self,
        connection: &mut PgConnection,
        schema: &str,
    ) -> Result<(), Failure> {
        let there = sqlx::query("SELECT 1 FROM pg_namespace WHERE nspname = $1").bind(schema);
        if there.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(());
        }
        let quoted = quoted(schema);
        let made = execute(connection, format!("CREATE SCHEMA IF NOT EXISTS {quoted}")).await;
        match made {
            // Another writer was faster.
            Err(Failure::Database(error)) if has_code(&error, &["23505", "42P06"]) => {}
            other => other?,
        }
        match self.other_reader() {
            Some(user) => {
                let grant = format!("GRANT USAGE ON SCHEMA {quoted} TO {}", self::quoted(user));
                execute(connection, grant).await
            }
            None => Ok(()),
        }
    }

    /// Who reads, where that is somebody else than who writes.
    fn other_reader(&self) -> Option<&str> {
        let Options { reader, writer, .. } = &self.options;
        reader.user.as_deref().filter(|_| reader.user != writer.user)
    }

    async fn grant(&self, connection: &mut PgConnection, what: &str) -> Result<(), Failure> {
        match self.other_reader() {
            Some(user) => {
                execute(connection, format!("GRANT SELECT ON {what} TO {}", quoted(user))).await
            }
            None => Ok(()),
        }
    }

    async fn filled(
        &self,
        connection: &mut PgConnection,
        table: Table<'_>,
        rows: Arriving<'_>,
    ) -> Result<u64, Failure> {
        execute(connection, table.create().map_err(Failure::Refused)?).await?;
        self.grant(connection, &table.quoted()).await?;
        copy_in(connection, table, rows, 0).await
    }

    /// Waits for others that use the table or view no longer than is allowed.
    async fn begin_briefly(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let millis = self.options.lock_timeout.as_millis();
        execute(connection, format!("BEGIN; SET LOCAL lock_timeout = {millis}")).await
    }

    async fn merged(
        &self,
        connection: &mut PgConnection,
        merge: Merge<'_>,
    ) -> Result<u64, Failure> {
        let Merge { base, into, keys, frame, .. } = merge;
        match merge.is_in_place() {
            // Other merges wait; readers do not.
            true => {
                let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", into.quoted());
                execute(connection, lock).await?;
            }
            false => {
                execute(connection, into.create().map_err(Failure::Refused)?).await?;
                self.grant(connection, &into.quoted()).await?;
                execute(connection, into.copy_from(&base)).await?;
            }
        }
        let unique = into.unique(keys, merge.index);
        execute(connection, unique).await.map_err(|error| match error {
            Failure::Database(error) if has_code(&error, &["23505"]) => merge.ambiguous(),
            error => error,
        })?;
        let row = quoted(ROW);
        let last = format!("SELECT coalesce(max({row}), -1) FROM {}", into.quoted());
        let last: i64 = sqlx::query_scalar(AssertSqlSafe(last)).fetch_one(&mut *connection).await?;
        let staging = Table { schema: None, name: "nuthatch staging", ..into };
        let staged = staging.create().map_err(Failure::Refused)?;
        let staged = staged.replacen("CREATE TABLE", "CREATE TEMPORARY TABLE", 1);
        execute(connection, format!("{staged} ON COMMIT DROP")).await?;
        copy_in(connection, staging, frame.arriving(), last + 1).await?;
        let list = into.list();
        let merged = format!(
            "INSERT INTO {} ({list}) SELECT {list} FROM {} ORDER BY {row}{}",
            into.quoted(),
            staging.quoted(),
            into.on_conflict(keys)
        );
        execute(connection, merged).await?;
        let count = format!("SELECT count(*) FROM {}", into.quoted());
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        Ok(count.unsigned_abs())
    }
}

impl Server for Postgres {
    fn create<'a>(&'a self, table: Table<'a>, rows: Arriving<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.writer.lease().await?;
            self.ensure_schema(&mut connection, table.schema.unwrap_or_default()).await?;
            execute(&mut connection, "BEGIN".to_owned()).await?;
            let count = self.filled(&mut connection, table, rows).await?;
            commit(connection).await?;
            Ok(count)
        })
    }

    fn load<'a>(&'a self, table: Table<'a>, mut gather: Gather) -> Doing<'a, Gathered> {
        Box::pin(async move {
            let mut connection = self.reader.lease().await?;
            // Rows come as they lie, and are put in order when all are there. Where they are
            // handed on before that, or some are left out, the server puts them in order.
            let what = match gather.hands_on() || table.condition.is_some() {
                true => format!("({})", table.select()),
                false => format!("{} ({})", table.quoted(), table.list()),
            };
            let copy = format!("COPY {what} TO STDOUT (FORMAT binary)");
            let mut messages = connection.copy_out_raw(&copy).await.map_err(missing_or)?;
            let mut reading = Reading::default();
            while let Some(message) = messages.try_next().await? {
                reading.take(message, table.is_marked(), &mut gather)?;
                gather.hand_on().await?;
            }
            drop(messages);
            reading.end()?;
            connection.done();
            gather.finish().await
        })
    }

    fn merge<'a>(&'a self, merge: Merge<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.writer.lease().await?;
            self.ensure_schema(&mut connection, merge.into.schema.unwrap_or_default()).await?;
            execute(&mut connection, "BEGIN".to_owned()).await?;
            let count = self.merged(&mut connection, merge).await?;
            commit(connection).await?;
            Ok(count)
        })
    }

    fn publish<'a>(&'a self, view: &'a str, table: Table<'a>, shows_index: bool) -> Doing<'a, ()> {
        Box::pin(async move {
            let Some(shown) = table.shown(shows_index) else { return Ok(()) };
            let mut connection = self.writer.lease().await?;
            let view = qualified(table.dialect, table.schema, view);
            self.begin_briefly(&mut connection).await?;
            let replace = format!("CREATE OR REPLACE VIEW {view} AS {shown}");
            match execute(&mut connection, replace).await {
                // Other columns than those of the view that stands.
                Err(Failure::Database(error)) if has_code(&error, &["42P16"]) => {
                    execute(&mut connection, "ROLLBACK".to_owned()).await?;
                    self.begin_briefly(&mut connection).await?;
                    let anew = format!("DROP VIEW {view}; CREATE VIEW {view} AS {shown}");
                    execute(&mut connection, anew).await?;
                }
                other => other?,
            }
            self.grant(&mut connection, &view).await?;
            commit(connection).await
        })
    }

    fn remove<'a>(&'a self, view: &'a str, table: Table<'a>) -> Doing<'a, ()> {
        Box::pin(async move {
            let mut connection = self.writer.lease().await?;
            let schema = table.schema.unwrap_or_default();
            self.begin_briefly(&mut connection).await?;
            // The generation in the table's name tells whether the view still shows it.
            let shows = sqlx::query(
                "SELECT 1 FROM pg_views WHERE schemaname = $1 AND viewname = $2 \
                 AND position($3 in definition) > 0",
            );
            let shows = shows.bind(schema).bind(view).bind(table.name);
            if shows.fetch_optional(&mut *connection).await?.is_some() {
                let view = qualified(table.dialect, table.schema, view);
                execute(&mut connection, format!("DROP VIEW {view}")).await?;
            }
            execute(&mut connection, format!("DROP TABLE IF EXISTS {}", table.quoted())).await?;
            commit(connection).await?;
            Ok(())
        })
    }
}

async fn commit(mut connection: Lease<Db>) -> Result<(), Failure> {
    execute(&mut connection, "COMMIT".to_owned()).await?;
    connection.done();
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), Failure> {
    raw_sql(AssertSqlSafe(statement)).execute(connection).await.map_err(missing_or)?;
    Ok(())
}

async fn copy_in(
    connection: &mut PgConnection,
    table: Table<'_>,
    mut arriving: Arriving<'_>,
    first: i64,
) -> Result<u64, Failure> {
    let copy = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.quoted(), table.list());
    let mut copy = connection.copy_in_raw(&copy).await.map_err(missing_or)?;
    let mut rows = encode::Encoder::new(table, first);
    let mut buffer = Vec::with_capacity(SENT + (SENT >> 2));
    encode::header(&mut buffer);
    let mut count = 0;
    while let Some(batch) = arriving.try_next().await? {
        count += batch.count as u64;
        for row in 0..batch.count {
            rows.row(&batch, row, &mut buffer).map_err(Failure::Refused)?;
            if buffer.len() >= SENT {
                copy.send(buffer.as_slice()).await?;
                buffer.clear();
            }
        }
    }
    encode::trailer(&mut buffer);
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    Ok(count)
}

/// The binary format as it arrives: whole rows as a rule, but no rule says so.
#[derive(Debug, Default)]
struct Reading {
    /// What has come and is not a whole row yet.
    rest: BytesMut,
    begun: bool,
    ended: bool,
}

impl Reading {
    fn take(&mut self, message: Bytes, marked: bool, gather: &mut Gather) -> Result<(), Failure> {
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(&message);
            let mut whole = std::mem::take(&mut self.rest).freeze();
            return self.rows(&mut whole, marked, gather);
        }
        let mut message = message;
        self.rows(&mut message, marked, gather)
    }

    fn rows(
        &mut self,
        bytes: &mut Bytes,
        marked: bool,
        gather: &mut Gather,
    ) -> Result<(), Failure> {
        if !self.begun {
            match decode::header(bytes).map_err(Failure::Damaged)? {
                Some(length) => bytes.advance(length),
                None => {
                    self.rest.extend_from_slice(bytes);
                    return Ok(());
                }
            }
            self.begun = true;
        }
        while !bytes.is_empty() && !self.ended {
            match decode::tuple(bytes) {
                decode::Tuple::Cut => {
                    self.rest.extend_from_slice(bytes);
                    return Ok(());
                }
                decode::Tuple::End => self.ended = true,
                decode::Tuple::Whole(length) => {
                    decode::row(&bytes[2..length], marked, gather)?;
                    bytes.advance(length);
                }
            }
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        match self.ended && self.rest.is_empty() {
            true => Ok(()),
            false => Err(Failure::Damaged("the table was cut short while it was read".to_owned())),
        }
    }
}

fn quoted(name: &str) -> String {
    crate::dialect::Dialect::Postgres.quoted(name)
}

/// What a URL says.
pub(crate) fn of_url(url: &str) -> sqlx::Result<PgConnectOptions> {
    url.parse()
}

fn settings(options: &Options, login: &Login) -> PgConnectOptions {
    // It was checked when the options were read.
    let url = options.url.as_ref().and_then(|url| of_url(url.expose()).ok());
    let mut settings = url.unwrap_or_default();
    settings = settings.application_name("nuthatch");
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
