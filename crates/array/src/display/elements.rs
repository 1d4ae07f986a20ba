//! Elements as people read them: a few of each end, in numpy's and pandas' words.

use crate::calendar::{Calendar, NAT};
use crate::dtype::TimeUnit;
use crate::values::Values;

/// As many elements as fit, those at the ends first.
pub(super) fn fitting(values: &Values, width: usize) -> String {
    const BETWEEN: &str = " ... ";
    let count = values.len();
    // One takes two characters at least; of two, both are shown.
    let most = count.min(width.div_ceil(2).max(2));
    let front = shown(values, 0..most.div_ceil(2));
    let back = shown(values, count - most / 2..count);
    // From the outside to the inside, with what parts each from the next.
    let lengths = (0..most).map(|at| {
        let one = if at % 2 == 0 { front.get(at / 2) } else { back.iter().nth_back(at / 2) };
        one.map_or(0, |text| text.chars().count()) + 1
    });
    let ends: Vec<usize> = lengths
        .scan(0, |length, one| {
            *length += one;
            Some(*length - 1)
        })
        .collect();
    let fits = most == count && ends.last().is_none_or(|end| *end <= width);
    let (kept, between) = match count {
        0..=1 => (count, ""),
        2 => (2, " "),
        _ if fits => (count, " "),
        _ => {
            let fit = ends.iter().position(|end| end + BETWEEN.len() - 1 > width);
            (fit.unwrap_or_default().max(2), BETWEEN)
        }
    };
    let (front, back) = (&front[..kept.div_ceil(2)], &back[back.len() - kept / 2..]);
    cut(format!("{}{between}{}", front.join(" "), back.join(" ")), width)
}

/// A text of so many characters at the most; three stand for those that are cut off.
pub(super) fn cut(text: String, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width.saturating_sub(3)).chain("...".chars()).collect(),
        false => text,
    }
}

/// A text between quotes.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped = text.chars().map(|character| match character {
        '\'' | '"' if character != quote => character.to_string(),
        other => other.escape_debug().to_string(),
    });
    format!("{quote}{}{quote}", escaped.collect::<String>())
}

fn shown(values: &Values, range: std::ops::Range<usize>) -> Vec<String> {
    let index = |flat: usize| {
        let mut index = vec![0; values.shape().len()];
        let mut rest = flat;
        for (place, size) in index.iter_mut().zip(values.shape()).rev() {
            (*place, rest) = (rest % size, rest / size);
        }
        index
    };
    if let Values::Timedelta(spans, unit) = values {
        let spans = range.filter_map(|flat| spans.get(index(flat).as_slice()).copied());
        return timedeltas(&spans.collect::<Vec<_>>(), *unit);
    }
    range.map(|flat| element(values, &index(flat))).collect()
}

fn element(values: &Values, index: &[usize]) -> String {
    match values {
        Values::F32(all) => all.get(index).map(|x| float(f64::from(*x))).unwrap_or_default(),
        Values::F64(all) => all.get(index).map(|x| float(*x)).unwrap_or_default(),
        Values::String(all) => all.get(index).map(|text| quoted(text)).unwrap_or_default(),
        Values::Bool(all) => match all.get(index) {
            Some(true) => "True".to_owned(),
            _ => "False".to_owned(),
        },
        Values::Datetime(_, _, calendar) => datetime(&values.shown(index), *calendar),
        other => other.shown(index),
    }
}

/// Four digits, and an exponent where these do not reach the point.
fn float(x: f64) -> String {
    const DIGITS: i32 = 4;
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() || x == 0.0 {
        return format!("{x:?}");
    }
    let scientific = format!("{x:.3e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..DIGITS - 1).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or_default();
        let fixed = format!("{x:.decimals$}");
        let short = fixed.trim_end_matches('0');
        return if short.ends_with('.') { format!("{short}0") } else { short.to_owned() };
    }
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A time of numpy's calendar without what is zero; one of others as cftime shows it.
fn datetime(iso: &str, calendar: Calendar) -> String {
    let Some((date, time)) = iso.split_once('T').filter(|_| iso != "NaT") else {
        return iso.to_owned();
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let time = match fraction.len() {
        0 => seconds.to_owned(),
        1..=6 => format!("{seconds}.{fraction:0<6}"),
        _ => format!("{seconds}.{fraction:0<9}"),
    };
    match calendar {
        Calendar::ProlepticGregorian if time == "00:00:00" => date.to_owned(),
        Calendar::ProlepticGregorian => format!("{date}T{time}"),
        _ => format!("{date} {time}"),
    }
}

/// Spans of time: days, hours, or both where any of them needs both.
fn timedeltas(spans: &[i64], unit: TimeUnit) -> Vec<String> {
    const DAY: i128 = 86_400_000_000_000;
    let nanoseconds = |span: i64| i128::from(span) * i128::from(unit.nanoseconds());
    let there = || spans.iter().filter(|span| **span != NAT).map(|span| nanoseconds(*span));
    let no_days = there().all(|span| (0..DAY).contains(&span));
    let no_times = there().all(|span| span % DAY == 0);
    let one = |span: &i64| {
        if *span == NAT {
            return "NaT".to_owned();
        }
        let (days, within) =
            (nanoseconds(*span).div_euclid(DAY), nanoseconds(*span).rem_euclid(DAY));
        let (seconds, fraction) = (within / 1_000_000_000, within % 1_000_000_000);
        let fraction = match (fraction, fraction % 1000) {
            (0, _) => String::new(),
            (_, 0) => format!(".{:06}", fraction / 1000),
            _ => format!(".{fraction:09}"),
        };
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let time = format!("{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60);
        match (no_days, no_times) {
            (true, _) => time,
            (_, true) => format!("{days} days"),
            _ if days < 0 => format!("{days} days +{time}"),
            _ => format!("{days} days {time}"),
        }
    };
    spans.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
