//! What xarray and zarr-python read of nuthatch's stores, and nuthatch of theirs.

mod printed;
mod shown;

use std::path::{Path, PathBuf};

use nuthatch::array::{Calendar, NAT, Shared, TimeUnit, Values, Variable};
use nuthatch::prelude::*;
use nuthatch_tests::python;
use serde_json::{Value, json};

fn root(folder: &Path) {
    nuthatch::set_parameter!("filesystem", folder.to_str().unwrap()).unwrap();
}

/// The stores of real data.
fn real() -> Vec<PathBuf> {
    let of = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    vec![
        of("../examples/data/sst_monthly.zarr"),
        of("data/sst_monthly_v2.zarr"),
        of("data/air_temperature_360day.zarr"),
        of("data/python_lake/sst/1_2008.zarr"),
        of("data/python_lake/experiment2/sst/7_2009.zarr"),
        of("data/python_lake/sst_all/global0_25.zarr"),
    ]
}

/// The stores that xarray has written, and what it reads of each.
fn matrix(folder: &Path) -> Vec<Value> {
    written(folder, &real())
}

fn written(folder: &Path, arguments: &[PathBuf]) -> Vec<Value> {
    let arguments = arguments.iter().map(PathBuf::as_path);
    python("write_matrix.py", &[folder].into_iter().chain(arguments).collect::<Vec<_>>());
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    serde_json::from_slice(&manifest).unwrap()
}

#[test]
fn every_store_of_xarrays_is_read_and_printed_as_xarray_does() {
    let folder = tempfile::tempdir().unwrap();
    let cases = matrix(folder.path());
    assert!(cases.len() > 500, "{}", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where nuthatch reads a store otherwise than xarray does, or prints it.
fn differences(case: &Value) -> Vec<String> {
    let (name, path) = (case["name"].as_str().unwrap(), case["path"].as_str().unwrap());
    let dataset = match Dataset::open_blocking(path) {
        Ok(dataset) => dataset,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: Value, expected: &Value| {
        if found != *expected {
            wrong.push(format!("{name}: {what} {found}, and {expected} in xarray"));
        }
    };
    check("the attributes", json!(dataset.attrs), &case["attrs"]);
    check("what is left out", json!(dataset.left_out().collect::<Vec<_>>()), &json!([]));
    let arrays = case["arrays"].as_object().unwrap();
    let names: Vec<&String> = dataset.variables().keys().collect();
    let mut known: Vec<&String> = arrays.keys().collect();
    known.sort();
    check("the arrays", json!(names), &json!(known));
    for (array, expected) in arrays {
        let Some(variable) = dataset.variables().get(array) else { continue };
        let is_coord = dataset.coords().any(|(coord, _)| coord == array);
        check(&format!("the dimensions of {array}"), json!(variable.dims()), &expected["dims"]);
        check(&format!("the shape of {array}"), json!(variable.shape()), &expected["shape"]);
        check(&format!("that {array} is a coordinate"), json!(is_coord), &expected["coord"]);
        check(&format!("the attributes of {array}"), json!(variable.attrs), &expected["attrs"]);
        match futures::executor::block_on(variable.data().read()) {
            Ok(values) => {
                let dtype = shown::dtype(&values, expected);
                check(&format!("the type of {array}"), dtype, &expected["dtype"]);
                let values = shown::values(&values);
                check(&format!("the values of {array}"), values, &expected["values"]);
            }
            Err(error) => {
                check(&format!("{array} fails: {error}"), Value::Null, &expected["values"])
            }
        }
    }
    wrong.extend(printed::differences(name, case, &dataset));
    wrong
}

/// What xarray wrote with a checksum of any kind, be the chunk cut off by the array's edge or not.
#[test]
fn damage_to_what_xarray_wrote_is_told_with_its_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let checked =
        "codec_lzma_v,codec_lzma_sha256,codec_numcodecs.lzma_v,jenkins,adler32,crc32,fletcher32";
    let cases = written(folder.path(), &[format!("--only={checked}").into()]);
    assert!(cases.len() > 40, "{}", cases.len());
    let mut told = 0;
    for case in &cases {
        let store = Path::new(case["path"].as_str().unwrap());
        let open = || Dataset::open_blocking(store.to_str().unwrap()).unwrap();
        let before = futures::executor::block_on(open().load()).unwrap();
        for object in chunks(&store.join("x")).into_iter().step_by(2) {
            let whole = std::fs::read(&object).unwrap();
            let flipped = (0..whole.len()).step_by(whole.len().div_ceil(6)).map(|at| {
                let mut bytes = whole.clone();
                bytes[at] ^= 4;
                bytes
            });
            let cut = [0, 3, whole.len() - 1].map(|length| whole[..length].into());
            for bytes in flipped.chain(cut) {
                std::fs::write(&object, bytes).unwrap();
                let error = match futures::executor::block_on(open().load()) {
                    Err(error) => error,
                    // A bit that says nothing to the compressor behind the checksum.
                    Ok(read) if read.identical(&before).unwrap() => continue,
                    Ok(read) => panic!("{} is read as {read}", object.display()),
                };
                assert!(error.is_damaged(), "{error}");
                let chunk = object.strip_prefix(store).unwrap().to_str().unwrap();
                assert!(error.to_string().contains(chunk), "{chunk} in {error}");
                told += 1;
            }
            std::fs::write(&object, whole).unwrap();
        }
    }
    assert!(told > 700, "{told}");
}

/// The objects of an array's chunks.
fn chunks(array: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(array).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_document = |name: &str| name.starts_with(".z") || name == "zarr.json";
    let files = files.into_iter();
    let own = files.filter(|path| !is_document(path.file_name().unwrap().to_str().unwrap()));
    own.chain(folders.iter().flat_map(|folder| chunks(folder))).collect()
}

/// What is read of a store, in a version of the format.
#[cache]
fn copied(path: &str, format: i64) -> nuthatch::Result<Dataset> {
    assert!(format == 2 || format == 3);
    Dataset::open_blocking(path)
}

#[test]
fn every_value_of_the_matrix_is_stored_in_both_versions_as_xarray_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let cases = matrix(folder.path());
    let lake = folder.path().join("lake");
    root(&lake);
    let mut checks = Vec::new();
    for case in &cases {
        let path = case["path"].as_str().unwrap();
        let copies = [2, 3].map(|format| {
            let options: toml::Table = format!("zarr_format = {format}").parse().unwrap();
            let copied_as = copied::call(path, format).backend_options(options).run();
            copied_as.unwrap_or_else(|error| panic!("{path} as version {format}: {error}"));
            let uri = copied::uri(path, format).run().unwrap().expect("it is stored");
            Path::new(uri.strip_prefix("file://").unwrap()).join("value.zarr")
        });
        checks.push(json!({"name": case["name"], "original": path, "copies": copies}));
    }
    let list = folder.path().join("checks.json");
    std::fs::write(&list, json!(checks).to_string()).unwrap();
    python("check_copies.py", &[&list]);
}

fn one(values: impl Into<Values>, dims: &[&str]) -> nuthatch::Result<Dataset> {
    let variable = Variable::new(dims.iter().copied(), values);
    Dataset::new().with_variable("x", variable.with_attr("units", "m"))
}

fn shared(counts: Vec<i64>) -> Shared<i64> {
    ndarray::Array1::from(counts).into_dyn().into_shared()
}

/// Values that were made here, and in no other program.
#[cache]
fn made(what: &str, format: i64) -> nuthatch::Result<Dataset> {
    assert!(format == 2 || format == 3);
    macro_rules! numbers {
        ($type:ty) => {
            one(ndarray::Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as $type), &["a", "b"])
        };
    }
    match what {
        "bool" => one(ndarray::arr2(&[[false, true, true], [true, true, true]]), &["a", "b"]),
        "int8" => numbers!(i8),
        "int16" => numbers!(i16),
        "int32" => numbers!(i32),
        "int64" => numbers!(i64),
        "uint8" => numbers!(u8),
        "uint16" => numbers!(u16),
        "uint32" => numbers!(u32),
        "uint64" => numbers!(u64),
        "float32" => numbers!(f32),
        "float64" => numbers!(f64),
        "text" => one(Values::strings(["", "Elbe", "日本"]), &["a"]),
        "times" => {
            let counts = shared(vec![1_199_145_600, 1_199_188_800, NAT]);
            let unit = TimeUnit::Second;
            let times = Values::Datetime(counts, unit, Calendar::ProlepticGregorian);
            Dataset::new().with_variable("x", Variable::new(["a"], times))
        }
        "spans" => {
            let spans = Values::Timedelta(shared(vec![0, 90, -5, NAT]), TimeUnit::Second);
            Dataset::new().with_variable("x", Variable::new(["a"], spans))
        }
        "noleap" => {
            let days = shared(vec![11_008 * 86_400_000_000, 11_009 * 86_400_000_000]);
            let time = Values::Datetime(days, TimeUnit::Microsecond, Calendar::NoLeap);
            let v = Variable::new(["time"], vec![1.0, 2.0]);
            Dataset::new().with_variable("v", v)?.with_coord("time", time)
        }
        "grid" => {
            let t = ndarray::Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as f64);
            let lat = Variable::new(["y", "x"], ndarray::Array2::<f64>::ones((2, 3)));
            let grid = Dataset::new()
                .with_variable("t", Variable::new(["y", "x"], t).with_attr("units", "K"))?
                .with_coord_variable("lat", lat)?
                .with_coord("y", vec![10_i32, 20])?
                .with_coord("height", ndarray::arr0(2.0))?;
            Ok(grid.with_attr("title", "grid"))
        }
        "empty" => one(ndarray::Array2::<f32>::zeros((0, 3)), &["a", "b"]),
        "scalar" => one(ndarray::arr0(2.5), &[]),
        "missing" => one(vec![1.5, f64::NAN, -0.0, f64::INFINITY], &["a"]),
        other => Err(nuthatch::Error::other(format!("there is no {other}"))),
    }
}

const MADE: [&str; 19] = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
    "float64", "text", "times", "spans", "noleap", "grid", "empty", "scalar", "missing",
];

#[test]
fn xarray_opens_what_was_made_here_and_finds_what_it_makes_itself() {
    let folder = tempfile::tempdir().unwrap();
    root(&folder.path().join("lake"));
    let mut stores = serde_json::Map::new();
    for what in MADE {
        for format in [2, 3] {
            let options: toml::Table = format!("zarr_format = {format}").parse().unwrap();
            made::call(what, format).backend_options(options).run().unwrap();
            let uri = made::uri(what, format).run().unwrap().expect("it is stored");
            let store = Path::new(uri.strip_prefix("file://").unwrap()).join("value.zarr");
            stores.insert(format!("{what} {format}"), json!(store));
        }
    }
    let list = folder.path().join("stores.json");
    std::fs::write(&list, Value::from(stores).to_string()).unwrap();
    python("check_stores.py", &[&list]);
}
