//! Bytes into an object: in one request where they are few, else in parts.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, Result, WriteMultipart};

/// Objects of up to this many bytes are put in one request; larger ones go in parts of this size,
/// of which the stores of the clouds take ten thousand.
const PART: usize = 8 << 20;

/// How many parts may be on their way while the next one is encoded.
const IN_FLIGHT: usize = 4;

/// An object that is being written.
pub(super) struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    held: Vec<Bytes>,
    held_bytes: usize,
    parts: Option<WriteMultipart>,
}

impl Upload {
    pub(super) fn new(store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { store, path, held: Vec::new(), held_bytes: 0, parts: None }
    }

    pub(super) async fn push(&mut self, bytes: Bytes) -> Result<()> {
        if let Some(parts) = &mut self.parts {
            parts.wait_for_capacity(IN_FLIGHT).await?;
            parts.put(bytes);
            return Ok(());
        }
        self.held_bytes += bytes.len();
        self.held.push(bytes);
        if self.held_bytes > PART {
            let upload = self.store.put_multipart(&self.path).await?;
            let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
            for bytes in mem::take(&mut self.held) {
                parts.put(bytes);
            }
            self.parts = Some(parts);
        }
        Ok(())
    }

    pub(super) async fn finish(self) -> Result<()> {
        match self.parts {
            Some(parts) => parts.finish().await.map(drop),
            None => {
                let payload = PutPayload::from_iter(self.held);
                self.store.put(&self.path, payload).await.map(drop)
            }
        }
    }

    /// Gives the upload up: what was sent is thrown away.
    pub(super) async fn abort(self) {
        if let Some(parts) = self.parts
            && let Err(error) = parts.abort().await
        {
            let object = self.path.as_ref();
            tracing::debug!(target: "nuthatch", object, %error, "an upload could not be given up");
        }
    }
}
