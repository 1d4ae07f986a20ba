//! Text that is stored a byte an element, along the last dimension: CF's way, which xarray joins.

use std::iter;
use std::sync::Arc;

use futures::future::BoxFuture;
use ndarray::{ArrayD, Axis, IxDyn};
use nuthatch_core::{Error, Result};

use crate::dtype::DType;
use crate::region::Region;
use crate::source::Source;
use crate::values::Values;

use super::stored::{StoredArray, utf8};

/// Bytes, as the text that they are along the last dimension.
#[derive(Debug)]
pub(super) struct Characters(StoredArray);

impl Characters {
    /// Bytes of one dimension at least.
    pub(super) fn new(bytes: StoredArray) -> Self {
        Self(bytes)
    }
}

fn but_last(all: &[u64]) -> &[u64] {
    all.split_last().map_or(all, |(_, before)| before)
}

impl Source for Characters {
    fn dtype(&self) -> DType {
        DType::String
    }
    fn shape(&self) -> &[u64] {
        but_last(self.0.shape())
    }
    fn chunk_shape(&self) -> &[u64] {
        but_last(self.0.chunk_shape())
    }
    fn read_shape(&self) -> &[u64] {
        but_last(self.0.read_shape())
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move {
            let shape = region.shape();
            let length = self.0.shape().last().copied().unwrap_or_default();
            if length == 0 || region.is_empty() {
                return Ok(Values::blank(DType::String, &shape));
            }
            let ranges = region.ranges().iter().cloned().chain(iter::once(0..length)).collect();
            let Values::U8(bytes) = self.0.read(&Region::new(ranges)).await? else {
                return Err(Error::other("characters are bytes"));
            };
            let last = Axis(bytes.ndim() - 1);
            let texts = bytes.lanes(last).into_iter().map(|lane| utf8(&lane.to_vec()));
            let texts: Vec<Arc<str>> = texts.collect::<Result<_, _>>().map_err(Error::other)?;
            let texts = ArrayD::from_shape_vec(IxDyn(&shape), texts).map_err(Error::other)?;
            Ok(Values::String(texts.into_shared()))
        })
    }
}
