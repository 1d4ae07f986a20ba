//! Bytes into an object: in one request where they are few, else in parts.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, Result};
use tokio::task::JoinSet;

/// Objects of up to this many bytes are put in one request; larger ones go in parts of this size,
/// of which the stores of the clouds take ten thousand, and none below 5 MiB but the last.
const PART: usize = 8 << 20;

/// How many parts are on their way while the next one is made.
const AT_ONCE: usize = 4;

/// An object that is being written.
///
/// Parts are sent by tasks, so a runtime of tokio must be at hand. What fails is given up: nothing
/// of it stays in the store, where no listing would show it. [`abort`](Self::abort) gives up what
/// is not to be finished for other reasons.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use nuthatch_core::store::Upload;
/// use object_store::{ObjectStoreExt, memory::InMemory, path::Path};
///
/// # nuthatch_core::runtime::block_on(async {
/// let store = Arc::new(InMemory::new());
/// let mut upload = Upload::new(store.clone(), Path::from("a"));
/// upload.push("one, ".into()).await?;
/// upload.push("two".into()).await?;
/// upload.finish().await?;
/// assert_eq!(store.get(&Path::from("a")).await?.bytes().await?, "one, two");
/// # Ok::<_, object_store::Error>(())
/// # })?;
/// # Ok::<_, object_store::Error>(())
/// ```
#[derive(Debug)]
pub struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    part: usize,
    at_once: usize,
    held: Vec<Bytes>,
    held_bytes: usize,
    parts: Option<Parts>,
}

/// An upload whose parts are on their way.
#[derive(Debug)]
struct Parts {
    upload: Box<dyn MultipartUpload>,
    sending: JoinSet<Result<()>>,
}

impl Upload {
    /// Begins an object; nothing is requested yet.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, path: Path) -> Self {
        let (held, held_bytes, parts) = (Vec::new(), 0, None);
        Self { store, path, part: PART, at_once: AT_ONCE, held, held_bytes, parts }
    }

    /// In parts of another size, of which so many are on their way at once.
    #[must_use]
    pub(crate) fn parts_of(self, part: usize, at_once: usize) -> Self {
        Self { part: part.max(1), at_once: at_once.max(1), ..self }
    }

    /// Adds bytes. Waits while as many parts are on their way as may be.
    ///
    /// # Errors
    ///
    /// The store cannot be written. The object is given up.
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        self.held_bytes += bytes.len();
        self.held.push(bytes);
        // What may be all is kept, for it takes one request.
        while self.held_bytes > self.part {
            let part = self.take(self.part);
            if let Err(error) = self.send(part).await {
                self.give_up().await;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes an object of all that was added.
    ///
    /// # Errors
    ///
    /// The store cannot be written, and there is no object.
    pub async fn finish(mut self) -> Result<()> {
        let last = self.take(self.held_bytes);
        if self.parts.is_none() {
            return self.store.put(&self.path, last).await.map(drop);
        }
        let finished = self.complete(last).await;
        if finished.is_err() {
            self.give_up().await;
        }
        finished
    }

    /// Gives the object up: what was sent is thrown away.
    pub async fn abort(mut self) {
        self.give_up().await;
    }

    async fn complete(&mut self, last: PutPayload) -> Result<()> {
        self.send(last).await?;
        let Some(parts) = &mut self.parts else { return Ok(()) };
        while parts.wait().await? {}
        parts.upload.complete().await.map(drop)
    }

    /// The first bytes of what is held.
    fn take(&mut self, length: usize) -> PutPayload {
        let mut wanted = length;
        let mut taken = Vec::new();
        for mut bytes in mem::take(&mut self.held) {
            let now = bytes.split_to(wanted.min(bytes.len()));
            wanted -= now.len();
            taken.extend((!now.is_empty()).then_some(now));
            self.held.extend((!bytes.is_empty()).then_some(bytes));
        }
        self.held_bytes -= length;
        PutPayload::from_iter(taken)
    }

    async fn send(&mut self, part: PutPayload) -> Result<()> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => {
                let upload = self.store.put_multipart(&self.path).await?;
                none.insert(Parts { upload, sending: JoinSet::new() })
            }
        };
        while parts.sending.len() >= self.at_once {
            parts.wait().await?;
        }
        parts.sending.spawn(parts.upload.put_part(part));
        Ok(())
    }

    async fn give_up(&mut self) {
        let Some(mut parts) = self.parts.take() else { return };
        parts.sending.shutdown().await;
        if let Err(error) = parts.upload.abort().await {
            let object = self.path.as_ref();
            tracing::debug!(target: "nuthatch", object, %error, "an upload could not be given up");
        }
    }
}

impl Parts {
    /// Waits for one of the parts; there is none where this is `false`.
    async fn wait(&mut self) -> Result<bool> {
        match self.sending.join_next().await {
            None => Ok(false),
            Some(sent) => sent?.map(|()| true),
        }
    }
}
