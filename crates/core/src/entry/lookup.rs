//! What one GET finds at an address.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use object_store::{GetOptions, UpdateVersion};

use super::document::{Head, LARGEST, Unreadable};
use super::layout::Address;
use super::location::Location;
use super::manifest::{LAYOUT, Manifest, State};
use crate::backend::Stored;
use crate::error::{Error, Result};

/// What lies at an address.
#[derive(Debug)]
pub enum Lookup {
    /// No entry.
    Absent(Seen),
    /// An entry that was forgotten: as good as none.
    Forgotten(Seen),
    /// Bytes that are no manifest.
    Damaged {
        /// What a commit needs.
        seen: Seen,
        /// What is wrong, with the object's name.
        why: Error,
    },
    /// An entry whose value is `None`.
    Null {
        /// The entry.
        entry: Entry,
        /// What a commit needs.
        seen: Seen,
    },
    /// An entry with a value.
    Found {
        /// The entry.
        entry: Entry,
        /// What a commit needs.
        seen: Seen,
    },
}

/// An entry that is there: what a recall needs is at hand, the rest of its manifest is parsed
/// when it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    backends: Vec<Arc<Stored>>,
    compute_seconds: Option<f64>,
    bytes: Bytes,
}

/// What was at an address when it was looked up; a commit goes through only while this stands.
#[derive(Debug, Clone)]
pub struct Seen(pub(super) Object);

#[derive(Debug, Clone)]
pub(super) enum Object {
    Absent,
    /// A 403: nothing, or something that may not be read. It can be created, not replaced.
    Denied,
    /// The entry of another key with the same path.
    Collision {
        key: [u8; 32],
    },
    Present {
        version: UpdateVersion,
        bytes: Bytes,
        /// Whether the bytes are a manifest that can be taken apart.
        whole: bool,
    },
}

/// What a GET of a manifest brought, before it is given its place in [`Lookup`].
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) seen: Seen,
    pub(super) head: Option<Result<Head, String>>,
}

impl Entry {
    pub(super) fn new(
        backends: Vec<Arc<Stored>>,
        compute_seconds: Option<f64>,
        bytes: Bytes,
    ) -> Self {
        Self { backends, compute_seconds, bytes }
    }

    /// The backends that hold the value, none of a null entry; the first was written first.
    #[must_use]
    pub fn backends(&self) -> &[Arc<Stored>] {
        &self.backends
    }

    /// The manifest as it is stored.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How long computing the value took, in seconds.
    #[must_use]
    pub fn compute_seconds(&self) -> Option<f64> {
        self.compute_seconds
    }

    /// All that is recorded of the entry.
    ///
    /// # Errors
    ///
    /// A member is of another type than this release knows it by.
    pub fn manifest(&self) -> Result<Manifest> {
        serde_json::from_slice(&self.bytes).map_err(|error| Error::Damaged {
            object: Head::read(&self.bytes).map_or_else(
                |_| "a manifest".to_owned(),
                |head| format!("the manifest of {}", HEXLOWER.encode(&head.key)),
            ),
            why: format!("a member cannot be read: {error}"),
        })
    }
}

impl Seen {
    /// The manifest that was seen, where there was a whole one: a tombstone is one too.
    #[must_use]
    pub fn manifest(&self) -> Option<Manifest> {
        serde_json::from_slice(self.whole()?).ok()
    }

    /// Whether what was seen had one of this entry's records, from the same computation, and so
    /// its value. The time tells an upsert that leaves the record as it is.
    #[must_use]
    pub(crate) fn is_of(&self, entry: &Entry) -> bool {
        let (Some(had), Ok(now)) = (self.manifest(), entry.manifest()) else { return false };
        had.created_at == now.created_at
            && had.backends.iter().any(|record| now.backends.contains(record))
    }
}

impl Lookup {
    /// What a commit needs.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        match self {
            Self::Absent(seen)
            | Self::Forgotten(seen)
            | Self::Damaged { seen, .. }
            | Self::Null { seen, .. }
            | Self::Found { seen, .. } => seen,
        }
    }

    /// What a commit needs.
    #[must_use]
    pub fn into_seen(self) -> Seen {
        match self {
            Self::Absent(seen)
            | Self::Forgotten(seen)
            | Self::Damaged { seen, .. }
            | Self::Null { seen, .. }
            | Self::Found { seen, .. } => seen,
        }
    }

    /// The entry that is there: a value or null.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Null { entry, .. } | Self::Found { entry, .. } => Some(entry),
            Self::Absent(_) | Self::Forgotten(_) | Self::Damaged { .. } => None,
        }
    }
}

impl Seen {
    /// Whether the same object is still there.
    pub(crate) fn is_unchanged(&self, now: &Self) -> bool {
        match (&self.0, &now.0) {
            (Object::Absent | Object::Denied, Object::Absent | Object::Denied) => true,
            (Object::Present { version, .. }, Object::Present { version: now, .. }) => {
                version == now
            }
            _ => false,
        }
    }

    /// The bytes of the manifest that was there, where it was whole.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match &self.0 {
            Object::Present { bytes, whole: true, .. } => Some(bytes),
            _ => None,
        }
    }
}

impl Location {
    /// Looks an entry up with one GET; the first call of a location reads `nuthatch.json` too.
    ///
    /// A manifest of another key is a miss. So is one that may not be read (403), once
    /// `nuthatch.json` could be: private and public S3 answer so for absent keys.
    ///
    /// # Errors
    ///
    /// The location is out of reach, or it or the entry is of a layout that this release does
    /// not know.
    pub async fn look_up(&self, address: &Address) -> Result<Lookup> {
        self.marker().before_read(self).await?;
        let fetched = self.fetch(address).await?;
        if fetched.head.is_some() {
            self.marker().after_found(self).await?;
        }
        Ok(fetched.into_lookup(self, address))
    }

    /// The GET of a manifest, and nothing else.
    pub(super) async fn fetch(&self, address: &Address) -> Result<Fetched> {
        let path = address.manifest();
        let doing = || format!("read the manifest {path}");
        let mut got = match self.store().get_opts(path, GetOptions::default()).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(Fetched::none(Object::Absent)),
            Err(object_store::Error::PermissionDenied { .. })
                if self.marker().lets_denied_be_a_miss() =>
            {
                return Ok(Fetched::none(Object::Denied));
            }
            Err(error) => return Err(self.store_error(doing(), error)),
        };
        let size = got.meta.size;
        let version =
            UpdateVersion { e_tag: got.meta.e_tag.take(), version: got.meta.version.take() };
        if size > LARGEST {
            let why = format!("it has {size} bytes, and a manifest has at most {LARGEST}");
            return Ok(Fetched::unreadable(version, Bytes::new(), why));
        }
        let bytes = got.bytes().await.map_err(|error| self.store_error(doing(), error))?;
        if bytes.len() as u64 != size {
            // The connection's fault, not the entry's: it must not be replaced for it.
            let short = format!("{} of {size} bytes came", bytes.len());
            let error = object_store::Error::Generic { store: "read", source: short.into() };
            return Err(self.store_error(doing(), error));
        }
        self.parse(address, version, bytes)
    }

    fn tell_collision(&self, address: &Address) {
        // A web server may answer anything for what it has not: one is told of each mirror.
        if self.options().writable || self.is_first_collision() {
            tracing::warn!(
                target: "nuthatch",
                function = address.function(),
                object = %self.show_own(address.manifest()),
                "the entry here has the same short key and another whole key; it is kept"
            );
        }
    }

    fn parse(&self, address: &Address, version: UpdateVersion, bytes: Bytes) -> Result<Fetched> {
        match Head::read(&bytes) {
            Ok(head) if head.key != *address.key() => {
                self.tell_collision(address);
                Ok(Fetched::none(Object::Collision { key: head.key }))
            }
            Ok(head) => Ok(Fetched {
                seen: Seen(Object::Present { version, bytes, whole: true }),
                head: Some(Ok(head)),
            }),
            Err(Unreadable::Damaged(why)) => Ok(Fetched::unreadable(version, bytes, why)),
            Err(Unreadable::Newer(found)) => Err(Error::NewerLayout {
                object: self.show_own(address.manifest()),
                found,
                known: LAYOUT,
            }),
        }
    }
}

impl Fetched {
    fn none(object: Object) -> Self {
        Self { seen: Seen(object), head: None }
    }

    fn unreadable(version: UpdateVersion, bytes: Bytes, why: String) -> Self {
        let seen = Seen(Object::Present { version, bytes, whole: false });
        Self { seen, head: Some(Err(why)) }
    }

    /// The manifest, where there is one that is whole.
    pub(super) fn manifest(&self) -> Option<Manifest> {
        self.seen.whole().and_then(|bytes| serde_json::from_slice(bytes).ok())
    }

    pub(super) fn into_lookup(self, location: &Location, address: &Address) -> Lookup {
        let seen = self.seen;
        match self.head {
            None => Lookup::Absent(seen),
            Some(Err(why)) => {
                let object = location.show_own(address.manifest());
                Lookup::Damaged { seen, why: Error::Damaged { object, why } }
            }
            Some(Ok(head)) => {
                let backends = head.backends.into_iter().map(Arc::new).collect();
                let bytes = seen.whole().cloned().unwrap_or_default();
                let entry = Entry::new(backends, head.compute_seconds, bytes);
                match head.state {
                    State::Forgotten => Lookup::Forgotten(seen),
                    State::Null => Lookup::Null { entry, seen },
                    State::Value => Lookup::Found { entry, seen },
                }
            }
        }
    }
}
