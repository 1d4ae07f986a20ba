//! pyarrow, pandas and deltalake in Python, with the same rows and options.

use std::path::{Path, PathBuf};
use std::process::Command;

use nuthatch_benches::{PYTHON, Peer};

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
        false => to_sql()?,
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

/// The folder of what `to_sql` needs, installed there once; none where no interpreter is named.
fn to_sql() -> Result<Option<PathBuf>> {
    let Some(python) = std::env::var_os(PYTHON) else { return Ok(None) };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("to_sql");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"];
    let mut pip_command = Command::new(python);
    let installed =
        pip_command.args(pip).arg("--target").arg(&folder).args(TO_SQL).status()?.success();
    match installed {
        true => Ok(Some(folder)),
        false => Err(format!("{TO_SQL:?} cannot be installed").into()),
    }
}
