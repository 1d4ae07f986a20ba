//! What the backend writes is what it reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch_core::backend::Backend;
use nuthatch_core::runtime::block_on;
use nuthatch_core::store::Operation;

use super::{Lake, real, small};
use crate::{
    Calendar, DType, DataArray, Dataset, NAT, Region, Shared, TimeUnit, Values, Variable, Zarr,
};

fn one(values: impl Into<Values>) -> Dataset {
    let values = values.into();
    let dims: Vec<String> = (0..values.shape().len()).map(|axis| format!("d{axis}")).collect();
    Dataset::new().with_variable("x", Variable::new(dims, values)).expect("it is whole")
}

fn shared(counts: Vec<i64>) -> Shared<i64> {
    ndarray::Array1::from(counts).into_dyn().into_shared()
}

#[test]
fn every_type_comes_back_as_it_was() {
    let mut all = vec![
        Values::from(vec![true, false, true]),
        Values::from(vec![i8::MIN, 0, i8::MAX]),
        Values::from(vec![i16::MIN, 0, i16::MAX]),
        Values::from(vec![i32::MIN, 0, i32::MAX]),
        Values::from(vec![i64::MIN, 0, i64::MAX]),
        Values::from(vec![0, u8::MAX]),
        Values::from(vec![0, u16::MAX]),
        Values::from(vec![0, u32::MAX]),
        Values::from(vec![0, u64::MAX]),
        Values::from(vec![f32::NAN, -0.0, f32::MIN_POSITIVE, f32::INFINITY]),
        Values::from(vec![f64::NAN, -0.0, f64::MIN_POSITIVE, f64::NEG_INFINITY]),
        Values::strings(["", "Elbe", "日本 🐦", "a\0b"]),
        Values::from(ndarray::arr0(2.5_f64)),
        Values::from(ndarray::Array3::<i32>::zeros((2, 0, 3))),
    ];
    for unit in TimeUnit::ALL {
        all.push(Values::Timedelta(shared(vec![0, -7, NAT, 86_400]), unit));
        for calendar in
            [Calendar::ProlepticGregorian, Calendar::NoLeap, Calendar::Day360, Calendar::Julian]
        {
            all.push(Values::Datetime(shared(vec![1, NAT, 86_400 * 400]), unit, calendar));
        }
    }
    for values in all {
        let dtype = values.dtype();
        let dataset = one(values.clone());
        let back = Lake::new().round(&dataset);
        let read = block_on(back.variables()["x"].data().read()).unwrap();
        match (dtype, &values, &read) {
            // The calendars of other worlds are read in microseconds, as cftime has them.
            (DType::Datetime { .. } | DType::Timedelta { .. }, ..) => {
                let shown = |values: &Values| {
                    (0..values.len()).map(|i| values.shown(&[i])).collect::<Vec<_>>()
                };
                if let DType::Datetime { .. } = dtype {
                    assert_eq!(shown(&values), shown(&read), "{dtype}");
                } else {
                    assert!(values.equals(&read), "{dtype}");
                }
            }
            _ => assert!(values.equals(&read), "{dtype}: {read:?}"),
        }
    }
}

#[test]
fn names_attributes_and_coordinates_of_every_kind_come_back() {
    let height = Variable::new(["station"], vec![12.0, 30.5]).with_attr("units", "m");
    let dataset = small()
        .with_coord_variable("height", height)
        .and_then(|dataset| dataset.with_coord("reference", ndarray::arr0(3_i64)))
        .unwrap()
        .with_attr("missing", f64::NAN)
        .with_attr("range", [f32::NEG_INFINITY, 0.5]);
    let back = Lake::new().round(&dataset);
    assert!(back.identical(&dataset).unwrap(), "{back}");
    // JSON has no such numbers, and none of them becomes null.
    assert_eq!(back.attrs["missing"], "NaN");
    assert_eq!(back.attrs["range"], serde_json::json!(["-Infinity", 0.5]));
    let names: Vec<&str> = back.coords().map(|(name, _)| name).collect();
    assert_eq!(names, ["day", "height", "reference", "station"]);
}

#[test]
fn version_2_is_written_where_it_is_asked_for() {
    let lake = Lake::with("zarr_format = 2");
    let source = lake.write(&small());
    assert!(lake.objects().iter().any(|path| path.as_ref().ends_with("value.zarr/.zmetadata")));
    assert!(lake.read::<Dataset>(&source).unwrap().identical(&small()).unwrap());
    let every = one(Values::from(vec![0_i16, -1, 7]));
    assert!(Lake::with("zarr_format = 2").round(&every).identical(&every).unwrap());
    let refused = Lake::with("zarr_format = 4");
    assert!(block_on(Zarr.write(&small(), &refused.target("g"))).is_err());
}

#[test]
fn an_array_keeps_its_name_or_that_it_has_none() {
    let named = small().array("rain").unwrap();
    assert!(Lake::new().round(&named).identical(&named).unwrap());
    let unnamed = DataArray::new("", ["x"], vec![1.0]).unwrap().without_name();
    assert_eq!(Lake::new().round(&unnamed).name(), None);
    let bare = ndarray::arr2(&[[1_u16, 2], [3, 4]]);
    assert_eq!(Lake::new().round(&bare), bare);
    let lake = Lake::new();
    let source = lake.write(&bare);
    let as_floats: nuthatch_core::Result<ndarray::Array2<f32>> = lake.read(&source);
    assert!(as_floats.unwrap_err().to_string().contains("uint16"));
    let flat: nuthatch_core::Result<ndarray::Array1<u16>> = lake.read(&source);
    assert!(flat.unwrap_err().to_string().contains("2 dimensions"));
}

#[test]
fn real_temperatures_are_stored_and_sliced_without_reading_the_rest() {
    let sst = Dataset::open_blocking(real("examples/data/sst_monthly.zarr")).unwrap();
    let lake = Lake::with("chunking = { time = 6 }");
    let source = lake.write(&sst);
    let chunks = lake
        .objects()
        .iter()
        .filter(|path| path.as_ref().contains("surface_temperature/c/"))
        .count();
    assert_eq!(chunks, 9);
    let gets = || lake.counting.counts().of(Operation::Get);
    let before = gets();
    let back: Dataset = lake.read(&source).unwrap();
    // The document, and a chunk for each of three coordinates.
    assert_eq!(gets() - before, 4);
    assert!(back.identical(&sst).unwrap());

    let before = gets();
    let year = back.sel("time", "2008").unwrap();
    let mean = year.array("surface_temperature").unwrap().mean(&[]).unwrap();
    let mean = *mean.values::<f64>().unwrap().first().unwrap();
    assert!((mean - 300.612_498_870_549_13).abs() < 1e-9, "{mean}");
    // Twelve months from the 21st on, in chunks of six: three of nine.
    assert_eq!(gets() - before, 3);
}

#[test]
fn a_producers_chunks_are_made_once_and_read_back() {
    let made = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&made);
    let produce = move |region: Region| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            let first = region.ranges()[0].start as f32;
            let shape = region.shape();
            Ok(Values::from(ndarray::Array2::from_elem((shape[0], shape[1]), first)))
        }
    };
    let array = DataArray::from_chunks("steps", ["t", "x"], &[10, 4], &[3, 4], DType::F32, produce)
        .unwrap();
    assert!(Zarr.reopens(&array));
    let lake = Lake::new();
    let back = lake.round(&array);
    assert_eq!(made.load(Ordering::Relaxed), 4);
    assert!(!Zarr.reopens(&back));
    let last = back.isel("t", 9).unwrap().values::<f32>().unwrap();
    assert!(last.iter().all(|x| *x == 9.0));
    assert_eq!(made.load(Ordering::Relaxed), 4);
}

#[test]
fn large_objects_are_cut_into_what_is_read_at_once() {
    let cube = ndarray::Array3::from_shape_fn((64, 100, 200), |(t, y, x)| {
        (t * 20_000 + y * 200 + x) as f32
    });
    let dataset =
        Dataset::new().with_variable("cube", Variable::new(["t", "y", "x"], cube.clone())).unwrap();
    let lake = Lake::new();
    let source = lake.write(&dataset);
    assert_eq!(lake.objects().iter().filter(|path| path.as_ref().contains("/c/")).count(), 1);
    let back: Dataset = lake.read(&source).unwrap();
    let before = lake.counting.counts().bytes_read;
    let one = back.isel("t", 5).unwrap().array("cube").unwrap().values::<f32>().unwrap();
    assert_eq!(
        one.as_slice(),
        Some(&*cube.index_axis(ndarray::Axis(0), 5).iter().copied().collect::<Vec<_>>())
    );
    let read = lake.counting.counts().bytes_read - before;
    assert!(read < source.record.bytes / 4, "{read} of {} bytes for a 64th", source.record.bytes);
}

#[test]
fn an_upsert_is_a_new_generation_that_the_old_one_does_not_feel() {
    let lake = Lake::new();
    let old = lake.write(&small());
    let newer = small().isel("day", 2..).unwrap().with_coord("day", vec![4_i32]).unwrap();
    let target = lake.target("next");
    let written = block_on(Zarr.upsert(&newer, &["day"], Some(&old), &target)).unwrap();
    let next = lake.source("next", written);
    let whole: Dataset = lake.read(&next).unwrap();
    assert_eq!(whole.sizes()["day"], 4);
    assert!(lake.read::<Dataset>(&old).unwrap().identical(&small()).unwrap());
    let two = block_on(Zarr.upsert(&newer, &["day", "station"], Some(&old), &target)).unwrap_err();
    assert!(two.to_string().contains("one dimension"), "{two}");
}

#[test]
fn the_time_covered_is_told() {
    let sst = Dataset::open_blocking(real("examples/data/sst_monthly.zarr")).unwrap();
    let lake = Lake::new();
    let written = block_on(Zarr.write(&sst, &lake.target("g"))).unwrap();
    let extent = written.time_extent.expect("it has a time");
    assert_eq!(extent.dim, "time");
    assert_eq!(extent.start.as_deref(), Some("2006-04-16T00:00:00"));
    assert_eq!(extent.end.as_deref(), Some("2010-09-16T00:00:00"));
}
