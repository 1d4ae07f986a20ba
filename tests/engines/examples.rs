//! The examples that need what is optional, run as they are built beside the tests; and what they
//! tell their reader to type, typed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use nuthatch_tests::python_says;

/// The example, which `cargo xtask test` has built.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "run `cargo xtask test --only tests`, which builds {}", path.display());
    path
}

/// What it prints, run by somebody who has this folder alone.
fn printed(name: &str, folder: &Path) -> String {
    let mut command = Command::new(example(name));
    command.env("HOME", folder).env("TMPDIR", folder).current_dir(folder);
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap() + &error
}

#[test]
fn the_weather_lies_where_the_example_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = printed("weather_table", folder.path());
    for line in ["1461 days", "31 days", "3.5 mm more in 2012"] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let places = text.lines().filter_map(|line| line.trim().split_once(": "));
    let places: BTreeMap<_, _> = places.collect();
    let days = python_says(&format!(
        "from deltalake import DeltaTable; print(DeltaTable{}.to_pyarrow_table().num_rows)",
        places["deltalake"].strip_prefix("DeltaTable").unwrap()
    ));
    assert_eq!(days.trim(), "1461");
    let months =
        python_says(&format!("import duckdb; print(len(duckdb.sql(\"{}\")))", places["duckdb"]));
    assert_eq!(months.trim(), "48");
    let months = python_says(&format!("import pandas; print(len({}))", places["pandas"]));
    assert_eq!(months.trim(), "48");
    let (file, view) = places["sqlite"].rsplit_once('#').unwrap();
    let file = file.strip_prefix("sqlite://").unwrap();
    let years = python_says(&format!(
        "import sqlite3; \
         print(len(sqlite3.connect('{file}').execute('SELECT * FROM \"{view}\"').fetchall()))"
    ));
    assert_eq!(years.trim(), "4");
}

#[test]
fn the_sea_is_as_warm_as_xarray_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = printed("sst", folder.path());
    assert!(text.contains("300.61249887055 K"), "{text}");
    assert!(text.contains("computed") && text.contains("recalled"), "{text}");
}
