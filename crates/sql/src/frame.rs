//! A table on its way into a database: its columns named and typed, its values checked. What the
//! database cannot hold is an error here, before anything is written.

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use futures::stream::{self, BoxStream, StreamExt};

use crate::dialect::Dialect;
use crate::exact;
use crate::failure::Failure;
use crate::kind::{Kind, Values, carried};
use crate::names;
use crate::times::{self, DAY_NANOS};
use crate::width;

/// A column of a table in a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// Its name there.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it stands in the stored table, of which perhaps not all columns are read.
    pub(crate) index: usize,
}

/// Batches on their way into a database.
pub(crate) type Arriving<'a> = BoxStream<'a, Result<Rows, Failure>>;

/// Some rows, column by column.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    pub(crate) values: Vec<Values>,
}

/// A table that the database can hold.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) columns: Vec<Column>,
    pub(crate) batches: Vec<Rows>,
}

/// The columns that a schema has in a database.
///
/// # Errors
///
/// What the database has no column for, with the column's name.
pub(crate) fn columns(schema: &Schema, dialect: Dialect) -> Result<Vec<Column>, String> {
    let fields = schema.fields();
    let most = dialect.most_columns() - 2;
    if fields.len() > most {
        return Err(format!(
            "the table has {} columns, and {} holds {most}; use `backend = \"parquet\"`, or store \
             the names of columns as values of one",
            fields.len(),
            dialect.name(),
        ));
    }
    let names = names::columns(fields.iter().map(|field| field.name().as_str()), dialect);
    let column = |(index, (field, name)): (usize, (&FieldRef, String))| {
        let kind = Kind::of(field.data_type()).ok_or_else(|| {
            format!(
                "column {:?} is {}, for which databases have no type; use `backend = \"parquet\"`",
                field.name(),
                field.data_type(),
            )
        })?;
        dialect.column_type(kind).map_err(|why| {
            format!("column {:?} cannot be held: {why}; use `backend = \"parquet\"`", field.name())
        })?;
        Ok(Column { name, kind, index })
    };
    fields.iter().zip(names).enumerate().map(column).collect()
}

/// The rows of a batch, in the carriers of the columns' kinds.
///
/// # Errors
///
/// What the database cannot hold, with the column's name.
pub(crate) fn checked(
    batch: &RecordBatch,
    columns: &[Column],
    dialect: Dialect,
) -> Result<Rows, String> {
    let mut rows = Rows { count: batch.num_rows(), values: Vec::with_capacity(columns.len()) };
    for (index, column) in columns.iter().enumerate() {
        let cannot = |why: String| {
            format!(
                "column {:?} cannot be held by {}: {why}; use `backend = \"parquet\"`",
                batch.schema_ref().field(index).name(),
                dialect.name()
            )
        };
        let values = carried(batch.column(index), column.kind);
        let values = values.map_err(|error| cannot(error.to_string()))?;
        check(dialect, column.kind, &values).map_err(cannot)?;
        rows.values.push(values);
    }
    width::check(dialect, columns, &rows)?;
    Ok(rows)
}

impl Frame {
    /// Takes batches of one schema.
    ///
    /// # Errors
    ///
    /// What the database cannot hold, with the column's name.
    pub(crate) fn new(
        schema: &SchemaRef,
        batches: &[RecordBatch],
        dialect: Dialect,
    ) -> Result<Self, String> {
        let columns = columns(schema, dialect)?;
        let rows = batches.iter().map(|batch| checked(batch, &columns, dialect));
        let batches = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { columns, batches })
    }

    /// Its batches, one after another.
    pub(crate) fn arriving(&self) -> Arriving<'_> {
        stream::iter(self.batches.iter().cloned().map(Ok)).boxed()
    }

    /// The columns whose visible values can be less than what is stored.
    pub(crate) fn inexact(&self, dialect: Dialect) -> Vec<(usize, Kind)> {
        inexact(&self.columns, dialect)
    }
}

/// The columns whose visible values can be less than what is stored.
pub(crate) fn inexact(columns: &[Column], dialect: Dialect) -> Vec<(usize, Kind)> {
    let columns = columns.iter().map(|column| (column.index, column.kind));
    columns.filter(|(_, kind)| dialect.is_inexact(*kind)).collect()
}

/// The text of `#exact` for one row after another.
#[derive(Debug)]
pub(crate) struct Marks {
    dialect: Dialect,
    columns: Vec<(usize, Kind)>,
    text: String,
}

impl Marks {
    /// `None` where the table needs no such column.
    pub(crate) fn new(columns: &[Column], dialect: Dialect) -> Option<Self> {
        let columns = inexact(columns, dialect);
        (!columns.is_empty()).then_some(Self { dialect, columns, text: String::new() })
    }

    /// The row's text, where there is something to say.
    pub(crate) fn of(&mut self, rows: &Rows, row: usize) -> Option<&str> {
        exact::write(self.dialect, &self.columns, &rows.values, row, &mut self.text);
        (!self.text.is_empty()).then_some(self.text.as_str())
    }
}

/// Whether every value is one that the database's type holds.
fn check(dialect: Dialect, kind: Kind, values: &Values) -> Result<(), String> {
    let within = |range: (i64, i64), value: i64, shown: &dyn Fn(i64) -> String| {
        if (range.0..=range.1).contains(&value) {
            return Ok(());
        }
        Err(format!("{} is out of its range", shown(value)))
    };
    match (kind, values) {
        (Kind::Text, Values::Text(texts)) if dialect == Dialect::Postgres => {
            let begin = texts.value_offsets().first().copied().unwrap_or(0) as usize;
            let end = texts.value_offsets().last().copied().unwrap_or(0) as usize;
            // One look at the whole buffer; only where a NUL is in it, at each value.
            if !texts.value_data()[begin..end].contains(&0) {
                return Ok(());
            }
            match texts.iter().flatten().any(|text| text.contains('\0')) {
                true => Err("its text holds a NUL character".to_owned()),
                false => Ok(()),
            }
        }
        (Kind::Date, Values::Int32(days)) => {
            let range = times::days(dialect);
            days.iter().flatten().try_for_each(|day| {
                within(range, day.into(), &|day| format!("the day {day} after 1970-01-01"))
            })
        }
        (Kind::Time, Values::Int64(nanos)) => nanos.iter().flatten().try_for_each(|nanos| {
            within((0, DAY_NANOS - 1), nanos, &|nanos| format!("{nanos} ns of a day"))
        }),
        (Kind::Timestamp { nanos, .. }, Values::Int64(counts)) => {
            let (first, last) = times::micros(dialect);
            let range = match nanos {
                true => (first.saturating_mul(1000), last.saturating_mul(1000)),
                false => (first, last),
            };
            let unit = if nanos { "ns" } else { "µs" };
            counts.iter().flatten().try_for_each(|count| {
                within(range, count, &|count| format!("{count} {unit} since 1970"))
            })
        }
        _ => Ok(()),
    }
}
