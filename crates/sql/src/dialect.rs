//! What differs between the databases in words: types, quotes and limits.

use crate::kind::Kind;

/// A family of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
}

impl Dialect {
    /// The name of the driver in options, manifests and URIs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
        }
    }

    /// Checks that the driver understands a URL, which it would otherwise pass over.
    pub(crate) fn check_url(self, url: &str) -> Result<(), String> {
        let understood = match self {
            #[cfg(feature = "postgres")]
            Self::Postgres => crate::postgres::of_url(url).map(drop),
            #[cfg(feature = "mysql")]
            Self::MySql => crate::mysql::of_url(url).map(drop),
            #[allow(unreachable_patterns, reason = "with all features on, but for SQLite")]
            _ => {
                let _ = url;
                Ok(())
            }
        };
        // sqlx wraps its errors in errors of the same words.
        understood.map_err(|error: sqlx::Error| {
            error.to_string().replace("error with configuration: ", "")
        })
    }

    /// A name between quotes.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// Names between quotes, with commas.
    pub(crate) fn list<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        let quoted: Vec<String> = names.into_iter().map(|name| self.quoted(name)).collect();
        quoted.join(", ")
    }

    /// The longest name: bytes on PostgreSQL, characters on MySQL. SQLite has no limit of its
    /// own, and gets one that people can read.
    pub(crate) fn longest_name(self) -> usize {
        match self {
            Self::Postgres => 63,
            Self::MySql => 64,
            Self::Sqlite => 128,
        }
    }

    /// How many columns a table may have; nuthatch's own are among them.
    pub(crate) fn most_columns(self) -> usize {
        match self {
            Self::Postgres => 1600,
            Self::MySql => 1017,
            Self::Sqlite => 2000,
        }
    }

    /// The type of a column of that kind, or why there is none.
    pub(crate) fn column_type(self, kind: Kind) -> Result<String, String> {
        let word = match self {
            Self::Postgres => match kind {
                Kind::Null | Kind::Text => "text",
                Kind::Bool => "boolean",
                Kind::Int16 => "smallint",
                Kind::Int32 => "integer",
                Kind::Int64 => "bigint",
                Kind::UInt64 => "numeric(20, 0)",
                Kind::Float32 => "real",
                Kind::Float64 => "double precision",
                Kind::Decimal { precision, scale, .. } => return Ok(numeric(precision, scale)),
                Kind::Bytes => "bytea",
                Kind::Date => "date",
                Kind::Time => "time",
                Kind::Timestamp { zoned: false, .. } => "timestamp",
                Kind::Timestamp { zoned: true, .. } => "timestamptz",
            },
            Self::MySql => match kind {
                Kind::Null | Kind::Bool => "boolean",
                Kind::Int16 => "smallint",
                Kind::Int32 => "int",
                Kind::Int64 => "bigint",
                Kind::UInt64 => "bigint unsigned",
                // `float` is shown to people with six digits.
                Kind::Float32 | Kind::Float64 => "double",
                Kind::Decimal { precision, scale, .. } => {
                    return mysql_decimal(precision, scale);
                }
                Kind::Text => "longtext",
                Kind::Bytes => "longblob",
                Kind::Date => "date",
                Kind::Time => "time(6)",
                // `timestamp` ends in 2038, and moves with the session's zone.
                Kind::Timestamp { .. } => "datetime(6)",
            },
            Self::Sqlite => match kind {
                // Without a type, SQLite keeps what it is given.
                Kind::Null | Kind::UInt64 => "",
                Kind::Bool => "boolean",
                Kind::Int16 | Kind::Int32 | Kind::Int64 => "integer",
                Kind::Float32 | Kind::Float64 => "real",
                Kind::Decimal { .. } | Kind::Text => "text",
                Kind::Bytes => "blob",
                Kind::Date => "date",
                Kind::Time => "time",
                Kind::Timestamp { .. } => "timestamp",
            },
        };
        Ok(word.to_owned())
    }

    /// Whether a visible value of that kind can be less than what is stored, so that the table
    /// needs the column that says the rest.
    pub(crate) fn is_inexact(self, kind: Kind) -> bool {
        match self {
            Self::Postgres => matches!(kind, Kind::Time | Kind::Timestamp { nanos: true, .. }),
            Self::MySql => matches!(
                kind,
                Kind::Time | Kind::Timestamp { nanos: true, .. } | Kind::Float32 | Kind::Float64
            ),
            Self::Sqlite => matches!(kind, Kind::Float32 | Kind::Float64),
        }
    }
}

/// A negative scale is a longer number; more decimals than digits are a longer number too.
fn width(precision: u8, scale: i8) -> (u16, u16) {
    match u16::try_from(scale) {
        Ok(scale) => (u16::from(precision).max(scale), scale),
        Err(_) => (u16::from(precision) + u16::from(scale.unsigned_abs()), 0),
    }
}

fn numeric(precision: u8, scale: i8) -> String {
    let (precision, scale) = width(precision, scale);
    format!("numeric({precision}, {scale})")
}

fn mysql_decimal(precision: u8, scale: i8) -> Result<String, String> {
    match width(precision, scale) {
        (precision @ ..=65, scale @ ..=30) => Ok(format!("decimal({precision}, {scale})")),
        (precision, scale) => Err(format!(
            "MySQL holds decimals of up to 65 digits, 30 of them after the point, and this one has \
             {precision} and {scale}"
        )),
    }
}
