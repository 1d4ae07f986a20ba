//! What is read of arrays that are not in memory: the chunks that are needed, one by one.

use std::sync::{Arc, Mutex};

use crate::{DType, DataArray, Dataset, Region, Values};

/// An array of `shape` whose elements are their own number, and the regions that were asked for.
fn counted(shape: [u64; 2], chunk: [u64; 2]) -> (DataArray, Arc<Mutex<Vec<Region>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let produce = move |region: Region| {
        log.lock().unwrap().push(region.clone());
        async move {
            let (y, x) = (region.ranges()[0].clone(), region.ranges()[1].clone());
            let size = ((y.end - y.start) as usize, (x.end - x.start) as usize);
            let number = |(i, j)| ((y.start + i as u64) * shape[1] + x.start + j as u64) as f64;
            Ok(Values::from(ndarray::Array2::from_shape_fn(size, number)))
        }
    };
    let array = DataArray::from_chunks("n", ["y", "x"], &shape, &chunk, DType::F64, produce);
    (array.unwrap(), asked)
}

fn numbers(array: &DataArray) -> Vec<f64> {
    array.values::<f64>().unwrap().iter().copied().collect()
}

#[test]
fn a_producer_is_asked_for_whole_chunks_alone() {
    let (array, asked) = counted([5, 4], [2, 3]);
    let part = array.isel("y", 1..5).unwrap().isel("x", 2..4).unwrap();
    assert_eq!(numbers(&part), [6.0, 7.0, 10.0, 11.0, 14.0, 15.0, 18.0, 19.0]);
    let mut regions = asked.lock().unwrap().clone();
    regions.sort_by_key(|region| (region.ranges()[0].start, region.ranges()[1].start));
    let expected =
        [(0..2, 0..3), (0..2, 3..4), (2..4, 0..3), (2..4, 3..4), (4..5, 0..3), (4..5, 3..4)];
    assert_eq!(regions, expected.map(|(y, x)| Region::new(vec![y, x])));
}

#[test]
fn a_list_reads_no_chunk_between_its_indices() {
    let (array, asked) = counted([1000, 2], [10, 2]);
    let part = array.isel("y", vec![995, 3, 3, 500]).unwrap();
    assert_eq!(numbers(&part), [1990.0, 1991.0, 6.0, 7.0, 6.0, 7.0, 1000.0, 1001.0]);
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[test]
fn a_step_beyond_the_chunks_skips_those_between() {
    let (array, asked) = counted([1000, 2], [10, 2]);
    let every = array.isel("y", crate::Index::every(250)).unwrap().isel("x", 1).unwrap();
    assert_eq!(numbers(&every), [1.0, 501.0, 1001.0, 1501.0]);
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[test]
fn lists_along_two_dimensions_meet_where_they_do_in_memory() {
    let (array, asked) = counted([40, 40], [4, 4]);
    let (y, x) = (vec![37, 0, 20], vec![30, 2, 31, 1]);
    let loaded = array.with_values(array.values::<f64>().unwrap()).unwrap();
    asked.lock().unwrap().clear();
    let pick =
        |array: &DataArray| array.isel("y", y.clone()).unwrap().isel("x", x.clone()).unwrap();
    assert_eq!(numbers(&pick(&array)), numbers(&pick(&loaded)));
    assert_eq!(asked.lock().unwrap().len(), 6);
}

#[test]
fn chunk_by_chunk_a_reduction_is_what_it_is_in_memory() {
    let (array, asked) = counted([11, 7], [3, 2]);
    let loaded = array.with_values(array.values::<f64>().unwrap()).unwrap();
    for dims in [&["y"][..], &["x"], &["x", "y"], &[]] {
        asked.lock().unwrap().clear();
        let mean = array.mean(dims).unwrap();
        assert_eq!(asked.lock().unwrap().len(), 16, "each chunk is made once");
        assert!(mean.equals(&loaded.mean(dims).unwrap()).unwrap(), "{dims:?}");
        assert!(array.sum(dims).unwrap().equals(&loaded.sum(dims).unwrap()).unwrap());
        assert!(array.min(dims).unwrap().equals(&loaded.min(dims).unwrap()).unwrap());
        assert!(array.max(dims).unwrap().equals(&loaded.max(dims).unwrap()).unwrap());
    }
    asked.lock().unwrap().clear();
    let part = array.isel("y", 2..8).unwrap();
    let mean = part.mean(&["y"]).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 12, "where a part begins inside a chunk, too");
    assert!(mean.equals(&loaded.isel("y", 2..8).unwrap().mean(&["y"]).unwrap()).unwrap());
    let empty = array.isel("y", 0..0).unwrap();
    assert!(numbers(&empty.mean(&["y"]).unwrap()).iter().all(|x| x.is_nan()));
}

#[test]
fn rows_are_appended_whatever_their_labels() {
    let (array, asked) = counted([4, 2], [2, 2]);
    let one = array.to_dataset("n").unwrap().with_coord("y", vec![1, 1, 3, 2]).unwrap();
    let both = one.appended(&one.isel("y", 2..).unwrap(), "y").unwrap();
    assert!(asked.lock().unwrap().is_empty(), "nothing is read before it is asked for");
    assert_eq!(
        both.array("y").unwrap().values::<i32>().unwrap().as_slice(),
        Some(&[1, 1, 3, 2, 3, 2][..])
    );
    assert_eq!(numbers(&both.array("n").unwrap())[8..], [4.0, 5.0, 6.0, 7.0]);
    let error = one.appended(&Dataset::new(), "y").unwrap_err().to_string();
    assert!(error.contains("no dimension `y`"), "{error}");
}

#[test]
fn rows_under_other_coordinates_are_not_joined() {
    let rows = |label: i32, x: Vec<f64>| {
        let n = ndarray::arr2(&[[0.0, 1.0]]);
        let array = DataArray::new("n", ["y", "x"], n).and_then(|n| n.with_coord("y", vec![label]));
        array.and_then(|n| n.with_coord("x", x)).and_then(|n| n.to_dataset("n")).unwrap()
    };
    let one = rows(1, vec![10.0, 20.0]);
    assert_eq!(one.upserted(&rows(2, vec![10.0, 20.0]), "y").unwrap().sizes()["y"], 2);
    let other = rows(2, vec![10.0, 30.0]);
    for joined in [one.upserted(&other, "y"), one.appended(&other, "y")] {
        let error = joined.unwrap_err().to_string();
        assert!(error.contains("coordinate `x`"), "{error}");
    }
    let narrow = rows(2, vec![10.0, 20.0]).isel("x", 0).unwrap();
    assert!(one.upserted(&narrow, "y").is_err());
}

#[test]
fn what_is_stored_is_gone_through_by_boxes_of_the_size_that_is_asked() {
    let numbers = ndarray::Array2::from_shape_fn((40, 100), |(y, x)| (y * 100 + x) as f64);
    let array = DataArray::new("n", ["y", "x"], numbers.clone()).unwrap();
    let boxes = |read_chunk: &str| {
        let lake = super::Lake::with(&format!("chunking = {{ y = 2, x = 25 }}\n{read_chunk}"));
        let back = lake.round(&array);
        assert_eq!(back.mean(&[]).unwrap().values::<f64>().unwrap().first(), Some(&1999.5));
        let column = back.isel("x", 7).unwrap().sum(&["y"]).unwrap().values::<f64>().unwrap();
        assert_eq!(column.first(), Some(&numbers.column(7).sum()));
        back.variable().data().blocks().unwrap().iter().map(Vec::len).collect::<Vec<usize>>()
    };
    assert_eq!(boxes(""), [1, 1], "32 MB hold all");
    assert_eq!(boxes("read_chunk = 1"), [20, 4], "a chunk at least");
    assert_eq!(boxes("read_chunk = 1600"), [20, 1], "whole rows of chunks first");
    assert_eq!(boxes("read_chunk = 8000"), [4, 1]);
}
