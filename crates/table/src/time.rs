//! Tables along time: the column that says when, and the rows between two points in time.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, TimeUnit};
use arrow_select::filter::filter_record_batch;
use chrono::{DateTime, NaiveDate, TimeDelta};
use nuthatch_core::civil::{Civil, Period};
use nuthatch_core::entry::Extent;
use nuthatch_core::time::TimeAxis;
use nuthatch_core::{Error, Result};

use crate::failure::column_error;

/// The column that says when: a date, a timestamp of any unit and zone, or a text in ISO form.
///
/// Times with a zone are instants, and are compared in UTC; those without are compared as they are
/// written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeColumn {
    /// Its name.
    pub name: String,
    /// Where it stands in the schema.
    pub index: usize,
    /// How its values say when.
    pub kind: TimeKind,
}

/// How the values of a column say when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeKind {
    /// Counted since 1970, in so many nanoseconds each.
    Counted(u64),
    /// Text in ISO form.
    Text,
}

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

impl TimeColumn {
    /// The first of the candidates that the table has.
    ///
    /// # Errors
    ///
    /// Where it has none of them, several of one name, or one of a type that says no time.
    pub fn find(schema: &Schema, candidates: &[&str]) -> Result<Self> {
        let columns = || schema.fields().iter().enumerate();
        let named = |name: &&&str| columns().any(|(_, field)| field.name() == **name);
        let Some(&name) = candidates.iter().find(named) else {
            let own: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
            return Err(Error::other(format!(
                "it has no column of {candidates:?} to be clipped along; it has {own:?}"
            )));
        };
        let mut found = columns().filter(|(_, field)| field.name() == name);
        match (found.next(), found.next()) {
            (Some((index, field)), None) => match kind(field.data_type()) {
                Some(kind) => Ok(Self { name: name.to_owned(), index, kind }),
                None => Err(column_error(
                    name,
                    &format!(
                        "it is {}, and no date, timestamp or text that could say when",
                        field.data_type()
                    ),
                )),
            },
            _ => Err(column_error(name, "several columns have its name, so that none says when")),
        }
    }

    /// The one column of dates or timestamps, where there is exactly one: what a table is about
    /// when nobody says by which column.
    #[must_use]
    pub fn only(schema: &Schema) -> Option<Self> {
        let counted = schema.fields().iter().enumerate().filter_map(|(index, field)| {
            let kind = kind(field.data_type()).filter(|kind| *kind != TimeKind::Text)?;
            Some(Self { name: field.name().clone(), index, kind })
        });
        let mut counted = counted.collect::<Vec<_>>();
        (counted.len() == 1).then(|| counted.pop()).flatten()
    }

    /// The least and the greatest count that lie between two points in time, both ends included,
    /// of a column that counts. An end that is left out is open.
    #[must_use]
    pub fn bounds(&self, start: Option<Civil>, end: Option<Civil>) -> Option<(i64, i64)> {
        let TimeKind::Counted(unit) = self.kind else { return None };
        let unit = i128::from(unit);
        let saturated = |count: i128| {
            i64::try_from(count).unwrap_or(if count < 0 { i64::MIN } else { i64::MAX })
        };
        let least =
            start.map_or(i64::MIN, |start| saturated(-(-nanoseconds(start)).div_euclid(unit)));
        let greatest = end.map_or(i64::MAX, |end| saturated(nanoseconds(end).div_euclid(unit)));
        Some((least, greatest))
    }

    /// Which rows lie between two points in time, both ends included; those without a time do
    /// not. An end that is left out is open.
    ///
    /// # Errors
    ///
    /// A text names no time.
    pub fn between(
        &self,
        column: &ArrayRef,
        start: Option<Civil>,
        end: Option<Civil>,
    ) -> Result<BooleanBuffer> {
        if let Some((least, greatest)) = self.bounds(start, end) {
            let counts = counts(column)?;
            let within = |row: usize| {
                let count = counts.values()[row];
                counts.is_valid(row) && least <= count && count <= greatest
            };
            return Ok(BooleanBuffer::collect_bool(counts.len(), within));
        }
        let periods = self.periods(column)?;
        let within = |row: usize| {
            let after = |first: Civil| start.is_none_or(|start| start <= first);
            let before = |first: Civil| end.is_none_or(|end| first <= end);
            periods[row].is_some_and(|period| after(period.first) && before(period.first))
        };
        Ok(BooleanBuffer::collect_bool(periods.len(), within))
    }

    /// What each text names.
    fn periods(&self, column: &ArrayRef) -> Result<Vec<Option<Period>>> {
        let texts = cast(column, &DataType::Utf8View).map_err(Error::other)?;
        let parse = |text: Option<&str>| {
            let period = text.map(str::parse::<Period>).transpose();
            period.map_err(|error| column_error(&self.name, &error.to_string()))
        };
        texts.as_string_view().iter().map(parse).collect()
    }

    /// The first and the last point in time of a column.
    fn extremes(&self, column: &ArrayRef) -> Result<Option<(Civil, Civil)>> {
        if let TimeKind::Counted(unit) = self.kind {
            let counts = counts(column)?;
            let there = || counts.iter().flatten();
            let civil = |count: Option<i64>| civil(i128::from(count?) * i128::from(unit));
            return Ok(civil(there().min()).zip(civil(there().max())));
        }
        let periods = self.periods(column)?;
        let first = periods.iter().flatten().map(|period| period.first).min();
        Ok(first.zip(periods.iter().flatten().map(|period| period.last).max()))
    }
}

fn kind(data_type: &DataType) -> Option<TimeKind> {
    use DataType as D;
    Some(TimeKind::Counted(match data_type {
        D::Date32 => DAY,
        D::Date64 | D::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        D::Timestamp(TimeUnit::Second, _) => SECOND,
        D::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        D::Timestamp(TimeUnit::Nanosecond, _) => 1,
        D::Utf8 | D::LargeUtf8 | D::Utf8View => return Some(TimeKind::Text),
        D::Dictionary(_, value) => return kind(value).filter(|kind| *kind == TimeKind::Text),
        _ => return None,
    }))
}

/// The values of a column that counts.
fn counts(column: &ArrayRef) -> Result<arrow_array::Int64Array> {
    use DataType as D;
    Ok(match column.data_type() {
        D::Date32 => column.as_primitive::<Date32Type>().unary(i64::from),
        D::Date64 => column.as_primitive::<Date64Type>().reinterpret_cast(),
        D::Timestamp(TimeUnit::Second, _) => {
            column.as_primitive::<TimestampSecondType>().reinterpret_cast()
        }
        D::Timestamp(TimeUnit::Millisecond, _) => {
            column.as_primitive::<TimestampMillisecondType>().reinterpret_cast()
        }
        D::Timestamp(TimeUnit::Microsecond, _) => {
            column.as_primitive::<TimestampMicrosecondType>().reinterpret_cast()
        }
        D::Timestamp(TimeUnit::Nanosecond, _) => {
            column.as_primitive::<TimestampNanosecondType>().reinterpret_cast()
        }
        other => return Err(Error::other(format!("{other} counts no time"))),
    })
}

/// Nanoseconds since 1970, in the Gregorian calendar. A day that its month has not is its last.
fn nanoseconds(civil: Civil) -> i128 {
    let date = |day: u32| NaiveDate::from_ymd_opt(civil.year, civil.month.into(), day);
    let day = u32::from(civil.day);
    let date = (0..4).find_map(|less| date(day.checked_sub(less)?));
    // Years that no date has lie beyond all counts.
    let date = date.unwrap_or(if civil.year < 0 { NaiveDate::MIN } else { NaiveDate::MAX });
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    i128::from(days) * i128::from(DAY) + i128::from(civil.nanosecond)
}

fn civil(nanoseconds: i128) -> Option<Civil> {
    let second = i128::from(SECOND);
    let seconds = i64::try_from(nanoseconds.div_euclid(second)).ok()?;
    let rest = i64::try_from(nanoseconds.rem_euclid(second)).ok()?;
    let time = DateTime::from_timestamp(seconds, 0)?.naive_utc();
    Some(time.checked_add_signed(TimeDelta::nanoseconds(rest))?.into())
}

/// Stands in [`TimeAxis`] for this crate, to which Arrow's types do not belong.
#[derive(Debug, Clone, Copy)]
pub enum Tables {}

impl TimeAxis<Tables> for RecordBatch {
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        extent(std::slice::from_ref(self), dims)
    }

    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let column = TimeColumn::find(self.schema_ref(), dims)?;
        clip(&self, &column, start, end)
    }
}

impl TimeAxis<Tables> for Vec<RecordBatch> {
    fn time_extent(&self, dims: &[&str]) -> Result<Option<Extent>> {
        extent(self, dims)
    }

    /// Batches of which nothing is left are left out, but for one that tells the schema.
    fn clip_time(self, dims: &[&str], start: Option<Civil>, end: Option<Civil>) -> Result<Self> {
        let Some(first) = self.first() else { return Ok(self) };
        let column = TimeColumn::find(first.schema_ref(), dims)?;
        let empty = first.slice(0, 0);
        let clipped = self.iter().map(|batch| clip(batch, &column, start, end));
        let mut clipped = clipped.collect::<Result<Self>>()?;
        clipped.retain(|batch| batch.num_rows() > 0);
        if clipped.is_empty() {
            clipped.push(empty);
        }
        Ok(clipped)
    }
}

fn extent(batches: &[RecordBatch], dims: &[&str]) -> Result<Option<Extent>> {
    let Some(first) = batches.first() else { return Ok(None) };
    let mut extent = Extending::new(TimeColumn::find(first.schema_ref(), dims)?);
    batches.iter().try_for_each(|batch| extent.add(batch))?;
    Ok(extent.into_extent())
}

/// The time that rows cover, as they pass.
#[derive(Debug)]
pub(crate) struct Extending {
    column: TimeColumn,
    ends: Option<(Civil, Civil)>,
}

impl Extending {
    pub(crate) fn new(column: TimeColumn) -> Self {
        Self { column, ends: None }
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        if let Some((first, last)) = self.column.extremes(batch.column(self.column.index))? {
            let (from, to) = self.ends.unwrap_or((first, last));
            self.ends = Some((from.min(first), to.max(last)));
        }
        Ok(())
    }

    pub(crate) fn into_extent(self) -> Option<Extent> {
        let (first, last) = self.ends?;
        let text = |civil: Civil| Some(civil.to_string());
        Some(Extent { dim: self.column.name, start: text(first), end: text(last) })
    }
}

/// The rows between. Where they follow each other, nothing is copied.
fn clip(
    batch: &RecordBatch,
    column: &TimeColumn,
    start: Option<Civil>,
    end: Option<Civil>,
) -> Result<RecordBatch> {
    let within = column.between(batch.column(column.index), start, end)?;
    let count = within.count_set_bits();
    let mut runs = within.set_slices();
    match (runs.next(), count) {
        (None, _) => Ok(batch.slice(0, 0)),
        (Some((from, to)), count) if to - from == count => Ok(batch.slice(from, count)),
        _ => filter_record_batch(batch, &BooleanArray::new(within, None)).map_err(Error::other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringArray};

    use super::*;

    fn civil(text: &str, last: bool) -> Option<Civil> {
        let period: Period = text.parse().expect("it is a time");
        Some(if last { period.last } else { period.first })
    }

    /// Two columns: when, and a number that counts the rows.
    fn table(when: ArrayRef) -> RecordBatch {
        let rows = Int64Array::from_iter_values(0..when.len() as i64);
        RecordBatch::try_from_iter_with_nullable([
            ("when", when, true),
            ("row", Arc::new(rows) as ArrayRef, false),
        ])
        .expect("two columns")
    }

    fn rows(batch: &RecordBatch) -> Vec<i64> {
        batch.column(1).as_primitive::<arrow_array::types::Int64Type>().values().to_vec()
    }

    /// Every type that says when, of the same five times, the third missing.
    fn columns() -> Vec<ArrayRef> {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            Some("2008-01-31T00:00:00"),
            Some("2008-02-01T00:00:00"),
            None,
            Some("2008-02-29T00:00:00"),
            Some("2008-03-01T00:00:00"),
        ]));
        use DataType as D;
        let zones = [None, Some("+00:00"), Some("-05:30")];
        let units =
            [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
        let stamps = units
            .iter()
            .flat_map(|unit| zones.map(|zone| D::Timestamp(*unit, zone.map(Into::into))));
        let others = [
            D::Date32,
            D::Date64,
            D::LargeUtf8,
            D::Utf8View,
            D::Dictionary(Box::new(D::Int8), Box::new(D::Utf8)),
        ];
        let cast = |target: D| {
            let naive = cast(&texts, &D::Timestamp(TimeUnit::Nanosecond, None));
            match &target {
                D::Date32 | D::Date64 | D::Timestamp(..) => {
                    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
                    let times = match &target {
                        D::Timestamp(_, Some(_)) => super::cast(&texts, &utc),
                        _ => naive,
                    };
                    super::cast(&times.expect("they are times"), &target).expect("they fit")
                }
                target => super::cast(&texts, target).expect("they are texts"),
            }
        };
        let mut columns: Vec<_> = stamps.chain(others).map(cast).collect();
        columns.push(texts);
        columns
    }

    #[test]
    fn a_month_of_every_kind_of_column_is_clipped_at_both_ends() {
        for column in columns() {
            let name = column.data_type().to_string();
            let table = table(column);
            let clipped = table
                .clone()
                .clip_time(&["time", "when"], civil("2008-02", false), civil("2008-02", true))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(rows(&clipped), [1, 3], "{name}");
            let open = table.clone().clip_time(&["when"], civil("2008-02-02", false), None);
            assert_eq!(rows(&open.expect("it is clipped")), [3, 4], "{name}");
            let nothing = table.clone().clip_time(&["when"], civil("2010", false), None);
            assert_eq!(nothing.expect("it is clipped").schema(), table.schema(), "{name}");
            let extent = table.time_extent(&["when"]).expect("it has one").expect("it has rows");
            assert_eq!(extent.start.as_deref(), Some("2008-01-31T00:00:00"), "{name}");
            assert!(extent.end.is_some_and(|end| end.starts_with("2008-03-01T00:00:00")), "{name}");
        }
    }

    #[test]
    fn an_instant_with_a_zone_is_compared_in_utc() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["2008-01-31T23:30:00-01:00"]));
        let zoned = DataType::Timestamp(TimeUnit::Second, Some("-01:00".into()));
        for column in [cast(&texts, &zoned).expect("it is a time"), texts] {
            let clipped = table(column).clip_time(&["when"], civil("2008-02", false), None);
            assert_eq!(rows(&clipped.expect("it is clipped")), [0]);
        }
    }

    #[test]
    fn several_batches_are_clipped_and_keep_their_schema() {
        let batches: Vec<_> = columns().into_iter().take(1).map(table).collect();
        let batches = [batches.clone(), batches].concat();
        let february = batches.clone().clip_time(&["when"], civil("2008-02", false), None);
        assert_eq!(february.expect("they are clipped").len(), 2);
        let none = batches.clone().clip_time(&["when"], civil("2020", false), None);
        assert_eq!(none.expect("they are clipped"), [batches[0].slice(0, 0)]);
    }

    #[test]
    fn bounds_beyond_what_a_unit_counts_are_open() {
        let nanoseconds = TimeColumn { name: String::new(), index: 0, kind: TimeKind::Counted(1) };
        let ends = (civil("-9999", false), civil("9999", true));
        assert_eq!(nanoseconds.bounds(ends.0, ends.1), Some((i64::MIN, i64::MAX)));
        let days = TimeColumn { kind: TimeKind::Counted(DAY), ..nanoseconds };
        let ends = (civil("1970-01-01T00:00:01", false), civil("1969-12-31", true));
        assert_eq!(days.bounds(ends.0, ends.1), Some((1, -1)));
    }

    #[test]
    fn columns_that_say_no_time_are_told() {
        let numbers = table(Arc::new(Int64Array::from(vec![1])));
        let texts = table(Arc::new(StringArray::from(vec!["soon"])));
        let clip = |table: &RecordBatch, dims: &[&str]| {
            table
                .clone()
                .clip_time(dims, civil("2008", false), None)
                .expect_err("it is told")
                .to_string()
        };
        assert!(clip(&numbers, &["when"]).contains("column \"when\": it is Int64"));
        assert!(clip(&numbers, &["time"]).contains("it has [\"when\", \"row\"]"));
        let error = clip(&texts, &["when"]);
        assert!(error.contains("column \"when\": \"soon\" is no date or time"), "{error}");
    }
}
