//! What a manifest says of a table.

use std::io::Cursor;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use data_encoding::BASE64;
use nuthatch_core::backend::Stored;
use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::frame::{self, Column};
use crate::names::Names;
use crate::options::Options;
use crate::statements::Table;

/// Everything that is needed to find a table again and to read it as what it was.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) names: Names,
    /// The columns, named as in the database.
    pub(crate) columns: Vec<Column>,
    /// The Arrow schema that was stored, with all metadata.
    pub(crate) schema: SchemaRef,
    /// How many rows there are; unknown where merges change the table itself.
    pub(crate) rows: Option<u64>,
    /// The rows of each batch, where the value was made of several, or of none.
    pub(crate) batches: Option<Vec<u64>>,
    /// The keys by which rows were merged into the table itself: two rows of it never share them.
    pub(crate) keys: Option<Vec<String>>,
    /// The last merge into the table itself, by which a manifest is told from the one before.
    pub(crate) merged: Option<String>,
}

impl Record {
    /// Of a table of which no more is known.
    pub(crate) fn new(names: Names, columns: Vec<Column>, schema: SchemaRef) -> Self {
        Self { names, columns, schema, rows: None, batches: None, keys: None, merged: None }
    }

    /// The table's statements.
    pub(crate) fn table(&self, dialect: Dialect) -> Table<'_> {
        self.table_of(dialect, &self.columns)
    }

    /// The same of some columns.
    pub(crate) fn table_of<'a>(&'a self, dialect: Dialect, columns: &'a [Column]) -> Table<'a> {
        let schema = self.names.schema.as_deref();
        Table { dialect, schema, name: &self.names.table, columns, condition: None }
    }

    /// As members of the manifest. No credentials are among them.
    pub(crate) fn details(&self, options: &Options) -> Result<Map<String, Value>, Failure> {
        let mut details = Map::new();
        let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
        let schema = self.names.schema.as_deref();
        let qualified = schema.map_or(String::new(), |schema| format!("{schema}."));
        let separator = if options.file.is_some() { "#" } else { "/" };
        let uri = format!("{}{separator}{qualified}{}", options.shown(), self.names.table);
        put("uri", uri.into());
        put("driver", options.dialect.name().into());
        if let Some(schema) = schema {
            put("schema", schema.into());
        }
        put("table", self.names.table.as_str().into());
        put("view", self.names.view.as_str().into());
        let columns = self.columns.iter().map(|column| Value::from(column.name.as_str()));
        put("columns", columns.collect());
        if let Some(rows) = self.rows {
            put("rows", rows.into());
        }
        if let Some(batches) = &self.batches {
            put("batches", batches.iter().copied().map(Value::from).collect());
        }
        if let Some(keys) = &self.keys {
            put("upsert_keys", keys.iter().map(String::as_str).map(Value::from).collect());
        }
        if let Some(merged) = &self.merged {
            put("merged", merged.as_str().into());
        }
        let schema = encoded(&self.schema).map_err(|error| Failure::Refused(error.to_string()))?;
        put("arrow_schema", schema.into());
        Ok(details)
    }

    /// From the members of a manifest.
    ///
    /// # Errors
    ///
    /// What is missing, or is of another driver.
    pub(crate) fn read(stored: &Stored, dialect: Dialect) -> Result<Self, Failure> {
        let details = &stored.details;
        let damaged = |what: &str| Failure::Damaged(format!("its manifest holds no {what}"));
        let text = |name: &str| {
            details
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| damaged(name))
        };
        let driver = text("driver")?;
        if driver != dialect.name() {
            let why = format!(
                "the table lies in {driver}, and the options lead to {}; give those of {driver}",
                dialect.name()
            );
            return Err(Failure::Database(sqlx::Error::Configuration(why.into())));
        }
        let schema = decoded(&text("arrow_schema")?);
        let schema = schema.map_err(|error| damaged(&format!("Arrow schema ({error})")))?;
        let mut columns = frame::columns(&schema, dialect).map_err(Failure::Damaged)?;
        let names = details.get("columns").and_then(Value::as_array);
        let names = names.ok_or_else(|| damaged("columns"))?;
        if names.len() != columns.len() {
            return Err(damaged("name for each column"));
        }
        for (column, name) in columns.iter_mut().zip(names) {
            column.name = name.as_str().ok_or_else(|| damaged("columns"))?.to_owned();
        }
        let schema_name = details.get("schema").and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            names: Names { schema: schema_name, table: text("table")?, view: text("view")? },
            columns,
            schema,
            rows: details.get("rows").and_then(Value::as_u64),
            batches: match details.get("batches") {
                None => None,
                Some(batches) => {
                    let lengths = batches.as_array().into_iter().flatten().map(Value::as_u64);
                    Some(lengths.collect::<Option<_>>().ok_or_else(|| damaged("batches"))?)
                }
            },
            keys: match details.get("upsert_keys") {
                None => None,
                Some(keys) => {
                    let names = keys.as_array().into_iter().flatten().map(Value::as_str);
                    let names = names.map(|name| name.map(str::to_owned));
                    Some(names.collect::<Option<_>>().ok_or_else(|| damaged("upsert_keys"))?)
                }
            },
            merged: details.get("merged").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

/// A schema as a stream of Arrow IPC without batches, in base64.
fn encoded(schema: &Schema) -> Result<String, ArrowError> {
    let mut bytes = Vec::new();
    StreamWriter::try_new(&mut bytes, schema)?.finish()?;
    Ok(BASE64.encode(&bytes))
}

fn decoded(text: &str) -> Result<SchemaRef, ArrowError> {
    let bytes = BASE64
        .decode(text.as_bytes())
        .map_err(|error| ArrowError::ParseError(error.to_string()))?;
    let stream = StreamReader::try_new(Cursor::new(bytes), None)?;
    Ok(Arc::clone(&stream.schema()))
}
