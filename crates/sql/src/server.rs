//! A database: what each dialect can do.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use futures::future::BoxFuture;

use crate::failure::Failure;
use crate::frame::{Arriving, Column, Frame};
use crate::gather::{Gather, Gathered};
use crate::options::Options;
use crate::statements::Table;

pub(crate) type Doing<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// What a database does for nuthatch.
pub(crate) trait Server: Send + Sync + fmt::Debug {
    /// Makes a table that is not there yet, and fills it; says how many rows it has. All of it is
    /// there, or nothing.
    fn create<'a>(&'a self, table: Table<'a>, rows: Arriving<'a>) -> Doing<'a, u64>;

    /// Reads the columns of a table.
    fn load<'a>(&'a self, table: Table<'a>, gather: Gather) -> Doing<'a, Gathered>;

    /// Merges rows into a table by keys, and says how many rows it has then.
    fn merge<'a>(&'a self, merge: Merge<'a>) -> Doing<'a, u64>;

    /// Points a view at a table.
    fn publish<'a>(&'a self, view: &'a str, table: Table<'a>, shows_index: bool) -> Doing<'a, ()>;

    /// Drops a table, and the view where it shows that table. Whether there was one.
    fn remove<'a>(&'a self, view: &'a str, table: Table<'a>) -> Doing<'a, ()>;
}

/// Rows on their way into a table that may hold some.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merge<'a> {
    /// The table that stands, and its columns; the merged table has them in the same order.
    pub(crate) base: Table<'a>,
    /// The merged table: a new one, or the base itself.
    pub(crate) into: Table<'a>,
    /// The new rows, in the columns of the merged table.
    pub(crate) frame: &'a Frame,
    /// Which columns are the keys.
    pub(crate) keys: &'a [usize],
    /// The name of the unique index over them.
    pub(crate) index: &'a str,
}

impl Merge<'_> {
    /// Whether the base itself is changed.
    pub(crate) fn is_in_place(&self) -> bool {
        self.base.name == self.into.name && self.base.schema == self.into.schema
    }

    /// The columns of the merged table.
    pub(crate) fn columns(&self) -> &[Column] {
        self.into.columns
    }

    /// The error for keys that more than one stored row has.
    pub(crate) fn ambiguous(&self) -> Failure {
        let names: Vec<&str> =
            self.keys.iter().map(|key| self.columns()[*key].name.as_str()).collect();
        Failure::Refused(format!(
            "several stored rows have equal keys ({}), so that none can be replaced; recompute the \
             entry without them",
            names.join(", ")
        ))
    }
}

/// The database that the options mean. Equal options share connections.
pub(crate) fn connect(options: &Options) -> Arc<dyn Server> {
    type Servers = Vec<(Options, Arc<dyn Server>)>;
    static SERVERS: LazyLock<Mutex<HashMap<String, Servers>>> = LazyLock::new(Mutex::default);
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    let servers = servers.entry(options.shown()).or_default();
    if let Some((_, server)) = servers.iter().find(|(known, _)| known == options) {
        return Arc::clone(server);
    }
    let server: Arc<dyn Server> = match options.dialect {
        #[cfg(feature = "postgres")]
        crate::dialect::Dialect::Postgres => Arc::new(crate::postgres::Postgres::new(options)),
        #[cfg(feature = "mysql")]
        crate::dialect::Dialect::MySql => Arc::new(crate::mysql::MySql::new(options)),
        #[cfg(feature = "sqlite")]
        crate::dialect::Dialect::Sqlite => Arc::new(crate::sqlite::Sqlite::new(options)),
        #[allow(unreachable_patterns, reason = "all are reachable in some selection of features")]
        _ => unreachable!("options name no driver that is not built in"),
    };
    servers.push((options.clone(), Arc::clone(&server)));
    server
}
