//! How wide a row may be. PostgreSQL says so only after it has taken a part of the rows, MySQL when
//! it makes the table.

use crate::dialect::Dialect;
use crate::failure::{Failure, mysql_number};
use crate::frame::{Column, Rows};
use crate::kind::{Kind, Values};

/// What a page of PostgreSQL's has for one row.
const MOST: usize = 8160;
/// What stands before the values of a row, and its number.
const OWN: usize = 24 + 8;
/// A value that may be longer is kept elsewhere, or compressed to no less than `LEAST`.
const LONGEST: usize = 24;
const LEAST: usize = 12;

const REMEDY: &str = "use `backend = \"parquet\"`, or store the names of columns as values of one";

/// Checks that each row fits into one of the database, as far as that is known before they are
/// there.
///
/// # Errors
///
/// The row that does not, with its width.
pub(crate) fn check(dialect: Dialect, columns: &[Column], rows: &Rows) -> Result<(), String> {
    let widest: usize = columns.iter().map(|column| fixed(column.kind).unwrap_or(LONGEST)).sum();
    if dialect != Dialect::Postgres || OWN + widest <= MOST {
        return Ok(());
    }
    for row in 0..rows.count {
        let cells = columns.iter().zip(&rows.values);
        let width =
            OWN + cells.map(|(column, values)| width(column.kind, values, row)).sum::<usize>();
        if width > MOST {
            return Err(format!(
                "row {row} takes at least {width} bytes in its {} columns, and {} holds {MOST}; \
                 {REMEDY}",
                columns.len(),
                dialect.name(),
            ));
        }
    }
    Ok(())
}

/// A failure of the database, which is the caller's to mend where it is about the width.
pub(crate) fn told(failure: Failure, dialect: Dialect, columns: usize) -> Failure {
    match &failure {
        Failure::Database(sqlx::Error::Database(error)) if is_key(&**error) => {
            Failure::Refused(format!(
                "an upsert key is longer than {} can tell apart ({}); upsert by a shorter one, or \
                 use `backend = \"parquet\"`",
                dialect.name(),
                error.message(),
            ))
        }
        Failure::Database(sqlx::Error::Database(error)) if is_width(&**error) => {
            Failure::Refused(format!(
                "the rows of {columns} columns are wider than {} holds ({}); {REMEDY}",
                dialect.name(),
                error.message(),
            ))
        }
        _ => failure,
    }
}

/// PostgreSQL has the same code for a row that is too wide for its table, and for a key that is too
/// long for its index, of which alone it says which.
fn is_key(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().as_deref() == Some("54000")
        && (error.constraint().is_some() || error.message().contains("index row"))
}

fn is_width(error: &dyn sqlx::error::DatabaseError) -> bool {
    match mysql_number(error) {
        // ER_TOO_MANY_FIELDS, ER_TOO_BIG_ROWSIZE
        Some(number) => matches!(number, 1117 | 1118),
        // PostgreSQL's program_limit_exceeded and too_many_columns.
        None => matches!(error.code().as_deref(), Some("54000" | "54011")),
    }
}

/// How many bytes a value takes in PostgreSQL, where all take as many.
fn fixed(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Null => Some(0),
        Kind::Bool => Some(1),
        Kind::Int16 => Some(2),
        Kind::Int32 | Kind::Float32 | Kind::Date => Some(4),
        Kind::Int64 | Kind::Float64 | Kind::Time | Kind::Timestamp { .. } => Some(8),
        Kind::UInt64 | Kind::Decimal { .. } | Kind::Text | Kind::Bytes => None,
    }
}

/// How many bytes a value takes in PostgreSQL at the least.
fn width(kind: Kind, values: &Values, row: usize) -> usize {
    let of_bytes = |bytes: usize| (1 + bytes).min(LEAST);
    match values {
        _ if values.is_null(row) => 0,
        Values::Text(values) => of_bytes(values.value(row).len()),
        Values::Bytes(values) => of_bytes(values.value(row).len()),
        // A number without digits.
        _ => fixed(kind).unwrap_or(3),
    }
}
