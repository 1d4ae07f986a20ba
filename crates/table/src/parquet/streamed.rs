//! Rows as they are asked for, a row group in memory at a time.

use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use nuthatch_core::{Error, Result};

use super::decode::Unit;
use super::select::{Selection, groups};
use super::stored::{Stored, Wanted};

/// The rows of one file, a row group in memory at a time.
pub(super) async fn groups_of(
    table: Arc<Stored>,
    wanted: Arc<Wanted>,
    selected: Option<Selection>,
    index: usize,
    most: usize,
) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let all = table.is_read_whole(index, &wanted, selected.as_ref());
    let (decoder, bytes) = table.decoder(&table.parts[index], all).await?;
    let groups = groups(selected.as_ref(), index, &decoder);
    let units: Vec<_> = groups.into_iter().flat_map(|group| decoder.units(&[group])).collect();
    let read = move |unit: Unit| {
        let (table, wanted) = (Arc::clone(&table), Arc::clone(&wanted));
        let (decoder, bytes) = (decoder.clone(), bytes.clone());
        async move {
            let group = table.read(index, &decoder, bytes.as_ref(), &unit, &wanted).await?;
            let starts = (0..group.num_rows()).step_by(most);
            let slices = starts.map(move |start| {
                let rows = group.slice(start, most.min(group.num_rows() - start));
                table.restored(&rows, &wanted.schema)
            });
            Ok::<_, Error>(stream::iter(slices))
        }
    };
    Ok(stream::iter(units).then(read).try_flatten().boxed())
}
