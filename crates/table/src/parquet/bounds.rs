//! Files and row groups that a filter rules out, by the least and the greatest values of their
//! columns: those of a partition, and the statistics in footers.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use nuthatch_core::Result;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;

use super::scan::ParquetScan;
use crate::schema::restored;
use crate::table::Scan;

/// Files of up to this many bytes are read in one request, footer and all.
const SMALL: u64 = 1 << 20;

/// The least and the greatest values of columns in some files or row groups: what an engine asks
/// to see which of them its filter rules out.
#[derive(Debug)]
pub struct Bounds<'a> {
    kind: Kind<'a>,
    /// The schema as it was stored, whose types the values have.
    stored: SchemaRef,
}

#[derive(Debug)]
enum Kind<'a> {
    /// Files of a partitioned table, each with one value in a column.
    Files {
        values: Option<&'a RecordBatch>,
        count: usize,
    },
    Groups {
        footer: &'a ParquetMetaData,
        schema: &'a SchemaRef,
    },
}

impl<'a> Bounds<'a> {
    /// Those of the row groups of one file, whose columns are read as those of `schema`.
    #[must_use]
    pub fn of_groups(footer: &'a ParquetMetaData, schema: &'a SchemaRef) -> Self {
        Self { kind: Kind::Groups { footer, schema }, stored: Arc::clone(schema) }
    }

    /// How many files or row groups there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Files { count, .. } => *count,
            Kind::Groups { footer, .. } => footer.num_row_groups(),
        }
    }

    /// The least values of a column, one for each; null where it is not known. Texts may be cut,
    /// and are still no greater than any value. None where nothing is known.
    #[must_use]
    pub fn least(&self, column: &str) -> Option<ArrayRef> {
        let written = match &self.kind {
            Kind::Files { .. } => self.values(column),
            Kind::Groups { footer, .. } => {
                self.converter(column)?.row_group_mins(footer.row_groups()).ok()
            }
        };
        self.restored(column, &written?)
    }

    /// The greatest values, as [`least`](Self::least).
    #[must_use]
    pub fn greatest(&self, column: &str) -> Option<ArrayRef> {
        let written = match &self.kind {
            Kind::Files { .. } => self.values(column),
            Kind::Groups { footer, .. } => {
                self.converter(column)?.row_group_maxes(footer.row_groups()).ok()
            }
        };
        self.restored(column, &written?)
    }

    /// How many values of a column are missing, and of how many, in each row group; none where that
    /// is not known, as of columns that hold others.
    #[must_use]
    pub fn missing(&self, column: &str) -> Option<Vec<(u64, u64)>> {
        let Kind::Groups { footer, schema } = &self.kind else { return None };
        let described = footer.file_metadata().schema_descr();
        let converter = StatisticsConverter::try_new(column, schema, described).ok()?;
        converter.parquet_column_index()?;
        let counts = converter.row_group_null_counts(footer.row_groups()).ok()?;
        let groups = counts.iter().zip(footer.row_groups());
        let known = groups.map(|(nulls, group)| Some((nulls?, group.num_rows().try_into().ok()?)));
        known.collect()
    }

    fn restored(&self, column: &str, written: &ArrayRef) -> Option<ArrayRef> {
        let (_, field) = self.stored.column_with_name(column)?;
        let known = has_order(field.data_type());
        known.then(|| restored(written, field.data_type()).ok()).flatten()
    }

    fn values(&self, column: &str) -> Option<ArrayRef> {
        let Kind::Files { values, .. } = &self.kind else { return None };
        let values = (*values)?.column_by_name(column)?;
        has_order(values.data_type()).then(|| values.clone())
    }

    fn converter(&self, column: &str) -> Option<StatisticsConverter<'_>> {
        let Kind::Groups { footer, schema } = &self.kind else { return None };
        let (_, field) = schema.column_with_name(column)?;
        let described = footer.file_metadata().schema_descr();
        let converter = StatisticsConverter::try_new(column, schema, described);
        converter.ok().filter(|_| has_order(field.data_type()))
    }
}

impl ParquetScan {
    /// What is left when `keeps` says of each file, and then of each row group, whether a row of
    /// it may be wanted. Small files are not looked into: reading them is looking into them.
    ///
    /// # Errors
    ///
    /// A footer is gone or damaged, or cannot be read.
    pub async fn pruned(&self, keeps: impl Fn(&Bounds<'_>) -> Vec<bool>) -> Result<Self> {
        let files: Vec<_> = self.files().collect();
        let of_files = Kind::Files { values: self.partition_values(), count: files.len() };
        let stored = self.schema();
        let kept = keeps(&Bounds { kind: of_files, stored: Arc::clone(&stored) });
        let mut selected = Vec::new();
        for (index, file) in files.iter().enumerate() {
            selected.push(match kept.get(index) {
                Some(false) => Some(Vec::new()),
                _ if file.bytes <= SMALL => None,
                _ => {
                    let footer = self.footer(index).await?;
                    let schema = self.file_schema();
                    let kept = {
                        let kind = Kind::Groups { footer: &footer, schema: &schema };
                        keeps(&Bounds { kind, stored: Arc::clone(&stored) })
                    };
                    let groups = 0..footer.num_row_groups();
                    Some(groups.filter(|group| kept.get(*group) != Some(&false)).collect())
                }
            });
        }
        self.select(selected)
    }
}

/// Whether least and greatest values say where the others are. Of floats they do not: statistics
/// leave NaN out, and engines take it for the greatest of all.
fn has_order(data_type: &DataType) -> bool {
    use DataType as D;
    data_type.is_integer()
        || matches!(
            data_type,
            D::Boolean
                | D::Date32
                | D::Date64
                | D::Time32(_)
                | D::Time64(_)
                | D::Timestamp(..)
                | D::Utf8
                | D::LargeUtf8
                | D::Utf8View
        )
}
