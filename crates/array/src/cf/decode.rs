//! From what is stored to what it means.

use std::sync::Arc;

use futures::future::BoxFuture;
use nuthatch_core::{Error, Result};
use serde_json::Value;

use crate::attribute::Attributes;
use crate::calendar::{Calendar, NAT};
use crate::data::Data;
use crate::dtype::{DType, TimeUnit};
use crate::region::Region;
use crate::source::Source;
use crate::values::{Shared, Values};
use crate::variable::Variable;

use super::number;
use super::units::{Since, unit_of};

/// Decodes a variable as it was stored: times, missing values, scaled numbers. What the attributes
/// said of it goes to the encoding. What cannot be decoded stays as it is, with a warning.
pub(crate) fn decoded(name: &str, stored: Variable) -> Result<Variable> {
    let Some((decoder, used)) = Decoder::of(name, &stored)? else { return Ok(stored) };
    let data = match stored.data() {
        Data::Memory(values) => decoder.decode(values)?.into(),
        lazy => {
            let wrap = |inner| Arc::new(Decoded { inner, decoder }) as Arc<dyn Source>;
            lazy.through(wrap)
        }
    };
    let mut decoded = stored.with_data(data);
    for key in used {
        if let Some(value) = decoded.attrs.remove(*key) {
            decoded.encoding.insert((*key).to_owned(), value);
        }
    }
    decoded.encoding.insert("dtype".to_owned(), stored.dtype().to_string().into());
    Ok(decoded)
}

/// How elements are decoded.
#[derive(Debug, Clone)]
pub(super) enum Decoder {
    /// Counts of a unit since a moment.
    Times { since: Since, calendar: Calendar, unit: TimeUnit, missing: Vec<f64>, reformed: bool },
    /// Counts of a unit.
    Spans { nanoseconds: i64, unit: TimeUnit, missing: Vec<f64> },
    /// Numbers with missing values, scaled.
    Numbers {
        missing: Vec<f64>,
        scale: Option<f64>,
        offset: Option<f64>,
        unsigned: Option<bool>,
        dtype: DType,
    },
}

const TIME_KEYS: &[&str] = &["units", "calendar", "_FillValue", "missing_value", "dtype"];
const NUMBER_KEYS: &[&str] =
    &["_FillValue", "missing_value", "scale_factor", "add_offset", "_Unsigned"];

impl Decoder {
    /// How a variable is decoded, and which attributes say so.
    fn of(name: &str, stored: &Variable) -> Result<Option<(Self, &'static [&'static str])>> {
        let attrs = &stored.attrs;
        let missing = missing(attrs);
        let text = |key: &str| attrs.get(key).and_then(Value::as_str);
        let told = |why: String| {
            tracing::warn!(target: "nuthatch", variable = name, "left undecoded: {why}");
        };
        if !stored.dtype().is_number() {
            return Ok(None);
        }
        if let Some(units) = text("units").filter(|units| units.contains(" since ")) {
            let named = text("calendar").unwrap_or("standard");
            let Some(calendar) = Calendar::from_name(named) else {
                told(format!("the calendar {named:?} is not known"));
                return Ok(None);
            };
            let Some(since) = Since::parse(units, calendar) else {
                told(format!("the units {units:?} name no unit of fixed length and no date"));
                return Ok(None);
            };
            let times = Self::times(since, calendar, missing, stored.data());
            if times.is_none() {
                told(format!("times in {units:?} do not fit 64 bits"));
            }
            return Ok(times.map(|times| (times, TIME_KEYS)));
        }
        let is_span = text("dtype").is_some_and(|dtype| dtype.starts_with("timedelta64"));
        if let (true, Some(nanoseconds)) = (is_span, text("units").and_then(unit_of)) {
            let unit = text("dtype").and_then(unit_of_numpy).unwrap_or(TimeUnit::Nanosecond);
            return Ok(Some((Self::Spans { nanoseconds, unit, missing }, TIME_KEYS)));
        }
        Ok(Self::numbers(stored, missing).map(|numbers| (numbers, NUMBER_KEYS)))
    }

    /// The finest unit that holds the elements that are known, as numpy's default is the finest.
    fn times(since: Since, calendar: Calendar, missing: Vec<f64>, data: &Data) -> Option<Self> {
        // Nanoseconds are numpy's default; cftime, for the other calendars, has microseconds.
        // The two calendars are one since the reform. Where a time lies before it, they are not:
        // what is not read yet keeps the file's calendar, unless its type says that none does.
        let may_be_late = match data {
            Data::Memory(_) => true,
            Data::Lazy(_) => earliest(data.dtype(), since).is_some_and(|first| first >= REFORM),
        };
        let candidates = match calendar == Calendar::Standard && may_be_late {
            true => vec![(Calendar::ProlepticGregorian, true), (calendar, false)],
            false => vec![(calendar, false)],
        };
        let fine = since.unit % 1000 != 0 || since.reference % 1000 != 0;
        let tries = candidates.into_iter().flat_map(|(calendar, reformed)| {
            let is_numpy = calendar == Calendar::ProlepticGregorian;
            let units = TimeUnit::ALL.into_iter().rev().skip(usize::from(!is_numpy && !fine));
            units.map(move |unit| (calendar, reformed, unit))
        });
        let fits = |(calendar, reformed, unit): (Calendar, bool, TimeUnit)| {
            let missing = missing.clone();
            let decoder = Self::Times { since, calendar, unit, missing, reformed };
            let holds = match data {
                Data::Memory(values) => decoder.decode(values).is_ok(),
                // A margin of a hundred years around what the nanoseconds hold.
                Data::Lazy(_) => {
                    let bound = i128::from(i64::MAX) * i128::from(unit.nanoseconds());
                    since.reference.abs() < bound / 3
                }
            };
            holds.then_some(decoder)
        };
        tries.into_iter().find_map(fits)
    }

    /// The types are those that xarray gives to what it reads from Zarr, whose attributes are
    /// JSON: a scale of any kind makes float64, apart from float32 that only NaN marks.
    fn numbers(stored: &Variable, mut missing: Vec<f64>) -> Option<Self> {
        let attrs = &stored.attrs;
        let scale = attrs.get("scale_factor").and_then(number);
        let offset = attrs.get("add_offset").and_then(number);
        let unsigned = match attrs.get("_Unsigned").and_then(Value::as_str) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        if scale.is_none() && offset.is_none() && unsigned.is_none() && missing.is_empty() {
            return None;
        }
        let dtype = unsigned.map_or(stored.dtype(), |to| with_sign(stored.dtype(), to));
        if let (Some(to), Some(fill)) = (unsigned, attrs.get("_FillValue").and_then(number)) {
            missing.push(refilled(fill, stored.dtype(), to));
        }
        let only_nan = !missing.is_empty() && missing.iter().all(|x| x.is_nan());
        let dtype = match dtype {
            // Nothing of it is replaced, so xarray leaves the type.
            DType::F32 if only_nan => DType::F32,
            _ if scale.is_some() || offset.is_some() => DType::F64,
            dtype if missing.is_empty() => dtype,
            // A float32 holds every integer of 16 bits.
            DType::F32 | DType::I8 | DType::U8 | DType::I16 | DType::U16 => DType::F32,
            _ => DType::F64,
        };
        Some(Self::Numbers { missing, scale, offset, unsigned, dtype })
    }

    pub(super) fn dtype(&self) -> DType {
        match self {
            Self::Times { calendar, unit, .. } => {
                DType::Datetime { unit: *unit, calendar: *calendar }
            }
            Self::Spans { unit, .. } => DType::Timedelta { unit: *unit },
            Self::Numbers { dtype, .. } => *dtype,
        }
    }

    pub(super) fn decode(&self, stored: &Values) -> Result<Values> {
        match self {
            Self::Times { since, calendar, unit, missing, reformed } => {
                let counts = counts(stored, missing, since.unit, since.reference, *unit)?;
                let first = REFORM.div_euclid(i128::from(unit.nanoseconds()));
                let early = |count: &i64| *count != NAT && i128::from(*count) < first;
                if *reformed && counts.iter().any(early) {
                    return Err(Error::other(
                        "a time lies before 1582-10-15, where the standard calendar is Julian, and \
                         others of the array do not",
                    ));
                }
                Ok(Values::Datetime(counts, *unit, *calendar))
            }
            Self::Spans { nanoseconds, unit, missing } => {
                Ok(Values::Timedelta(counts(stored, missing, *nanoseconds, 0, *unit)?, *unit))
            }
            Self::Numbers { missing, scale, offset, unsigned, dtype } => {
                let stored =
                    unsigned.map_or_else(|| stored.clone(), |to| reinterpreted(stored, to));
                let plain = scale.is_none() && offset.is_none();
                if plain && (missing.iter().all(|x| x.is_nan()) && stored.dtype() == *dtype) {
                    // Floats that have no other mark than NaN, and integers without any.
                    return Ok(stored);
                }
                let numbers =
                    stored.to_f64().ok_or_else(|| Error::other("no numbers".to_owned()))?;
                if let (DType::F32, Values::F32(array), false) = (dtype, &stored, plain) {
                    let scaled = |x: f32| scale.map_or(x, |scale| x * scale as f32);
                    let moved = |x: f32| offset.map_or(x, |offset| x + offset as f32);
                    return Ok(Values::F32(array.mapv(|x| moved(scaled(x))).into_shared()));
                }
                let decode = |x: f64| match is_missing(x, missing) {
                    true => f64::NAN,
                    false => {
                        let scaled = scale.map_or(x, |scale| x * scale);
                        offset.map_or(scaled, |offset| scaled + offset)
                    }
                };
                Ok(match dtype {
                    DType::F32 => Values::F32(numbers.mapv(|x| decode(x) as f32).into_shared()),
                    _ => Values::F64(numbers.mapv(decode).into_shared()),
                })
            }
        }
    }
}

/// Whether the type of a variable depends on its elements: they are times of the standard
/// calendar, and may lie before the reform.
pub(crate) fn depends_on_elements(stored: &Variable) -> bool {
    let text = |key: &str| stored.attrs.get(key).and_then(Value::as_str);
    let named = text("calendar").unwrap_or("standard");
    let (Some(units), Some(Calendar::Standard)) = (text("units"), Calendar::from_name(named))
    else {
        return false;
    };
    let since = Since::parse(units, Calendar::Standard);
    since.is_some_and(|since| earliest(stored.dtype(), since).is_none_or(|first| first < REFORM))
}

/// The first moment that integers of a type can name, in nanoseconds since 1970-01-01.
fn earliest(dtype: DType, since: Since) -> Option<i128> {
    let least = match dtype {
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 0,
        DType::I8 => i128::from(i8::MIN),
        DType::I16 => i128::from(i16::MIN),
        DType::I32 => i128::from(i32::MIN),
        DType::I64 => i128::from(i64::MIN),
        _ => return None,
    };
    Some(least * i128::from(since.unit) + since.reference)
}

/// 1582-10-15 in nanoseconds since 1970-01-01.
const REFORM: i128 = -141_427 * 86_400_000_000_000;

fn is_missing(x: f64, missing: &[f64]) -> bool {
    x.is_nan() || missing.contains(&x)
}

/// Counts of `from` nanoseconds after a reference, as counts of `unit`.
fn counts(
    stored: &Values,
    missing: &[f64],
    from: i64,
    reference: i128,
    unit: TimeUnit,
) -> Result<Shared<i64>> {
    let per = i128::from(unit.nanoseconds());
    let too_far = || Error::other(format!("a time does not fit 64 bits in units of {unit}"));
    let exact = |nanoseconds: i128| {
        let whole = nanoseconds.div_euclid(per);
        let whole = if nanoseconds.rem_euclid(per) * 2 >= per { whole + 1 } else { whole };
        i64::try_from(whole).ok().filter(|count| *count != NAT).ok_or_else(too_far)
    };
    let integer = |x: i64| match missing.contains(&(x as f64)) || x == NAT {
        true => Ok(NAT),
        false => exact(i128::from(x) * i128::from(from) + reference),
    };
    let float = |x: f64| match is_missing(x, missing) {
        true => Ok(NAT),
        // Beyond 2¹²⁶ nothing is a time.
        false if x.abs() * from as f64 > 8e37 => Err(too_far()),
        // Cut off, not rounded, as numpy turns floats into integers.
        false => exact((x * from as f64) as i128 + reference),
    };
    fn each<T: Clone>(array: &Shared<T>, count: impl Fn(T) -> Result<i64>) -> Result<Shared<i64>> {
        let counted: Result<Vec<i64>> = array.iter().cloned().map(count).collect();
        let shape = ndarray::IxDyn(array.shape());
        let array = ndarray::ArrayD::from_shape_vec(shape, counted?).map_err(Error::other)?;
        Ok(array.into_shared())
    }
    match stored {
        Values::I8(array) => each(array, |x| integer(x.into())),
        Values::I16(array) => each(array, |x| integer(x.into())),
        Values::I32(array) => each(array, |x| integer(x.into())),
        Values::I64(array) => each(array, integer),
        Values::U8(array) => each(array, |x| integer(x.into())),
        Values::U16(array) => each(array, |x| integer(x.into())),
        Values::U32(array) => each(array, |x| integer(x.into())),
        Values::U64(array) => {
            each(array, |x| i64::try_from(x).map_or_else(|_| Err(too_far()), integer))
        }
        Values::F32(array) => each(array, |x| float(x.into())),
        Values::F64(array) => each(array, float),
        other => Err(Error::other(format!("{} counts no time", other.dtype()))),
    }
}

/// Integers with their sign bit read the other way.
fn reinterpreted(stored: &Values, unsigned: bool) -> Values {
    match (stored, unsigned) {
        (Values::I8(array), true) => Values::U8(array.mapv(i8::cast_unsigned).into_shared()),
        (Values::I16(array), true) => Values::U16(array.mapv(i16::cast_unsigned).into_shared()),
        (Values::I32(array), true) => Values::U32(array.mapv(i32::cast_unsigned).into_shared()),
        (Values::I64(array), true) => Values::U64(array.mapv(i64::cast_unsigned).into_shared()),
        (Values::U8(array), false) => Values::I8(array.mapv(u8::cast_signed).into_shared()),
        (Values::U16(array), false) => Values::I16(array.mapv(u16::cast_signed).into_shared()),
        (Values::U32(array), false) => Values::I32(array.mapv(u32::cast_signed).into_shared()),
        (Values::U64(array), false) => Values::I64(array.mapv(u64::cast_signed).into_shared()),
        (other, _) => other.clone(),
    }
}

/// The type of integers with their sign bit read the other way.
fn with_sign(dtype: DType, unsigned: bool) -> DType {
    match (dtype, unsigned) {
        (DType::I8, true) => DType::U8,
        (DType::I16, true) => DType::U16,
        (DType::I32, true) => DType::U32,
        (DType::I64, true) => DType::U64,
        (DType::U8, false) => DType::I8,
        (DType::U16, false) => DType::I16,
        (DType::U32, false) => DType::I32,
        (DType::U64, false) => DType::I64,
        (other, _) => other,
    }
}

/// A `_FillValue`, which is given in the stored type, as it is read with the sign bit.
fn refilled(fill: f64, stored: DType, unsigned: bool) -> f64 {
    let range = 2_f64.powi(8 * stored.size() as i32);
    match (unsigned, fill) {
        _ if with_sign(stored, unsigned) == stored => fill,
        (true, fill) if fill < 0.0 => fill + range,
        (false, fill) if fill >= range / 2.0 => fill - range,
        _ => fill,
    }
}

/// The values that stand for none.
fn missing(attrs: &Attributes) -> Vec<f64> {
    let said = ["_FillValue", "missing_value"].iter().filter_map(|key| attrs.get(*key));
    said.flat_map(|value| match value {
        Value::Array(several) => several.iter().filter_map(number).collect(),
        one => number(one).into_iter().collect::<Vec<f64>>(),
    })
    .collect()
}

fn unit_of_numpy(dtype: &str) -> Option<TimeUnit> {
    let unit = dtype.split_once('[')?.1.strip_suffix(']')?;
    TimeUnit::ALL.into_iter().find(|known| known.to_string() == unit)
}

/// A source as its decoder reads it.
#[derive(Debug)]
struct Decoded {
    inner: Arc<dyn Source>,
    decoder: Decoder,
}

impl Source for Decoded {
    fn dtype(&self) -> DType {
        self.decoder.dtype()
    }
    fn shape(&self) -> &[u64] {
        self.inner.shape()
    }
    fn chunk_shape(&self) -> &[u64] {
        self.inner.chunk_shape()
    }
    fn read_shape(&self) -> &[u64] {
        self.inner.read_shape()
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move { self.decoder.decode(&self.inner.read(region).await?) })
    }
    fn is_computed(&self) -> bool {
        self.inner.is_computed()
    }
}
