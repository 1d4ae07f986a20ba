//! pyarrow, pandas and deltalake in Python, with the same rows and options.

use std::path::Path;

use nuthatch_benches::{Peer, packages};

use crate::{GROUP, LEVEL, Result};

/// The variable that names the server.
pub(crate) const SERVER: &str = "TEST_POSTGRES_URL";

/// What `to_sql` needs, beside what the tests need.
const TO_SQL: [&str; 2] = ["sqlalchemy>=2,<3", "psycopg[binary]>=3.2,<4"];

/// Starts it with so many rows, which are made; none where no interpreter is named.
pub(crate) fn start(folder: &Path, count: usize) -> Result<Option<Peer>> {
    let server = std::env::var(SERVER).unwrap_or_default();
    let packages = match server.is_empty() {
        true => None,
        false => packages("to_sql", &TO_SQL)?,
    };
    let (count, level, group) = (count.to_string(), LEVEL.to_string(), GROUP.to_string());
    let arguments =
        [folder.as_os_str(), count.as_ref(), level.as_ref(), group.as_ref(), server.as_ref()];
    let peer = Peer::start("tables/peer.py", &arguments, packages.as_deref())?;
    if let Some(peer) = &peer {
        peer.run("rows");
    }
    Ok(peer)
}
