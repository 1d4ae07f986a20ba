//! Boxes of an array, and the chunks that it is cut into.

use std::fmt;
use std::ops::Range;

/// A box of an array: a range of indices along each dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Region(Vec<Range<u64>>);

impl Region {
    /// A box of these ranges.
    #[must_use]
    pub fn new(ranges: Vec<Range<u64>>) -> Self {
        Self(ranges)
    }

    /// All of an array of this shape.
    #[must_use]
    pub fn whole(shape: &[u64]) -> Self {
        Self(shape.iter().map(|size| 0..*size).collect())
    }

    /// The range along each dimension.
    #[must_use]
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.0
    }

    /// The size along each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        // No more elements than memory holds are ever read at once; a larger size fails there.
        self.0.iter().map(|r| usize::try_from(r.end.saturating_sub(r.start)).unwrap_or(0)).collect()
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> u64 {
        let sizes = self.0.iter().map(|range| range.end.saturating_sub(range.start));
        sizes.fold(1, u64::saturating_mul)
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all of it lies in an array of this shape.
    #[must_use]
    pub fn is_within(&self, shape: &[u64]) -> bool {
        self.0.len() == shape.len()
            && self.0.iter().zip(shape).all(|(r, size)| r.start <= r.end && r.end <= *size)
    }

    /// What both have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(a, b)| a.start.max(b.start)..a.end.min(b.end)).collect())
    }

    /// The same box, counted from the first corner of `outer`.
    #[must_use]
    pub fn relative_to(&self, outer: &Self) -> Self {
        let pairs = self.0.iter().zip(&outer.0);
        let moved = |(a, b): (&Range<u64>, &Range<u64>)| {
            a.start.saturating_sub(b.start)..a.end.saturating_sub(b.start)
        };
        Self(pairs.map(moved).collect())
    }

    /// As ndarray slices.
    pub(crate) fn slices(&self) -> Vec<ndarray::SliceInfoElem> {
        let index = |at: u64| isize::try_from(at).unwrap_or(isize::MAX);
        self.0.iter().map(|range| (index(range.start)..index(range.end)).into()).collect()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<String> =
            self.0.iter().map(|range| format!("{}..{}", range.start, range.end)).collect();
        write!(f, "[{}]", ranges.join(", "))
    }
}

/// An array cut into chunks of one shape; those at the far edges may be cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkGrid {
    shape: Vec<u64>,
    chunk: Vec<u64>,
}

impl ChunkGrid {
    /// Chunks of `chunk` in an array of `shape`; both have as many dimensions, and a chunk is
    /// nowhere 0.
    #[must_use]
    pub fn new(shape: &[u64], chunk: &[u64]) -> Self {
        let chunk = chunk.iter().map(|size| (*size).max(1)).collect();
        Self { shape: shape.to_vec(), chunk }
    }

    /// The shape of a chunk that is not cut off.
    #[must_use]
    pub fn chunk(&self) -> &[u64] {
        &self.chunk
    }

    /// How many chunks there are along each dimension.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.shape.iter().zip(&self.chunk).map(|(size, chunk)| size.div_ceil(*chunk)).collect()
    }

    /// The box of a chunk, cut off at the edges.
    #[must_use]
    pub fn region(&self, index: &[u64]) -> Region {
        let along = index.iter().zip(&self.chunk).zip(&self.shape);
        let range = |((at, chunk), size): ((&u64, &u64), &u64)| {
            let start = at.saturating_mul(*chunk).min(*size);
            start..start.saturating_add(*chunk).min(*size)
        };
        Region(along.map(range).collect())
    }

    /// The smallest box of whole chunks, cut off at the edges, that has all of a box.
    #[must_use]
    pub fn aligned(&self, region: &Region) -> Region {
        let along = region.ranges().iter().zip(&self.chunk).zip(&self.shape);
        let range = |((range, chunk), size): ((&Range<u64>, &u64), &u64)| {
            let end = range.end.div_ceil(*chunk).saturating_mul(*chunk);
            range.start / chunk * chunk..end.min(*size)
        };
        Region(along.map(range).collect())
    }

    /// The indices of the chunks that a box touches, in order.
    #[must_use]
    pub fn touched(&self, region: &Region) -> Vec<Vec<u64>> {
        if region.is_empty() {
            return Vec::new();
        }
        let ranges: Vec<Range<u64>> = region
            .ranges()
            .iter()
            .zip(&self.chunk)
            .map(|(range, chunk)| range.start / chunk..range.end.div_ceil(*chunk))
            .collect();
        let mut all = vec![Vec::with_capacity(ranges.len())];
        for range in &ranges {
            all = all
                .into_iter()
                .flat_map(|index: Vec<u64>| {
                    range.clone().map(move |at| index.iter().copied().chain([at]).collect())
                })
                .collect();
        }
        all
    }

    /// Every chunk's index, in order.
    #[must_use]
    pub fn all(&self) -> Vec<Vec<u64>> {
        self.touched(&Region::whole(&self.shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_at_the_edge_are_cut_off() {
        let grid = ChunkGrid::new(&[5, 4], &[2, 3]);
        assert_eq!(grid.counts(), [3, 2]);
        assert_eq!(grid.region(&[2, 1]), Region::new(vec![4..5, 3..4]));
        assert_eq!(grid.all().len(), 6);
        let sum: u64 = grid.all().iter().map(|index| grid.region(index).len()).sum();
        assert_eq!(sum, 20);
    }

    #[test]
    fn only_the_chunks_that_a_box_touches_are_named() {
        let grid = ChunkGrid::new(&[10, 10], &[5, 5]);
        assert_eq!(grid.touched(&Region::new(vec![4..6, 0..1])), [[0, 0], [1, 0]]);
        assert!(grid.touched(&Region::new(vec![4..4, 0..1])).is_empty());
        assert_eq!(ChunkGrid::new(&[], &[]).all(), [[0_u64; 0]]);
        assert!(ChunkGrid::new(&[0, 3], &[1, 3]).all().is_empty());
    }
}
