//! Values as the scripts in `tests/python` show them.

use nuthatch::array::{Calendar, DType, NAT, Values};
use serde_json::{Value, json};

/// The type as numpy names it. Text is text however it is stored, and times of other calendars
/// than numpy's are objects to it.
pub(super) fn dtype(values: &Values, expected: &Value) -> Value {
    let kind = expected["kind"].as_str().unwrap();
    match values.dtype() {
        DType::String if ["U", "O", "T", "S"].contains(&kind) => expected["dtype"].clone(),
        DType::Datetime { calendar, .. } if calendar != Calendar::ProlepticGregorian => {
            json!("object")
        }
        // cftime's objects: of numpy's calendar too, where numpy's nanoseconds do not reach.
        DType::Datetime { .. } if kind == "O" => json!("object"),
        dtype => json!(dtype.to_string()),
    }
}

pub(super) fn values(values: &Values) -> Value {
    match values {
        Values::Datetime(counts, unit, calendar) => {
            let shown = |count: &i64| {
                let text = calendar.civil(*count, *unit)?.to_string();
                let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
                Some(format!("{seconds}.{fraction:0<9}"))
            };
            json!(counts.iter().map(shown).collect::<Vec<Option<String>>>())
        }
        Values::Timedelta(counts, unit) => {
            let shown = |count: &i64| (*count != NAT).then(|| count * unit.nanoseconds());
            json!(counts.iter().map(shown).collect::<Vec<Option<i64>>>())
        }
        Values::String(texts) => json!(texts.iter().map(ToString::to_string).collect::<Vec<_>>()),
        Values::F32(_) | Values::F64(_) => {
            let floats = values.to_f64().unwrap();
            json!(floats.iter().map(|x| bits(*x)).collect::<Vec<String>>())
        }
        Values::I64(array) => json!(array.iter().collect::<Vec<_>>()),
        Values::U64(array) => json!(array.iter().collect::<Vec<_>>()),
        other => {
            let numbers = other.to_f64().unwrap();
            json!(numbers.iter().map(|x| *x as i64).collect::<Vec<i64>>())
        }
    }
}

/// All bits of a number: which of two shortest texts a program writes is its own affair.
fn bits(x: f64) -> String {
    if x.is_nan() { "nan".to_owned() } else { format!("{:016x}", x.to_bits()) }
}
