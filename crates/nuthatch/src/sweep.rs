//! `gc` with what this build knows.

use nuthatch_core::gc::Gc;

/// Removes from the root and from this machine's own location what no entry needs any more.
///
/// # Example
///
/// ```
/// use nuthatch::prelude::*;
///
/// #[cache(version = "2")]
/// fn answer() -> i64 {
///     42
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// answer();
/// // Nothing is old enough, and the entry is needed.
/// let report = nuthatch::gc().dry_run(true).only("root").run()?;
/// assert_eq!(report.removed().count, 0, "{report}");
///
/// // Version 1 is not there, and version 2 stays.
/// nuthatch::gc().keep_versions("answer", ["2"]).only("root").run()?;
/// assert_eq!(answer::call().strict(true).run(), 42);
/// # Ok(())
/// # }
/// ```
///
/// # What goes, and when
///
/// | what | when |
/// |---|---|
/// | data that was replaced, or whose entry was forgotten | after the grace time (`grace`, 7 days) |
/// | data that no entry names, of a writer that died | once nobody has written to it for as long |
/// | what is left of forgotten entries; leases, probes, files half-written | likewise |
/// | entries of versions that [`keep_versions`](Gc::keep_versions) leaves out | they are forgotten at once, and their data goes after the grace time |
///
/// Ages are those of the store's own clock. Readers and writers go on meanwhile, on this machine
/// and on others, and so may another `gc`: nothing is removed that an entry names, nor of a write
/// that is still under way. One that is interrupted breaks nothing, and the next goes on from
/// there. What is not nuthatch's is never touched, nor is any mirror. Data of which nobody can tell
/// whether it is needed (its manifest is damaged, or of a newer release) is left, and told.
///
/// Data that a backend of this build keeps outside the location, tables in a database, goes with
/// its entry; for backends of your own see [`Gc::remover`].
///
/// # Errors
///
/// See [`Gc::run`].
pub fn gc() -> Gc {
    let gc = nuthatch_core::gc();
    #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
    let gc = gc.remover(&nuthatch_sql::Sql);
    gc
}
