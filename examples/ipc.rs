//! A backend of one's own for a type of one's own: the tracks of buoys, as files of Arrow's IPC.
//!
//! It runs the suite that nuthatch's own backends run, and then stores a track and recalls it:
//! `cargo run --example ipc --features tables`.

use std::io::Cursor;
use std::sync::Arc;

use arrow_ipc::reader::FileReader;
use arrow_ipc::writer::FileWriter;
use futures::future::BoxFuture;
use nuthatch::backend::conformance::Suite;
use nuthatch::backend::{
    Backend, Backends, Damage, Recording, Shown, Source, StoredSums, Target, Verified, Written,
};
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::{ArrayRef, Float64Array, RecordBatch};
use nuthatch::{Cacheable, Error};
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// Where a buoy was, hour by hour.
#[derive(Debug, Clone, PartialEq)]
struct Track(RecordBatch);

/// Stores a track as one file.
#[derive(Debug)]
struct Ipc;

const FILE: &str = "track.arrow";

/// Checksums of up to this many bytes lie in the manifest, larger ones beside the file.
const INLINE_SUMS: usize = 16 * 1024;

impl Cacheable for Track {
    fn backends() -> Backends<Self> {
        &[&Ipc]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

impl Backend<Track> for Ipc {
    fn name(&self) -> &'static str {
        "ipc"
    }

    /// The files describe themselves.
    fn type_shape(&self) -> Option<String> {
        None
    }

    fn write<'a>(
        &'a self,
        track: &'a Track,
        target: &'a Target,
    ) -> BoxFuture<'a, nuthatch::Result<Written>> {
        Box::pin(async move {
            let file = encoded(&track.0)?;
            let bytes = file.len() as u64;
            // What goes through this store is checksummed.
            let store = Recording::new(Arc::clone(&target.store), target.prefix.clone());
            let put = store.put(&path(&target.prefix)?, file.into()).await;
            put.map_err(|error| store_error("write", &target.shown, error))?;
            let shown = target.shown.to_string();
            let sums = store.sums();
            let sums = sums.store(&*target.store, &target.prefix, INLINE_SUMS, &shown).await?;
            let sums = serde_json::to_value(sums).map_err(Error::other)?;
            let mut written = Written { bytes, ..Written::default() };
            written.details.insert("sums".to_owned(), sums);
            Ok(written)
        })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, nuthatch::Result<Track>> {
        Box::pin(async move {
            let shown = source.shown.to_string();
            let damaged = |why: String| Error::Damaged { object: shown.clone(), why };
            let sums = source.record.details.get("sums").cloned().unwrap_or_default();
            let sums = serde_json::from_value::<StoredSums>(sums)
                .map_err(|error| damaged(format!("its checksums cannot be read: {error}")))?;
            let sums = sums.load(&*source.store, &source.prefix, &shown).await?;
            // And what goes through this one is checked before it is seen.
            let store = Verified::new(Arc::clone(&source.store), source.prefix.clone(), sums);
            let path = path(&source.prefix)?;
            let file = async { store.get(&path).await?.bytes().await }.await;
            let file = file.map_err(|error| store_error("read", &source.shown, error))?;
            decoded(&file).map_err(|error| damaged(error.to_string()))
        })
    }

    fn weigh(&self, track: &Track) -> u64 {
        track.0.get_array_memory_size() as u64
    }
}

fn path(prefix: &Path) -> nuthatch::Result<Path> {
    Path::parse(format!("{prefix}/{FILE}")).map_err(Error::other)
}

fn encoded(track: &RecordBatch) -> nuthatch::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, track.schema_ref()).map_err(Error::other)?;
    writer.write(track).and_then(|()| writer.finish()).map_err(Error::other)?;
    Ok(file)
}

fn decoded(file: &[u8]) -> nuthatch::Result<Track> {
    let mut batches = FileReader::try_new(Cursor::new(file), None).map_err(Error::other)?;
    let track = batches.next().ok_or_else(|| Error::other("it holds no rows"))?;
    Ok(Track(track.map_err(Error::other)?))
}

/// Tells damage, which is replaced, from a store that is out of reach.
fn store_error(doing: &str, shown: &Shown, error: object_store::Error) -> Error {
    match Damage::find(&error) {
        Some(damage) => Error::Damaged { object: shown.to_string(), why: damage.to_string() },
        None => Error::Store {
            doing: format!("{doing} {FILE}"),
            location: shown.to_string(),
            source: error.into(),
        },
    }
}

fn drifting(hours: u32) -> nuthatch::Result<Track> {
    let at = |per_hour: f64| {
        let positions = (0..hours).map(|hour| 60.0 + f64::from(hour) * per_hour);
        Arc::new(Float64Array::from_iter_values(positions)) as ArrayRef
    };
    let columns = [("latitude", at(0.01)), ("longitude", at(-0.02))];
    RecordBatch::try_from_iter(columns).map(Track).map_err(Error::other)
}

#[cache]
fn track(buoy: &str, hours: u32) -> nuthatch::Result<Track> {
    println!("asking {buoy}");
    drifting(hours)
}

pub(crate) fn main() -> nuthatch::Result<()> {
    let suite = Suite::new(&Ipc, |one: &Track, other| one == other);
    let suite = suite.value(drifting(0)?).value(drifting(1000)?);
    nuthatch::backend::block_on(suite.run());
    println!("the backend behaves as every backend does");

    nuthatch::set_parameter!("filesystem", "memory://buoys")?;
    let computed = track("Ekofisk", 48)?;
    let recalled = track::call("Ekofisk", 48).strict(true).run()?;
    assert_eq!(recalled, computed);
    println!("recalled {} positions", recalled.0.num_rows());
    Ok(())
}
