use std::sync::Arc;

use nuthatch_core::config::Verify;
use nuthatch_core::runtime::block_on;
use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::region::Region;
use crate::values::Values;
use crate::variable::Variable;
use crate::zarr::chunks::{Chunking, READ_CHUNK};
use crate::zarr::documents::Format;
use crate::zarr::files::Files;
use crate::zarr::metadata::Group;
use crate::zarr::stored::StoredArray;
use crate::zarr::write;
use crate::{DType, Dataset};

/// A group in memory.
fn files(immediate: bool) -> Files {
    Files::new(Arc::new(InMemory::new()), Path::from("g"), "a store".into(), immediate, true)
}

fn stored(files: &Files, values: impl Into<Values>, options: &str) -> StoredArray {
    let values = values.into();
    let dims = (0..values.shape().len()).map(|axis| format!("d{axis}"));
    let variable = Variable::new(dims, values);
    let dataset = Dataset::new().with_variable("x", variable).unwrap();
    let options: toml::Table = options.parse().unwrap();
    let chunking = Chunking::read(&options, |_| None).unwrap();
    let format = Format::read(&options).unwrap();
    block_on(write::write(&dataset, files, &chunking, format)).unwrap();
    opened(files)
}

fn opened(files: &Files) -> StoredArray {
    let group = block_on(Group::read(files, |_, _| Ok(()))).unwrap();
    StoredArray::new(files, "x", &group.arrays["x"], READ_CHUNK).unwrap()
}

fn numbers(shape: [usize; 3]) -> ndarray::Array3<i32> {
    let [_, y, x] = shape;
    ndarray::Array3::from_shape_fn(shape, |(i, j, k)| ((i * y + j) * x + k) as i32)
}

/// Every box of an array that begins and ends at one of these places.
fn regions(shape: [usize; 3]) -> Vec<Region> {
    let along = |size: usize| {
        let ends = [0, 1, size / 2, size - 1, size].map(|at| at as u64);
        let starts = ends.into_iter().flat_map(move |from| ends.map(|to| from..to));
        starts.filter(|range| range.start < range.end).collect::<Vec<_>>()
    };
    let [y, x, z] = shape.map(along);
    let rows = y.iter().flat_map(|a| x.iter().map(move |b| (a, b)));
    let boxes =
        rows.flat_map(|(a, b)| z.iter().map(move |c| vec![a.clone(), b.clone(), c.clone()]));
    boxes.map(Region::new).collect()
}

#[test]
fn every_box_is_read_as_zarrs_reads_it() {
    let shape = [7, 5, 6];
    for options in ["", "chunking = { d0 = 3, d1 = 2, d2 = 4 }", "chunking = { d0 = 2 }"] {
        let (files, numbers) = (files(true), numbers(shape));
        let array = stored(&files, numbers.clone(), options);
        for region in regions(shape).into_iter().step_by(7) {
            let direct = array.directly(&region, 2).expect("it is stored as usual");
            let expected = Values::from(numbers.clone()).slice(&region.slices());
            assert!(direct.equals(&expected), "{options} {region}");
            assert!(array.by_zarrs(&region, 1).unwrap().equals(&expected), "{options} {region}");
        }
    }
}

#[test]
fn every_box_of_shards_is_read_from_near_and_from_afar() {
    // Shards of two megabytes, which are cut along the first dimension.
    let shape = [12, 300, 700];
    for immediate in [true, false] {
        let (files, numbers) = (files(immediate), numbers(shape));
        let array = stored(&files, numbers.clone(), "chunking = { d0 = 9 }");
        assert_ne!(crate::source::Source::chunk_shape(&array), array.object(), "it is sharded");
        for region in regions(shape).into_iter().step_by(149) {
            let direct = array.directly(&region, 3).expect("it is stored as usual");
            let expected = Values::from(numbers.clone()).slice(&region.slices());
            assert!(direct.equals(&expected), "{region}");
        }
    }
}

#[test]
fn every_type_of_numbers_is_usual_and_nothing_else() {
    let usual = |values: Values| {
        let array = stored(&files(true), values.clone(), "");
        let region = Region::whole(&[3]);
        let direct = array.directly(&region, 1);
        if let Some(direct) = &direct {
            assert!(direct.equals(&values) && direct.dtype() == values.dtype(), "{direct:?}");
        }
        direct.is_some()
    };
    assert!(usual(vec![i8::MIN, 0, i8::MAX].into()) && usual(vec![0, 7, u8::MAX].into()));
    assert!(usual(vec![i16::MIN, 0, i16::MAX].into()) && usual(vec![0, 7, u16::MAX].into()));
    assert!(usual(vec![i32::MIN, 0, i32::MAX].into()) && usual(vec![0, 7, u32::MAX].into()));
    assert!(usual(vec![i64::MIN, 0, i64::MAX].into()) && usual(vec![0, 7, u64::MAX].into()));
    assert!(usual(vec![-0.0_f32, f32::NAN, 1.5].into()));
    assert!(usual(vec![-0.0_f64, f64::NAN, 1.5].into()));
    // A byte that is neither 0 nor 1 is no boolean; text has no fixed size.
    assert!(!usual(vec![true, false, true].into()));
    assert!(!usual(Values::strings(["a", "", "b"])));
}

#[test]
fn a_chunk_that_is_gone_flipped_or_short_is_left_to_zarrs() {
    for options in ["sharding = false", "chunking = { d0 = 9 }"] {
        let (files, shape) = (files(true), [9, 300, 700]);
        let array = stored(&files, numbers(shape), options);
        let whole = Region::whole(&shape.map(|size| size as u64));
        let path = Path::from("g/x/c/0/0/0");
        let read = async { files.store.get(&path).await?.bytes().await };
        let before = block_on(read).unwrap();
        let last = before.len() - 1;
        for at in [0, before.len() / 2, last - 40, last] {
            let mut flipped = before.to_vec();
            flipped[at] ^= 0x10;
            block_on(files.store.put(&path, flipped.into())).unwrap();
            assert!(array.directly(&whole, 2).is_none(), "{options}: {at} is flipped");
            block_on(files.store.put(&path, before.slice(..at).into())).unwrap();
            assert!(array.directly(&whole, 2).is_none(), "{options}: cut short at {at}");
        }
        block_on(files.store.delete(&path)).unwrap();
        assert!(array.directly(&whole, 2).is_none(), "{options}: gone");
        block_on(files.store.put(&path, before.into())).unwrap();
        assert!(array.directly(&whole, 2).is_some());
    }
}

#[test]
fn checksums_are_looked_at_where_the_location_says_so() {
    let whole = Region::whole(&[7, 5, 6]);
    for (verify, is_read) in [(Verify::Full, false), (Verify::Off, true)] {
        let files = files(true).verify(verify);
        let array = stored(&files, numbers([7, 5, 6]), "");
        let path = Path::from("g/x/c/0/0/0");
        let read = async { files.store.get(&path).await?.bytes().await };
        let mut bytes = block_on(read).unwrap().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        block_on(files.store.put(&path, bytes.into())).unwrap();
        let direct = array.directly(&whole, 1);
        assert_eq!(direct.is_some(), is_read, "{verify:?}");
        assert!(direct.is_none_or(|direct| direct.equals(&numbers([7, 5, 6]).into())));
    }
}

#[test]
fn codecs_out_of_the_usual_are_left_to_zarrs() {
    let files = files(true);
    stored(&files, numbers([2, 2, 2]), "");
    let group = block_on(Group::read(&files, |_, _| Ok(()))).unwrap();
    let zarrs::metadata::ArrayMetadata::V3(metadata) = &group.arrays["x"].metadata else {
        panic!("it is of version 3");
    };
    let usual = |codecs: serde_json::Value| {
        let mut changed = metadata.clone();
        changed.codecs = serde_json::from_value(codecs).unwrap();
        let stored = crate::zarr::metadata::StoredType::Plain(DType::I32);
        super::Direct::of(&changed.into(), stored).is_some()
    };
    use serde_json::json;
    let bytes = |endian: &str| json!({"name": "bytes", "configuration": {"endian": endian}});
    let zstd = json!({"name": "zstd", "configuration": {"level": 1, "checksum": false}});
    let checked = json!({"name": "nuthatch.crc32c"});
    assert!(usual(json!([bytes("little")])));
    assert!(usual(json!([bytes("little"), zstd])));
    assert!(usual(json!([bytes("little"), checked])));
    assert!(usual(json!([bytes("little"), zstd, checked])));
    assert!(!usual(json!([bytes("big"), zstd, checked])));
    assert!(!usual(json!([{"name": "bytes"}, zstd])));
    assert!(!usual(json!([bytes("little"), checked, zstd])));
    assert!(!usual(json!([bytes("little"), {"name": "gzip", "configuration": {"level": 1}}])));
    let transposed = json!({"name": "transpose", "configuration": {"order": [1, 0, 2]}});
    assert!(!usual(json!([transposed, bytes("little"), zstd])));
    assert!(!usual(json!([])));
}
