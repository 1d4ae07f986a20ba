//! New rows merged into a stored table, as its next version.
//!
//! The files with a row that is replaced are written anew, beside those that stay; the log gets a
//! version that removes the former and adds the new ones. Nothing is deleted: whoever reads an
//! earlier version goes on reading it.

use std::sync::Arc;

use nuthatch_core::Error;
use nuthatch_core::Result;
use nuthatch_core::backend::{Source, Target, Written};
use nuthatch_core::entry::Extent;
use nuthatch_core::store::{Recording, Sums};
use nuthatch_table::Rows;
use nuthatch_table::arrow_array::RecordBatch;
use nuthatch_table::failure::store_error;
use nuthatch_table::parquet::{
    Destination, Files, Merge, Options, PartRecord, joined, write_files,
};
use nuthatch_table::schema::Carried;
use nuthatch_table::table::Scan;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::adds::{adds, check_partitions};
use crate::log::{FOLDER, Log, is_log, merge_by, version_name};
use crate::open::{Opened, open};
use crate::types::{self, Known};
use crate::write::{Pinned, destination, of_value, token, write_as, written};

/// A table of this many versions is followed by a new one: every version is read at recall.
const MOST_VERSIONS: u64 = 64;

/// A table with so many times its own bytes of files that earlier versions used is followed by a
/// new one: a generation is removed as a whole.
const MOST_UNUSED: u64 = 8;

/// Fewer bytes than these are not worth a new table.
const FEW_UNUSED: u64 = 64 << 20;

pub(crate) async fn upsert(
    rows: Rows<'_>,
    keys: &[&str],
    base: Option<&Source>,
    target: &Target,
    type_name: &'static str,
) -> Result<Written> {
    let options = Options::read(&target.options)?;
    let cannot = |error| of_value(error, "upsert", type_name);
    let Some(base) = base else {
        let merge = Merge::new(rows, keys, None).await.map_err(cannot)?;
        let new = [merge.new_rows().clone()];
        check_partitions(&new, options.partition_by()).map_err(cannot)?;
        let carried = types::carried(merge.schema(), Known::All(&new)).map_err(cannot)?;
        return write_as(merge.rows(None), carried, target, options, type_name).await;
    };
    let opened = open(base, type_name).await?;
    let merge = Merge::new(rows, keys, Some(&opened.scan.schema())).await.map_err(cannot)?;
    check_partitions(std::slice::from_ref(merge.new_rows()), options.partition_by())
        .map_err(cannot)?;
    let known = Known::Merged { stored: opened.scan.carried(), new: merge.new_rows() };
    let carried = types::carried(merge.schema(), known).map_err(cannot)?;
    if !can_follow(&opened, &carried, &options) {
        return write_as(merge.rows(Some(&opened.scan)), carried, target, options, type_name).await;
    }
    let mut here = target.clone();
    here.prefix = base.prefix.clone();
    here.shown = base.shown.clone();
    let mut destination = destination(&here, target, options, type_name);
    destination.store =
        Recording::resume(Arc::clone(&here.store), here.prefix.clone(), opened.sums.clone());
    let merging = Merging { opened, merge, carried, destination, token: token(target) };
    merging.run(keys).await.map_err(cannot)
}

/// Whether the merged rows can be a next version of the table.
fn can_follow(opened: &Opened, carried: &Carried, options: &Options) -> bool {
    let Pinned { version, unused, .. } = opened.pinned;
    let used: u64 = opened.record.parts().iter().map(|part| part.bytes).sum();
    let is_worn = unused > FEW_UNUSED && unused / MOST_UNUSED > used;
    carried.written().fields() == opened.scan.carried().written().fields()
        && opened.record.partition_by() == options.partition_by()
        && version < MOST_VERSIONS
        && !is_worn
}

/// A merge into a table.
struct Merging<'a> {
    opened: Opened,
    merge: Merge,
    carried: Carried,
    destination: Destination<'a>,
    token: String,
}

impl Merging<'_> {
    async fn run(self, keys: &[&str]) -> Result<Written> {
        let Self { opened, merge, carried, destination, token } = self;
        let target = destination.target;
        let touched = merge.touched(&opened.scan).await?;
        let is_touched = |file: usize| touched.get(file).copied().unwrap_or(false);
        let rewritten = opened.scan.files_alone(is_touched)?;
        let new = write_files(merge.rows(Some(&rewritten)), carried, &destination).await?;
        let kept: Vec<usize> = (0..touched.len()).filter(|file| !is_touched(*file)).collect();
        let files = together(&opened, &kept, new)?;
        let adds = adds(&files)?;
        let recorded: Arc<Recording> = Arc::new(destination.store.clone());
        let log = Log::new(recorded, &target.prefix, &target.shown);
        let version = log.advance(&adds, &merge_by(keys)).await?;
        let sums = sums_of(&destination, &opened, &files.parts, version).await?;
        let removed = opened.record.parts().iter().enumerate();
        let removed = removed.filter(|(file, _)| is_touched(*file)).map(|(_, part)| part.bytes);
        let unused = opened.pinned.unused + removed.sum::<u64>();
        let pinned = Pinned { version, unused, time: files.extent.clone() };
        let bytes = sums.bytes();
        // A name of its own: the manifest that stands names another one, and may go on standing.
        let below = format!("{FOLDER}/_sums/{token}");
        let record = files.into_record(sums, target, Some(below)).await?;
        Ok(Written { in_base: true, ..written(record, pinned, bytes)? })
    }
}

/// The files of the next version: those that are kept, and the new ones.
fn together(opened: &Opened, kept: &[usize], new: Files) -> Result<Files> {
    let before = opened.record.parts();
    // Where nothing was replaced and nothing is new, a file without rows was written.
    let added: Vec<usize> =
        (0..new.parts.len()).filter(|file| new.parts[*file].rows > 0 || kept.is_empty()).collect();
    let mut parts: Vec<PartRecord> = kept.iter().map(|file| before[*file].clone()).collect();
    parts.extend(added.iter().map(|file| new.parts[*file].clone()));
    let partitions = match new.partitions {
        None => None,
        Some((columns, values)) => {
            let stored: Option<&RecordBatch> = opened.scan.partition_values();
            Some((columns, joined(stored, kept, &values, &added)?))
        }
    };
    // The log has told of those that are kept.
    let mut footers = vec![None; kept.len()];
    footers.extend(added.iter().map(|file| new.footers[*file].clone()));
    let extent = match kept.is_empty() {
        true => new.extent,
        false => both(opened.pinned.time.clone(), new.extent),
    };
    let rows = parts.iter().map(|part| part.rows).sum();
    Ok(Files { carried: new.carried, parts, footers, rows, batches: None, partitions, extent })
}

/// The time that two sets of rows cover together. ISO forms sort as their times do, but for years
/// of other than four digits.
fn both(one: Option<Extent>, other: Option<Extent>) -> Option<Extent> {
    let (Some(one), Some(other)) = (&one, &other) else { return one.or(other) };
    let times = [&one.start, &other.start, &one.end, &other.end];
    let plain = |time: &&Option<String>| {
        time.as_ref().is_some_and(|time| time.starts_with(|first: char| first.is_ascii_digit()))
    };
    if one.dim != other.dim || !times.iter().all(plain) {
        return None;
    }
    let start = one.start.clone().min(other.start.clone());
    Some(Extent { dim: one.dim.clone(), start, end: one.end.clone().max(other.end.clone()) })
}

/// The checksums of what is the table now: its files, and its log up to this version. Versions
/// between, which another writer has left behind, are part of it to other programs.
async fn sums_of(
    destination: &Destination<'_>,
    opened: &Opened,
    parts: &[PartRecord],
    version: u64,
) -> Result<Sums> {
    let target = destination.target;
    let mut sums = destination.store.sums();
    for between in opened.pinned.version + 1..version {
        let name = version_name(between);
        let path = Path::parse(format!("{}/{name}", target.prefix)).map_err(Error::other)?;
        let read = async { target.store.get(&path).await?.bytes().await };
        let content = read.await;
        let content = content.map_err(|error| store_error("read", &name, &target.shown, error))?;
        sums.add(&name, &content);
    }
    let used: std::collections::BTreeSet<_> = parts.iter().map(|part| &part.name).collect();
    sums.retain(|name| is_log(name) || used.contains(&name.to_owned()));
    Ok(sums)
}
