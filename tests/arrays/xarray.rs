//! What xarray and zarr-python read of nuthatch's stores, and nuthatch of theirs.

use std::path::{Path, PathBuf};
use std::process::Command;

use nuthatch::array::{Calendar, Shared, TimeUnit, Values, Variable};
use nuthatch::prelude::*;
use serde_json::Value;

/// The interpreter that `cargo xtask test` has made ready.
fn python(script: &str, arguments: &[&Path]) {
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| {
        panic!("TEST_PYTHON names no interpreter; run `cargo xtask test --only tests`")
    });
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{error}");
}

fn one(values: impl Into<Values>, dims: &[&str]) -> Dataset {
    let variable = Variable::new(dims.iter().copied(), values);
    Dataset::new().with_variable("x", variable.with_attr("units", "m")).unwrap()
}

fn shared(counts: Vec<i64>) -> Shared<i64> {
    ndarray::Array1::from(counts).into_dyn().into_shared()
}

macro_rules! stored {
    ($($name:ident => $value:expr;)*) => {
        $(#[cache]
        fn $name() -> nuthatch::Result<Dataset> {
            Ok($value)
        })*

        fn store_all() {
            $($name().unwrap();)*
        }
    };
}

macro_rules! numbers {
    ($type:ty) => {
        one(ndarray::Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as $type), &["a", "b"])
    };
}

stored! {
    of_bool => one(ndarray::arr2(&[[false, true, true], [true, true, true]]), &["a", "b"]);
    of_int8 => numbers!(i8);
    of_int16 => numbers!(i16);
    of_int32 => numbers!(i32);
    of_int64 => numbers!(i64);
    of_uint8 => numbers!(u8);
    of_uint16 => numbers!(u16);
    of_uint32 => numbers!(u32);
    of_uint64 => numbers!(u64);
    of_float32 => numbers!(f32);
    of_float64 => numbers!(f64);
    of_text => one(Values::strings(["", "Elbe", "日本"]), &["a"]);
    of_times => {
        let start = 1_199_145_600;
        let counts = shared(vec![start, start + 43_200, nuthatch::array::NAT]);
        let times = Values::Datetime(counts, TimeUnit::Second, Calendar::ProlepticGregorian);
        Dataset::new().with_variable("x", Variable::new(["a"], times))?
    };
    of_spans => {
        let spans = Values::Timedelta(shared(vec![0, 90, -5]), TimeUnit::Second);
        Dataset::new().with_variable("x", Variable::new(["a"], spans))?
    };
    of_calendar => {
        let day = 86_400_000_000;
        let days = shared(vec![11_008 * day, 11_009 * day]);
        let time = Values::Datetime(days, TimeUnit::Microsecond, Calendar::NoLeap);
        Dataset::new().with_variable("v", Variable::new(["time"], vec![1.0, 2.0]))?.with_coord("time", time)?
    };
    of_grid => {
        let t = ndarray::Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as f64);
        Dataset::new()
            .with_variable("t", Variable::new(["y", "x"], t).with_attr("units", "K"))?
            .with_coord_variable("lat", Variable::new(["y", "x"], ndarray::Array2::<f64>::ones((2, 3))))?
            .with_coord("y", vec![10_i32, 20])?
            .with_coord("height", ndarray::arr0(2.0))?
            .with_attr("title", "grid")
    };
    of_empty => one(ndarray::Array2::<f32>::zeros((0, 3)), &["a", "b"]);
    of_scalar => one(ndarray::arr0(2.5), &[]);
    of_missing => one(vec![1.5, f64::NAN, -0.0, f64::INFINITY], &["a"]);
    of_sst => Dataset::open_blocking(sst())?;
}

fn sst() -> String {
    format!("{}/../examples/data/sst_monthly.zarr", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn xarray_opens_every_store_and_finds_it_identical() {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    store_all();
    python("check_stores.py", &[folder.path(), Path::new(&sst())]);
}

#[test]
fn every_store_of_xarrays_is_read_as_xarray_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    python("write_matrix.py", &[folder.path()]);
    let manifest = std::fs::read(folder.path().join("manifest.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    assert!(cases.len() > 60, "{}", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(differences).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where nuthatch reads a store otherwise than xarray does.
fn differences(case: &Value) -> Vec<String> {
    let path = case["path"].as_str().unwrap();
    let short = Path::new(path).file_name().unwrap().to_string_lossy().into_owned();
    let dataset = match Dataset::open_blocking(path) {
        Ok(dataset) => dataset,
        Err(error) => return vec![format!("{short}: {error}")],
    };
    let mut wrong = Vec::new();
    for (name, expected) in case["arrays"].as_object().unwrap() {
        let Some(variable) = dataset.variables().get(name) else {
            wrong.push(format!("{short}: `{name}` is not there"));
            continue;
        };
        if serde_json::json!(variable.dims()) != expected["dims"]
            || serde_json::json!(variable.shape()) != expected["shape"]
            || dataset.coords().any(|(coord, _)| coord == name)
                != expected["coord"].as_bool().unwrap()
        {
            wrong.push(format!(
                "{short}: `{name}` is {:?} {:?}",
                variable.dims(),
                variable.shape()
            ));
        }
        match futures::executor::block_on(variable.data().read()) {
            Ok(values) => {
                let found = as_python_shows(&values, expected["kind"].as_str().unwrap());
                if found != expected["values"] {
                    let (dtype, expected) = (values.dtype(), &expected["values"]);
                    wrong.push(format!(
                        "{short}: `{name}` is {dtype} {found}, and {expected} in xarray"
                    ));
                }
            }
            Err(error) => wrong.push(format!("{short}: `{name}`: {error}")),
        }
    }
    wrong
}

fn as_python_shows(values: &Values, kind: &str) -> Value {
    match values {
        Values::Datetime(counts, unit, calendar) => counts
            .iter()
            .map(|count| {
                let civil = calendar.civil(*count, *unit)?;
                let text = civil.to_string();
                Some(match (kind, text.split_once('.')) {
                    ("M", Some((seconds, fraction))) => format!("{seconds}.{fraction:0<9}"),
                    ("M", None) => format!("{text}.000000000"),
                    _ => text,
                })
            })
            .collect::<Vec<Option<String>>>()
            .into(),
        Values::Timedelta(counts, unit) => counts
            .iter()
            .map(|count| (*count != nuthatch::array::NAT).then(|| count * unit.nanoseconds()))
            .collect::<Vec<Option<i64>>>()
            .into(),
        Values::String(texts) => {
            texts.iter().map(|text| text.to_string()).collect::<Vec<_>>().into()
        }
        Values::F32(_) | Values::F64(_) => {
            let floats = values.to_f64().unwrap();
            floats.iter().map(|x| python_repr(*x)).collect::<Vec<_>>().into()
        }
        Values::I64(array) => array.iter().copied().collect::<Vec<i64>>().into(),
        Values::U64(array) => array.iter().copied().collect::<Vec<u64>>().into(),
        other => {
            let numbers = other.to_f64().unwrap();
            numbers.iter().map(|x| *x as i64).collect::<Vec<i64>>().into()
        }
    }
}

fn python_repr(x: f64) -> String {
    match x {
        x if x.is_nan() => "nan".to_owned(),
        x if x.is_infinite() => {
            if x > 0.0 {
                "inf".to_owned()
            } else {
                "-inf".to_owned()
            }
        }
        x => format!("{x:?}"),
    }
}
