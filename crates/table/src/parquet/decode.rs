//! Row groups into columns, on all cores.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, new_empty_array};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::concat::concat;
use nuthatch_core::{Error, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::fetch::Fetched;
use crate::parallel;
use crate::schema::{decoded_as, retype, schema_as};

/// How long the texts of one column may be that are decoded into one array: Arrow's offsets are
/// of 31 bits.
const MOST_TEXT: i64 = 1 << 30;

/// Row groups that are decoded as one.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) groups: Vec<usize>,
    pub(super) rows: usize,
}

/// One file, ready to be decoded.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    reader: ArrowReaderMetadata,
    types: Arc<[DataType]>,
}

impl Decoder {
    /// `schema` is that of the file's columns; where it is `plain`, the file does not say it.
    pub(super) fn new(
        footer: Arc<ParquetMetaData>,
        schema: &SchemaRef,
        plain: bool,
    ) -> Result<Self> {
        let decoded = schema_as(schema, decoded_as);
        // Where nothing is read as another type, the schema in the file says how to read it.
        let options = match Arc::ptr_eq(&decoded, schema) && !plain {
            true => ArrowReaderOptions::new(),
            false => ArrowReaderOptions::new().with_schema(Arc::clone(&decoded)),
        };
        // A footer whose checksums nobody has compared may say anything, and the libraries panic on
        // some of it: on a schema of no type, on chunks that lie nowhere.
        let reader = parallel::caught(|| {
            let groups = footer.row_groups().iter();
            groups.flat_map(RowGroupMetaData::columns).for_each(|chunk| _ = chunk.byte_range());
            ArrowReaderMetadata::try_new(footer, options).map_err(Error::other)
        })?;
        if reader.schema().fields().len() != schema.fields().len() {
            return Err(Error::other("it has other columns than its manifest says"));
        }
        let types = decoded.fields().iter().map(|field| field.data_type().clone()).collect();
        Ok(Self { reader, types })
    }

    pub(super) fn footer(&self) -> &Arc<ParquetMetaData> {
        self.reader.metadata()
    }

    /// The row groups in units that one array can hold of each column.
    pub(super) fn units(&self, groups: &[usize]) -> Vec<Unit> {
        let footer = self.footer();
        let leaves = footer.file_metadata().schema_descr().num_columns();
        let mut units: Vec<Unit> = Vec::new();
        let mut texts = vec![0_i64; leaves];
        for &group in groups {
            let Some(described) = footer.row_groups().get(group) else { continue };
            let more = described.columns().iter().map(text_bytes);
            let together: Vec<i64> =
                texts.iter().zip(more).map(|(one, more)| one.saturating_add(more)).collect();
            let fits = together.iter().all(|bytes| *bytes <= MOST_TEXT);
            texts = match fits {
                true => together,
                false => described.columns().iter().map(text_bytes).collect(),
            };
            let rows = usize::try_from(described.num_rows()).unwrap_or_default();
            match units.last_mut() {
                Some(unit) if fits => {
                    unit.groups.push(group);
                    unit.rows += rows;
                }
                _ => units.push(Unit { groups: vec![group], rows }),
            }
        }
        units
    }

    /// The bytes of these columns in these row groups.
    pub(super) fn ranges(&self, unit: &Unit, columns: &[usize]) -> Vec<Range<u64>> {
        let described = self.footer().file_metadata().schema_descr();
        let groups = unit.groups.iter().filter_map(|group| self.footer().row_groups().get(*group));
        let of_group = |group: &RowGroupMetaData| {
            let leaves = group.columns().iter().enumerate();
            let wanted =
                leaves.filter(|(leaf, _)| columns.contains(&described.get_column_root_idx(*leaf)));
            let ranges = wanted.map(|(_, chunk)| {
                let (start, length) = chunk.byte_range();
                start..start.saturating_add(length)
            });
            ranges.collect::<Vec<_>>()
        };
        groups.flat_map(of_group).collect()
    }

    /// These columns of a unit, of the types that [`decoded_as`] says.
    pub(super) fn decode(
        &self,
        fetched: &Fetched,
        unit: &Unit,
        columns: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let threads = parallel::threads_for(unit.rows.saturating_mul(columns.len()));
        let one = |column| self.column(fetched, unit, column);
        parallel::map(columns.to_vec(), threads, one)
    }

    fn column(&self, fetched: &Fetched, unit: &Unit, column: usize) -> Result<ArrayRef> {
        let described = self.footer().file_metadata().schema_descr();
        let mask = ProjectionMask::roots(described, [column]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            fetched.clone(),
            self.reader.clone(),
        )
        .with_row_groups(unit.groups.clone())
        .with_projection(mask)
        .with_batch_size(unit.rows.max(1))
        .build()
        .map_err(Error::other)?;
        let mut arrays = Vec::new();
        for batch in reader {
            let batch = batch.map_err(Error::other)?;
            arrays.extend(batch.columns().first().cloned());
        }
        let target = self.types.get(column).unwrap_or(&DataType::Null);
        let array = match arrays.as_slice() {
            [] => new_empty_array(target),
            [array] => Arc::clone(array),
            arrays => {
                let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                concat(&arrays).map_err(Error::other)?
            }
        };
        if array.len() != unit.rows {
            let (found, rows) = (array.len(), unit.rows);
            return Err(Error::other(format!("a column has {found} values in {rows} rows")));
        }
        retype(&array, target).map_err(Error::other)
    }
}

/// How long the texts of a column chunk are when they are decoded.
fn text_bytes(chunk: &ColumnChunkMetaData) -> i64 {
    chunk.unencoded_byte_array_data_bytes().unwrap_or_default()
}
