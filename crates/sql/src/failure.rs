//! What goes wrong in a database, and what nuthatch makes of it.

use std::io::ErrorKind;

use nuthatch_core::Error;

use crate::options::Options;

/// Why a database did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The table is not there.
    #[error("the table is gone")]
    Gone,
    /// The table does not hold what was written.
    #[error("{0}")]
    Damaged(String),
    /// The rows, or what is asked to be done with them, cannot be had.
    #[error("{0}")]
    Refused(String),
    /// The rows did not come, or nobody wanted them any more: the error is another's.
    #[error("{0}")]
    Rows(Error),
    /// The database was not reached, or failed.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
}

impl Failure {
    /// As core's error. `shown` is the object's name, `doing` what was being done.
    pub(crate) fn into_error<T>(
        self,
        doing: &'static str,
        shown: &str,
        options: &Options,
    ) -> Error {
        match self {
            Self::Rows(error) => error,
            Self::Gone => {
                let why = format!("its table is gone from {}", options.shown());
                Error::Damaged { object: shown.to_owned(), why }
            }
            Self::Damaged(why) => {
                let why = options.scrubbed(format!("in {}, {why}", options.shown()));
                Error::Damaged { object: shown.to_owned(), why }
            }
            Self::Refused(why) => Error::Backend {
                backend: crate::NAME.to_owned(),
                doing: if doing == "read" { "decode" } else { "encode" },
                type_name: std::any::type_name::<T>(),
                source: options.scrubbed(format!("{shown}: {why}")).into(),
            },
            Self::Database(error) => {
                let hint = hint(&error).map_or(String::new(), |hint| format!("; {hint}"));
                Error::Store {
                    doing: format!("{doing} the table of {shown}"),
                    location: options.shown(),
                    // Only its text: what a driver keeps in an error is its own affair.
                    source: options.scrubbed(format!("{error}{hint}")).into(),
                }
            }
        }
    }
}

/// Whether the database says that there is no such table (or no such schema to hold it).
pub(crate) fn is_missing(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    match error.code().as_deref() {
        // PostgreSQL, then MySQL.
        Some("42P01" | "3F000" | "42S02") => true,
        _ => error.message().starts_with("no such table"),
    }
}

/// Whether the error has one of these codes.
pub(crate) fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    error.code().is_some_and(|code| codes.contains(&code.as_ref()))
}

/// A missing table is told from all other failures.
pub(crate) fn missing_or(error: sqlx::Error) -> Failure {
    if is_missing(&error) { Failure::Gone } else { Failure::Database(error) }
}

/// The number of an error of MySQL's, whose codes stand for many.
pub(crate) fn mysql_number(error: &dyn sqlx::error::DatabaseError) -> Option<u16> {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return Some(error.number());
    }
    let _ = error;
    None
}

fn hint(error: &sqlx::Error) -> Option<&'static str> {
    match error {
        sqlx::Error::Io(error) if is_loss(error.kind()) => {
            Some("the connection was lost; see that the server runs, and try again")
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => {
            Some("see that the server runs, and that `host` and `port` are right")
        }
        sqlx::Error::Database(error) if is_busy(&**error) => {
            Some("others use it; try again when they have done, or raise `lock_timeout`")
        }
        sqlx::Error::Database(error) => match error.code().as_deref()? {
            "28P01" | "28000" => Some("see that `user` and `password` are right"),
            "42501" | "42000" => Some("see that `write_user` may do this"),
            "3D000" => Some("create the database, or name another by `database`"),
            // Somebody has ended the connection, or the server.
            "57P01" | "57P02" | "57P03" | "70100" => {
                Some("see that the server runs, and try again")
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether there was a connection, which is no more.
fn is_loss(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// Whether a lock was waited for in vain.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    // ER_LOCK_WAIT_TIMEOUT
    if let Some(number) = mysql_number(error) {
        return number == 1205;
    }
    // SQLITE_BUSY stands in the lowest byte; PostgreSQL's codes have five characters.
    let is_sqlite_busy =
        |code: &str| code.len() < 5 && code.parse::<u32>().is_ok_and(|code| code & 0xff == 5);
    error.code().is_some_and(|code| code == "55P03" || is_sqlite_busy(&code))
}
