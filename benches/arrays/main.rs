//! Arrays through Zarr: a cube of 95 MB stored, recalled and sliced, beside bare `zarrs` with the
//! same codecs and chunks in the same run, and xarray with zarr-python where
//! `TEST_PYTHON` names an interpreter that has them.
//!
//! `cargo bench --bench arrays --features zarr`

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use nuthatch::array::{DType, Region, Values, Variable};
use nuthatch::prelude::*;
use nuthatch_benches::{Rounds, Side, Table, compare};
use zarrs::array::{Array, ArraySubset};
use zarrs::filesystem::FilesystemStore;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Days, latitudes, longitudes.
const SHAPE: [usize; 3] = [365, 181, 360];
const MONTH: u64 = 31;

/// Smooth, with noise in the last bits, as measured fields are.
fn cube(seed: u64) -> ndarray::Array3<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    ndarray::Array3::from_shape_fn(SHAPE, |(t, y, x)| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (state >> 54) as f32 / 1024.0;
        280.0 + (t as f32 / 58.0).sin() * 10.0 + y as f32 * 0.1 + x as f32 * 0.01 + noise
    })
}

#[cache(backend_options(chunking(time = 31), sharding = false))]
fn stored(seed: u64) -> nuthatch::Result<Dataset> {
    let _ = seed;
    Dataset::new().with_variable("t", Variable::new(["time", "y", "x"], CUBE.with(Clone::clone)))
}

/// A cube of 4 GB that is made while it is written.
#[cache]
fn produced() -> nuthatch::Result<DataArray> {
    let make = |region: Region| async move {
        let (shape, first) = (region.shape(), region.ranges()[0].start as f32);
        Ok(Values::from(ndarray::Array3::from_shape_fn(
            (shape[0], shape[1], shape[2]),
            |(t, y, x)| first + t as f32 + (y * x) as f32 * 0.001,
        )))
    };
    let (shape, chunk) = ([16_000, 181, 360], [31, 181, 360]);
    DataArray::from_chunks("t", ["time", "y", "x"], &shape, &chunk, DType::F32, make)
}

thread_local! {
    static CUBE: Values = cube(1).into();
}

fn main() -> Result {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let lake = folder.path().join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_str().ok_or("a path that is no text")?)?;
    print!("{}", cube_table(folder.path())?);
    print!("{}", large(folder.path())?);
    python(folder.path())
}

/// An array of bare `zarrs` with the metadata that nuthatch has written.
fn bare(folder: &Path, document: &str) -> Result<Array<FilesystemStore>> {
    let store = Arc::new(FilesystemStore::new(folder)?);
    let metadata = serde_json::from_str(document)?;
    let array = Array::new_with_metadata(store, "/", zarrs::metadata::ArrayMetadata::V3(metadata))?;
    Ok(array)
}

fn cube_table(folder: &Path) -> Result<Table> {
    let rounds = Rounds { samples: 7, repeats: 1 };
    stored(0)?;
    let group = nuthatch_benches::local_path(&stored::uri(0).run()?.ok_or("it was stored")?)
        .join("value.zarr");
    let document = fs::read_to_string(group.join("t/zarr.json"))?;
    let elements: Vec<f32> = cube(1).into_raw_vec_and_offset().0;
    let subset = ArraySubset::new_with_shape(SHAPE.map(|size| size as u64).to_vec());
    let (mut seed, mut count) = (0_u64, 0);
    let sides = &mut [
        Side::new("nuthatch", || {
            seed += 1;
            black_box(stored(seed).expect("it is stored"));
        }),
        Side::new("zarrs", || {
            count += 1;
            let array = bare(&folder.join(format!("bare {count}")), &document).expect("it opens");
            array.store_array_subset(&subset, elements.clone()).expect("it is stored");
        }),
    ];
    let store = compare(rounds, sides);

    let other = bare(&folder.join("bare 1"), &document)?;
    let month = ArraySubset::new_with_ranges(&[0..MONTH, 0..SHAPE[1] as u64, 0..SHAPE[2] as u64]);
    let sides = &mut [
        Side::new("nuthatch", || {
            let recalled = stored(0).and_then(|dataset| dataset.array("t"));
            black_box(recalled.and_then(|array| array.values::<f32>()).expect("it is read"));
        }),
        Side::new("zarrs", || {
            black_box(other.retrieve_array_subset::<Vec<f32>>(&subset).expect("it is read"));
        }),
    ];
    let recall = compare(rounds, sides);
    let sides = &mut [
        Side::new("nuthatch", || {
            let recalled = stored(0).and_then(|dataset| dataset.isel("time", 0..MONTH as usize));
            let values = recalled.and_then(|month| month.array("t")?.values::<f32>());
            black_box(values.expect("it is read"));
        }),
        Side::new("zarrs", || {
            black_box(other.retrieve_array_subset::<Vec<f32>>(&month).expect("it is read"));
        }),
        Side::new("open", || {
            black_box(stored(0).expect("it is recalled"));
        }),
    ];
    let slice = compare(Rounds { samples: 21, repeats: 3 }, sides);

    let mut table = Table::new("A float32 cube of 365 × 181 × 360 (95 MB), in chunks of 31 days");
    table.goal("store", store[0], ("bare zarrs", store[1]), 1.0 / 0.9);
    table.goal("recall all", recall[0], ("bare zarrs", recall[1]), 1.0 / 0.9);
    table.goal("recall a month", slice[0], ("bare zarrs", slice[1]), 1.2);
    table.goal("open lazily", slice[2], ("5 ms", Duration::from_millis(5)), 1.0);
    Ok(table)
}

fn large(folder: &Path) -> Result<Table> {
    let started = std::time::Instant::now();
    let array = produced()?;
    let store = started.elapsed();
    let started = std::time::Instant::now();
    let mut sum = 0.0;
    for first in (0..16_000_usize).step_by(310) {
        let part = array.isel("time", first..(first + 310).min(16_000))?;
        sum += part.sum(&[])?.values::<f64>()?.first().copied().unwrap_or(0.0);
    }
    let read = started.elapsed();
    black_box((sum, folder));
    let mut table = Table::new(&format!(
        "A float32 cube of 16000 × 181 × 360 (4.2 GB), made while it is written; peak memory {}",
        peak()?
    ));
    table.alone("store", store);
    table.alone("read back, by parts", read);
    Ok(table)
}

/// The most memory that this process has had, as Linux counts it.
fn peak() -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    Ok(line.trim_start_matches("VmHWM:").trim().to_owned())
}

/// The same cube through xarray, on the same disk.
fn python(folder: &Path) -> Result {
    let Some(python) = std::env::var_os("TEST_PYTHON") else {
        println!("\nxarray is not measured: TEST_PYTHON names no interpreter");
        return Ok(());
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/arrays/xarray_cube.py");
    let status = Command::new(python).arg(script).arg(folder).status()?;
    if status.success() { Ok(()) } else { Err("xarray could not be measured".into()) }
}
