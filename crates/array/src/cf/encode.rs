//! From what elements mean to what is stored.

use nuthatch_core::{Error, Result};

use crate::attribute::Attributes;
use crate::calendar::{Calendar, NAT};
use crate::dtype::{DType, TimeUnit};
use crate::values::{Shared, Values};
use crate::variable::Variable;

use super::units::{Since, longest, unit_of};

/// How a variable's elements are stored: a type that Zarr holds, and attributes that say what it
/// means.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    how: How,
    /// What is added to the variable's attributes.
    pub(crate) attrs: Attributes,
}

#[derive(Debug, Clone, Copy)]
enum How {
    AsIs(DType),
    Times { since: Since, unit: TimeUnit },
    Spans { nanoseconds: i64, unit: TimeUnit },
}

impl Encoder {
    /// Decides how a variable is stored. Times become 64-bit counts of a unit since a date: those
    /// of the encoding where they are exact, else the longest unit that is; a variable that is not
    /// in memory is counted in its own unit.
    pub(crate) fn of(variable: &Variable) -> Self {
        let mut attrs = Attributes::new();
        let how = match variable.dtype() {
            DType::Datetime { unit, calendar } => {
                let nanoseconds = nanoseconds(variable, unit);
                let (units, since) = encoded_units(variable, &nanoseconds, calendar)
                    .unwrap_or_else(|| fitting_units(&nanoseconds, unit, calendar));
                attrs.insert("units".to_owned(), units.into());
                attrs.insert("calendar".to_owned(), calendar.name().into());
                How::Times { since, unit }
            }
            DType::Timedelta { unit } => {
                let spans = nanoseconds(variable, unit);
                let said = variable.encoding.get("units").and_then(|units| units.as_str());
                let exact = |nanoseconds: &i64| {
                    let each = spans.as_ref().map(|spans| spans.iter());
                    each.is_some_and(|mut each| each.all(|x| x % i128::from(*nanoseconds) == 0))
                };
                let said = said.and_then(|name| Some((name, unit_of(name)?)));
                let (name, nanoseconds) =
                    said.filter(|(_, unit)| exact(unit)).unwrap_or_else(|| match &spans {
                        Some(spans) => longest(spans.iter().copied()),
                        None => (name_of(unit), unit.nanoseconds()),
                    });
                attrs.insert("units".to_owned(), name.into());
                attrs.insert("dtype".to_owned(), format!("timedelta64[{unit}]").into());
                How::Spans { nanoseconds, unit }
            }
            dtype => How::AsIs(dtype),
        };
        if !matches!(how, How::AsIs(_)) && has_missing(variable) {
            attrs.insert("_FillValue".to_owned(), NAT.into());
        }
        Self { how, attrs }
    }

    /// The type that is stored.
    pub(crate) fn dtype(&self) -> DType {
        match self.how {
            How::AsIs(dtype) => dtype,
            How::Times { .. } | How::Spans { .. } => DType::I64,
        }
    }

    /// The elements as they are stored.
    pub(crate) fn encode(&self, values: Values) -> Result<Values> {
        match (self.how, &values) {
            (How::Times { since, unit }, Values::Datetime(counts, ..)) => {
                encoded(counts, unit, since.unit, since.reference)
            }
            (How::Spans { nanoseconds, unit }, Values::Timedelta(counts, _)) => {
                encoded(counts, unit, nanoseconds, 0)
            }
            _ => Ok(values),
        }
    }
}

fn encoded(counts: &Shared<i64>, unit: TimeUnit, to: i64, reference: i128) -> Result<Values> {
    let encode = |count: i64| {
        if count == NAT {
            return Ok(NAT);
        }
        let nanoseconds = i128::from(count) * i128::from(unit.nanoseconds()) - reference;
        i64::try_from(nanoseconds / i128::from(to)).map_err(|_| {
            Error::other("a time is too far from the date it is counted from".to_owned())
        })
    };
    let encoded: Result<Vec<i64>> = counts.iter().copied().map(encode).collect();
    let shape = ndarray::IxDyn(counts.shape());
    let array = ndarray::ArrayD::from_shape_vec(shape, encoded?).map_err(Error::other)?;
    Ok(Values::I64(array.into_shared()))
}

/// The elements that are not missing, in nanoseconds, where they are in memory.
fn nanoseconds(variable: &Variable, unit: TimeUnit) -> Option<Vec<i128>> {
    let crate::data::Data::Memory(Values::Datetime(counts, ..) | Values::Timedelta(counts, _)) =
        variable.data()
    else {
        return None;
    };
    let there = counts.iter().filter(|count| **count != NAT);
    Some(there.map(|count| i128::from(*count) * i128::from(unit.nanoseconds())).collect())
}

fn has_missing(variable: &Variable) -> bool {
    match variable.data() {
        crate::data::Data::Memory(Values::Datetime(counts, ..) | Values::Timedelta(counts, _)) => {
            counts.iter().any(|count| *count == NAT)
        }
        // It is not known yet.
        _ => true,
    }
}

/// The units of the encoding, where all elements are whole numbers of them.
fn encoded_units(
    variable: &Variable,
    nanoseconds: &Option<Vec<i128>>,
    calendar: Calendar,
) -> Option<(String, Since)> {
    let units = variable.encoding.get("units")?.as_str()?;
    let since = Since::parse(units, calendar)?;
    let exact = |at: &i128| (at - since.reference) % i128::from(since.unit) == 0;
    nanoseconds.as_ref()?.iter().all(exact).then(|| (units.to_owned(), since))
}

fn fitting_units(
    nanoseconds: &Option<Vec<i128>>,
    unit: TimeUnit,
    calendar: Calendar,
) -> (String, Since) {
    let first = nanoseconds.as_ref().and_then(|all| all.first()).copied().unwrap_or(0);
    let day = 86_400_000_000_000;
    let reference = first.div_euclid(day) * day;
    let (name, per) = match nanoseconds {
        Some(all) => longest(all.iter().map(move |at| at - reference)),
        None => (name_of(unit), unit.nanoseconds()),
    };
    let (year, month, date) = i64::try_from(reference / day)
        .ok()
        .and_then(|days| calendar.date(days))
        .unwrap_or((1970, 1, 1));
    let units = format!("{name} since {year:04}-{month:02}-{date:02} 00:00:00");
    (units, Since { unit: per, reference })
}

fn name_of(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}
