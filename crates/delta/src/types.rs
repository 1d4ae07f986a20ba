//! Which type of Delta holds each type of Arrow.
//!
//! | Arrow | Delta |
//! |---|---|
//! | `UInt8`, `UInt16`, `UInt32` | `short`, `integer`, `long` |
//! | `UInt64` | `decimal(20, 0)` |
//! | `Float16` | `float` |
//! | `Decimal32` to `Decimal256` | `decimal`, up to 38 digits |
//! | `Utf8`, `LargeUtf8`, `Utf8View`, and dictionaries and runs of them | `string` |
//! | `Binary` and its like, `FixedSizeBinary` | `binary` |
//! | `Timestamp` with a zone, without one | `timestamp`, `timestamp_ntz` |
//! | `Timestamp` not in microseconds, of which some are none of Delta's ¹ | `long`: its count |
//! | `Date64` | `date`; `long`, where some are no whole day ¹ |
//! | `Time32`, `Time64`, `Duration` | `integer`, `long`: its count |
//! | lists of every kind | `array` |
//! | `Struct`, `Map` | `struct`, `map` |
//! | other dictionaries and runs | what holds their values |
//! | `Null` | `boolean`, without values |
//! | a table without columns | one of `boolean`, [`EMPTY`], without values |
//!
//! ¹ Or where that is not known before they are written: a plan computes them on their way.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use deltalake::kernel::StructType;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use nuthatch_core::{Error, Result};
use nuthatch_table::arrow_array::RecordBatch;
use nuthatch_table::schema::Carried;

/// The column of a table that has none: a table of Delta has at least one.
pub(crate) const EMPTY: &str = "_";

/// The way out.
const ADVICE: &str = "; change it, or store the table with `backend = \"parquet\"`";

/// The most digits of Delta's decimals.
const MOST_DIGITS: u8 = 38;

/// Whether a table has times without a zone, at any depth: a feature of the log.
pub(crate) fn has_naive_times(carried: &Carried) -> bool {
    fn within(data_type: &DataType) -> bool {
        match plain_type(data_type) {
            DataType::Timestamp(_, None) => true,
            DataType::List(field) | DataType::Map(field, _) => within(field.data_type()),
            DataType::Struct(fields) => fields.iter().any(|field| within(field.data_type())),
            _ => false,
        }
    }
    carried.written().fields().iter().any(|field| within(field.data_type()))
}

/// What is known of a table's rows before they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known<'a> {
    /// These are all of them.
    All(&'a [RecordBatch]),
    /// They are those that are stored like this, and these.
    Merged {
        /// How they are stored.
        stored: &'a Carried,
        /// The others.
        new: &'a RecordBatch,
    },
    /// Nothing: they are computed as they are written.
    Nothing,
}

/// How a table is held. A column that its type alone does not show to fit is held as what all its
/// values fit, where these are known.
pub(crate) fn carried(schema: &SchemaRef, known: Known<'_>) -> Result<Carried> {
    check_names(schema.fields())?;
    let mut fields: Vec<FieldRef> = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let coarse = held(field, Fineness::Delta)?;
        let fine = held(field, Fineness::Counts)?;
        let fits = coarse.data_type() == fine.data_type()
            || match known {
                Known::Nothing => false,
                Known::All(batches) => fits(field, &coarse, index, batches),
                Known::Merged { stored, new } => {
                    let before = stored.written().field(index).data_type();
                    before != fine.data_type()
                        && fits(field, &coarse, index, std::slice::from_ref(new))
                }
            };
        fields.push(if fits { coarse } else { fine });
    }
    if fields.is_empty() {
        fields.push(Arc::new(Field::new(EMPTY, DataType::Boolean, true)));
    }
    let held = Arc::new(Schema::new(fields));
    let carried = Carried::new(Arc::clone(schema), held);
    Ok(carried.map_err(|error| advised(&error.to_string()))?.advising(ADVICE))
}

/// Whether all values of a column are held.
fn fits(field: &FieldRef, held: &FieldRef, index: usize, batches: &[RecordBatch]) -> bool {
    let stored = Arc::new(Schema::new(vec![Arc::clone(field)]));
    let held = Arc::new(Schema::new(vec![Arc::clone(held)]));
    let Ok(carried) = Carried::new(stored, held) else { return false };
    batches.iter().all(|batch| {
        let column = RecordBatch::try_new(
            Arc::new(Schema::new(vec![Arc::clone(field)])),
            vec![Arc::clone(batch.column(index))],
        );
        column.is_ok_and(|column| carried.carry(&column).is_ok())
    })
}

/// The schema in the log.
pub(crate) fn of_log(carried: &Carried) -> Result<StructType> {
    let schema = plain_schema(carried);
    schema.as_ref().try_into_kernel().map_err(|error| advised(&error.to_string()))
}

/// The columns with the one type of Arrow that each type of Delta is read as.
pub(crate) fn plain_schema(carried: &Carried) -> SchemaRef {
    let fields = carried.written().fields().iter().map(plain);
    Arc::new(Schema::new(fields.collect::<Fields>()))
}

/// What may be lost of the times that Delta has.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fineness {
    /// They are held as those, if every value is one.
    Delta,
    /// They are held as their counts.
    Counts,
}

fn held(field: &FieldRef, fineness: Fineness) -> Result<FieldRef> {
    let held = held_type(field.data_type(), fineness).map_err(|why| {
        let (name, data_type) = (field.name(), field.data_type());
        advised(&format!("column {name:?}: Delta does not hold its type {data_type}: {why}"))
    })?;
    // What else a field says is in the manifest.
    // A column of nulls has no validity, and may be said to have none missing.
    let nullable = field.is_nullable() || *field.data_type() == DataType::Null;
    Ok(Arc::new(Field::new(field.name(), held, nullable)))
}

fn held_type(data_type: &DataType, fineness: Fineness) -> Result<DataType, String> {
    use DataType as D;
    let child = |field: &FieldRef, name: &str| {
        let held = held_type(field.data_type(), fineness)?;
        Ok::<_, String>(Arc::new(Field::new(name, held, field.is_nullable())))
    };
    Ok(match data_type {
        D::Null => D::Boolean,
        D::UInt8 => D::Int16,
        D::UInt16 => D::Int32,
        D::UInt32 | D::Date64 if *data_type == D::UInt32 || fineness == Fineness::Counts => {
            D::Int64
        }
        D::UInt64 => D::Decimal128(20, 0),
        D::Float16 => D::Float32,
        D::Timestamp(_, Some(zone)) if zone.is_empty() => {
            return Err("an empty text is no zone".to_owned());
        }
        // Nanoseconds are finer than Delta's times, and seconds and milliseconds reach further.
        D::Timestamp(unit, _) if fineness == Fineness::Counts && *unit != TimeUnit::Microsecond => {
            D::Int64
        }
        D::Timestamp(_, None) => D::Timestamp(TimeUnit::Microsecond, None),
        D::Timestamp(_, Some(_)) => D::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        D::Date64 => D::Date32,
        D::Time32(_) => D::Int32,
        D::Time64(_) | D::Duration(_) => D::Int64,
        D::Decimal32(digits, scale)
        | D::Decimal64(digits, scale)
        | D::Decimal128(digits, scale)
        | D::Decimal256(digits, scale) => match u8::try_from(*scale) {
            Ok(after) if *digits <= MOST_DIGITS && after <= *digits => {
                D::Decimal128(*digits, *scale)
            }
            _ => {
                return Err(format!(
                    "its decimals have up to {MOST_DIGITS} digits, and of these up to all after the point"
                ));
            }
        },
        D::FixedSizeBinary(1..) => D::Binary,
        D::Dictionary(_, value) if is_text(value) => data_type.clone(),
        D::Dictionary(_, value) => held_type(value, fineness)?,
        D::RunEndEncoded(_, value) => held_type(value.data_type(), fineness)?,
        D::List(field) => D::List(child(field, "element")?),
        D::LargeList(field) => D::LargeList(child(field, "element")?),
        D::ListView(field) => D::ListView(child(field, "element")?),
        D::LargeListView(field) => D::LargeListView(child(field, "element")?),
        D::FixedSizeList(field, size) => D::FixedSizeList(child(field, "element")?, *size),
        D::Map(entries, sorted) => D::Map(held_entries(entries, fineness)?, *sorted),
        D::Struct(fields) if !fields.is_empty() => {
            check_names(fields).map_err(|error| error.to_string())?;
            let held = fields.iter().map(|field| child(field, field.name()));
            D::Struct(held.collect::<Result<Fields, _>>()?)
        }
        D::Boolean | D::Date32 | D::Float32 | D::Float64 => data_type.clone(),
        D::Int8 | D::Int16 | D::Int32 | D::Int64 => data_type.clone(),
        text if is_text(text) => data_type.clone(),
        _ => return Err("it has nothing like it".to_owned()),
    })
}

fn held_entries(entries: &FieldRef, fineness: Fineness) -> Result<FieldRef, String> {
    let DataType::Struct(fields) = entries.data_type() else {
        return Err("its entries are no keys and values".to_owned());
    };
    let [key, value] = fields.as_ref() else {
        return Err("its entries are no keys and values".to_owned());
    };
    let held = |field: &FieldRef, name: &str| {
        let held = held_type(field.data_type(), fineness)?;
        Ok::<_, String>(Field::new(name, held, field.is_nullable()))
    };
    let fields = Fields::from(vec![held(key, "key")?, held(value, "value")?]);
    Ok(Arc::new(Field::new("key_value", DataType::Struct(fields), false)))
}

/// What Parquet writes as its plain texts or bytes, whichever of these it is.
fn is_text(data_type: &DataType) -> bool {
    use DataType as D;
    matches!(
        data_type,
        D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Binary | D::LargeBinary | D::BinaryView
    )
}

/// A field as the log names it. Anything may be missing: what may not is in the manifest.
fn plain(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), plain_type(field.data_type()), true))
}

fn plain_type(data_type: &DataType) -> DataType {
    use DataType as D;
    match data_type {
        D::Utf8 | D::LargeUtf8 | D::Utf8View => D::Utf8,
        D::Binary | D::LargeBinary | D::BinaryView => D::Binary,
        D::Dictionary(_, value) => plain_type(value),
        D::RunEndEncoded(_, value) => plain_type(value.data_type()),
        D::List(field)
        | D::LargeList(field)
        | D::ListView(field)
        | D::LargeListView(field)
        | D::FixedSizeList(field, _) => D::List(plain(field)),
        D::Struct(fields) => D::Struct(fields.iter().map(plain).collect()),
        D::Map(entries, _) => match entries.data_type() {
            D::Struct(fields) if fields.len() == 2 => {
                let key = plain(&fields[0]).as_ref().clone().with_nullable(false);
                let fields = Fields::from(vec![Arc::new(key), plain(&fields[1])]);
                D::Map(Arc::new(Field::new("key_value", D::Struct(fields), false)), false)
            }
            other => other.clone(),
        },
        other => other.clone(),
    }
}

/// Delta tells names apart by their letters, and not by whether these are large.
fn check_names(fields: &Fields) -> Result<()> {
    let mut names = BTreeSet::new();
    for field in fields {
        let name = field.name();
        if name.is_empty() {
            return Err(advised(&format!("column {name:?}: Delta has no columns without a name")));
        }
        if !names.insert(name.to_lowercase()) {
            let message = format!(
                "column {name:?}: another has this name, and Delta does not tell large letters \
                 from small ones"
            );
            return Err(advised(&message));
        }
    }
    Ok(())
}

/// What cannot be held, with the way out.
pub(crate) fn advised(message: &str) -> Error {
    Error::other(format!("{message}{ADVICE}"))
}
