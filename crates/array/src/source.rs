//! Data that is not in memory yet.

use std::fmt;

use futures::future::BoxFuture;
use nuthatch_core::Result;

use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::values::Values;

/// An array that is read, or made, box by box: chunks on disk, a function, another source decoded.
///
/// # Contract
///
/// [`read`](Source::read) returns values of [`dtype`](Source::dtype) and of the box's shape, the
/// same ones each time, or an error; what is damaged is an error that names it.
pub trait Source: Send + Sync + fmt::Debug + 'static {
    /// The type of the elements.
    fn dtype(&self) -> DType;

    /// The size of each dimension.
    fn shape(&self) -> &[u64];

    /// The size of the boxes that are cheap to read: those of the chunks.
    fn chunk_shape(&self) -> &[u64];

    /// The size of the boxes that an array is gone through by, where all of it is read and not
    /// held: a whole number of chunks.
    fn read_shape(&self) -> &[u64] {
        self.chunk_shape()
    }

    /// Reads a box that lies within the shape.
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>>;

    /// Whether reading runs a function of the user's, which a store of the values should not
    /// repeat.
    fn is_computed(&self) -> bool {
        false
    }

    /// Whether there are no elements yet: several processes are to write them.
    fn is_unfilled(&self) -> bool {
        false
    }
}

/// A source without elements: the template of an array that several processes fill.
#[derive(Debug)]
pub(crate) struct Unfilled {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<u64>,
}

impl Source for Unfilled {
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn shape(&self) -> &[u64] {
        &self.shape
    }
    fn chunk_shape(&self) -> &[u64] {
        &self.shape
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move {
            Err(nuthatch_core::Error::other(format!(
                "{region} of an unfilled array has no values: `begin` an entry with it, and \
                 write its regions"
            )))
        })
    }
    fn is_unfilled(&self) -> bool {
        true
    }
}

/// A source made of a function from boxes to values.
pub(crate) struct Produced<F> {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<u64>,
    pub(crate) chunk: Vec<u64>,
    pub(crate) produce: F,
}

impl<F> fmt::Debug for Produced<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produced")
            .field("dtype", &self.dtype)
            .field("shape", &self.shape)
            .field("chunk", &self.chunk)
            .finish_non_exhaustive()
    }
}

impl<F, Made> Produced<F>
where
    F: Fn(Region) -> Made + Send + Sync + 'static,
    Made: Future<Output = Result<Values>> + Send + 'static,
{
    /// One chunk, cut off at the edges: the only regions that the function is asked for.
    async fn chunk(&self, region: &Region) -> Result<Values> {
        let values = (self.produce)(region.clone()).await?;
        if values.dtype() != self.dtype || values.shape() != region.shape() {
            return Err(nuthatch_core::Error::other(format!(
                "the producer made {} of shape {:?} for the region {region}, which is {} of \
                 shape {:?}",
                values.dtype(),
                values.shape(),
                self.dtype,
                region.shape(),
            )));
        }
        Ok(values)
    }
}

impl<F, Made> Source for Produced<F>
where
    F: Fn(Region) -> Made + Send + Sync + 'static,
    Made: Future<Output = Result<Values>> + Send + 'static,
{
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn shape(&self) -> &[u64] {
        &self.shape
    }
    fn chunk_shape(&self) -> &[u64] {
        &self.chunk
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move {
            let grid = ChunkGrid::new(&self.shape, &self.chunk);
            let touched = grid.touched(region);
            if let [only] = touched.as_slice()
                && grid.region(only) == *region
            {
                return self.chunk(region).await;
            }
            let mut whole = Values::blank(self.dtype, &region.shape());
            for index in touched {
                let chunk = grid.region(&index);
                let both = chunk.intersection(region);
                let part = self.chunk(&chunk).await?.slice(&both.relative_to(&chunk).slices());
                whole.assign(&both.relative_to(region).slices(), &part)?;
            }
            Ok(whole)
        })
    }
    fn is_computed(&self) -> bool {
        true
    }
}
