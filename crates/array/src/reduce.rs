//! Reductions over dimensions. What is missing, NaN or "not a time", is left out.

use std::collections::HashMap;
use std::ops::Range;

use futures::{StreamExt as _, TryStreamExt as _};
use ndarray::{ArrayBase, ArrayD, Axis, IxDyn};
use nuthatch_core::{Error, Result};

use crate::calendar::NAT;
use crate::data::Data;
use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::values::{Shared, Values};

/// What is made of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reduction {
    Mean,
    Sum,
    Min,
    Max,
}

impl Reduction {
    fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::Min => "least",
            Self::Max => "greatest",
        }
    }

    /// Reduces the dimensions at `axes`.
    pub(crate) fn of(self, values: &Values, axes: &[usize]) -> Result<Values> {
        match self {
            Self::Mean => {
                let numbers = self.numbers(values)?;
                let (sums, counts) = (fold(&numbers, axes, 0.0, add), counted(&numbers, axes));
                Ok(Values::F64((sums / counts).into_shared()))
            }
            Self::Sum if values.dtype().is_float() => {
                Ok(Values::F64(fold(&self.numbers(values)?, axes, 0.0, add).into_shared()))
            }
            Self::Sum => self.sum_of_integers(values, axes),
            Self::Min | Self::Max => self.extreme(values, axes),
        }
    }

    /// Reduces elements that are not in memory, chunk by chunk: beside the result, few chunks are
    /// held at once.
    pub(crate) async fn of_chunks(self, data: &Data, axes: &[usize]) -> Result<Values> {
        let shape = data.shape();
        let (Some(blocks), false) = (data.blocks(), shape.contains(&0)) else {
            return self.of(&data.read().await?, axes);
        };
        let counts: Vec<u64> = blocks.iter().map(|along| along.len() as u64).collect();
        let region = |index: &[u64]| {
            let along = blocks.iter().zip(index);
            Region::new(along.filter_map(|(all, at)| all.get(*at as usize).cloned()).collect())
        };
        let stays = |axis: &usize| !axes.contains(axis);
        let mut parts: HashMap<Vec<Range<u64>>, Partial> = HashMap::new();
        let reads = futures::stream::iter(ChunkGrid::new(&counts, &vec![1; counts.len()]).all())
            .map(|index| {
                let region = region(&index);
                async move { Ok::<_, Error>((data.read_region(&region).await?, region)) }
            })
            .buffered(2);
        let mut reads = std::pin::pin!(reads);
        while let Some((values, region)) = reads.try_next().await? {
            let ranges = region.ranges().iter().enumerate().filter(|(axis, _)| stays(axis));
            let place: Vec<Range<u64>> = ranges.map(|(_, range)| range.clone()).collect();
            let part = Partial::of(self, &values, axes)?;
            let part = match parts.remove(&place) {
                Some(before) => before.and(self, part)?,
                None => part,
            };
            parts.insert(place, part);
        }
        let sizes = shape.iter().enumerate().filter(|(axis, _)| stays(axis));
        let sizes: Vec<u64> = sizes.map(|(_, size)| *size).collect();
        let mut whole: Option<Values> = None;
        for (place, part) in parts {
            let part = part.finished()?;
            let whole = whole
                .get_or_insert_with(|| Values::blank(part.dtype(), &Region::whole(&sizes).shape()));
            whole.assign(&Region::new(place).slices(), &part)?;
        }
        whole.ok_or_else(|| self.nothing())
    }

    fn numbers(self, values: &Values) -> Result<ArrayD<f64>> {
        values.to_f64().ok_or_else(|| self.refused(values))
    }

    fn refused(self, values: &Values) -> Error {
        Error::other(format!("{} has no {}", values.dtype(), self.name()))
    }

    fn sum_of_integers(self, values: &Values, axes: &[usize]) -> Result<Values> {
        let wide: ArrayD<i128> = match values {
            Values::Bool(array) => array.mapv(i128::from),
            Values::I8(array) => array.mapv(i128::from),
            Values::I16(array) => array.mapv(i128::from),
            Values::I32(array) => array.mapv(i128::from),
            Values::I64(array) => array.mapv(i128::from),
            Values::U8(array) => array.mapv(i128::from),
            Values::U16(array) => array.mapv(i128::from),
            Values::U32(array) => array.mapv(i128::from),
            Values::U64(array) => array.mapv(i128::from),
            other => return Err(self.refused(other)),
        };
        // 2⁶⁴ elements of 64 bits do not reach the end of an i128.
        let sums = fold(&wide, axes, 0, |sum, x| *sum += x);
        match values.dtype() {
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Ok(Values::U64(narrow(&sums)?)),
            _ => Ok(Values::I64(narrow(&sums)?)),
        }
    }

    fn extreme(self, values: &Values, axes: &[usize]) -> Result<Values> {
        /// The extremes of integers, which there must be.
        macro_rules! integers {
            ($($variant:ident),*) => {
                match values {
                    $(Values::$variant(array) => {
                        let found = extremes(self, array, axes, |_| false);
                        if found.iter().any(Option::is_none) {
                            return Err(self.nothing());
                        }
                        Values::$variant(found.mapv(Option::unwrap_or_default).into_shared())
                    })*
                    Values::F32(array) => {
                        let found = extremes(self, array, axes, |x| x.is_nan());
                        Values::F32(found.mapv(|x| x.unwrap_or(f32::NAN)).into_shared())
                    }
                    Values::F64(array) => {
                        let found = extremes(self, array, axes, |x| x.is_nan());
                        Values::F64(found.mapv(|x| x.unwrap_or(f64::NAN)).into_shared())
                    }
                    Values::Datetime(array, unit, calendar) => {
                        Values::Datetime(self.of_times(array, axes), *unit, *calendar)
                    }
                    Values::Timedelta(array, unit) => {
                        Values::Timedelta(self.of_times(array, axes), *unit)
                    }
                    other @ Values::String(_) => return Err(self.refused(other)),
                }
            };
        }
        Ok(integers!(Bool, I8, I16, I32, I64, U8, U16, U32, U64))
    }

    fn of_times(self, array: &Shared<i64>, axes: &[usize]) -> Shared<i64> {
        let found = extremes(self, array, axes, |x| *x == NAT);
        found.mapv(|x| x.unwrap_or(NAT)).into_shared()
    }

    fn nothing(self) -> Error {
        Error::other(format!("nothing has no {}: a dimension is empty", self.name()))
    }
}

/// Sums in the 64 bits that numpy gives them: of unsigned integers unsigned ones.
fn narrow<T: TryFrom<i128> + Clone>(sums: &ArrayD<i128>) -> Result<Shared<T>> {
    let narrow: Option<Vec<T>> = sums.iter().map(|sum| T::try_from(*sum).ok()).collect();
    let narrow = narrow.ok_or_else(|| {
        Error::other("a sum leaves the 64-bit integers; convert to float64 first".to_owned())
    })?;
    let sums = ArrayD::from_shape_vec(IxDyn(sums.shape()), narrow).map_err(Error::other)?;
    Ok(sums.into_shared())
}

/// What is known of a place of the result after some of its chunks.
struct Partial {
    values: Values,
    /// How many elements there were, where a mean is made.
    counts: Option<Values>,
}

impl Partial {
    fn of(reduction: Reduction, values: &Values, axes: &[usize]) -> Result<Self> {
        if reduction != Reduction::Mean {
            return Ok(Self { values: reduction.of(values, axes)?, counts: None });
        }
        let numbers = reduction.numbers(values)?;
        let sums = fold(&numbers, axes, 0.0, add).into_shared();
        let counts = counted(&numbers, axes).into_shared();
        Ok(Self { values: Values::F64(sums), counts: Some(Values::F64(counts)) })
    }

    fn and(self, reduction: Reduction, next: Self) -> Result<Self> {
        let join = match reduction {
            Reduction::Mean => Reduction::Sum,
            other => other,
        };
        let both = |one: &Values, other: &Values| {
            let layer = |values: &Values| values.reshaped(&[&[1], values.shape()].concat());
            join.of(&Values::concatenated(&[&layer(one)?, &layer(other)?], 0)?, &[0])
        };
        let counts = match (&self.counts, &next.counts) {
            (Some(one), Some(other)) => Some(both(one, other)?),
            _ => None,
        };
        Ok(Self { values: both(&self.values, &next.values)?, counts })
    }

    fn finished(self) -> Result<Values> {
        match (self.values, self.counts) {
            (Values::F64(sums), Some(Values::F64(counts))) => {
                Ok(Values::F64((sums.to_owned() / counts).into_shared()))
            }
            (values, _) => Ok(values),
        }
    }
}

/// The least or the greatest of what is not missing.
fn extremes<T: Copy + PartialOrd>(
    which: Reduction,
    array: &Shared<T>,
    axes: &[usize],
    missing: impl Fn(&T) -> bool,
) -> ArrayD<Option<T>> {
    fold(array, axes, None, |best: &mut Option<T>, x| {
        let better = best.is_none_or(|best| match which {
            Reduction::Min => x < best,
            _ => x > best,
        });
        if better && !missing(&x) {
            *best = Some(x);
        }
    })
}

fn add(sum: &mut f64, x: f64) {
    if !x.is_nan() {
        *sum += x;
    }
}

/// How many elements are there.
fn counted(numbers: &ArrayD<f64>, axes: &[usize]) -> ArrayD<f64> {
    fold(numbers, axes, 0.0, |count, x| *count += f64::from(u8::from(!x.is_nan())))
}

/// Folds the dimensions at `axes` away.
fn fold<T: Copy, A: Clone, S: ndarray::Data<Elem = T>>(
    array: &ArrayBase<S, IxDyn>,
    axes: &[usize],
    start: A,
    take: impl Fn(&mut A, T),
) -> ArrayD<A> {
    // Those that stay come first; what is folded lies in rows behind them.
    let kept: Vec<usize> = (0..array.ndim()).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let shape: Vec<usize> = kept.iter().map(|axis| array.len_of(Axis(*axis))).collect();
    let view = array.view().permuted_axes(order);
    let mut folded = ArrayD::from_elem(IxDyn(&shape), start);
    let row = axes.iter().map(|axis| array.len_of(Axis(*axis))).product::<usize>();
    if row == 0 {
        return folded;
    }
    let mut elements = view.iter();
    for place in &mut folded {
        for element in elements.by_ref().take(row) {
            take(place, *element);
        }
    }
    folded
}
