//! Bytes from an object: whole, or the chunks that are needed.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes, buf::Reader};
use futures::stream::{self, StreamExt, TryStreamExt};
use nuthatch_core::backend::Shown;
use nuthatch_core::{Error, Result, runtime};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use crate::failure::store_error;
use crate::parallel;

/// Objects of up to this many bytes are read in one request.
pub(super) const WHOLE: u64 = 1 << 20;

/// Objects of up to this many bytes are read in one request where all of them is wanted, and the
/// store has to be waited for: the way there takes longer than what it brings.
const BROUGHT: u64 = 16 << 20;

/// Ranges that lie no further apart are read as one.
const GAP: u64 = 256 << 10;

/// Ranges are read as one up to this length, and beside each other from there.
const LONGEST: u64 = 16 << 20;

/// The end of an object, which most footers fit in.
const TAIL: u64 = 64 << 10;

/// How many requests are on their way to a store that has to be waited for.
const IN_FLIGHT: usize = 8;

/// What ends every file: the length of the footer, and `PAR1`.
const END: u64 = 8;

/// One object of a stored table.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Path,
    /// Below the prefix of the generation.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) shown: Shown,
    pub(super) immediate: bool,
}

impl Object {
    /// The object's name in errors.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.shown, self.name)
    }

    /// A range. It can be awaited on any executor: what has to be waited for is driven by
    /// nuthatch's own runtime.
    pub(super) async fn range(&self, range: Range<u64>) -> Result<Bytes> {
        let read = if self.immediate {
            self.store.get_range(&self.path, range).await
        } else {
            let (store, path) = (Arc::clone(&self.store), self.path.clone());
            runtime::spawn(async move { store.get_range(&path, range).await }).await?
        };
        read.map_err(|error| store_error("read", &self.name, &self.shown, error))
    }

    /// The footer, and the whole object where it is small: more may be so where `all` of it will
    /// be read.
    pub(super) async fn open(&self, all: bool) -> Result<(ParquetMetaData, Option<Bytes>)> {
        let small = if all && !self.immediate { BROUGHT } else { WHOLE };
        let tail_start = if self.bytes <= small { 0 } else { self.bytes - TAIL };
        let tail = self.range(tail_start..self.bytes).await?;
        let length = tail.len().checked_sub(END as usize).map(|start| tail.slice(start..));
        let length = length.and_then(|end| end.first_chunk().copied()).map(u32::from_le_bytes);
        let end = self.bytes.saturating_sub(END);
        let Some(start) = length.and_then(|length| end.checked_sub(length.into())) else {
            return Err(self.no_table("it has no footer"));
        };
        let footer = match start.checked_sub(tail_start) {
            Some(skipped) => tail.slice(skipped as usize..(end - tail_start) as usize),
            None => self.range(start..end).await?,
        };
        let decode = || ParquetMetaDataReader::decode_metadata(&footer).map_err(Error::other);
        let footer = parallel::caught(decode);
        let footer = footer.map_err(|error| self.no_table(&error.to_string()))?;
        Ok((footer, (tail_start == 0).then_some(tail)))
    }

    /// Reads ranges, those that lie close to each other as one.
    pub(super) async fn fetch(&self, ranges: Vec<Range<u64>>) -> Result<Fetched> {
        let merged = merge(ranges);
        let chunks = if self.immediate {
            let threads = parallel::threads_for(usize::MAX);
            parallel::map(merged, threads, |range| {
                let start = range.start;
                Ok((start, runtime::block_on(self.range(range))?))
            })?
        } else {
            let reads = merged.into_iter().map(|range| async move {
                let start = range.start;
                Ok::<_, Error>((start, self.range(range).await?))
            });
            stream::iter(reads).buffered(IN_FLIGHT).try_collect().await?
        };
        Ok(Fetched { length: self.bytes, chunks: Arc::new(chunks.into_iter().collect()) })
    }

    /// The bytes are those that were written, and they are no table.
    pub(super) fn no_table(&self, why: &str) -> Error {
        Error::Damaged { object: self.shown(), why: format!("it is no table: {why}") }
    }
}

/// Some of an object's bytes.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    length: u64,
    chunks: Arc<BTreeMap<u64, Bytes>>,
}

impl Fetched {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { length: bytes.len() as u64, chunks: Arc::new(BTreeMap::from([(0, bytes)])) }
    }

    /// What was fetched from `start` on.
    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        let found = self.chunks.range(..=start).next_back().and_then(|(begin, chunk)| {
            let skipped = usize::try_from(start - begin).ok()?;
            (skipped <= chunk.len()).then(|| chunk.slice(skipped..))
        });
        found.ok_or_else(|| ParquetError::EOF(format!("byte {start} was not fetched")))
    }
}

impl Length for Fetched {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Fetched {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            let end = start.saturating_add(length as u64);
            let error = io::Error::other(format!("bytes {start} to {end} were not fetched"));
            return Err(error.into());
        }
        Ok(bytes.slice(..length))
    }
}

/// The ranges in order, those that lie close to each other as one.
fn merge(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last)
                if range.start < last.end
                    || (range.start - last.end <= GAP && range.end - last.start <= LONGEST) =>
            {
                last.end = last.end.max(range.end);
            }
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_close_to_each_other_are_one() {
        let merged = merge(vec![500..600, 0..100, 100..200, 3 << 20..(3 << 20) + 5, 7..7]);
        assert_eq!(merged, [0..600, 3 << 20..(3 << 20) + 5]);
        let long = merge(vec![0..LONGEST, LONGEST + 1..LONGEST + 2]);
        assert_eq!(long, [0..LONGEST, LONGEST + 1..LONGEST + 2]);
    }
}
