//! New rows merged into stored ones, by keys.
//!
//! The stored rows stream through, and each that has the key of a new row is replaced where it
//! stands; the new rows that replaced none follow. What is in memory are the new rows and a row
//! group of the stored ones.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use arrow_select::take::take_record_batch;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use nuthatch_core::backend::{Source, Target, Written};
use nuthatch_core::{Error, Result};

use super::scan::ParquetScan;
use super::write::write;
use crate::failure::{backend_error, column_error};
use crate::schema::{Aligned, align, retype};
use crate::table::{Rows, Scan};

pub(super) async fn upsert(
    rows: Rows<'_>,
    keys: &[&str],
    base: Option<&Source>,
    target: &Target,
    type_name: &'static str,
) -> Result<Written> {
    let cannot = |error: Error| match error {
        Error::Other(error) => backend_error(super::NAME, "upsert", type_name, error),
        error => error,
    };
    let scan = match base {
        Some(base) => Some(ParquetScan::open(base, super::NAME, type_name).await?),
        None => None,
    };
    let stored = scan.as_ref().map(Scan::schema);
    let merge = Merge::new(rows, keys, stored.as_deref()).await.map_err(cannot)?;
    write(merge.rows(scan.as_ref()), target, type_name).await
}

/// New rows that are to be merged into stored ones, by keys.
pub struct Merge {
    schema: SchemaRef,
    /// How columns are matched, where there are stored rows.
    aligned: Option<Aligned>,
    new: RecordBatch,
    keyed: Keyed,
}

impl fmt::Debug for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge")
            .field("schema", &self.schema)
            .field("rows", &self.new.num_rows())
            .finish_non_exhaustive()
    }
}

impl Merge {
    /// Takes all new rows, to be merged into rows of the schema `stored`, if there are any.
    ///
    /// # Errors
    ///
    /// A key column that is missing or empty in some row, two rows with one key, or columns that
    /// do not match those that are stored: each names the column.
    pub async fn new(rows: Rows<'_>, keys: &[&str], stored: Option<&Schema>) -> Result<Self> {
        let schema = Arc::clone(&rows.schema);
        let new: Vec<_> = rows.batches.try_collect().await?;
        let new = concat_batches(&schema, &new).map_err(Error::other)?;
        let Some(stored) = stored else {
            let keyed = Keyed::new(keys, &new)?;
            return Ok(Self { schema, aligned: None, new, keyed });
        };
        let aligned = align(stored, &schema)?;
        let new = aligned.new_rows(&new)?;
        let keyed = Keyed::new(keys, &new)?;
        Ok(Self { schema: Arc::clone(&aligned.schema), aligned: Some(aligned), new, keyed })
    }

    /// The schema of what they make together.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The new rows.
    #[must_use]
    pub fn new_rows(&self) -> &RecordBatch {
        &self.new
    }

    /// Which files have a row that is to be replaced.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub async fn touched(&self, scan: &ParquetScan) -> Result<Vec<bool>> {
        let files = scan.files().count();
        let mut touched = Vec::with_capacity(files);
        for file in 0..files {
            touched.push(self.touches(&scan.files_alone(|index| index == file)?).await?);
        }
        Ok(touched)
    }

    async fn touches(&self, scan: &ParquetScan) -> Result<bool> {
        let names = self.keyed.columns.iter().map(|column| self.schema.field(*column).name());
        let stored = scan.schema();
        let columns = names.map(|name| stored.index_of(name)).collect::<Result<Vec<_>, _>>();
        let mut keys = scan.stream(Some(columns.map_err(Error::other)?));
        while let Some(batch) = keys.try_next().await? {
            let rows = self.keyed.rows_of_keys(&self.schema, batch.columns())?;
            if rows.iter().any(|row| self.keyed.rows.contains_key(&row.owned())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The stored rows as they stream through, with those replaced that have the key of a new one,
    /// then what is left of the new ones.
    #[must_use]
    pub fn rows(self, stored: Option<&ParquetScan>) -> Rows<'static> {
        let schema = Arc::clone(&self.schema);
        let (Some(aligned), Some(scan)) = (self.aligned, stored) else {
            let batches = stream::iter([Ok(self.new)]).boxed();
            return Rows { schema, batches, keep_batches: false, at_hand: false };
        };
        let batches = merged(scan, aligned, self.new, self.keyed);
        Rows { schema, batches, keep_batches: false, at_hand: false }
    }
}

/// The new rows by their keys.
struct Keyed {
    columns: Vec<usize>,
    converter: RowConverter,
    rows: HashMap<OwnedRow, usize>,
    /// Which of the new rows have replaced a stored one.
    used: Vec<bool>,
}

impl Keyed {
    /// # Errors
    ///
    /// Where a key column is missing or empty in some row, or two rows have the same key.
    fn new(keys: &[&str], new: &RecordBatch) -> Result<Self> {
        let schema = new.schema();
        let columns = key_columns(keys, &schema)?;
        for column in &columns {
            let nulls = new.column(*column).logical_nulls();
            let first = nulls.and_then(|nulls| (0..nulls.len()).find(|row| nulls.is_null(*row)));
            if let Some(row) = first {
                let name = schema.field(*column).name();
                return Err(column_error(
                    name,
                    &format!("it is an upsert key, and row {row} has no value in it"),
                ));
            }
        }
        let fields = columns.iter().map(|column| schema.field(*column).data_type().clone());
        let converter =
            RowConverter::new(fields.map(SortField::new).collect()).map_err(Error::other)?;
        let mut keyed =
            Self { columns, converter, rows: HashMap::new(), used: vec![false; new.num_rows()] };
        let rows = keyed.rows_of(new)?;
        for (index, row) in rows.iter().enumerate() {
            if let Some(first) = keyed.rows.insert(row.owned(), index) {
                let key = keyed.shown(new, index)?;
                return Err(Error::other(format!(
                    "the new rows {first} and {index} have the same upsert key, {key}"
                )));
            }
        }
        Ok(keyed)
    }

    /// The rows of the key columns alone, with the types of `schema`.
    fn rows_of_keys(&self, schema: &Schema, keys: &[ArrayRef]) -> Result<arrow_row::Rows> {
        let types = self.columns.iter().map(|column| schema.field(*column).data_type());
        let keys = keys.iter().zip(types).map(|(key, data_type)| retype(key, data_type));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(Error::other)?;
        self.converter.convert_columns(&keys).map_err(Error::other)
    }

    fn rows_of(&self, batch: &RecordBatch) -> Result<arrow_row::Rows> {
        let columns: Vec<ArrayRef> =
            self.columns.iter().map(|column| Arc::clone(batch.column(*column))).collect();
        self.converter.convert_columns(&columns).map_err(Error::other)
    }

    /// Stored rows, with those replaced that have the key of a new one.
    fn replace(&mut self, stored: RecordBatch, new: &RecordBatch) -> Result<RecordBatch> {
        let rows = self.rows_of(&stored)?;
        let mut places = Vec::with_capacity(stored.num_rows());
        let mut replaced = false;
        for (index, row) in rows.iter().enumerate() {
            let place = match self.rows.get(&row.owned()) {
                None => (0, index),
                Some(&position) => {
                    if std::mem::replace(&mut self.used[position], true) {
                        let key = self.shown(&stored, index)?;
                        return Err(Error::other(format!(
                            "two stored rows have the upsert key {key}, so that it names no row; \
                             store the table anew"
                        )));
                    }
                    replaced = true;
                    (1, position)
                }
            };
            places.push(place);
        }
        if !replaced {
            return Ok(stored);
        }
        interleave_record_batch(&[&stored, new], &places).map_err(Error::other)
    }

    /// The new rows that replaced none.
    fn rest(&self, new: &RecordBatch) -> Result<RecordBatch> {
        let unused = self.used.iter().enumerate().filter(|(_, used)| !**used);
        let unused = unused.map(|(index, _)| u32::try_from(index)).collect::<Result<Vec<_>, _>>();
        let unused = UInt32Array::from(unused.map_err(Error::other)?);
        take_record_batch(new, &unused).map_err(Error::other)
    }

    /// A row's key as people read it.
    fn shown(&self, batch: &RecordBatch, row: usize) -> Result<String> {
        let options = FormatOptions::new().with_null("null");
        let parts = self.columns.iter().map(|column| {
            let schema = batch.schema_ref();
            let values = ArrayFormatter::try_new(batch.column(*column).as_ref(), &options);
            let text = values.and_then(|values| values.value(row).try_to_string());
            Ok(format!("{} = {}", schema.field(*column).name(), text.map_err(Error::other)?))
        });
        Ok(parts.collect::<Result<Vec<_>>>()?.join(", "))
    }
}

fn key_columns(keys: &[&str], schema: &Schema) -> Result<Vec<usize>> {
    let find = |key: &&str| {
        let mut named = schema.fields().iter().enumerate().filter(|(_, field)| field.name() == key);
        match (named.next(), named.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(column_error(key, "it is an upsert key, and no column of the rows")),
            _ => Err(column_error(key, "it is an upsert key, and several columns have its name")),
        }
    };
    keys.iter().map(find).collect()
}

/// The stored rows as they stream through, then what is left of the new ones.
fn merged(
    scan: &ParquetScan,
    aligned: Aligned,
    new: RecordBatch,
    keyed: Keyed,
) -> BoxStream<'static, Result<RecordBatch>> {
    let stored = scan.stream(None);
    let state = Merging { stored: Some(stored), aligned, new, keyed };
    stream::try_unfold(state, |mut state| async move {
        let Some(stored) = &mut state.stored else { return Ok(None) };
        if let Some(batch) = stored.try_next().await? {
            let batch = state.aligned.stored(&batch)?;
            let batch = state.keyed.replace(batch, &state.new)?;
            return Ok(Some((batch, state)));
        }
        state.stored = None;
        let rest = with_schema(state.keyed.rest(&state.new)?, &state.aligned.schema)?;
        Ok(Some((rest, state)))
    })
    .boxed()
}

struct Merging {
    /// None at the end.
    stored: Option<BoxStream<'static, Result<RecordBatch>>>,
    aligned: Aligned,
    new: RecordBatch,
    keyed: Keyed,
}

fn with_schema(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    batch.with_schema(Arc::clone(schema)).map_err(Error::other)
}
