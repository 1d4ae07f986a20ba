//! The statements that all databases share but for their quotes and types.

use crate::dialect::Dialect;
use crate::exact;
use crate::frame::{Column, inexact};
use crate::kind::Kind;
use crate::names::{EXACT, KEY_HASH, ROW};

/// A table in a database: what its statements are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) schema: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) columns: &'a [Column],
    /// What holds for the rows that are read.
    pub(crate) condition: Option<&'a str>,
}

impl<'a> Table<'a> {
    /// Its name between quotes, with the schema.
    pub(crate) fn quoted(&self) -> String {
        qualified(self.dialect, self.schema, self.name)
    }

    /// Whether it has the column `#exact`.
    pub(crate) fn is_marked(&self) -> bool {
        !inexact(self.columns, self.dialect).is_empty()
    }

    /// The names of all its columns: nuthatch's own, then those of the table.
    pub(crate) fn all(&self) -> Vec<&'a str> {
        let own = [ROW].into_iter().chain(self.is_marked().then_some(EXACT));
        own.chain(self.columns.iter().map(|column| column.name.as_str())).collect()
    }

    /// The same, between quotes, with commas.
    pub(crate) fn list(&self) -> String {
        self.dialect.list(self.all())
    }

    /// `CREATE TABLE`. Rows are numbered; where tables are kept in the order of a key, by it.
    pub(crate) fn create(&self) -> Result<String, String> {
        let quoted = |name| self.dialect.quoted(name);
        let mut columns = vec![match self.dialect {
            // Its order is that of the writing; an index would cost as much as the rows.
            Dialect::Postgres => format!("{} bigint NOT NULL", quoted(ROW)),
            Dialect::MySql => format!("{} bigint NOT NULL PRIMARY KEY", quoted(ROW)),
            Dialect::Sqlite => format!("{} integer PRIMARY KEY", quoted(ROW)),
        }];
        if self.is_marked() {
            columns.push(format!("{} text", quoted(EXACT)));
        }
        for column in self.columns {
            let column_type = self.dialect.column_type(column.kind)?;
            columns.push(format!("{} {column_type}", quoted(&column.name)));
        }
        let end = match self.dialect {
            Dialect::MySql => {
                " ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            }
            _ => "",
        };
        Ok(format!("CREATE TABLE {} ({}){end}", self.quoted(), columns.join(", ")))
    }

    /// What the view with the readable name shows: the table's own columns, and the row number as
    /// `index` where that is asked for. `None` where there is nothing to show.
    pub(crate) fn shown(&self, shows_index: bool) -> Option<String> {
        let quoted = |name| self.dialect.quoted(name);
        let is_index = |column: &Column| column.name.eq_ignore_ascii_case("index");
        let index = (shows_index && !self.columns.iter().any(is_index))
            .then(|| format!("{} AS {}", quoted(ROW), quoted("index")));
        let columns = self.columns.iter().map(|column| quoted(&column.name));
        let all: Vec<String> = index.into_iter().chain(columns).collect();
        (!all.is_empty()).then(|| format!("SELECT {} FROM {}", all.join(", "), self.quoted()))
    }

    /// `SELECT` of all columns, in the order of rows.
    pub(crate) fn select(&self) -> String {
        let row = self.dialect.quoted(ROW);
        let condition = self.condition.map_or(String::new(), |it| format!(" WHERE {it}"));
        format!("SELECT {} FROM {}{condition} ORDER BY {row}", self.list(), self.quoted())
    }

    /// Copies another table's rows. The columns are the same, or wider here.
    pub(crate) fn copy_from(&self, other: &Table<'_>) -> String {
        let quoted = |name: &str| self.dialect.quoted(name);
        let mut from = vec![quoted(ROW)];
        if self.is_marked() {
            from.push(if other.is_marked() { quoted(EXACT) } else { "NULL".to_owned() });
        }
        let columns = other.columns.iter().zip(self.columns);
        from.extend(columns.map(|(from, into)| self.copied(from, into)));
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM {}",
            self.quoted(),
            self.list(),
            from.join(", "),
            other.quoted()
        )
    }

    /// A column of the other table, as it stands here. SQLite has decimals as texts, and compares
    /// them as texts: one of more digits after the point gets the zeros that it would be written with.
    fn copied(&self, from: &Column, into: &Column) -> String {
        let column = self.dialect.quoted(&from.name);
        let (Kind::Decimal { scale: before, .. }, Kind::Decimal { scale: now, .. }) =
            (from.kind, into.kind)
        else {
            return column;
        };
        let (before, now) = (before.max(0), now.max(0));
        if self.dialect != Dialect::Sqlite || before >= now {
            return column;
        }
        let point = if before == 0 { "." } else { "" };
        format!("{column} || '{point}{}'", "0".repeat(usize::from((now - before).unsigned_abs())))
    }

    /// What makes equal keys collide, in one statement: whole or not at all.
    pub(crate) fn unique(&self, keys: &[usize], name: &str) -> String {
        let quoted = |name: &str| self.dialect.quoted(name);
        let is_text = |key: &usize| matches!(self.columns[*key].kind, Kind::Text | Kind::Bytes);
        let index = quoted(name);
        if self.dialect != Dialect::MySql {
            let list = self.dialect.list(keys.iter().map(|key| self.columns[*key].name.as_str()));
            let table = self.quoted();
            // In SQLite an index lies where its table lies, and its name is qualified instead.
            return format!("CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} ({list})");
        }
        // MySQL indexes no whole texts, so that their hash stands for them.
        let texts: Vec<String> = keys
            .iter()
            .filter(|key| is_text(key))
            .map(|key| format!("sha2({}, 256)", quoted(&self.columns[*key].name)))
            .collect();
        let mut additions = Vec::new();
        let mut list: Vec<String> = keys
            .iter()
            .filter(|key| !is_text(key))
            .map(|key| quoted(&self.columns[*key].name))
            .collect();
        if !texts.is_empty() {
            let hash = quoted(KEY_HASH);
            list.push(hash.clone());
            additions.push(format!(
                "ADD COLUMN {hash} binary(32) AS (unhex(sha2(concat({}), 256))) STORED",
                texts.join(", ")
            ));
        }
        additions.push(format!("ADD UNIQUE KEY {index} ({})", list.join(", ")));
        format!("ALTER TABLE {} {}", self.quoted(), additions.join(", "))
    }

    /// What an `INSERT` does where a row with its keys is there: everything but the keys and the
    /// row's number is replaced.
    pub(crate) fn on_conflict(&self, keys: &[usize]) -> String {
        let quoted = |name: &str| self.dialect.quoted(name);
        let own = self.is_marked().then_some(EXACT);
        let others = self.columns.iter().enumerate().filter(|(index, _)| !keys.contains(index));
        let replaced: Vec<String> = own
            .into_iter()
            .chain(others.map(|(_, column)| column.name.as_str()))
            .map(|name| match self.dialect {
                Dialect::MySql => format!("{0} = VALUES({0})", quoted(name)),
                _ => format!("{0} = excluded.{0}", quoted(name)),
            })
            .collect();
        let key_list = self.dialect.list(keys.iter().map(|key| self.columns[*key].name.as_str()));
        match (self.dialect, replaced.is_empty()) {
            (Dialect::MySql, true) => format!(" ON DUPLICATE KEY UPDATE {0} = {0}", quoted(ROW)),
            (Dialect::MySql, false) => format!(" ON DUPLICATE KEY UPDATE {}", replaced.join(", ")),
            (_, true) => format!(" ON CONFLICT ({key_list}) DO NOTHING"),
            (_, false) => {
                format!(" ON CONFLICT ({key_list}) DO UPDATE SET {}", replaced.join(", "))
            }
        }
    }
}

/// A name between quotes, with its schema.
pub(crate) fn qualified(dialect: Dialect, schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", dialect.quoted(schema), dialect.quoted(name)),
        None => dialect.quoted(name),
    }
}

/// Whether a float is written as NULL in a visible column.
pub(crate) fn visible(dialect: Dialect, value: f64) -> Option<f64> {
    (!exact::is_hidden(dialect, value)).then_some(value)
}

/// `(?, ?, ?), (?, ?, ?)`: places for that many rows.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) fn places(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}
