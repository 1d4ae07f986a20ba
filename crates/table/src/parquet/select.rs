//! Which row groups are read: those that may have a row within a range of time, or those that an
//! engine has chosen by their statistics.

use std::ops::Range;
use std::sync::Arc;

use nuthatch_core::time::TimeRange;
use nuthatch_core::{Error, Result};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::decode::Decoder;
use super::fetch;
use super::scan::ParquetScan;
use super::stored::{Place, Stored};
use crate::schema::counted_as;
use crate::time::TimeColumn;

/// The row groups of each file that are read, in their order; `None` for all of a file.
pub(super) type Selection = Arc<[Option<Vec<usize>>]>;

impl ParquetScan {
    /// The footer of a file, by its place among the files: it is read once.
    ///
    /// # Errors
    ///
    /// The file is gone or damaged, or cannot be read; or there are not that many.
    pub async fn footer(&self, file: usize) -> Result<Arc<ParquetMetaData>> {
        let Some(part) = self.table.parts.get(file) else {
            let files = self.table.parts.len();
            return Err(Error::other(format!("file {file} of a table of {files}")));
        };
        Ok(Arc::clone(self.table.decoder(part, false).await?.0.footer()))
    }

    /// Those row groups of each file alone (`None`: all), in the order of the files; of row groups
    /// that were left out before, none comes back.
    ///
    /// # Errors
    ///
    /// It names no row groups of some files, or some of too many.
    pub fn select(&self, groups: Vec<Option<Vec<usize>>>) -> Result<Self> {
        let files = self.table.parts.len();
        if groups.len() != files {
            let named = groups.len();
            return Err(Error::other(format!(
                "row groups of {named} files are selected, of a table of {files}"
            )));
        }
        let mut groups = groups;
        if let Some(before) = &self.selected {
            for (groups, before) in groups.iter_mut().zip(before.iter()) {
                match (groups.as_mut(), before) {
                    (Some(groups), Some(before)) => groups.retain(|group| before.contains(group)),
                    (None, Some(before)) => *groups = Some(before.clone()),
                    (_, None) => {}
                }
            }
        }
        Ok(Self { selected: Some(groups.into()), ..self.clone() })
    }

    /// Some of the files alone, by their places.
    ///
    /// # Errors
    ///
    /// As of [`select`](Self::select).
    pub fn files_alone(&self, is_read: impl Fn(usize) -> bool) -> Result<Self> {
        let files = 0..self.table.parts.len();
        self.select(files.map(|file| (!is_read(file)).then(Vec::new)).collect())
    }

    /// The row groups that may have a row within a range of time, where the table has a column
    /// that says when. Small files are not looked into: reading them is looking into them.
    ///
    /// # Errors
    ///
    /// As of [`footer`](Self::footer).
    pub async fn within(&self, range: &TimeRange) -> Result<Self> {
        let dims: Vec<&str> = range.dims.iter().map(String::as_str).collect();
        // Whoever clips the table will say what is wrong with the column.
        let schema = counted_as(&self.table.carried);
        let Ok(column) = TimeColumn::find(&schema, &dims) else {
            return Ok(self.clone());
        };
        let mut selected = Vec::new();
        for (index, part) in self.table.parts.iter().enumerate() {
            let is_small = part.object.bytes <= fetch::WHOLE;
            let groups = match self.table.columns[column.index] {
                Place::Partition(place)
                    if !self.file_is_within(place, index, &column, range)? =>
                {
                    Some(Vec::new())
                }
                Place::File(place) if !is_small => {
                    let (decoder, _) = self.table.decoder(part, false).await?;
                    let counted = column.bounds(range.start, range.end);
                    Some(match counted {
                        Some(bounds) => groups_between(decoder.footer(), place, bounds),
                        None => self.groups_of_text(index, &decoder, &column, range).await?,
                    })
                }
                _ => None,
            };
            selected.push(groups);
        }
        self.select(selected)
    }

    /// Whether the partition of a file lies within.
    fn file_is_within(
        &self,
        place: usize,
        file: usize,
        column: &TimeColumn,
        range: &TimeRange,
    ) -> Result<bool> {
        let values = self.table.partitions.as_ref().and_then(|all| all.columns().get(place));
        let Some(values) = values.filter(|values| file < values.len()) else { return Ok(true) };
        let within = column.between(&values.slice(file, 1), range.start, range.end);
        // A text that names no time is told by whoever clips.
        Ok(within.map_or(true, |within| within.value(0)))
    }

    /// Texts are read: their order is not that of the times that they name.
    async fn groups_of_text(
        &self,
        file: usize,
        decoder: &Decoder,
        column: &TimeColumn,
        range: &TimeRange,
    ) -> Result<Vec<usize>> {
        let wanted = self.table.wanted(Some(vec![column.index]))?;
        let mut groups = Vec::new();
        for group in 0..decoder.footer().num_row_groups() {
            for unit in decoder.units(&[group]) {
                let texts = self.table.read(file, decoder, None, &unit, &wanted).await?;
                let within = column.between(texts.column(0), range.start, range.end);
                if within.map_or(true, |within| within.count_set_bits() > 0) {
                    groups.push(group);
                }
            }
        }
        Ok(groups)
    }
}

/// The row groups whose least and greatest count leave room for one between the bounds.
fn groups_between(footer: &ParquetMetaData, column: usize, bounds: (i64, i64)) -> Vec<usize> {
    let described = footer.file_metadata().schema_descr();
    let leaf =
        (0..described.num_columns()).find(|leaf| described.get_column_root_idx(*leaf) == column);
    let groups = footer.row_groups().iter().enumerate().filter(|(_, group)| {
        let chunk = leaf.and_then(|leaf| group.columns().get(leaf));
        let ends = chunk.and_then(|chunk| chunk.statistics()).and_then(ends);
        ends.is_none_or(|(least, greatest)| bounds.0 <= greatest && least <= bounds.1)
    });
    groups.map(|(index, _)| index).collect()
}

/// The least and the greatest count of a column, where its statistics say so.
fn ends(statistics: &Statistics) -> Option<(i64, i64)> {
    match statistics {
        Statistics::Int32(values) => {
            let ends = values.min_opt().zip(values.max_opt());
            ends.map(|(least, greatest)| ((*least).into(), (*greatest).into()))
        }
        Statistics::Int64(values) => {
            values.min_opt().zip(values.max_opt()).map(|(least, greatest)| (*least, *greatest))
        }
        _ => None,
    }
}

/// The row groups of a file that are read.
pub(super) fn groups(selected: Option<&Selection>, file: usize, decoder: &Decoder) -> Vec<usize> {
    match selected.and_then(|selected| selected.get(file)?.as_ref()) {
        Some(groups) => groups.clone(),
        None => (0..decoder.footer().num_row_groups()).collect(),
    }
}

/// Whether nothing of a file is read.
pub(super) fn is_left_out(selected: Option<&Selection>, file: usize) -> bool {
    let groups = selected.and_then(|selected| selected.get(file)?.as_ref());
    groups.is_some_and(Vec::is_empty)
}

impl Stored {
    /// The rows of a file that are read, counted within the file.
    fn kept_of(&self, file: usize, selected: &Selection) -> Result<Vec<Range<u64>>> {
        // What was not opened has not been read.
        let Some(decoder) = self.parts[file].decoder.get() else { return Ok(Vec::new()) };
        let groups = groups(Some(selected), file, decoder);
        let mut kept = Vec::new();
        let mut start = 0_u64;
        for (index, group) in decoder.footer().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).map_err(Error::other)?;
            if groups.contains(&index) {
                kept.push(start..start + rows);
            }
            start += rows;
        }
        Ok(kept)
    }

    /// How many rows of each stored batch are read. Batches of which nothing is left are left out,
    /// but for one that tells the schema.
    pub(super) fn kept_lengths(&self, lengths: &[u64], selected: &Selection) -> Result<Vec<u64>> {
        let mut kept = Vec::new();
        let mut start = 0;
        for (file, part) in self.parts.iter().enumerate() {
            let of_file = self.kept_of(file, selected)?;
            kept.extend(of_file.into_iter().map(|rows| rows.start + start..rows.end + start));
            start += part.rows;
        }
        let mut left = Vec::new();
        let mut start = 0;
        let mut kept = kept.as_slice();
        for length in lengths {
            let end = start + length;
            while kept.first().is_some_and(|rows| rows.end <= start) {
                kept = &kept[1..];
            }
            let overlaps = kept.iter().take_while(|rows| rows.start < end);
            let rows = overlaps.map(|rows| rows.end.min(end) - rows.start.max(start)).sum::<u64>();
            left.extend((rows > 0).then_some(rows));
            start = end;
        }
        if left.is_empty() && !lengths.is_empty() {
            left.push(0);
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_every_width_have_ends() {
        assert_eq!(ends(&Statistics::int32(Some(-1), Some(4), None, None, false)), Some((-1, 4)));
        assert_eq!(ends(&Statistics::int64(Some(2), Some(3), None, None, false)), Some((2, 3)));
        assert_eq!(ends(&Statistics::int64(None, Some(3), None, None, false)), None);
        assert_eq!(ends(&Statistics::double(Some(0.0), Some(1.0), None, None, false)), None);
    }
}
