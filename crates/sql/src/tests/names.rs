//! Names that databases do not like.

use std::sync::Arc;

use arrow::array::{Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};

use super::{Db, detail, on_all, publish, read, refused};
use crate::dialect::Dialect;

on_all!(
    columns_of_any_name_come_back,
    many_columns_come_back_and_too_many_are_refused,
    batches_of_several_schemas_are_refused,
    namespaces_are_kept_apart,
    hashed_tables_are_named_by_hashes,
);

fn named(names: &[&str]) -> RecordBatch {
    let fields = names.iter().map(|name| Field::new(*name, DataType::Int32, false));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = (0..names.len()).map(|n| Arc::new(Int32Array::from(vec![n as i32])) as _);
    RecordBatch::try_new(Arc::new(schema), columns.collect()).unwrap()
}

fn columns_of_any_name_come_back(db: &Db) {
    let long = "ü".repeat(100);
    let longer = format!("{long}!");
    let batch = named(&[
        "select",
        "SELECT",
        "order by",
        "a\"b",
        "a`b",
        "a'b",
        "back\\slash",
        "; DROP TABLE x; --",
        "🦆",
        "🐦",
        "é",
        "e",
        "E",
        "straße",
        "strasse",
        "",
        " ",
        "trailing ",
        "same",
        "same",
        "Same",
        "#row",
        "#exact",
        "index",
        "nul\0byte",
        "new\nline",
        "?",
        "$1",
        ":name",
        "%s",
        &long,
        &longer,
    ]);
    let source = db.write(&batch).unwrap();
    assert_eq!(read(&source).unwrap(), batch);
    publish(&source);
    let view = db.quoted(&detail(&source, "view"));
    assert_eq!(db.sql(&format!("SELECT * FROM {view}"))[0].split('|').count(), batch.num_columns());
}

fn many_columns_come_back_and_too_many_are_refused(db: &Db) {
    let names: Vec<String> = (0..2000).map(|n| format!("c{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let error = refused(db, &named(&names));
    assert!(error.contains("2000 columns") && error.contains("parquet"), "{error}");
    let most = db.dialect.most_columns() - 2;
    let batch = named(&names[..most]);
    assert_eq!(read(&db.write(&batch).unwrap()).unwrap(), batch);
}

fn batches_of_several_schemas_are_refused(db: &Db) {
    let before = db.write(&named(&["a", "b"])).unwrap();
    let tables = db.tables();
    for other in [named(&["a"]), named(&["a", "c"]), named(&["b", "a"])] {
        let error = db.write(&vec![named(&["a", "b"]), other]).unwrap_err().to_string();
        assert!(error.contains("all batches of a table have one schema"), "{error}");
        assert_eq!(db.tables(), tables);
    }
    assert_eq!(read(&before).unwrap(), named(&["a", "b"]));
}

fn namespaces_are_kept_apart(db: &Db) {
    let batches = [named(&["a"]), named(&["a", "b"])];
    let sources = ["_", "trial"].map(|namespace| {
        let batch = &batches[usize::from(namespace == "trial")];
        let source = db.write_to(batch, &db.target_of(namespace, "_", db.options())).unwrap();
        publish(&source);
        source
    });
    for (source, batch) in sources.iter().zip(&batches) {
        assert_eq!(read(source).unwrap(), *batch);
    }
    let (plain, trial) = (detail(&sources[0], "view"), detail(&sources[1], "view"));
    let trial = match db.dialect {
        Dialect::Postgres => {
            assert_eq!(detail(&sources[1], "schema"), "trial");
            format!("trial.{}", db.quoted(&trial))
        }
        _ => {
            assert_eq!(trial, format!("trial.{plain}"));
            db.quoted(&trial)
        }
    };
    assert_eq!(plain, "daily~36qtfr7kd4n5vpxo");
    assert_eq!(db.sql(&format!("SELECT * FROM {}", db.quoted(&plain))), ["0"]);
    assert_eq!(db.sql(&format!("SELECT * FROM {trial}")), ["0|1"]);
}

fn hashed_tables_are_named_by_hashes(db: &Db) {
    let options = db.options_with(toml::toml! { hash_table_name = true });
    let source = db.write_to(&named(&["a"]), &db.target_of("_", "station=7", options)).unwrap();
    assert!(detail(&source, "table").starts_with("t~01m83m2x"));
    assert_eq!(read(&source).unwrap(), named(&["a"]));
}
