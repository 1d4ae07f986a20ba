//! A schema as text for a manifest: Arrow's IPC form, compressed, in base64.

use arrow_ipc::convert::try_schema_from_ipc_buffer;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_schema::Schema;
use data_encoding::BASE64;
use nuthatch_core::{Error, Result};

/// The largest schema that a manifest may ask a reader to hold: far more than 100,000 columns.
const LARGEST: usize = 64 << 20;

/// The schema as text.
pub(crate) fn pack(schema: &Schema) -> Result<String> {
    let mut tracker = DictionaryTracker::new(true);
    let options = IpcWriteOptions::default();
    let encoded = IpcDataGenerator::default()
        .schema_to_bytes_with_dictionary_tracker(schema, &mut tracker, &options)
        .ipc_message;
    let length = u32::try_from(encoded.len()).map_err(Error::other)?;
    let framed = [&[u8::MAX; 4], &length.to_le_bytes(), encoded.as_slice()].concat();
    Ok(BASE64.encode(&zstd::bulk::compress(&framed, 3)?))
}

/// The schema again.
pub(crate) fn unpack(text: &str) -> Result<Schema> {
    let compressed = BASE64.decode(text.as_bytes()).map_err(Error::other)?;
    let framed = zstd::bulk::decompress(&compressed, LARGEST)?;
    try_schema_from_ipc_buffer(&framed).map_err(Error::other)
}
