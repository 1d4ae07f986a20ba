//! Datasets and arrays as people read them: the layout is xarray's.

use std::fmt;

use crate::array::DataArray;
use crate::attribute::Attributes;
use crate::data::Data;
use crate::dataset::Dataset;
use crate::region::ChunkGrid;
use crate::values::Values;
use crate::variable::Variable;

/// How many elements are shown at each end.
const ENDS: usize = 3;

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.variables().values().map(Variable::bytes).sum();
        writeln!(f, "<Dataset> Size: {}", size(bytes))?;
        let sizes: Vec<String> =
            self.sizes().iter().map(|(dim, size)| format!("{dim}: {size}")).collect();
        writeln!(f, "Dimensions:  ({})", sizes.join(", "))?;
        writeln!(f, "Coordinates:")?;
        lines(f, self.coords())?;
        writeln!(f, "Data variables:")?;
        lines(f, self.data_vars())?;
        attributes(f, &self.attrs)
    }
}

impl fmt::Display for DataArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims = self.dims().iter().zip(self.shape());
        let dims: Vec<String> = dims.map(|(dim, size)| format!("{dim}: {size}")).collect();
        let name = self.name().map(|name| format!("'{name}' ")).unwrap_or_default();
        let bytes = size(self.variable().bytes());
        writeln!(f, "<DataArray {name}({})> Size: {bytes}", dims.join(", "))?;
        writeln!(f, "{} {}", self.dtype(), elements(self.variable()))?;
        if !self.coords().is_empty() {
            writeln!(f, "Coordinates:")?;
            lines(f, self.coords().iter().map(|(name, coord)| (name.as_str(), coord)))?;
        }
        attributes(f, self.attrs())
    }
}

fn lines<'a>(
    f: &mut fmt::Formatter<'_>,
    variables: impl Iterator<Item = (&'a str, &'a Variable)>,
) -> fmt::Result {
    let mut none = true;
    for (name, variable) in variables {
        none = false;
        let mark = if variable.is_index(name) { '*' } else { ' ' };
        let dims = match variable.dims() {
            [] => String::new(),
            dims => format!("({}) ", dims.join(", ")),
        };
        let bytes = size(variable.bytes());
        let (dtype, elements) = (variable.dtype(), elements(variable));
        writeln!(f, "  {mark} {name:<16} {dims}{dtype} {bytes} {elements}")?;
    }
    if none { writeln!(f, "    *empty*") } else { Ok(()) }
}

fn attributes(f: &mut fmt::Formatter<'_>, attrs: &Attributes) -> fmt::Result {
    if attrs.is_empty() {
        return Ok(());
    }
    writeln!(f, "Attributes:")?;
    for (name, value) in attrs {
        match value {
            serde_json::Value::String(text) => writeln!(f, "    {name}:  {text}")?,
            other => writeln!(f, "    {name}:  {other}")?,
        }
    }
    Ok(())
}

/// The first and last elements, or the chunks of what was not read.
fn elements(variable: &Variable) -> String {
    match variable.data() {
        Data::Memory(values) => ends(values),
        lazy @ Data::Lazy(_) => {
            let chunk = lazy.chunk_shape().unwrap_or_default();
            let count: u64 = ChunkGrid::new(&lazy.shape(), &chunk).counts().iter().product();
            format!("not read, {count} chunks of {chunk:?}")
        }
    }
}

fn ends(values: &Values) -> String {
    let shape = values.shape().to_vec();
    let count = values.len();
    let at = |flat: usize| {
        let mut index = vec![0; shape.len()];
        let mut rest = flat;
        for (place, size) in index.iter_mut().zip(&shape).rev() {
            (*place, rest) = (rest % size, rest / size);
        }
        values.shown(&index)
    };
    let shown: Vec<String> = match count {
        0 => return "[]".to_owned(),
        n if n <= 2 * ENDS => (0..n).map(at).collect(),
        n => {
            let (first, last) = ((0..ENDS).map(at), (n - ENDS..n).map(at));
            first.chain(["...".to_owned()]).chain(last).collect()
        }
    };
    shown.join(" ")
}

/// Bytes, in units of 1000, as xarray shows them.
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
