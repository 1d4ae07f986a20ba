//! Arrays through Zarr, beside bare `zarrs` and bare zstd with the same codecs and chunks, and
//! xarray with zarr-python, with dask and without. All sides take turns in one run.
//!
//! `cargo xtask with-servers cargo bench --bench arrays --features zarr`, which makes the
//! interpreter ready that `TEST_PYTHON` names. `ARRAYS_BENCH_ONLY=cube` runs one part: `cube`,
//! `small` or `large`.

mod bare;
mod cube;
mod large;
mod small;

use std::path::Path;

use nuthatch_benches::Peer;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result {
    if let Some(part) = std::env::var_os(large::CHILD) {
        return large::child(&part.to_string_lossy());
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let lake = folder.path().join("lake");
    nuthatch::set_parameter!("filesystem", text(&lake)?)?;
    let only = std::env::var("ARRAYS_BENCH_ONLY").ok();
    let is_run = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if is_run("cube") {
        print!("{}", cube::table(folder.path())?);
    }
    if is_run("small") {
        for table in small::tables(folder.path())? {
            print!("{table}");
        }
    }
    if is_run("large") {
        print!("{}", large::table(folder.path())?);
    }
    Ok(())
}

/// xarray and zarr-python, in a folder.
fn peer(folder: &Path) -> Result<Option<Peer>> {
    Ok(Peer::start("arrays/peer.py", &[folder.as_os_str()], None)?)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}
