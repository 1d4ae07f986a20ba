//! `nuthatch.json`: what a filesystem says of itself, and how it came to know.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::layout;
use super::location::{Location, rfc3339};
use super::manifest::LAYOUT;
use super::origin::Origin;
use super::probe::{Honoured, probe};
use crate::config::CommitPolicy;
use crate::error::{Error, Result};

/// How often a marker is put whose put may or may not have gone through.
const ATTEMPTS: usize = 3;

/// The largest `nuthatch.json` that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a process knows of a filesystem's `nuthatch.json`: one GET at the first look-up, and one
/// more when an entry is found where there was none (another process wrote first).
#[derive(Debug, Default)]
pub(super) struct Marker {
    found: OnceLock<Document>,
    /// What the GET said while there was nothing to find: one of the constants below.
    answer: AtomicU8,
    /// Held while it is read or made, so that one process does so once.
    once: Mutex<()>,
}

const UNREAD: u8 = 0;
const MISSING: u8 = 1;
const DENIED: u8 = 2;
/// There are entries, and still no marker: somebody deleted it, and it is not asked for again.
const DELETED: u8 = 3;

/// The members of `nuthatch.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    /// The newest layout in the filesystem.
    pub(super) layout: u64,
    /// The release that made it.
    pub(super) made_by: String,
    /// When it was made.
    pub(super) made_at: String,
    /// Who made it, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// What the probe found.
    pub(super) conditional_create: bool,
    pub(super) conditional_update: bool,
}

impl Marker {
    /// Before a location's first look-up: is this a layout that can be read?
    pub(super) async fn before_read(&self, location: &Location) -> Result<()> {
        if self.found.get().is_some() || self.answer.load(Ordering::Acquire) != UNREAD {
            return Ok(());
        }
        let _once = self.once.lock().await;
        if self.found.get().is_some() || self.answer.load(Ordering::Acquire) != UNREAD {
            return Ok(());
        }
        self.read(location).await
    }

    /// After an entry was found: a filesystem that had no `nuthatch.json` has one by now.
    pub(super) async fn after_found(&self, location: &Location) -> Result<()> {
        if self.found.get().is_some() || self.answer.load(Ordering::Acquire) != MISSING {
            return Ok(());
        }
        let _once = self.once.lock().await;
        if self.found.get().is_some() || self.answer.load(Ordering::Acquire) != MISSING {
            return Ok(());
        }
        self.read(location).await?;
        if self.found.get().is_none() {
            self.answer.store(DELETED, Ordering::Release);
        }
        Ok(())
    }

    /// Before a write: makes the marker where there is none, with what a probe finds.
    ///
    /// # Errors
    ///
    /// The filesystem does not honour conditions, and `rule` relies on them.
    pub(super) async fn before_write(&self, location: &Location, rule: CommitPolicy) -> Result<()> {
        if self.found.get().is_none() {
            let _once = self.once.lock().await;
            if self.found.get().is_none() {
                self.make(location).await?;
            }
        }
        match self.found.get() {
            Some(document) if rule == CommitPolicy::Conditional => document.must_honour(location),
            _ => Ok(()),
        }
    }

    /// Whether there is one, as far as this process has seen.
    pub(super) fn is_found(&self) -> bool {
        self.found.get().is_some()
    }

    /// Whether nobody can say, for it may not be read.
    pub(super) fn is_denied(&self) -> bool {
        !self.is_found() && self.answer.load(Ordering::Acquire) == DENIED
    }

    /// Whether a 403 on an entry means that there is none.
    ///
    /// So it does once the marker's own GET went through. Where that was a 403 too, a writer
    /// goes on, for it will see by its first write whether it may.
    pub(super) fn lets_denied_be_a_miss(&self) -> bool {
        self.found.get().is_some() || self.answer.load(Ordering::Acquire) != UNREAD
    }

    /// The GET, and what follows from it.
    async fn read(&self, location: &Location) -> Result<()> {
        let path = layout::marker()?;
        match get(location, &path).await {
            Ok(bytes) => {
                let document = Document::read(&bytes, location, &path)?;
                let _ = self.found.set(document);
            }
            Err(object_store::Error::NotFound { .. }) => {
                self.answer.store(MISSING, Ordering::Release);
            }
            Err(object_store::Error::PermissionDenied { .. }) if location.options().writable => {
                self.answer.store(DENIED, Ordering::Release);
            }
            Err(error) => return Err(location.store_error(format!("read {path}"), error)),
        }
        Ok(())
    }

    /// Probes, and puts what was found; where another process was faster, takes its marker.
    async fn make(&self, location: &Location) -> Result<()> {
        if self.answer.load(Ordering::Acquire) == UNREAD {
            self.read(location).await?;
            if self.found.get().is_some() {
                return Ok(());
            }
        }
        let path = layout::marker()?;
        let honoured = probe(location).await?;
        let document = Document::new(location, honoured);
        let mode = if honoured.create { PutMode::Create } else { PutMode::Overwrite };
        let payload = PutPayload::from(document.write()?);
        for attempt in 1..=ATTEMPTS {
            match location.store().put_opts(&path, payload.clone(), mode.clone().into()).await {
                Ok(_) => {
                    let _ = self.found.set(document);
                    return Ok(());
                }
                Err(object_store::Error::AlreadyExists { .. }) => break,
                Err(error) if attempt < ATTEMPTS && location.may_pass(&error) => {}
                Err(error) => return Err(location.store_error(format!("write {path}"), error)),
            }
        }
        self.read_again(location).await
    }

    /// Reads what another process has just made.
    async fn read_again(&self, location: &Location) -> Result<()> {
        self.read(location).await?;
        match self.found.get() {
            Some(_) => Ok(()),
            None => Err(Error::Config {
                message: format!(
                    "{} has a {} that cannot be read; grant this user to read it, or move what \
                     stands in its place",
                    location.shown(),
                    layout::MARKER
                ),
                origin: location.uri(&layout::marker()?),
            }),
        }
    }
}

impl Document {
    fn new(location: &Location, honoured: Honoured) -> Self {
        let origin = location.options().record_identity.then(Origin::of_process);
        Self {
            layout: LAYOUT,
            made_by: concat!("nuthatch ", env!("CARGO_PKG_VERSION")).to_owned(),
            made_at: rfc3339(location.now()),
            user: origin.and_then(|origin| origin.user.clone()),
            host: origin.and_then(|origin| origin.host.clone()),
            conditional_create: honoured.create,
            conditional_update: honoured.update,
        }
    }

    fn read(bytes: &[u8], location: &Location, path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Layout {
            layout: u64,
        }
        let damaged = |error: serde_json::Error| Error::Store {
            doing: format!("read {path}"),
            location: location.shown().to_owned(),
            source: format!(
                "it is damaged, or not nuthatch's ({error}); if this folder is nuthatch's, \
                 delete that one object: the next write makes it again, and no entry is lost"
            )
            .into(),
        };
        let Layout { layout } = serde_json::from_slice(bytes).map_err(damaged)?;
        if layout > LAYOUT {
            let object = location.show_own(path);
            return Err(Error::NewerLayout { object, found: layout, known: LAYOUT });
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }

    fn write(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self).map_err(Error::other)?;
        text.push(b'\n');
        Ok(text)
    }

    fn must_honour(&self, location: &Location) -> Result<()> {
        let what = match (self.conditional_create, self.conditional_update) {
            (true, true) => return Ok(()),
            (false, _) => "create-if-absent",
            (true, false) => "update-if-unchanged",
        };
        Err(Error::Config {
            message: format!(
                "{} does not honour {what}, so two writers could overwrite each other unseen; \
                 no entry was written. Set `commit = \"last-writer-wins\"` for this location to \
                 accept that, or delete its {} to have it probed again",
                location.shown(),
                layout::MARKER
            ),
            origin: location.uri(&layout::marker()?),
        })
    }
}

async fn get(location: &Location, path: &Path) -> object_store::Result<Bytes> {
    let got = location.store().get(path).await?;
    if got.meta.size > LARGEST {
        let why = format!("{path} has {} bytes; it is not nuthatch's", got.meta.size);
        return Err(object_store::Error::Generic { store: "read", source: why.into() });
    }
    got.bytes().await
}
