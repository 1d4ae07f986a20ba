//! One process's share of an entry that several fill.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use nuthatch_core::backend::Target;
use nuthatch_core::ticket::Ticket;
use nuthatch_core::{Error, Result, runtime};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutMode, PutPayload};

use crate::region::Region;
use crate::source::Unfilled;
use crate::values::Values;
use crate::variable::Variable;

use super::chunks::product;
use super::documents::Format;
use super::files::{Files, REQUESTS};
use super::folder;
use super::share::{self, Layout, Piece, Record};
use super::write::{Encoding, at_once, cores};

/// An entry that several processes fill: this process's way to write its regions.
///
/// One process begins the entry with a template: its coordinates, and arrays that are
/// [`unfilled`](crate::DataArray::unfilled). It hands the [`Ticket`] to the others, each of which
/// writes regions that are made of whole chunks; then one commits, and the entry is there, whole.
///
/// ```
/// use nuthatch_array::{Filling, Region};
/// use nuthatch_core::ticket::Ticket;
///
/// // In each of three processes, which were handed the ticket as JSON:
/// fn third(ticket: &str, own: usize) -> Result<(), Box<dyn std::error::Error>> {
///     let ticket: Ticket = serde_json::from_str(ticket)?;
///     let filling = Filling::open(&ticket)?;
///     for region in filling.regions("sst")?.iter().skip(own).step_by(3) {
///         let values = ndarray::ArrayD::<f32>::zeros(region.shape());
///         filling.write_region_blocking("sst", region, values)?;
///     }
///     Ok(())
/// }
/// assert!(third("{}", 0).is_err(), "that is no ticket");
/// ```
#[derive(Debug, Clone)]
pub struct Filling {
    ticket: Arc<Ticket>,
    layout: Arc<Layout>,
    target: Target,
    folder: Path,
}

impl Filling {
    /// Opens what a ticket is for. Nothing is read.
    ///
    /// # Errors
    ///
    /// The ticket is of another backend, or of a location that this process has not.
    pub fn open(ticket: &Ticket) -> Result<Self> {
        let layout = Arc::new(Layout::read(ticket.layout())?);
        let target = ticket.target()?;
        let folder = folder(&target.prefix)?;
        Ok(Self { ticket: Arc::new(ticket.clone()), layout, target, folder })
    }

    /// The smallest regions that can be written: one chunk each, cut off at the edges. Several
    /// side by side, as one box, are a region too.
    ///
    /// # Errors
    ///
    /// There is no such array to be filled.
    pub fn regions(&self, array: &str) -> Result<Vec<Region>> {
        let grid = self.layout.to_fill(array)?.0.grid();
        Ok(grid.all().iter().map(|index| grid.region(index)).collect())
    }

    /// Those of [`regions`](Self::regions) that no process has finished yet: what is left to do
    /// after one was killed.
    ///
    /// # Errors
    ///
    /// As [`regions`](Self::regions); also where the records cannot be read.
    pub async fn missing(&self, array: &str) -> Result<Vec<Region>> {
        let (this, array) = (self.clone(), array.to_owned());
        self.run(async move {
            let grid = this.layout.to_fill(&array)?.0.grid();
            let records = share::records(&this.target).await?;
            let is_there = |index: &Vec<u64>| {
                let object = this.layout.format.object(&array, index);
                records.iter().any(|(_, record)| record.objects.contains_key(&object))
            };
            let missing = grid.all().into_iter().filter(|index| !is_there(index));
            Ok(missing.map(|index| grid.region(&index)).collect())
        })
        .await
    }

    /// Writes a region: whole chunks, and values of the array's type and the region's shape.
    ///
    /// A chunk that is there already is not written over: the same content is well, as when a
    /// killed process is run again, and other content is an error.
    ///
    /// # Errors
    ///
    /// The region leaves the array, or cuts a chunk, and the error names the nearest region that
    /// does not; the values are of another type or shape; a chunk is there with other content; the
    /// entry was committed already; or the store cannot be written.
    pub async fn write_region(
        &self,
        array: &str,
        region: &Region,
        values: impl Into<Values>,
    ) -> Result<()> {
        let (this, array) = (self.clone(), array.to_owned());
        let (region, values) = (region.clone(), values.into());
        self.run(async move { this.write(&array, &region, &values).await }).await
    }

    /// As [`write_region`](Self::write_region), in code that is not async; blocks meanwhile.
    ///
    /// # Errors
    ///
    /// As [`write_region`](Self::write_region).
    pub fn write_region_blocking(
        &self,
        array: &str,
        region: &Region,
        values: impl Into<Values>,
    ) -> Result<()> {
        runtime::block_on(self.write_region(array, region, values))
    }

    /// Removes the chunks of a region, finished or not, so that it can be written anew with other
    /// content. No process may be writing there.
    ///
    /// # Errors
    ///
    /// As [`write_region`](Self::write_region), of the region.
    pub async fn discard(&self, array: &str, region: &Region) -> Result<()> {
        let (this, array, region) = (self.clone(), array.to_owned(), region.clone());
        self.run(async move { this.remove(&array, &region).await }).await
    }

    async fn run<O: Send + 'static>(
        &self,
        work: impl Future<Output = Result<O>> + Send + 'static,
    ) -> Result<O> {
        match self.target.immediate {
            true => runtime::within(work).await,
            false => runtime::spawn(work).await?,
        }
    }

    async fn write(&self, array: &str, region: &Region, values: &Values) -> Result<()> {
        let (laid, dtype) = self.layout.to_fill(array)?;
        let touched = self.touched(array, region)?;
        if values.dtype() != dtype || values.shape() != region.shape() {
            return Err(Error::other(format!(
                "the region {region} of `{array}` is {dtype} of shape {:?}, and {} of shape {:?} \
                 is to be written",
                region.shape(),
                values.dtype(),
                values.shape()
            )));
        }
        self.must_be_open().await?;
        let store = Arc::clone(&self.target.store);
        let (shown, immediate) = (self.target.shown.clone(), self.target.immediate);
        let files = Files::new(store, self.folder.clone(), shown, immediate, true);
        let files = files.bounded(REQUESTS);
        let unfilled = Arc::new(Unfilled { dtype, shape: laid.shape.clone() });
        let variable = Variable::lazy(laid.dims.clone(), unfilled)?;
        let metadata = laid.document.metadata(self.layout.format)?;
        let encoding = Encoding::new(array, &variable, &files, metadata, &laid.object)?;
        let is_v2 = self.layout.format == Format::V2;
        let mut record = Record {
            array: array.to_owned(),
            region: region.clone(),
            objects: Default::default(),
            sums: is_v2.then(Default::default),
        };
        let (grid, encoding) = (laid.grid(), &encoding);
        let at_once = at_once(&files, product(&laid.object).saturating_mul(dtype.size() as u64));
        let threads = cores().div_ceil(touched.len().clamp(1, at_once));
        let written = stream::iter(touched).map(|index| {
            let whole = grid.region(&index);
            async move {
                let part = whole.relative_to(region);
                let bytes = encoding.chunk(values.slice(&part.slices()), threads).await?;
                let object = self.layout.format.object(array, &index);
                self.put(&object, array, &whole, &bytes).await?;
                Ok::<_, Error>((object, bytes))
            }
        });
        let mut written = pin!(written.buffer_unordered(at_once));
        while let Some((object, bytes)) = written.try_next().await? {
            if let Some(sums) = &mut record.sums {
                sums.add(&object, &bytes);
            }
            let blake3 = HEXLOWER.encode(blake3::hash(&bytes).as_bytes());
            record.objects.insert(object, Piece { bytes: bytes.len() as u64, blake3 });
        }
        let record = serde_json::to_vec(&record).map_err(Error::other)?;
        let path = format!("{}/{}.json", self.target.scratch()?, ulid::Ulid::new());
        let path = Path::parse(path).map_err(Error::other)?;
        let put = self.target.store.put(&path, PutPayload::from(record)).await;
        put.map(drop).map_err(|error| self.failed(format!("write {path}"), error))
    }

    /// Creates a chunk's object. One that is there is left, and must be the same.
    async fn put(&self, object: &str, array: &str, region: &Region, bytes: &Bytes) -> Result<()> {
        let path = self.path(object)?;
        let mode = match self.ticket.is_conditional() {
            true => PutMode::Create,
            false => PutMode::Overwrite,
        };
        let store = &self.target.store;
        let put = store.put_opts(&path, PutPayload::from_bytes(bytes.clone()), mode.into()).await;
        match put {
            Ok(_) => return Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(self.failed(format!("write {object}"), error)),
        }
        let read = async { store.get(&path).await?.bytes().await };
        let there = read.await.map_err(|error| self.failed(format!("read {object}"), error))?;
        if there == *bytes {
            return Ok(());
        }
        Err(Error::other(format!(
            "the region {region} of `{array}` is there already with other content ({object}): \
             regions overlap, or a process was killed and this one computes other values; give \
             each region to one process, and `discard` it before it is written anew"
        )))
    }

    async fn remove(&self, array: &str, region: &Region) -> Result<()> {
        let touched = self.touched(array, region)?;
        self.must_be_open().await?;
        let objects: Vec<String> =
            touched.iter().map(|index| self.layout.format.object(array, index)).collect();
        // The records first: without them, no chunk counts as written.
        let mut paths = Vec::new();
        for (path, record) in share::records(&self.target).await? {
            if objects.iter().any(|object| record.objects.contains_key(object)) {
                if !record.objects.keys().all(|object| objects.contains(object)) {
                    return Err(Error::other(format!(
                        "`{array}` was written there as the region {}; discard that one",
                        record.region
                    )));
                }
                paths.push(path);
            }
        }
        for object in &objects {
            paths.push(self.path(object)?);
        }
        for path in paths {
            match self.target.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(format!("remove {path}"), error)),
            }
        }
        Ok(())
    }

    /// The chunks of a region, which must be whole ones.
    fn touched(&self, array: &str, region: &Region) -> Result<Vec<Vec<u64>>> {
        let (laid, _) = self.layout.to_fill(array)?;
        if !region.is_within(&laid.shape) || region.is_empty() {
            return Err(Error::other(format!(
                "the region {region} is no part of `{array}`, whose shape is {:?}",
                laid.shape
            )));
        }
        let grid = laid.grid();
        let aligned = grid.aligned(region);
        if aligned != *region {
            return Err(Error::other(format!(
                "the region {region} of `{array}` cuts chunks of shape {:?}, and two processes \
                 would write one object; the nearest region of whole chunks is {aligned}",
                laid.object
            )));
        }
        Ok(grid.touched(region))
    }

    async fn must_be_open(&self) -> Result<()> {
        match self.ticket.is_committed().await? {
            false => Ok(()),
            true => Err(Error::other(
                "the entry was committed already, and nothing of it can be written any more; begin \
                 another",
            )),
        }
    }

    fn path(&self, object: &str) -> Result<Path> {
        Path::parse(format!("{}/{object}", self.folder)).map_err(Error::other)
    }

    fn failed(&self, doing: String, error: object_store::Error) -> Error {
        Error::Store { doing, location: self.target.shown.to_string(), source: error.into() }
    }
}
