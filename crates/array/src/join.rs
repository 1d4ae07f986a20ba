//! Putting datasets together along a dimension: new labels after the old ones, equal labels
//! replaced.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use nuthatch_core::{Error, Result};

use crate::data::Data;
use crate::dataset::Dataset;
use crate::dtype::DType;
use crate::region::Region;
use crate::source::Source;
use crate::values::{Values, each};
use crate::variable::Variable;

impl Dataset {
    /// The labels of `newer` along a dimension replace the equal ones here; its other ones follow
    /// after. Nothing is read but the coordinates: elements are taken from where they lie.
    ///
    /// ```
    /// use nuthatch_array::{Dataset, Variable};
    ///
    /// let level = |days: Vec<i32>, level: Vec<f64>| {
    ///     Dataset::new().with_variable("level", Variable::new(["day"], level))?.with_coord("day", days)
    /// };
    /// let both = level(vec![1, 2], vec![0.1, 0.2])?.upserted(&level(vec![2, 3], vec![9.0, 0.3])?, "day")?;
    /// assert_eq!(both.array("level")?.values::<f64>()?.as_slice(), Some(&[0.1, 9.0, 0.3][..]));
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The dimension has no coordinate, a label stands twice in one of them, or the arrays have
    /// other names, types or sizes.
    pub fn upserted(&self, newer: &Self, dim: &str) -> Result<Self> {
        let (old, new) =
            (labels(self, dim, "what is stored")?, labels(newer, dim, "the new value")?);
        self.joined(newer, dim, rows(&old, &new))
    }

    /// The rows of `newer` along a dimension after those here, whatever their labels. Nothing is
    /// read but the coordinates beside that dimension, which must be equal.
    ///
    /// ```
    /// use nuthatch_array::{Dataset, Variable};
    ///
    /// let level = |level: Vec<f64>| Dataset::new().with_variable("level", Variable::new(["day"], level));
    /// let both = level(vec![0.1, 0.2])?.appended(&level(vec![0.3])?, "day")?;
    /// assert_eq!(both.array("level")?.values::<f64>()?.as_slice(), Some(&[0.1, 0.2, 0.3][..]));
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// One of the two has no such dimension, or the arrays have other names, types or sizes, or
    /// other coordinates beside it.
    pub fn appended(&self, newer: &Self, dim: &str) -> Result<Self> {
        let (old, new) = (self.check_dimension(dim)?, newer.check_dimension(dim)?);
        self.joined(newer, dim, (0..old).map(Row::Old).chain((0..new).map(Row::New)).collect())
    }

    fn joined(&self, newer: &Self, dim: &str, rows: Vec<Row>) -> Result<Self> {
        let rows = Arc::new(rows);
        if let Some(name) = odd_one_out(self, newer) {
            return Err(Error::other(format!(
                "the array `{name}` is in one of the two only; both must have the same"
            )));
        }
        let mut whole = Self::new();
        for (name, new) in newer.variables() {
            let Some(old) = self.variables().get(name) else { continue };
            let is_coord = newer.coords().any(|(coord, _)| coord == name);
            let variable = match new.axis(dim).or_else(|| old.axis(dim)) {
                Some(axis) => joined_variable(name, old, new, axis, &rows)?,
                // Rows under other labels than they had would be wrong values.
                None if is_coord && !new.dims().is_empty() && !old.equals(new)? => {
                    return Err(Error::other(format!(
                        "the coordinate `{name}` is another one in the new value, so its rows \
                         along `{dim}` do not fit those that are stored"
                    )));
                }
                None => new.clone(),
            };
            whole = match is_coord {
                true => whole.with_coord_variable(name, variable)?,
                false => whole.with_variable(name, variable)?,
            };
        }
        whole.attrs = newer.attrs.clone();
        Ok(whole)
    }
}

impl Dataset {
    /// A dataset that may be the first of an upsert: each label along the dimension stands once.
    pub(crate) fn as_base(&self, dim: &str) -> Result<Self> {
        labels(self, dim, "the new value")?;
        Ok(self.clone())
    }
}

/// Where each row of the whole comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Old(u64),
    New(u64),
}

fn rows(old: &[String], new: &[String]) -> Vec<Row> {
    let replaced: HashMap<&str, u64> =
        new.iter().enumerate().map(|(at, label)| (label.as_str(), at as u64)).collect();
    let mut known: std::collections::HashSet<&str> = std::collections::HashSet::new();
    let mut rows: Vec<Row> = Vec::with_capacity(old.len() + new.len());
    for (at, label) in old.iter().enumerate() {
        known.insert(label);
        rows.push(match replaced.get(label.as_str()) {
            Some(newer) => Row::New(*newer),
            None => Row::Old(at as u64),
        });
    }
    let added = new.iter().enumerate().filter(|(_, label)| !known.contains(label.as_str()));
    rows.extend(added.map(|(at, _)| Row::New(at as u64)));
    rows
}

/// The labels along a dimension, as text that is equal exactly where they are.
fn labels(dataset: &Dataset, dim: &str, whose: &str) -> Result<Vec<String>> {
    let Some(coordinate) = dataset.index(dim) else {
        return Err(Error::other(format!(
            "{whose} has no coordinate along `{dim}`, so its labels cannot be told apart"
        )));
    };
    let values = coordinate.read_blocking()?;
    let labels: Vec<String> = match &values {
        // In one unit and calendar, so that the moment counts and not its unit.
        Values::Datetime(counts, unit, calendar) => counts
            .iter()
            .map(|count| match calendar.civil(*count, *unit) {
                Some(civil) => Ok(civil.to_string()),
                None => Err(Error::other(format!("{whose} has a `{dim}` that is not a time"))),
            })
            .collect::<Result<_>>()?,
        other => each!(other, array => array.iter().map(|label| format!("{label:?}")).collect()),
    };
    let mut seen = std::collections::HashSet::new();
    match labels.iter().find(|label| !seen.insert(label.as_str())) {
        Some(twice) => Err(Error::other(format!(
            "{whose} has the label {twice} of `{dim}` more than once, so it is not known which counts"
        ))),
        None => Ok(labels),
    }
}

fn odd_one_out<'a>(old: &'a Dataset, new: &'a Dataset) -> Option<&'a str> {
    let missing = |one: &'a Dataset, other: &'a Dataset| {
        one.variables().keys().find(|name| !other.variables().contains_key(*name))
    };
    missing(old, new).or_else(|| missing(new, old)).map(String::as_str)
}

fn joined_variable(
    name: &str,
    old: &Variable,
    new: &Variable,
    axis: usize,
    rows: &Arc<Vec<Row>>,
) -> Result<Variable> {
    let beside = |variable: &Variable| {
        let sizes = variable.shape().into_iter().enumerate();
        sizes.filter(|(at, _)| *at != axis).map(|(_, size)| size).collect::<Vec<u64>>()
    };
    if old.dims() != new.dims() || beside(old) != beside(new) {
        return Err(Error::other(format!(
            "`{name}` is stored as {:?} of shape {:?}, and the new one is {:?} of shape {:?}",
            old.dims(),
            old.shape(),
            new.dims(),
            new.shape(),
        )));
    }
    let dtype = old.dtype();
    let new_data =
        if new.dtype() == dtype { new.data().clone() } else { converted(name, new, dtype)? };
    let mut shape = old.shape();
    if let Some(size) = shape.get_mut(axis) {
        *size = rows.len() as u64;
    }
    let chunk = old.data().chunk_shape().unwrap_or_else(|| shape.clone());
    let source = Joined {
        dtype,
        shape,
        chunk,
        axis,
        old: old.data().clone(),
        new: new_data,
        rows: Arc::clone(rows),
    };
    let mut joined = Variable::lazy(new.dims().to_vec(), Arc::new(source))?;
    joined.attrs = new.attrs.clone();
    joined.encoding = old.encoding.clone();
    Ok(joined)
}

/// The new elements in the stored type, where that loses nothing.
fn converted(name: &str, new: &Variable, to: DType) -> Result<Data> {
    let values = new.read_blocking()?;
    match (&values, to) {
        (
            Values::Datetime(counts, unit, calendar),
            DType::Datetime { unit: wanted, calendar: own },
        ) if *calendar == own => {
            let exact = |count: &i64| {
                let nanoseconds = i128::from(*count) * i128::from(unit.nanoseconds());
                let per = i128::from(wanted.nanoseconds());
                (nanoseconds % per == 0).then(|| i64::try_from(nanoseconds / per).ok()).flatten()
            };
            let counts: Option<Vec<i64>> = counts.iter().map(exact).collect();
            if let Some(counts) = counts {
                let array = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(values.shape()), counts);
                let array = array.map_err(Error::other)?.into_shared();
                return Ok(Values::Datetime(array, wanted, own).into());
            }
        }
        (Values::F32(array), DType::F64) => {
            return Ok(Values::F64(array.mapv(f64::from).into_shared()).into());
        }
        _ => {}
    }
    let from = values.dtype();
    Err(Error::other(format!("`{name}` is stored as {to}, and the new one is {from}")))
}

/// Rows of two arrays in an order of their own.
#[derive(Debug)]
struct Joined {
    dtype: DType,
    shape: Vec<u64>,
    chunk: Vec<u64>,
    axis: usize,
    old: Data,
    new: Data,
    rows: Arc<Vec<Row>>,
}

impl Source for Joined {
    fn dtype(&self) -> DType {
        self.dtype
    }
    fn shape(&self) -> &[u64] {
        &self.shape
    }
    fn chunk_shape(&self) -> &[u64] {
        &self.chunk
    }
    fn is_computed(&self) -> bool {
        self.old.is_computed() || self.new.is_computed()
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move {
            let along = region.ranges().get(self.axis).cloned().unwrap_or(0..0);
            let wanted: Vec<Row> =
                along.filter_map(|at| self.rows.get(usize::try_from(at).ok()?).copied()).collect();
            let mut parts = Vec::new();
            // Rows that lie side by side are read at once.
            for run in wanted.chunk_by(|a, b| follows(*a, *b)) {
                let (data, first) = match run.first() {
                    Some(Row::Old(at)) => (&self.old, *at),
                    Some(Row::New(at)) => (&self.new, *at),
                    None => continue,
                };
                let mut ranges = region.ranges().to_vec();
                if let Some(range) = ranges.get_mut(self.axis) {
                    *range = first..first + run.len() as u64;
                }
                parts.push(data.read_region(&Region::new(ranges)).await?);
            }
            let parts: Vec<&Values> = parts.iter().collect();
            match parts.is_empty() {
                true => Ok(Values::blank(self.dtype, &region.shape())),
                false => Values::concatenated(&parts, self.axis),
            }
        })
    }
}

fn follows(a: Row, b: Row) -> bool {
    matches!((a, b), (Row::Old(a), Row::Old(b)) | (Row::New(a), Row::New(b)) if b == a + 1)
}
