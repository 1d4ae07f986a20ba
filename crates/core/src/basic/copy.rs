//! A value copied to another location as it is: nothing of it is decoded.

use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::envelope::TRAILER;
use super::object;
use crate::backend::{Source, Target, Written, transfer};
use crate::error::{Error, Result};

/// Copies the value's object, where it is one.
pub(super) async fn copy(source: &Source, target: &Target) -> Result<Option<Written>> {
    let record = &source.record;
    let Some(checksum) = object::recorded(&record.details).filter(|_| record.inline.is_none())
    else {
        return Ok(None);
    };
    let damaged =
        |why: &str| Error::Damaged { object: object::shown(&source.shown), why: why.to_owned() };
    let found = match source.store.get(&object::path(&source.prefix)?).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Err(damaged("it is gone")),
        Err(error) => return Err(object::store_error("copy", &source.shown, error)),
    };
    if found.meta.size != record.bytes {
        return Err(damaged("it is of another length than was written"));
    }
    let mut summing = Summing::default();
    let to = object::path(&target.prefix)?;
    transfer(found, source, (target, &to), object::NAME, |piece| summing.add(piece)).await?;
    if !summing.agrees(&checksum) {
        return Err(damaged("its bytes are not those that were written"));
    }
    let (bytes, details) = (record.bytes, record.details.clone());
    Ok(Some(Written { bytes, details, ..Written::default() }))
}

/// The hash of all but the trailer, which is held back until more has come.
#[derive(Default)]
struct Summing {
    hasher: blake3::Hasher,
    last: Vec<u8>,
}

impl Summing {
    fn add(&mut self, piece: &Bytes) {
        match piece.len().checked_sub(TRAILER) {
            Some(before) => {
                self.hasher.update(&self.last);
                self.hasher.update(&piece[..before]);
                self.last = piece[before..].to_vec();
            }
            None => {
                self.last.extend_from_slice(piece);
                let sure = self.last.len().saturating_sub(TRAILER);
                self.hasher.update(&self.last[..sure]);
                self.last.drain(..sure);
            }
        }
    }

    fn agrees(&self, checksum: &[u8; TRAILER]) -> bool {
        self.last == checksum && self.hasher.finalize() == *checksum
    }
}
