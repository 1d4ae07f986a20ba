//! Datasets and arrays as people read them: the layout is xarray's.

mod elements;

use std::fmt;

use serde_json::Value;

use crate::array::DataArray;
use crate::attribute::Attributes;
use crate::data::Data;
use crate::dataset::Dataset;
use crate::region::ChunkGrid;
use crate::variable::Variable;

use self::elements::{cut, quoted};

/// The characters of a line.
const WIDTH: usize = 80;

/// The rows of a part; those in the middle of more are left out.
const ROWS: usize = 12;

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.variables().values().map(Variable::bytes).sum();
        let column = column(self.variables().keys());
        let sizes = self.sizes().into_iter().map(|(dim, size)| format!("{dim}: {size}"));
        let sizes = wrapped(&sizes.collect::<Vec<_>>(), column + 1);
        let mut lines = vec![
            format!("<Dataset> Size: {}", size(bytes)),
            format!("{:<column$}({sizes})", "Dimensions:"),
        ];
        let coords: Vec<_> = self.coords().collect();
        if !coords.is_empty() {
            lines.extend(part("Coordinates", column, variables(&coords, column)));
        }
        let labelled = |dim: &str| coords.iter().any(|(name, _)| *name == dim);
        lines.extend(unlabelled(self.sizes().into_keys().filter(|dim| !labelled(dim))));
        let arrays = variables(&self.data_vars().collect::<Vec<_>>(), column);
        lines.extend(part("Data variables", column, arrays));
        lines.extend(attributes(&self.attrs));
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for DataArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().map(|name| format!("{} ", quoted(name))).unwrap_or_default();
        let start = format!("<DataArray {name}");
        let dims = self.dims().iter().zip(self.shape());
        let dims: Vec<String> = dims.map(|(dim, size)| format!("{dim}: {size}")).collect();
        let dims = wrapped(&dims, start.chars().count() + 1);
        let bytes = size(self.variable().bytes());
        let dtype = format!("{} ", self.dtype());
        let mut lines = vec![
            format!("{start}({dims})> Size: {bytes}"),
            format!("{dtype}{}", elements(self.variable(), WIDTH - dtype.len())),
        ];
        let coords: Vec<_> = self.coords().iter().map(|(name, own)| (name.as_str(), own)).collect();
        let column = column(self.coords().keys());
        if !coords.is_empty() {
            lines.extend(part("Coordinates", column, variables(&coords, column)));
        }
        let dims = self.dims().iter().filter(|dim| !self.coords().contains_key(*dim));
        lines.extend(unlabelled(dims.map(String::as_str)));
        lines.extend(attributes(self.attrs()));
        f.write_str(&lines.join("\n"))
    }
}

/// The width of a column of names.
fn column<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or_default().max(7) + 6
}

/// A title and its rows.
fn part(title: &str, column: usize, mut rows: Vec<String>) -> Vec<String> {
    let count = rows.len();
    let title = match count {
        0..=ROWS => format!("{title}:"),
        _ => format!("{title}: ({ROWS}/{count})"),
    };
    if rows.is_empty() {
        rows.push("    *empty*".to_owned());
    } else if count > ROWS {
        let between = format!("{:<column$} ...", "    ...");
        rows.splice(ROWS.div_ceil(2)..count - ROWS / 2, [between]);
    }
    [vec![title], rows].concat()
}

fn variables(variables: &[(&str, &Variable)], column: usize) -> Vec<String> {
    let row = |(name, variable): &(&str, &Variable)| {
        let mark = if variable.is_index(name) { '*' } else { ' ' };
        let dims = match variable.dims() {
            [] => String::new(),
            dims => format!("({}) ", dims.join(", ")),
        };
        let name = format!("  {mark} {name}");
        let (dtype, bytes) = (variable.dtype(), size(variable.bytes()));
        let start = format!("{name:<column$}{dims}{dtype} {bytes} ");
        let rest = WIDTH.saturating_sub(start.chars().count());
        format!("{start}{}", elements(variable, rest))
    };
    variables.iter().map(row).collect()
}

/// The dimensions that have no labels.
fn unlabelled<'a>(dims: impl Iterator<Item = &'a str>) -> Option<String> {
    const START: &str = "Dimensions without coordinates: ";
    let dims: Vec<String> = dims.map(str::to_owned).collect();
    (!dims.is_empty()).then(|| format!("{START}{}", wrapped(&dims, START.len())))
}

/// A list whose lines begin at a column.
fn wrapped(list: &[String], column: usize) -> String {
    let (mut text, mut length) = (String::new(), column);
    for (at, one) in list.iter().enumerate() {
        let one = if at + 1 < list.len() { format!("{one}, ") } else { one.clone() };
        length += one.chars().count();
        if length > WIDTH {
            text = format!("{}\n{:column$}", text.trim_end(), "");
            length = column + one.chars().count();
        }
        text += &one;
    }
    text
}

fn attributes(attrs: &Attributes) -> Vec<String> {
    if attrs.is_empty() {
        return Vec::new();
    }
    let column = column(attrs.keys());
    let row = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => shown(other),
        };
        let value = value.replace('\t', "\\t").replace('\n', "\\n");
        let name = format!("    {name}:");
        cut(format!("{name:<column$} {value}"), WIDTH)
    };
    part("Attributes", column, attrs.iter().map(row).collect())
}

/// A value of an attribute, in Python's words.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(all) => {
            format!("[{}]", all.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members =
                members.iter().map(|(key, one)| format!("{}: {}", quoted(key), shown(one)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The first and last elements, or the chunks of what was not read.
fn elements(variable: &Variable, width: usize) -> String {
    match variable.data() {
        Data::Memory(values) => elements::fitting(values, width),
        lazy @ Data::Lazy(_) => {
            let chunk = lazy.chunk_shape().unwrap_or_default();
            let count: u64 = ChunkGrid::new(&lazy.shape(), &chunk).counts().iter().product();
            let chunks = if count == 1 { "chunk" } else { "chunks" };
            format!("not read, {count} {chunks} of {chunk:?}")
        }
    }
}

/// Bytes, in units of 1000.
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.0}{}", units[unit])
}
