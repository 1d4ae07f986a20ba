//! The same arrays through `zarrs` alone, and their chunks through zstd alone.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zarrs::array::Array;
use zarrs::filesystem::FilesystemStore;
use zarrs::metadata::ArrayMetadata;

use crate::Result;

/// An array of bare `zarrs` with the metadata that nuthatch has written.
pub(crate) fn array(folder: &Path, document: &str) -> Result<Array<FilesystemStore>> {
    let store = Arc::new(FilesystemStore::new(folder)?);
    let metadata = ArrayMetadata::V3(serde_json::from_str(document)?);
    Ok(Array::new_with_metadata(store, "/", metadata)?)
}

/// The contents of all chunks below a folder, without the checksum of four bytes behind them.
pub(crate) fn chunks(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut chunks = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            chunks.extend(self::chunks(&path)?);
        } else {
            let mut bytes = fs::read(path)?;
            bytes.truncate(bytes.len().saturating_sub(4));
            chunks.push(bytes);
        }
    }
    Ok(chunks)
}

/// Decodes all chunks on as many threads as there are cores. Their size, decoded.
pub(crate) fn decode(chunks: &[Vec<u8>], chunk: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(encoded) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let decoded = zstd::bulk::decompress(encoded, chunk).expect("it is zstd");
                    bytes.fetch_add(decoded.len(), Ordering::Relaxed);
                }
            });
        }
    });
    bytes.into_inner()
}
