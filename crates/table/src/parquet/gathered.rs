//! All rows at once: read in few chunks, and cut into the batches that were stored.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use nuthatch_core::{Error, Result};

use super::decode::Decoder;
use super::select::{Selection, groups, is_left_out};
use super::stored::{Stored, Wanted, batch, decoded_schema};

/// How many small files are opened at a time, where a store has to be waited for.
const OPENED: usize = 8;

impl Stored {
    /// All rows in few chunks, with the types that columns are decoded as.
    pub(super) async fn chunks(
        self: &Arc<Self>,
        wanted: &Wanted,
        selected: Option<&Selection>,
    ) -> Result<Vec<RecordBatch>> {
        // Those without rows as well: that one is gone is not to go unnoticed.
        let parts = (0..self.parts.len()).filter(|file| !is_left_out(selected, *file));
        let opening: Vec<_> = parts
            .map(|index| {
                let all = self.is_read_whole(index, wanted, selected);
                Arc::clone(self).opened(index, all)
            })
            .collect();
        let mut opened = stream::iter(opening).buffered(OPENED);
        let mut chunks = Vec::new();
        while let Some((index, decoder, bytes)) = opened.try_next().await? {
            for unit in decoder.units(&groups(selected, index, &decoder)) {
                chunks.push(self.read(index, &decoder, bytes.as_ref(), &unit, wanted).await?);
            }
        }
        Ok(chunks)
    }

    async fn opened(
        self: Arc<Self>,
        index: usize,
        all: bool,
    ) -> Result<(usize, Decoder, Option<Bytes>)> {
        let (decoder, bytes) = self.decoder(&self.parts[index], all).await?;
        Ok((index, decoder, bytes))
    }

    /// The batches that were stored, out of the rows of `chunks`.
    pub(super) fn as_stored(
        &self,
        chunks: Vec<RecordBatch>,
        selected: Option<&Selection>,
    ) -> Result<Vec<RecordBatch>> {
        let Some(runs) = &self.batches else {
            return match self.schema.fields().is_empty() {
                // Without columns nothing is decoded that would say how many rows there are.
                true => Ok(vec![batch(&self.schema, Vec::new(), self.row_count()?)?]),
                // Of partitions without rows there are no files, and the schema is kept all the same.
                false if chunks.is_empty() => {
                    Ok(vec![RecordBatch::new_empty(decoded_schema(&self.schema))])
                }
                false => Ok(chunks),
            };
        };
        let lengths = runs.iter().flat_map(|(rows, count)| (0..*count).map(|_| *rows));
        let mut lengths: Vec<_> = lengths.collect();
        if let Some(selected) = selected {
            lengths = self.kept_lengths(&lengths, selected)?;
        }
        let mut batches = Vec::new();
        let mut rest = Chunks { chunks: chunks.into_iter(), current: None };
        let schema = decoded_schema(&self.carried.written);
        for length in lengths {
            let length = usize::try_from(length).map_err(Error::other)?;
            batches.push(if self.schema.fields().is_empty() {
                batch(&self.schema, Vec::new(), length)?
            } else {
                rest.take(&schema, length)?
            });
        }
        Ok(batches)
    }
}

/// Rows that are taken off the front of some chunks.
struct Chunks {
    chunks: std::vec::IntoIter<RecordBatch>,
    current: Option<RecordBatch>,
}

impl Chunks {
    /// The next rows. Within one chunk they are not copied.
    fn take(&mut self, schema: &SchemaRef, rows: usize) -> Result<RecordBatch> {
        let mut taken = Vec::new();
        let mut left = rows;
        while left > 0 {
            let Some(chunk) = self.current.take().or_else(|| self.chunks.next()) else {
                return Err(Error::other("the files have fewer rows than the manifest says"));
            };
            let now = left.min(chunk.num_rows());
            taken.push(chunk.slice(0, now));
            left -= now;
            if now < chunk.num_rows() {
                self.current = Some(chunk.slice(now, chunk.num_rows() - now));
            }
        }
        match taken.as_slice() {
            [one] => Ok(one.clone()),
            several => concat_batches(schema, several).map_err(Error::other),
        }
    }
}
