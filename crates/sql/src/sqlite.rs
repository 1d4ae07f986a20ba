//! SQLite: batched inserts in WAL mode, into a file of its own or below a location.
//!
//! Each piece of work opens the file and closes it: that costs less than a read, the last to
//! close leaves one whole file without a journal beside it, and nobody goes on writing into a
//! file that was deleted in the meantime.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use sqlx::sqlite::{
    Sqlite as Db, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode,
    SqliteRow, SqliteSynchronous, SqliteValueRef,
};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection, Decode, Row, TypeInfo, ValueRef, raw_sql,
};

use crate::builder::Builder;
use crate::decimal;
use crate::dialect::Dialect;
use crate::exact::Rests;
use crate::failure::{Failure, has_code, missing_or};
use crate::frame::{Arriving, Marks, Rows};
use crate::gather::{Gather, Gathered, rests};
use crate::kind::{Kind, Values};
use crate::names::ROW;
use crate::options::Options;
use crate::server::{Doing, Merge, Server};
use crate::statements::{Table, places, qualified, visible};
use crate::times::{self, text};

/// The most values that one statement takes.
const MOST_VALUES: usize = 32_766;
/// Rows of one statement; more gain nothing.
const ROWS: usize = 500;
/// One writes at a time. Who writes much takes long, and others wait for it.
const WAIT_TO_WRITE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct Sqlite {
    file: PathBuf,
    chunk: Option<usize>,
    lock_timeout: Duration,
}

impl Sqlite {
    pub(crate) fn new(options: &Options) -> Self {
        let file = options.file.clone().unwrap_or_default();
        Self { file, chunk: options.chunk, lock_timeout: options.lock_timeout }
    }

    async fn writer(&self, wait: Duration) -> Result<SqliteConnection, Failure> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(&self.file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A manifest may be durable; what it names must not be less so.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(wait);
        let mut connection = options.disable_statement_logging().connect().await?;
        execute(&mut connection, "BEGIN IMMEDIATE").await?;
        Ok(connection)
    }

    /// A connection that does not write; `None` where there is no file.
    async fn reader(&self) -> Result<Option<SqliteConnection>, Failure> {
        if !self.file.try_exists().map_err(sqlx::Error::Io)? {
            return Ok(None);
        }
        let options = SqliteConnectOptions::new()
            .filename(&self.file)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(self.lock_timeout);
        Ok(Some(options.disable_statement_logging().connect().await?))
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        table: Table<'_>,
        mut arriving: Arriving<'_>,
        first: i64,
        end: &str,
    ) -> Result<u64, Failure> {
        let columns = table.all().len();
        let most = self.chunk.unwrap_or(ROWS).clamp(1, (MOST_VALUES / columns).max(1));
        let statement = |rows: usize| -> Arc<str> {
            let (table, list) = (table.quoted(), table.list());
            format!("INSERT INTO {table} ({list}) VALUES {}{end}", places(rows, columns)).into()
        };
        let full = statement(most);
        let mut marks = Marks::new(table.columns, Dialect::Sqlite);
        let mut number = first;
        while let Some(batch) = arriving.try_next().await? {
            let batch = &batch;
            for start in (0..batch.count).step_by(most) {
                let count = most.min(batch.count - start);
                let mut arguments = SqliteArguments::default();
                arguments.reserve(count * columns, 0);
                for row in start..start + count {
                    bind(&mut arguments, table, batch, row, number, marks.as_mut())
                        .map_err(sqlx::Error::Encode)?;
                    number += 1;
                }
                let text = if count == most { Arc::clone(&full) } else { statement(count) };
                let query = sqlx::query_with(AssertSqlSafe(text), arguments);
                query.execute(&mut *connection).await?;
            }
        }
        Ok((number - first).unsigned_abs())
    }

    async fn merged(
        &self,
        connection: &mut SqliteConnection,
        merge: Merge<'_>,
    ) -> Result<u64, Failure> {
        let Merge { base, into, keys, frame, .. } = merge;
        if !merge.is_in_place() {
            execute(connection, &into.create().map_err(Failure::Refused)?).await?;
            execute(connection, &into.copy_from(&base)).await?;
        }
        let unique = into.unique(keys, merge.index);
        execute(connection, &unique).await.map_err(|error| match error {
            // SQLITE_CONSTRAINT_UNIQUE
            Failure::Database(error) if has_code(&error, &["2067"]) => merge.ambiguous(),
            error => error,
        })?;
        let row = Dialect::Sqlite.quoted(ROW);
        let last = format!("SELECT coalesce(max({row}), -1) FROM {}", into.quoted());
        let last: i64 = sqlx::query_scalar(AssertSqlSafe(last)).fetch_one(&mut *connection).await?;
        self.insert(connection, into, frame.arriving(), last + 1, &into.on_conflict(keys)).await?;
        let count = format!("SELECT count(*) FROM {}", into.quoted());
        let count: i64 =
            sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await?;
        Ok(count.unsigned_abs())
    }
}

impl Server for Sqlite {
    fn create<'a>(&'a self, table: Table<'a>, rows: Arriving<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.writer(WAIT_TO_WRITE).await?;
            execute(&mut connection, &table.create().map_err(Failure::Refused)?).await?;
            let count = self.insert(&mut connection, table, rows, 0, "").await?;
            commit(connection).await?;
            Ok(count)
        })
    }

    fn load<'a>(&'a self, table: Table<'a>, mut gather: Gather) -> Doing<'a, Gathered> {
        Box::pin(async move {
            let mut connection = self.reader().await?.ok_or(Failure::Gone)?;
            let select = sqlx::query(AssertSqlSafe(table.select()));
            let mut rows = select.fetch(&mut connection);
            while let Some(row) = rows.try_next().await.map_err(missing_or)? {
                take(&row, table.is_marked(), &mut gather)?;
                gather.hand_on().await?;
            }
            drop(rows);
            connection.close().await?;
            gather.finish().await
        })
    }

    fn merge<'a>(&'a self, merge: Merge<'a>) -> Doing<'a, u64> {
        Box::pin(async move {
            let mut connection = self.writer(WAIT_TO_WRITE).await?;
            let count = self.merged(&mut connection, merge).await?;
            commit(connection).await?;
            Ok(count)
        })
    }

    fn publish<'a>(&'a self, view: &'a str, table: Table<'a>, shows_index: bool) -> Doing<'a, ()> {
        Box::pin(async move {
            let Some(shown) = table.shown(shows_index) else { return Ok(()) };
            let mut connection = self.writer(self.lock_timeout).await?;
            let view = qualified(Dialect::Sqlite, None, view);
            execute(&mut connection, &format!("DROP VIEW IF EXISTS {view}")).await?;
            execute(&mut connection, &format!("CREATE VIEW {view} AS {shown}")).await?;
            commit(connection).await
        })
    }

    fn remove<'a>(&'a self, view: &'a str, table: Table<'a>) -> Doing<'a, ()> {
        Box::pin(async move {
            let Some(reader) = self.reader().await? else { return Ok(()) };
            reader.close().await?;
            let mut connection = self.writer(self.lock_timeout).await?;
            let of =
                "SELECT coalesce(sql, '') FROM sqlite_master WHERE type = 'view' AND name = $1";
            let of = sqlx::query_scalar::<_, String>(of).bind(view);
            let shown = of.fetch_optional(&mut connection).await?;
            if shown.is_some_and(|definition| definition.contains(&table.quoted())) {
                let view = qualified(Dialect::Sqlite, None, view);
                execute(&mut connection, &format!("DROP VIEW {view}")).await?;
            }
            execute(&mut connection, &format!("DROP TABLE IF EXISTS {}", table.quoted())).await?;
            commit(connection).await?;
            Ok(())
        })
    }
}

async fn commit(mut connection: SqliteConnection) -> Result<(), Failure> {
    execute(&mut connection, "COMMIT").await?;
    connection.close().await?;
    Ok(())
}

async fn execute(connection: &mut SqliteConnection, statement: &str) -> Result<(), Failure> {
    raw_sql(AssertSqlSafe(statement)).execute(connection).await.map_err(missing_or)?;
    Ok(())
}

fn bind(
    out: &mut SqliteArguments,
    table: Table<'_>,
    rows: &Rows,
    row: usize,
    number: i64,
    marks: Option<&mut Marks>,
) -> Result<(), sqlx::error::BoxDynError> {
    out.add(number)?;
    if let Some(marks) = marks {
        out.add(marks.of(rows, row))?;
    }
    for (column, values) in table.columns.iter().zip(&rows.values) {
        if values.is_null(row) {
            out.add(None::<i64>)?;
            continue;
        }
        match values {
            Values::Null => out.add(None::<i64>)?,
            Values::Bool(values) => out.add(values.value(row))?,
            Values::Int16(values) => out.add(values.value(row))?,
            Values::Int32(values) if column.kind == Kind::Date => {
                out.add(times::date(values.value(row)).map(text::date))?;
            }
            Values::Int32(values) => out.add(values.value(row))?,
            Values::Int64(values) => bind_ticks(out, column.kind, values.value(row))?,
            Values::UInt64(values) => match i64::try_from(values.value(row)) {
                Ok(value) => out.add(value)?,
                // Of one length, so that their order as text is that of numbers.
                Err(_) => out.add(format!("{:020}", values.value(row)))?,
            },
            Values::Float32(values) => {
                out.add(visible(Dialect::Sqlite, values.value(row).into()))?;
            }
            Values::Float64(values) => out.add(visible(Dialect::Sqlite, values.value(row)))?,
            Values::Decimal128(values) => {
                out.add(decimal::text(values.value(row), values.scale()))?;
            }
            Values::Decimal256(values) => {
                out.add(decimal::text(values.value(row), values.scale()))?;
            }
            Values::Text(values) => out.add(values.value(row))?,
            Values::Bytes(values) => out.add(values.value(row))?,
        }
    }
    Ok(())
}

fn bind_ticks(
    out: &mut SqliteArguments,
    kind: Kind,
    value: i64,
) -> Result<(), sqlx::error::BoxDynError> {
    match kind {
        Kind::Time => out.add(times::time(value).map(text::time)),
        Kind::Timestamp { nanos, zoned } => {
            out.add(times::moment(value, nanos).map(|moment| text::moment(moment, zoned)))
        }
        _ => out.add(value),
    }
}

fn take(row: &SqliteRow, marked: bool, gather: &mut Gather) -> Result<(), Failure> {
    let foreign =
        |what: &str| Failure::Damaged(format!("{what} holds a value that was not written"));
    let number = integer(row.try_get_raw(0)?).ok_or_else(|| foreign("the row's number"))?;
    let rests = match marked {
        true => rests(row.try_get_unchecked::<Option<&str>, _>(1)?)?,
        false => Rests::default(),
    };
    let first = 1 + usize::from(marked);
    for (index, builder) in gather.builders.iter_mut().enumerate() {
        let column = &gather.columns[index];
        let value = row.try_get_raw(first + index)?;
        append(builder, column.kind, value, &rests, column.index)
            .ok_or_else(|| foreign(&format!("column {:?}", column.name)))?;
    }
    gather.end_row(number)
}

fn append(
    builder: &mut Builder,
    kind: Kind,
    value: SqliteValueRef<'_>,
    rests: &Rests,
    index: usize,
) -> Option<()> {
    if value.is_null() {
        match builder {
            Builder::Float32(values) => values.append_option(rests.narrow(index)),
            Builder::Float64(values) => values.append_option(rests.float(index)),
            builder => builder.append_null(),
        }
        return Some(());
    }
    match builder {
        Builder::Null(_) => return None,
        Builder::Bool(values) => values.append_value(match integer(value)? {
            0 => false,
            1 => true,
            _ => return None,
        }),
        Builder::Int16(values) => values.append_value(integer(value)?.try_into().ok()?),
        Builder::Int32(values) if kind == Kind::Date => {
            values.append_value(times::day(text::read_date(string(value)?)?));
        }
        Builder::Int32(values) => values.append_value(integer(value)?.try_into().ok()?),
        Builder::Int64(values) => values.append_value(match kind {
            Kind::Time => times::time_nanos(text::read_time(string(value)?)?),
            Kind::Timestamp { nanos, zoned } => {
                times::count(text::read_moment(string(value)?, zoned)?, nanos)?
            }
            _ => integer(value)?,
        }),
        Builder::UInt64(values) => {
            let is_integer = value.type_info().name() == "INTEGER";
            values.append_value(match is_integer {
                true => integer(value)?.try_into().ok()?,
                false => string(value)?.parse().ok()?,
            });
        }
        Builder::Float32(values) => {
            let wide = real(value)?;
            let narrow = rests.narrow(index).unwrap_or(wide as f32);
            values.append_value(Some(narrow).filter(|narrow| f64::from(*narrow) == wide)?);
        }
        Builder::Float64(values) => {
            let shown = real(value)?;
            values.append_value(rests.float(index).unwrap_or(shown));
        }
        Builder::Decimal128(values) => {
            values.append_value(decimal::parsed(string(value)?, kind.scale()?)?);
        }
        Builder::Decimal256(values) => {
            values.append_value(decimal::parsed(string(value)?, kind.scale()?)?);
        }
        Builder::Text(values) => values.append_value(string(value)?),
        Builder::Bytes(values) => match value.type_info().name() {
            "BLOB" => values.append_value(<&[u8] as Decode<Db>>::decode(value).ok()?),
            _ => return None,
        },
    }
    Some(())
}

fn integer(value: SqliteValueRef<'_>) -> Option<i64> {
    // SQLite would make a number of any text.
    let is_integer = value.type_info().name() == "INTEGER";
    is_integer.then(|| <i64 as Decode<Db>>::decode(value).ok()).flatten()
}

fn real(value: SqliteValueRef<'_>) -> Option<f64> {
    let is_real = value.type_info().name() == "REAL";
    is_real.then(|| <f64 as Decode<Db>>::decode(value).ok()).flatten()
}

fn string(value: SqliteValueRef<'_>) -> Option<&str> {
    let is_text = value.type_info().name() == "TEXT";
    is_text.then(|| <&str as Decode<Db>>::decode(value).ok()).flatten()
}
