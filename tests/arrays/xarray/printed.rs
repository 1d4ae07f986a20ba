//! Datasets and arrays as they are printed, by nuthatch and by xarray.

use nuthatch::prelude::*;
use serde_json::Value;

/// Where a store is printed otherwise than xarray prints it: read, and not.
pub(super) fn differences(name: &str, case: &Value, dataset: &Dataset) -> Vec<String> {
    let read = match futures::executor::block_on(dataset.load()) {
        Ok(read) => read,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let mut wrong = Vec::new();
    let mut check = |what: &str, ours: String, theirs: &Value| {
        let theirs = theirs.as_str().unwrap();
        if !agree(&ours, theirs) {
            wrong.push(format!("{name}: {what} is printed\n{ours}\nand in xarray\n{theirs}"));
        }
    };
    check("what is not read", dataset.to_string(), &case["printed_unread"]);
    check("it", read.to_string(), &case["printed"]);
    for (array, expected) in case["arrays"].as_object().unwrap() {
        let Some(printed) = expected.get("printed") else { continue };
        check(array, read.array(array).unwrap().to_string(), printed);
    }
    wrong
}

/// Whether two programs print the same, line by line and column by column, but for what is meant to
/// differ:
///
/// - xarray's name before the types' own;
/// - the order of variables and dimensions, which is by name in nuthatch, and in xarray what the
///   store gives;
/// - text, and times of calendars and ages that numpy does not have: these are bytes and objects to
///   Python, so their types, their sizes and the sum of all differ, how their elements are shown,
///   and how many fit into a line;
/// - elements that were not read: nuthatch says in how many chunks they lie. It reads small arrays
///   of times at once where their calendar depends on them;
/// - the elements of one array, of which nuthatch shows a line, and xarray numpy's rows;
/// - numbers that JSON has not, which are text in nuthatch's attributes.
fn agree(ours: &str, theirs: &str) -> bool {
    let both = [ours, theirs];
    let has_object =
        |line: &str| is_object(line) || row(line).is_some_and(|row| is_object(row.dtype));
    let objects = both.iter().any(|text| text.lines().any(has_object));
    let [ours, theirs] = both.map(|text| lines(text, objects));
    let same = |(one, other): (&String, &String)| one == other || row_agrees(one, other);
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
}

fn row_agrees(ours: &str, theirs: &str) -> bool {
    let (Some(ours), Some(theirs)) = (row(ours), row(theirs)) else { return false };
    let is_time = ours.dtype.contains('[');
    if theirs.elements == "..." && !(ours.elements.starts_with("not read") || is_time) {
        return false;
    }
    if is_object(ours.dtype) || is_object(theirs.dtype) {
        let shown = |text: &str| text.replace(" b'", " '").trim_start_matches('b').to_owned();
        let comparable = !is_time && !theirs.elements.contains("...") && theirs.elements.is_ascii();
        let comparable =
            comparable && !ours.elements.contains("...") && !theirs.elements.contains("\\x");
        return ours.start == theirs.start
            && (!comparable || ours.elements == shown(theirs.elements));
    }
    let told = |row: &Row<'_>| [row.start, row.dtype, row.bytes].map(str::to_owned);
    theirs.elements == "..." && told(&ours) == told(&theirs)
}

/// The lines of a text, those of a part in order.
fn lines(text: &str, objects: bool) -> Vec<String> {
    const TITLES: [&str; 4] = ["Coordinates:", "Data variables:", "Attributes:", "Dimensions"];
    let (mut lines, mut rows, mut part) = (Vec::new(), Vec::new(), "");
    for line in text.lines() {
        let line = line.trim_end().replace("<xarray.", "<");
        if let Some(title) = TITLES.iter().find(|title| line.starts_with(**title)) {
            rows.sort();
            lines.append(&mut rows);
            part = title;
            lines.push(sorted(&line));
        } else if line.starts_with('<') {
            part = "elements";
            let sized = line.split(" Size:").next().filter(|_| objects);
            lines.push(sized.unwrap_or(&line).to_owned());
        } else if part == "Attributes:" {
            let line = line.replace("-Infinity", "-inf").replace("Infinity", "inf");
            rows.push(line.replace("NaN", "nan").replace("'nan'", "nan"));
        } else if part != "elements" {
            rows.push(line);
        }
    }
    rows.sort();
    lines.append(&mut rows);
    lines
}

/// The names of dimensions in order.
fn sorted(line: &str) -> String {
    let start = line.find('(').or_else(|| line.find(": ").map(|at| at + 1));
    let Some((start, list)) = start.map(|at| line.split_at(at + 1)) else {
        return line.to_owned();
    };
    let mut names: Vec<&str> = list.trim_end_matches(')').split(", ").collect();
    names.sort_unstable();
    format!("{start}{}", names.join(", "))
}

/// A variable, as it is printed.
struct Row<'a> {
    /// Its mark, name and dimensions.
    start: &'a str,
    dtype: &'a str,
    bytes: &'a str,
    elements: &'a str,
}

fn row(line: &str) -> Option<Row<'_>> {
    let rest = line.strip_prefix("  * ").or_else(|| line.strip_prefix("    "))?;
    let rest = rest.split_once(' ')?.1.trim_start();
    let dims = rest.strip_prefix('(').and_then(|dims| dims.split_once(") "));
    let rest = dims.map_or(rest, |(_, rest)| rest);
    let start = &line[..line.len() - rest.len()];
    let (dtype, rest) = rest.split_once(' ')?;
    let (bytes, elements) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_size = bytes.ends_with('B') && bytes.starts_with(|digit: char| digit.is_ascii_digit());
    is_size.then_some(Row { start, dtype, bytes, elements })
}

/// A type of which Python makes bytes, text or objects.
fn is_object(dtype: &str) -> bool {
    const TEXT: [&str; 6] = ["object", "string", "StringDType", "<U", ">U", "|S"];
    const CALENDARS: [&str; 6] =
        ["standard[", "noleap[", "all_leap[", "360_day[", "julian[", "gregorian["];
    TEXT.iter().chain(&CALENDARS).any(|start| dtype.starts_with(start))
}
