//! The one object that a value is, where it is not inlined.

use data_encoding::HEXLOWER;
use object_store::path::Path;
use serde_json::{Map, Value};

use super::envelope::TRAILER;
use crate::backend::Shown;
use crate::error::{Error, Result};

pub(super) const NAME: &str = "value.bin";

/// The member of the manifest's record that holds the object's checksum.
const CHECKSUM: &str = "blake3";

/// Where the object lies below the prefix of its generation.
pub(super) fn path(prefix: &Path) -> Result<Path> {
    Path::parse(format!("{prefix}/{NAME}")).map_err(Error::other)
}

/// The object's name in errors.
pub(super) fn shown(prefix: &Shown) -> String {
    format!("{prefix}/{NAME}")
}

pub(super) fn store_error(doing: &str, prefix: &Shown, error: object_store::Error) -> Error {
    Error::Store {
        doing: format!("{doing} {NAME}"),
        location: prefix.to_string(),
        source: error.into(),
    }
}

/// Notes the object's checksum for the manifest.
pub(super) fn record(details: &mut Map<String, Value>, checksum: &[u8; TRAILER]) {
    details.insert(CHECKSUM.to_owned(), HEXLOWER.encode(checksum).into());
}

/// The checksum that the manifest holds of the object.
pub(super) fn recorded(details: &Map<String, Value>) -> Option<[u8; TRAILER]> {
    let text = details.get(CHECKSUM)?.as_str()?;
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}
