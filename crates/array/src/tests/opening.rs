//! Real stores, written by xarray. The figures are xarray's own.

use nuthatch_core::runtime::block_on;
use object_store::ObjectStoreExt as _;

use super::real;
use crate::{Calendar, DType, Dataset, TimeUnit};

fn open(name: &str) -> Dataset {
    Dataset::open_blocking(real(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn mean(dataset: &Dataset, array: &str) -> f64 {
    let mean =
        dataset.array(array).and_then(|array| array.mean(&[])).and_then(|mean| mean.values());
    *mean.unwrap_or_else(|error| panic!("{error}")).first().expect("one mean")
}

#[test]
fn sea_surface_temperatures_of_either_version_are_xarrays() {
    for name in ["examples/data/sst_monthly.zarr", "tests/data/sst_monthly_v2.zarr"] {
        let sst = open(name);
        assert_eq!(
            sst.sizes().into_iter().collect::<Vec<_>>(),
            [("latitude", 18), ("longitude", 432), ("time", 54),]
        );
        assert!((mean(&sst, "surface_temperature") - 300.808_438_158_795).abs() < 1e-9, "{name}");
        let year = sst.sel("time", "2008").expect("2008 is there");
        assert_eq!(year.sizes()["time"], 12);
        assert!((mean(&year, "surface_temperature") - 300.612_498_870_549_13).abs() < 1e-9);

        let values = sst.array("surface_temperature").unwrap().values::<f32>().unwrap();
        assert_eq!(values.iter().filter(|x| x.is_nan()).count(), 110_970);
        let time = sst.array("time").unwrap();
        let unit = TimeUnit::Nanosecond;
        assert_eq!(time.dtype(), DType::Datetime { unit, calendar: Calendar::ProlepticGregorian });
        let shown = time.to_string();
        assert!(shown.contains("2006-04-16 ") && shown.contains(" 2010-09-16"), "{shown}");
    }
}

#[test]
fn a_calendar_of_360_days_is_read_and_selected_by_its_own_dates() {
    let air = open("tests/data/air_temperature_360day.zarr");
    assert!((mean(&air, "air_temperature") - 286.035_796_110_164_1).abs() < 1e-9);
    let time = air.array("time").unwrap();
    assert!(matches!(time.dtype(), DType::Datetime { calendar: Calendar::Day360, .. }));
    let shown = time.to_string();
    assert!(shown.contains("1860-06-01") && shown.contains("2099-06-01"), "{shown}");
    let decade = air.sel("time", "1900"..="1909").expect("there are ten years");
    assert_eq!(decade.sizes()["time"], 10);
}

#[test]
fn opening_reads_metadata_and_coordinates_alone() {
    let sst = open("examples/data/sst_monthly.zarr");
    assert!(!sst.variables()["surface_temperature"].data().is_loaded());
    assert!(sst.variables()["time"].data().is_loaded());
    let shown = sst.to_string();
    assert!(shown.contains("surface_temperature") && shown.contains("not read"), "{shown}");
}

#[test]
fn where_there_is_no_group_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = Dataset::open_blocking(folder.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("no Zarr group"), "{error}");
}

#[test]
fn an_array_that_is_left_out_says_why_when_it_is_asked_for() {
    let lake = super::Lake::new();
    lake.write(&super::small());
    let change = |member: &str, value: serde_json::Value| {
        let path = object_store::path::Path::from("generation/value.zarr/zarr.json");
        block_on(async {
            let bytes = lake.store.get(&path).await.unwrap().bytes().await.unwrap();
            let mut root: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            root["consolidated_metadata"]["metadata"]["rain"][member] = value;
            lake.store.put(&path, root.to_string().into()).await.unwrap();
        });
        block_on(crate::zarr::foreign(&lake.store, "generation/value.zarr")).unwrap()
    };
    let codec = change("codecs", serde_json::json!([{"name": "numcodecs.pcodec"}]));
    let error = codec.array("rain").unwrap_err().to_string();
    assert!(
        error.contains("`rain` cannot be read") && error.contains("numcodecs.pcodec"),
        "{error}"
    );
    assert_eq!(codec.left_out().map(|(name, _)| name).collect::<Vec<_>>(), ["rain"]);
    let data_type = change("data_type", serde_json::json!("complex64"));
    let error = data_type.array("rain").unwrap_err().to_string();
    assert!(error.contains("complex64") && error.contains("a store"), "{error}");
    // One that takes its place is one like any other.
    let own = crate::Variable::new(["day"], vec![1.0, 2.0, 3.0]);
    assert_eq!(data_type.with_variable("rain", own).unwrap().left_out().count(), 0);
}
