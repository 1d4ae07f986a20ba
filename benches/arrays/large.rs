//! A cube of 4 GB that is made while it is written, each side in a process of its own, whose peak
//! memory Linux counts.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nuthatch::array::{DType, Region, Values};
use nuthatch::prelude::*;
use nuthatch_benches::{Table, local_path};
use zarrs::array::ArraySubset;

use crate::{Result, bare, text};

/// Says what a process of this program is to do.
pub(crate) const CHILD: &str = "ARRAYS_BENCH_CHILD";
const FOLDER: &str = "ARRAYS_BENCH_FOLDER";

const SHAPE: [u64; 3] = [16_000, 181, 360];
const CHUNK: [u64; 3] = [310, 181, 360];
const GIGABYTE: u64 = 1_000_000_000;

fn made(region: &Region) -> ndarray::Array3<f32> {
    let (shape, first) = (region.shape(), region.ranges()[0].start as f32);
    let shape = (shape[0], shape[1], shape[2]);
    ndarray::Array3::from_shape_fn(shape, |(t, y, x)| first + t as f32 + (y * x) as f32 * 0.001)
}

#[cache]
fn produced() -> nuthatch::Result<DataArray> {
    let make = |region: Region| async move { Ok(Values::from(made(&region))) };
    DataArray::from_chunks("t", ["time", "y", "x"], &SHAPE, &CHUNK, DType::F32, make)
}

/// The regions that all is written and read by.
fn regions() -> Vec<Region> {
    let grid = nuthatch::array::ChunkGrid::new(&SHAPE, &CHUNK);
    grid.all().iter().map(|index| grid.region(index)).collect()
}

pub(crate) fn child(part: &str) -> Result {
    let folder = std::env::var(FOLDER)?;
    let folder = Path::new(&folder);
    nuthatch::set_parameter!("filesystem", text(&folder.join("lake"))?)?;
    let document = || {
        let uri = produced::uri().run()?.ok_or("it was stored")?;
        let document = fs::read_to_string(local_path(&uri).join("value.zarr/t/zarr.json"))?;
        Ok::<_, Box<dyn std::error::Error>>(document)
    };
    let bare = || bare::array(&folder.join("large"), &document()?);
    let subset = |region: &Region| ArraySubset::new_with_ranges(region.ranges());
    let started = Instant::now();
    match part {
        "write" => drop(black_box(produced()?)),
        "read" => {
            let array = produced()?;
            for region in regions() {
                let days = region.ranges()[0].clone();
                let part = array.isel("time", days.start as usize..days.end as usize)?;
                black_box(part.values::<f32>()?);
            }
        }
        "sum" => drop(black_box(produced()?.sum(&[])?)),
        "bare write" => {
            let array = bare()?;
            for region in regions() {
                let values = made(&region).into_raw_vec_and_offset().0;
                array.store_array_subset(&subset(&region), values)?;
            }
        }
        _ => {
            let array = bare()?;
            for region in regions() {
                black_box(array.retrieve_array_subset::<Vec<f32>>(&subset(&region))?);
            }
        }
    }
    println!("{} {}", started.elapsed().as_nanos(), peak()?);
    Ok(())
}

/// The most memory that this process has had, as Linux counts it, in bytes.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmHWM")?;
    Ok(kilobytes.trim().parse::<u64>()? * 1024)
}

fn run(folder: &Path, part: &str) -> Result<(Duration, u64)> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.env(CHILD, part).env(FOLDER, folder).output()?;
    let said = String::from_utf8(output.stdout)?;
    let figures = said.trim().split_once(' ').filter(|_| output.status.success());
    let (took, peak) = figures.ok_or_else(|| String::from_utf8_lossy(&output.stderr))?;
    Ok((Duration::from_nanos(took.parse()?), peak.parse()?))
}

pub(crate) fn table(folder: &Path) -> Result<Table> {
    let [write, bare_write, read, bare_read, sum] =
        ["write", "bare write", "read", "bare read", "sum"].map(|part| run(folder, part));
    let (write, bare_write, read, bare_read, sum) = (write?, bare_write?, read?, bare_read?, sum?);
    let mut title = "A float32 cube of 16000 × 181 × 360 (4.2 GB), made while it is written; peak \
                     memory, below 1 GB:"
        .to_owned();
    let peaks =
        [("write", write), ("read by parts", read), ("sum", sum), ("bare write", bare_write)];
    for (what, (_, peak)) in peaks {
        let verdict = if peak < GIGABYTE { "met" } else { "MISSED" };
        title.push_str(&format!(" {what} {} MB ({verdict}),", peak / 1_000_000));
    }
    let mut table = Table::new(title.trim_end_matches(','));
    table.goal("write", write.0, ("bare zarrs", bare_write.0), 1.0 / 0.9);
    table.goal("read by parts", read.0, ("bare zarrs", bare_read.0), 1.0 / 0.9);
    table.alone("sum of all, not loaded", sum.0);
    Ok(table)
}
