//! The names of a table's objects.

use std::borrow::Cow;

use nuthatch_core::{Error, Result};
use object_store::path::Path;

/// How the files of a table are named.
#[derive(Debug, Clone)]
pub struct Naming {
    /// The folder of the files, below the prefix of the generation.
    pub folder: &'static str,
    /// What no other writer of this folder has in its names, where there may be some.
    pub token: Option<String>,
}

impl Naming {
    /// The names of the backend `parquet`.
    pub(super) const PARQUET: Self = Self { folder: "value.parquet", token: None };
}

/// What Hive calls the partition of the rows without a value.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The longest name that common file systems allow.
const LONGEST: usize = 255;

/// The name of one file below the prefix; `folders` are those of its partition.
pub(super) fn part(naming: &Naming, folders: &[String], number: usize) -> String {
    let file = match &naming.token {
        Some(token) => format!("part-{number:05}-{token}.parquet"),
        None => format!("part-{number:05}.parquet"),
    };
    // A log writes `%` in another way than its readers expect it.
    let folders = folders.iter().map(|folder| match &naming.token {
        Some(_) => Cow::from(folder.replace('%', "-")),
        None => Cow::from(folder.as_str()),
    });
    let names = std::iter::once(Cow::from(naming.folder)).chain(folders);
    names.chain([Cow::from(file)]).collect::<Vec<_>>().join("/")
}

/// The folder of one value of a partition column, as Hive names it: whatever is no plain letter,
/// digit or `-._` is written as `%` and two hex digits.
///
/// # Errors
///
/// The folder's name would be too long.
pub(super) fn folder(column: &str, value: Option<&str>) -> Result<String> {
    let value = value.map_or_else(|| NULL_PARTITION.to_owned(), encoded);
    let folder = format!("{}={value}", encoded(column));
    if folder.len() > LONGEST {
        return Err(crate::failure::column_error(
            column,
            &format!(
                "a folder for {value:?} would have a name of over {LONGEST} bytes; a column to partition by has few and short values"
            ),
        ));
    }
    Ok(folder)
}

/// The whole path of an object.
pub(super) fn path(prefix: &Path, name: &str) -> Result<Path> {
    Path::parse(format!("{prefix}/{name}")).map_err(Error::other)
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_hive_and_legal_paths() {
        let folders = [
            folder("station", Some("SEA")).expect("it is short"),
            folder("a b/c", Some("Ü=?")).expect("it is short"),
            folder("empty", Some("")).expect("it is short"),
            folder("none", None).expect("it is short"),
        ];
        let name = part(&Naming::PARQUET, &folders, 7);
        assert_eq!(
            name,
            "value.parquet/station=SEA/a%20b%2Fc=%C3%9C%3D%3F/empty=/none=__HIVE_DEFAULT_PARTITION__/part-00007.parquet"
        );
        let path = path(&Path::from("data/g"), &name).expect("it is a path");
        assert_eq!(path.as_ref(), format!("data/g/{name}"));
    }

    #[test]
    fn a_value_too_long_for_a_folder_is_refused() {
        let error = folder("text", Some(&"x".repeat(300))).expect_err("it is long");
        assert!(error.to_string().contains("column \"text\""), "{error}");
    }
}
