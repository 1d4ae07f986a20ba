//! The elements of a variable: in memory, or to be read when they are asked for.

use std::ops::Range;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use ndarray::SliceInfoElem;
use nuthatch_core::{Error, Result};

use crate::dtype::DType;
use crate::region::{ChunkGrid, Region};
use crate::source::Source;
use crate::values::Values;

/// Elements in memory, or a part of a [`Source`] that was not read yet. Cloning copies neither.
#[derive(Debug, Clone)]
pub enum Data {
    /// In memory.
    Memory(Values),
    /// Not read yet.
    Lazy(Lazy),
}

/// A part of a source: what was picked along each of its dimensions.
#[derive(Debug, Clone)]
pub struct Lazy {
    source: Arc<dyn Source>,
    picks: Vec<Pick>,
}

/// What is taken along one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pick {
    /// `len` indices from `start`, each `step` after the last.
    Span { start: u64, len: u64, step: u64 },
    /// These indices.
    List(Arc<[u64]>),
    /// One index; the dimension goes.
    At(u64),
}

impl Data {
    /// All of a source.
    #[must_use]
    pub fn lazy(source: Arc<dyn Source>) -> Self {
        let picks = source.shape().iter().map(|size| Pick::all(*size)).collect();
        Self::Lazy(Lazy { source, picks })
    }

    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> DType {
        match self {
            Self::Memory(values) => values.dtype(),
            Self::Lazy(lazy) => lazy.source.dtype(),
        }
    }

    /// The size of each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<u64> {
        match self {
            Self::Memory(values) => values.shape().iter().map(|size| *size as u64).collect(),
            Self::Lazy(lazy) => lazy.picks.iter().filter_map(Pick::len).collect(),
        }
    }

    /// The size of the boxes that are cheap to read, where the elements are not in memory.
    #[must_use]
    pub fn chunk_shape(&self) -> Option<Vec<u64>> {
        let Self::Lazy(lazy) = self else { return None };
        let chunks = lazy.picks.iter().zip(lazy.source.chunk_shape());
        Some(
            chunks
                .filter_map(|(pick, chunk)| match pick {
                    Pick::At(_) => None,
                    Pick::Span { len, step, .. } => Some((chunk / step).clamp(1, (*len).max(1))),
                    Pick::List(list) => Some((*chunk).clamp(1, (list.len() as u64).max(1))),
                })
                .collect(),
        )
    }

    /// Along each dimension, the ranges that lie in one box of the source's
    /// [`read_shape`](Source::read_shape) each: what they make reads no chunk twice.
    pub(crate) fn blocks(&self) -> Option<Vec<Vec<Range<u64>>>> {
        let Self::Lazy(lazy) = self else { return None };
        let along = lazy.picks.iter().zip(lazy.source.read_shape());
        Some(along.filter_map(|(pick, chunk)| pick.blocks((*chunk).max(1))).collect())
    }

    /// Whether the elements are in memory.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Whether reading them runs a function of the user's.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        matches!(self, Self::Lazy(lazy) if lazy.source.is_computed())
    }

    /// Whether this is all of a source that has no elements yet.
    pub(crate) fn is_unfilled(&self) -> bool {
        let Self::Lazy(lazy) = self else { return false };
        let whole = lazy.source.shape().iter().map(|size| Pick::all(*size));
        lazy.source.is_unfilled() && lazy.picks.iter().cloned().eq(whole)
    }

    /// Takes a part along one dimension. Nothing is read.
    pub(crate) fn pick(&self, axis: usize, pick: &Pick) -> Self {
        match self {
            Self::Memory(values) => Self::Memory(pick_values(values, axis, pick)),
            Self::Lazy(lazy) => {
                let mut picks = lazy.picks.clone();
                let visible = picks.iter_mut().filter(|pick| pick.len().is_some()).nth(axis);
                if let Some(outer) = visible {
                    *outer = outer.then(pick);
                }
                Self::Lazy(Lazy { source: Arc::clone(&lazy.source), picks })
            }
        }
    }

    /// All elements.
    ///
    /// # Errors
    ///
    /// A source cannot be read.
    pub async fn read(&self) -> Result<Values> {
        match self {
            Self::Memory(values) => Ok(values.clone()),
            Self::Lazy(lazy) => lazy.read().await,
        }
    }

    /// The elements of a box.
    ///
    /// # Errors
    ///
    /// The box leaves the array, or a source cannot be read.
    pub async fn read_region(&self, region: &Region) -> Result<Values> {
        if !region.is_within(&self.shape()) {
            return Err(Error::other(format!(
                "the region {region} leaves an array of shape {:?}",
                self.shape()
            )));
        }
        let mut part = self.clone();
        for (axis, range) in region.ranges().iter().enumerate() {
            let (start, len) = (range.start, range.end - range.start);
            part = part.pick(axis, &Pick::Span { start, len, step: 1 });
        }
        part.read().await
    }

    /// The same through another view of the source: decoded, for one.
    pub(crate) fn through(&self, wrap: impl FnOnce(Arc<dyn Source>) -> Arc<dyn Source>) -> Self {
        match self {
            Self::Memory(values) => Self::Memory(values.clone()),
            Self::Lazy(Lazy { source, picks }) => {
                Self::Lazy(Lazy { source: wrap(Arc::clone(source)), picks: picks.clone() })
            }
        }
    }
}

impl From<Values> for Data {
    fn from(values: Values) -> Self {
        Self::Memory(values)
    }
}

impl Lazy {
    async fn read(&self) -> Result<Values> {
        let region = Region::new(self.picks.iter().map(Pick::bounds).collect());
        if region.is_empty() {
            let shape: Vec<u64> = self.picks.iter().filter_map(Pick::len).collect();
            return Ok(Values::blank(self.source.dtype(), &Region::whole(&shape).shape()));
        }
        let chunks = self.source.chunk_shape();
        let along = |(axis, pick): (usize, &Pick)| pick.runs(chunks.get(axis).copied());
        let runs: Vec<Vec<Range<u64>>> = self.picks.iter().enumerate().map(along).collect();
        let mut values = self.read_runs(&runs).await?;
        // From the last dimension to the first: one that goes leaves those before it in place.
        for ((axis, pick), runs) in self.picks.iter().enumerate().zip(&runs).rev() {
            values = pick_values(&values, axis, &pick.within(runs));
        }
        Ok(values)
    }

    /// Reads the boxes that the runs make, and puts them side by side without the gaps.
    async fn read_runs(&self, runs: &[Vec<Range<u64>>]) -> Result<Values> {
        let counts: Vec<u64> = runs.iter().map(|runs| runs.len() as u64).collect();
        let boxes = ChunkGrid::new(&counts, &vec![1; counts.len()]).all();
        let region = &|index: &[u64]| {
            let along = runs.iter().zip(index);
            Region::new(along.filter_map(|(runs, at)| runs.get(*at as usize).cloned()).collect())
        };
        if let [only] = boxes.as_slice() {
            return self.source.read(&region(only)).await;
        }
        let total: Vec<u64> =
            runs.iter().map(|runs| runs.iter().map(|run| run.end - run.start).sum()).collect();
        let mut whole = Values::blank(self.source.dtype(), &Region::whole(&total).shape());
        let reads = futures::stream::iter(boxes)
            .map(|index| async move {
                let region = region(&index);
                let part = self.source.read(&region).await?;
                Ok::<_, Error>((region, part))
            })
            .buffer_unordered(READS);
        let mut reads = std::pin::pin!(reads);
        while let Some((region, part)) = reads.try_next().await? {
            let places = region.ranges().iter().zip(runs).map(|(range, runs)| {
                let start = place_in(runs, range.start);
                start..start + (range.end - range.start)
            });
            whole.assign(&Region::new(places.collect()).slices(), &part)?;
        }
        Ok(whole)
    }
}

/// How many boxes of one selection are read at once.
const READS: usize = 8;

/// Where an index lies once the gaps between the runs are gone.
fn place_in(runs: &[Range<u64>], at: u64) -> u64 {
    let after = runs.partition_point(|run| run.end <= at);
    let (before, rest) = runs.split_at_checked(after).unwrap_or((runs, &[]));
    let passed: u64 = before.iter().map(|run| run.end - run.start).sum();
    passed + rest.first().map_or(0, |run| at.saturating_sub(run.start))
}

impl Pick {
    pub(crate) fn all(len: u64) -> Self {
        Self::Span { start: 0, len, step: 1 }
    }

    /// These indices, as a span where they are one.
    pub(crate) fn of(indices: &[u64]) -> Self {
        match indices {
            [] => Self::Span { start: 0, len: 0, step: 1 },
            [first, ..] if indices.windows(2).all(|pair| pair[1] == pair[0] + 1) => {
                Self::Span { start: *first, len: indices.len() as u64, step: 1 }
            }
            _ => Self::List(indices.into()),
        }
    }

    /// How many are taken; `None` where the dimension goes.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Span { len, .. } => Some(*len),
            Self::List(list) => Some(list.len() as u64),
            Self::At(_) => None,
        }
    }

    /// This, and then `next` of what it gives.
    fn then(&self, next: &Self) -> Self {
        match (self, next) {
            (Self::Span { start, step, .. }, Self::Span { start: from, len, step: by }) => {
                Self::Span { start: start + from * step, len: *len, step: step * by }
            }
            (Self::Span { start, step, .. }, Self::At(at)) => Self::At(start + at * step),
            (Self::Span { start, step, .. }, Self::List(list)) => {
                Self::List(list.iter().map(|at| start + at * step).collect())
            }
            (Self::List(list), Self::At(at)) => Self::At(nth(list, *at)),
            (Self::List(list), Self::Span { start, len, step }) => {
                Self::List((0..*len).map(|i| nth(list, start + i * step)).collect())
            }
            (Self::List(list), Self::List(next)) => {
                Self::List(next.iter().map(|at| nth(list, *at)).collect())
            }
            (Self::At(at), _) => Self::At(*at),
        }
    }

    /// The smallest range that has all of it.
    fn bounds(&self) -> Range<u64> {
        match self {
            Self::Span { start, len: 0, .. } => *start..*start,
            Self::Span { start, len, step } => *start..start + (len - 1) * step + 1,
            Self::List(list) => {
                let (least, most) = (list.iter().min(), list.iter().max());
                least.copied().unwrap_or(0)..most.map_or(0, |most| most + 1)
            }
            Self::At(at) => *at..at + 1,
        }
    }

    /// The ranges of what is taken that lie in one chunk each, or all where the order is mixed;
    /// `None` where the dimension goes.
    fn blocks(&self, chunk: u64) -> Option<Vec<Range<u64>>> {
        let len = self.len()?;
        let chunk_of = |at: u64| match self {
            Self::Span { start, step, .. } => (start + at * step) / chunk,
            Self::List(list) => nth(list, at) / chunk,
            Self::At(at) => at / chunk,
        };
        if (1..len).any(|at| chunk_of(at) < chunk_of(at - 1)) {
            return Some(std::iter::once(0..len).collect());
        }
        let starts = (0..len).filter(|at| *at == 0 || chunk_of(*at) != chunk_of(at - 1));
        let starts: Vec<u64> = starts.collect();
        let ends = starts.iter().skip(1).copied().chain([len]);
        Some(starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
    }

    /// The ranges that have all of it and skip the chunks that have none of it.
    fn runs(&self, chunk: Option<u64>) -> Vec<Range<u64>> {
        let chunk = chunk.unwrap_or(1).max(1);
        let mut indices: Vec<u64> = match self {
            Self::Span { start, len, step } if *step > chunk => {
                (0..*len).map(|at| start + at * step).collect()
            }
            Self::List(list) => list.to_vec(),
            Self::Span { .. } | Self::At(_) => return vec![self.bounds()],
        };
        indices.sort_unstable();
        let runs = indices.chunk_by(|a, b| b / chunk <= a / chunk + 1);
        runs.filter_map(|run| Some(*run.first()?..run.last()? + 1)).collect()
    }

    /// The same, counted where the gaps between the runs are gone.
    fn within(&self, runs: &[Range<u64>]) -> Self {
        match self {
            Self::Span { start, len, step } if runs.len() < 2 => {
                Self::Span { start: place_in(runs, *start), len: *len, step: *step }
            }
            Self::Span { start, len, step } => {
                Self::List((0..*len).map(|at| place_in(runs, start + at * step)).collect())
            }
            Self::List(list) => Self::List(list.iter().map(|at| place_in(runs, *at)).collect()),
            Self::At(at) => Self::At(place_in(runs, *at)),
        }
    }
}

/// The checks of an index are made where it is given.
fn nth(list: &[u64], at: u64) -> u64 {
    usize::try_from(at).ok().and_then(|at| list.get(at)).copied().unwrap_or(0)
}

fn pick_values(values: &Values, axis: usize, pick: &Pick) -> Values {
    let index = |at: u64| isize::try_from(at).unwrap_or(isize::MAX);
    let slice = match pick {
        Pick::List(list) => {
            let indices: Vec<usize> = list.iter().map(|at| *at as usize).collect();
            return values.take(axis, &indices);
        }
        Pick::At(at) => SliceInfoElem::Index(index(*at)),
        Pick::Span { start, len, step } => SliceInfoElem::Slice {
            start: index(*start),
            end: Some(index(start + if *len == 0 { 0 } else { (len - 1) * step + 1 })),
            step: index(*step),
        },
    };
    let mut slices: Vec<SliceInfoElem> = vec![(..).into(); values.shape().len()];
    if let Some(place) = slices.get_mut(axis) {
        *place = slice;
    }
    values.slice(&slices)
}
