//! The suite that every backend runs.

use nuthatch_core::backend::conformance::Suite;
use nuthatch_core::runtime::{block_on, within};
use object_store::path::Path;

use super::small;
use crate::{DataArray, Dataset, Values, Zarr};

fn same(one: &Dataset, other: &Dataset) -> bool {
    one.identical(other).unwrap_or(false)
}

/// The documents of single arrays are for other programs: one describes all.
fn is_unread(path: &Path) -> bool {
    let name = path.filename().unwrap_or_default();
    let is_array = !path.as_ref().ends_with("value.zarr/zarr.json") && name == "zarr.json";
    is_array || [".zarray", ".zattrs", ".zgroup"].contains(&name)
}

fn suite<'a>() -> Suite<'a, Dataset> {
    let days = |days: std::ops::Range<usize>| small().isel("day", days).unwrap();
    let none = small().isel("day", 0..0).unwrap();
    Suite::new(&Zarr, same).lazy().unread(is_unread).value(small()).value(none).upsert(
        &["day"],
        days(0..2),
        days(1..3),
        small(),
    )
}

#[test]
fn datasets_behave_as_the_values_of_every_backend_do() {
    block_on(within(async { suite().run().await }));
}

/// Each of these changes thousands of bytes and reads all again: tests of their own run at once.
fn so_they_do_with(options: &str) {
    let options: toml::Table = options.parse().unwrap();
    block_on(within(async move { suite().options(options).run().await }));
}

#[test]
fn so_they_do_in_small_chunks() {
    so_they_do_with("chunking = { day = 2, station = 1 }");
}

#[test]
fn so_they_do_in_the_older_version() {
    so_they_do_with("zarr_format = 2");
}

#[test]
fn so_they_do_without_shards() {
    so_they_do_with("sharding = false");
}

#[test]
fn so_do_single_arrays_and_bare_ones() {
    let rain = small().array("rain").unwrap();
    let part = |days: std::ops::Range<usize>| rain.isel("day", days).unwrap();
    let unnamed = DataArray::new("", ["x"], Values::strings(["", "Elbe"])).unwrap();
    let (same, unnamed) =
        (|one: &DataArray, other: &DataArray| one.identical(other).unwrap_or(false), unnamed);
    let arrays = Suite::new(&Zarr, same)
        .lazy()
        .unread(is_unread)
        .value(unnamed.without_name())
        .upsert(&["day"], part(0..2), part(1..3), rain.clone());
    let bare = Suite::new(&Zarr, |one: &ndarray::Array2<f32>, other| one == other)
        .unread(is_unread)
        .value(ndarray::arr2(&[[1.5, -0.0], [0.0, f32::MAX]]))
        .value(ndarray::Array2::zeros((0, 3)));
    block_on(within(async move {
        arrays.run().await;
        bare.run().await;
    }));
}
