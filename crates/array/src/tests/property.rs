//! What holds for every shape, selection, chunking and time.

use std::sync::Arc;

use futures::future::BoxFuture;
use nuthatch_core::Result;
use nuthatch_core::runtime::block_on;
use proptest::prelude::*;

use super::Lake;
use crate::{
    Calendar, ChunkGrid, DType, DataArray, Index, NAT, Region, Shared, Source, TimeUnit, Values,
    Variable, Zarr,
};

/// Sizes of up to three dimensions, and of chunks along them.
fn shapes() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    prop::collection::vec((0_u64..9, 1_u64..5), 0..=3).prop_map(|sizes| sizes.into_iter().unzip())
}

/// An array of these numbers that is read chunk by chunk.
#[derive(Debug)]
struct Chunked(Values, Vec<u64>, Vec<u64>);

impl Source for Chunked {
    fn dtype(&self) -> DType {
        self.0.dtype()
    }
    fn shape(&self) -> &[u64] {
        &self.1
    }
    fn chunk_shape(&self) -> &[u64] {
        &self.2
    }
    fn read<'a>(&'a self, region: &'a Region) -> BoxFuture<'a, Result<Values>> {
        Box::pin(async move { Ok(self.0.slice(&region.slices())) })
    }
}

fn dims(shape: &[u64]) -> Vec<String> {
    (0..shape.len()).map(|axis| format!("d{axis}")).collect()
}

/// Every element is its own number, some are missing.
fn numbers(shape: &[u64]) -> Values {
    let sizes: Vec<usize> = shape.iter().map(|size| *size as usize).collect();
    let count = sizes.iter().product::<usize>();
    let all = (0..count).map(|at| if at % 5 == 3 { f64::NAN } else { at as f64 }).collect();
    ndarray::ArrayD::from_shape_vec(sizes, all).unwrap().into()
}

/// The same array in memory, and not read yet.
fn both(shape: &[u64], chunk: &[u64]) -> (DataArray, DataArray) {
    let memory = DataArray::new("n", dims(shape), numbers(shape)).unwrap();
    let source = Chunked(numbers(shape), shape.to_vec(), chunk.to_vec());
    let lazy = Variable::lazy(dims(shape), Arc::new(source)).unwrap();
    (memory, DataArray::from_variable(Some("n"), lazy))
}

/// A selection that a dimension of any size has, made of numbers between 0 and 1.
fn index((kind, a, b): (u8, f64, f64), size: u64) -> Index {
    let at = |share: f64, most: u64| (share * (most as f64 + 0.999)) as u64;
    match (kind, size) {
        (0, 1..) => Index::At(at(a, size - 1)),
        (1, 1..) => {
            Index::List((0..at(b, 4)).map(|n| (at(a, size - 1) * (n + 1) + n) % size).collect())
        }
        _ => {
            let start = at(a, size);
            let end = Some(start + at(b, size - start));
            Index::Span { start, end, step: 1 + u64::from(kind) % 3 }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn selections_take_of_what_is_not_read_what_they_take_of_memory(
        (shape, chunk) in shapes(),
        steps in prop::collection::vec((0_usize..3, (0_u8..5, 0.0..1.0, 0.0..1.0)), 0..5),
    ) {
        let (mut memory, mut lazy) = both(&shape, &chunk);
        for (axis, step) in steps {
            let Some(dim) = memory.dims().get(axis).cloned() else { continue };
            let index = index(step, memory.shape()[axis]);
            memory = memory.isel(&dim, index.clone()).unwrap();
            lazy = lazy.isel(&dim, index).unwrap();
        }
        prop_assert_eq!(memory.shape(), lazy.shape());
        prop_assert!(memory.equals(&lazy).unwrap());
        let dims: Vec<&str> = memory.dims().iter().map(String::as_str).collect();
        for kept in [&dims[..0], &dims[..dims.len().min(1)]] {
            let (one, other) = (memory.sum(kept).unwrap(), lazy.sum(kept).unwrap());
            prop_assert!(one.equals(&other).unwrap(), "{one} {other}");
            let (one, other) = (memory.max(kept).unwrap(), lazy.max(kept).unwrap());
            prop_assert!(one.equals(&other).unwrap(), "{one} {other}");
        }
    }

    #[test]
    fn chunks_cover_every_element_once_and_boxes_touch_those_that_they_meet(
        (shape, chunk) in shapes(),
        picks in prop::collection::vec((0.0..1.0, 0.0..1.0), 3),
    ) {
        let grid = ChunkGrid::new(&shape, &chunk);
        let all = grid.all();
        let sum: u64 = all.iter().map(|index| grid.region(index).len()).sum();
        prop_assert_eq!(sum, Region::whole(&shape).len());
        prop_assert_eq!(all.len() as u64, grid.counts().iter().product::<u64>());
        let ranges = shape.iter().zip(picks).map(|(size, (a, b))| {
            let start = (a * (*size as f64 + 0.9)) as u64;
            start..start + (b * ((*size - start) as f64 + 0.9)) as u64
        });
        let region = Region::new(ranges.collect());
        prop_assert!(region.is_within(&shape));
        let meets = |index: &Vec<u64>| !grid.region(index).intersection(&region).is_empty();
        let met: Vec<Vec<u64>> = all.iter().filter(|index| meets(index)).cloned().collect();
        prop_assert_eq!(&grid.touched(&region), &met);
        let covered: u64 =
            met.iter().map(|index| grid.region(index).intersection(&region).len()).sum();
        prop_assert_eq!(covered, region.len());
        let aligned = grid.aligned(&region);
        prop_assert_eq!(aligned.intersection(&region), region.clone());
        prop_assert_eq!(grid.aligned(&aligned), aligned);
    }

    #[test]
    fn times_of_every_calendar_and_unit_come_back_from_how_they_are_stored(
        counts in prop::collection::vec(
            prop_oneof![9 => -4_000_000_000_i64..8_000_000_000, 1 => Just(NAT)], 0..6),
        calendar in prop::sample::select(vec![
            Calendar::Standard, Calendar::ProlepticGregorian, Calendar::NoLeap,
            Calendar::AllLeap, Calendar::Day360, Calendar::Julian]),
        unit in prop::sample::select(TimeUnit::ALL.to_vec()),
        said in prop::sample::select(vec![
            None, Some("days since 1970-01-01"), Some("hours since 2001-03-04 05:06:07"),
            Some("seconds since 1850-01-01"), Some("weeks since whenever")]),
    ) {
        let shared: Shared<i64> = ndarray::Array1::from(counts).into_dyn().into_shared();
        let values = Values::Datetime(shared.clone(), unit, calendar);
        prop_assert_eq!(shown(&stored(values.clone(), said)), shown(&values));
        let spans = Values::Timedelta(shared, unit);
        prop_assert!(stored(spans.clone(), said).equals(&spans));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn arrays_of_every_shape_come_back_from_every_chunking(
        (shape, chunk) in shapes(),
        sharding in any::<bool>(),
        format in 2..=3,
    ) {
        let (memory, lazy) = both(&shape, &chunk);
        let said = chunk.iter().enumerate().map(|(axis, size)| format!("d{axis} = {size}"));
        let said = said.collect::<Vec<_>>().join(", ");
        let options = format!(
            "chunking = {{ {said} }}\nsharding = {sharding}\nzarr_format = {format}"
        );
        for array in [&memory, &lazy] {
            let back = Lake::with(&options).round(array);
            prop_assert!(back.identical(&memory).unwrap(), "{options}");
        }
    }
}

fn shown(values: &Values) -> Vec<String> {
    (0..values.len()).map(|at| values.shown(&[at])).collect()
}

/// The values after they were stored in the units that are asked for, where these are exact.
fn stored(values: Values, units: Option<&str>) -> Values {
    let mut variable = Variable::new(["x"], values);
    if let Some(units) = units {
        let units = if variable.dtype().to_string().starts_with("timedelta") {
            units.split(' ').next().unwrap_or_default()
        } else {
            units
        };
        variable.encoding.insert("units".to_owned(), units.into());
    }
    let array = DataArray::from_variable(Some("n"), variable);
    let lake = Lake::new();
    let source = lake.write(&array);
    let back: DataArray = block_on(nuthatch_core::backend::Backend::read(&Zarr, &source)).unwrap();
    block_on(back.variable().data().read()).unwrap()
}
