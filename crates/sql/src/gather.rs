//! Rows on their way out of a database: gathered into batches, in the order that their numbers
//! say.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use arrow::datatypes::SchemaRef;
use nuthatch_core::Error;
use tokio::sync::mpsc::Sender;

use crate::builder::Builder;
use crate::exact::Rests;
use crate::failure::Failure;
use crate::frame::Column;
use crate::kind::restored;

/// How many rows a batch has where nothing else is said.
const CHUNK: usize = 64 * 1024;

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Gather {
    schema: SchemaRef,
    pub(crate) columns: Vec<Column>,
    pub(crate) builders: Vec<Builder>,
    numbers: Vec<i64>,
    chunk: usize,
    ordered: bool,
    batches: Vec<RecordBatch>,
    /// Rows of the batch that is being gathered, and of those before it.
    begun: usize,
    rows: u64,
    last: Option<i64>,
    /// Who takes the batches, where they are not kept.
    taker: Option<Sender<RecordBatch>>,
}

impl Gather {
    pub(crate) fn new(schema: SchemaRef, columns: Vec<Column>, chunk: Option<usize>) -> Self {
        let builders = columns.iter().map(|column| Builder::new(column.kind)).collect();
        Self {
            schema,
            columns,
            builders,
            numbers: Vec::new(),
            chunk: chunk.unwrap_or(CHUNK),
            ordered: true,
            batches: Vec::new(),
            begun: 0,
            rows: 0,
            last: None,
            taker: None,
        }
    }

    /// Hands each batch on as soon as it is there. The rows must come in order then.
    pub(crate) fn handing_to(self, taker: Sender<RecordBatch>) -> Self {
        Self { taker: Some(taker), ..self }
    }

    /// Whether batches are handed on.
    pub(crate) fn hands_on(&self) -> bool {
        self.taker.is_some()
    }

    /// Ends a row, whose columns were appended to the builders.
    pub(crate) fn end_row(&mut self, number: i64) -> Result<(), Failure> {
        self.ordered &= self.last.is_none_or(|last| last < number);
        self.last = Some(number);
        self.begun += 1;
        if self.taker.is_none() {
            self.numbers.push(number);
        }
        match self.begun >= self.chunk {
            true => self.end_batch(),
            false => Ok(()),
        }
    }

    /// Hands on what is there.
    pub(crate) async fn hand_on(&mut self) -> Result<(), Failure> {
        let (Some(taker), false) = (&self.taker, self.batches.is_empty()) else { return Ok(()) };
        for batch in self.batches.drain(..) {
            let gone = |_| Failure::Rows(Error::other("nobody reads the table any more"));
            taker.send(batch).await.map_err(gone)?;
        }
        Ok(())
    }

    fn end_batch(&mut self) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.begun);
        self.rows += rows as u64;
        let columns = self.builders.iter_mut().zip(self.schema.fields());
        let columns = columns.map(|(builder, field)| {
            restored(builder.finish(), field)
                .map_err(|error| Failure::Damaged(format!("column {:?}: {error}", field.name())))
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
        self.batches.push(batch(&self.schema, columns, rows)?);
        Ok(())
    }

    /// All rows, in the order of their numbers.
    pub(crate) async fn finish(mut self) -> Result<Gathered, Failure> {
        if self.begun > 0 || self.rows == 0 {
            self.end_batch()?;
        }
        self.hand_on().await?;
        let rows = self.rows;
        if self.taker.is_some() && !self.ordered {
            let why = "its rows came out of order, and are numbered twice".to_owned();
            return Err(Failure::Damaged(why));
        }
        if self.ordered {
            return Ok(Gathered { batches: self.batches, rows });
        }
        let failed = |error: arrow::error::ArrowError| Failure::Damaged(error.to_string());
        let whole = concat_batches(&self.schema, &self.batches).map_err(failed)?;
        drop(self.batches);
        let numbers = Int64Array::from(self.numbers);
        let order = sort_to_indices(&numbers, None, None).map_err(failed)?;
        let whole = match whole.num_columns() {
            0 => whole,
            _ => take_record_batch(&whole, &order).map_err(failed)?,
        };
        let starts = (0..whole.num_rows()).step_by(self.chunk);
        let batches = starts
            .map(|start| whole.slice(start, self.chunk.min(whole.num_rows() - start)))
            .collect();
        Ok(Gathered { batches, rows })
    }
}

/// What was read and not handed on.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rows: u64,
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, Failure> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)
        .map_err(|error| Failure::Damaged(error.to_string()))
}

/// The rests of a row, from the text of its `#exact`.
pub(crate) fn rests(text: Option<&str>) -> Result<Rests, Failure> {
    let Some(text) = text else { return Ok(Rests::default()) };
    Rests::parse(text)
        .ok_or_else(|| Failure::Damaged(format!("the column `#exact` holds the foreign {text:?}")))
}
