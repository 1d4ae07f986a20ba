//! Connections to a server: who reads has his own, who writes has hers.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{ConnectOptions, Connection, Database, Pool};

use crate::failure::Failure;

/// Connections of one user.
pub(crate) struct Connections<DB: Database> {
    pool: OnceLock<Pool<DB>>,
    options: <DB::Connection as Connection>::Options,
    most: u32,
    timeout: Duration,
}

impl<DB: Database> Connections<DB> {
    pub(crate) fn new(
        options: <DB::Connection as Connection>::Options,
        most: u32,
        timeout: Duration,
    ) -> Self {
        // Statements are not for logs: they are long, and an error says what failed.
        let options = options.disable_statement_logging();
        Self { pool: OnceLock::new(), options, most, timeout }
    }

    /// A connection. A server that is down is found out at once: the pool would wait for it.
    pub(crate) async fn lease(&self) -> Result<Lease<DB>, Failure> {
        let options = PoolOptions::<DB>::new()
            .max_connections(self.most)
            .acquire_timeout(self.timeout)
            .idle_timeout(Duration::from_secs(60));
        let pool = self.pool.get_or_init(|| options.connect_lazy_with(self.options.clone()));
        if pool.size() == 0 {
            let first = tokio::time::timeout(self.timeout, self.options.connect()).await;
            first.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await?;
        }
        Ok(Lease(Some(pool.acquire().await?)))
    }
}

impl<DB: Database> fmt::Debug for Connections<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold the password.
        f.debug_struct("Connections").field("most", &self.most).finish_non_exhaustive()
    }
}

/// A connection that goes back to the others only when it is said to be in order: one that was
/// left in the middle of something is closed, and the server rolls back.
pub(crate) struct Lease<DB: Database>(Option<PoolConnection<DB>>);

impl<DB: Database> Lease<DB> {
    /// The work is done, and the connection as it was.
    pub(crate) fn done(mut self) {
        drop(self.0.take());
    }
}

impl<DB: Database> Deref for Lease<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match &self.0 {
            Some(connection) => connection,
            None => unreachable!("a lease is whole until it is done"),
        }
    }
}

impl<DB: Database> DerefMut for Lease<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match &mut self.0 {
            Some(connection) => connection,
            None => unreachable!("a lease is whole until it is done"),
        }
    }
}

impl<DB: Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
