//! `backend_options(…)` of the backend `parquet`.

use nuthatch_core::{Error, Result};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use toml::Value;

const KNOWN: [&str; 4] = ["partition_by", "compression_level", "row_group_rows", "part_bytes"];

/// How the files of a table are written: see the options of [`Parquet`](super::Parquet).
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) partition_by: Vec<String>,
    pub(super) compression: ZstdLevel,
    pub(super) row_group_rows: usize,
    pub(super) part_bytes: u64,
}

impl Options {
    /// Those of a backend's options.
    ///
    /// # Errors
    ///
    /// An option that there is not, or with a value that it cannot have.
    pub fn read(table: &toml::Table) -> Result<Self> {
        if let Some(unknown) = table.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            let known = KNOWN.join(", ");
            return Err(usage(&format!("there is no option `{unknown}`; the options are {known}")));
        }
        let level = number(table, "compression_level", 1)?;
        let compression =
            i32::try_from(level).ok().and_then(|level| ZstdLevel::try_new(level).ok());
        let Some(compression) = compression else {
            return Err(usage(&format!("`compression_level` is {level}, and zstd has 1 to 22")));
        };
        Ok(Self {
            partition_by: names(table.get("partition_by"))?,
            compression,
            row_group_rows: usize::try_from(number(table, "row_group_rows", 262_144)?)
                .unwrap_or(usize::MAX),
            part_bytes: number(table, "part_bytes", 512 << 20)?,
        })
    }

    /// The columns whose values become folders.
    #[must_use]
    pub fn partition_by(&self) -> &[String] {
        &self.partition_by
    }

    /// How each file is written.
    pub(super) fn properties(&self) -> WriterProperties {
        WriterProperties::builder()
            .set_compression(Compression::ZSTD(self.compression))
            // Row groups are cut by this crate.
            .set_max_row_group_row_count(None)
            .build()
    }
}

fn number(table: &toml::Table, name: &str, default: u64) -> Result<u64> {
    let number = match table.get(name) {
        None => return Ok(default),
        Some(Value::Integer(number)) => u64::try_from(*number).ok().filter(|number| *number > 0),
        Some(_) => None,
    };
    number.ok_or_else(|| usage(&format!("`{name}` is to be a whole number above 0")))
}

fn names(value: Option<&Value>) -> Result<Vec<String>> {
    let wrong =
        || usage("`partition_by` is to be a list of columns: `partition_by = [\"a\", \"b\"]`");
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(name)) => Ok(vec![name.clone()]),
        Some(Value::Array(names)) => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn usage(message: &str) -> Error {
    Error::Usage { function: "backend `parquet`".to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options> {
        Options::read(&text.parse().expect("it is TOML"))
    }

    #[test]
    fn options_have_defaults_and_are_read() {
        let options = read("").expect("none is needed");
        assert!(options.partition_by.is_empty());
        assert_eq!((options.row_group_rows, options.part_bytes), (262_144, 512 << 20));
        let options = read("partition_by = 'a'\nrow_group_rows = 7").expect("they are right");
        assert_eq!((options.partition_by.concat().as_str(), options.row_group_rows), ("a", 7));
    }

    #[test]
    fn what_is_wrong_with_an_option_is_said() {
        for (text, said) in [
            ("partiton_by = ['a']", "there is no option `partiton_by`"),
            ("compression_level = 23", "zstd has 1 to 22"),
            ("row_group_rows = 0", "`row_group_rows` is to be a whole number above 0"),
            ("part_bytes = 'many'", "`part_bytes` is to be a whole number above 0"),
            ("partition_by = [1]", "`partition_by` is to be a list of columns"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
