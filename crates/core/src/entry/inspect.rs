//! An entry as those see it who come by its path and know no call: `gc`.

use std::time::SystemTime;

use bytes::Bytes;
use object_store::{GetOptions, ObjectStoreExt, PutPayload, UpdateVersion};
use ulid::Ulid;

use super::burial::Digging;
use super::commit::Put;
use super::document::{Carried, Head, LARGEST, Unreadable};
use super::layout::{self, Address, Spot};
use super::location::{Location, rfc3339};
use super::lookup::{Object, Seen};
use super::manifest::{Manifest, State};
use crate::error::{Error, Result};

/// What lies at a spot.
#[derive(Debug)]
pub(crate) enum Standing {
    /// No manifest.
    Absent,
    /// One that cannot be relied on, and why.
    Unreadable(String),
    /// An entry, or a tombstone.
    Entry(Box<Standard>),
}

/// A manifest that is whole, with what a change of it needs.
#[derive(Debug)]
pub(crate) struct Standard {
    pub(crate) address: Address,
    pub(crate) manifest: Manifest,
    /// When the manifest was written, by the store's clock.
    pub(crate) modified: SystemTime,
    seen: Seen,
}

impl Standard {
    /// Whether the manifest needs a generation, or keeps it for those who still read.
    pub(crate) fn names(&self, generation: &str) -> bool {
        self.holds(generation)
            || self.manifest.replaced.iter().any(|record| record.generation == generation)
    }

    /// The state of the manifest, for a commit in its place.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Whether the entry's value lies in a generation.
    pub(crate) fn holds(&self, generation: &str) -> bool {
        self.manifest.backends.iter().any(|record| record.generation == generation)
    }
}

impl Location {
    /// Whether there is a `nuthatch.json` of a layout that this release knows.
    ///
    /// # Errors
    ///
    /// The location is out of reach, of a newer layout, or may not be read.
    pub(crate) async fn is_marked(&self) -> Result<bool> {
        self.marker().before_read(self).await?;
        if self.marker().is_denied() {
            let path = layout::marker()?;
            let source = format!("{path} may not be read; grant that to this user").into();
            let (doing, location) = (format!("read {path}"), self.shown().to_owned());
            return Err(Error::Store { doing, location, source });
        }
        Ok(self.marker().is_found())
    }

    /// Reads the manifest at a spot.
    ///
    /// # Errors
    ///
    /// It cannot be read now.
    pub(crate) async fn inspect(&self, spot: &Spot) -> Result<Standing> {
        let path = spot.manifest();
        let failed = |error| self.store_error(format!("read the manifest {path}"), error);
        let mut got = match self.store().get_opts(path, GetOptions::default()).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(Standing::Absent),
            Err(error) => return Err(failed(error)),
        };
        let (size, modified) = (got.meta.size, got.meta.last_modified.into());
        let version =
            UpdateVersion { e_tag: got.meta.e_tag.take(), version: got.meta.version.take() };
        if size > LARGEST {
            return Ok(Standing::Unreadable(format!("its manifest has {size} bytes")));
        }
        let bytes = got.bytes().await.map_err(failed)?;
        if bytes.len() as u64 != size {
            let short = format!("{} of {size} bytes came", bytes.len());
            let source = short.into();
            return Err(failed(object_store::Error::Generic { store: "read", source }));
        }
        Ok(read(spot, version, modified, bytes))
    }

    /// Writes a manifest again without the records of these generations, which are gone. False
    /// where another writer was first, who sees to it in turn.
    ///
    /// # Errors
    ///
    /// The manifest cannot be written.
    pub(crate) async fn unlist(&self, standing: &Standard, gone: &[String]) -> Result<bool> {
        let manifest = standing.manifest.clone();
        let carried = carried(standing, |generation| !gone.iter().any(|gone| gone == generation))?;
        Ok(self.rewrite(standing, manifest, &carried).await?.is_some())
    }

    /// Removes a tombstone. False where another writer was first.
    ///
    /// No store deletes an object only while it is unchanged. So the tombstone says first that it
    /// is about to go, and a writer who finds it so waits until it is gone.
    ///
    /// # Errors
    ///
    /// The store cannot be written, or it took so long that writers wait no more. What stays
    /// behind is a tombstone, which an hour later is as before.
    pub(crate) async fn bury(&self, standing: &Standard, now: SystemTime) -> Result<bool> {
        let mut manifest = standing.manifest.clone();
        if manifest.state != State::Forgotten {
            return Ok(false);
        }
        manifest.removing = Some(rfc3339(now));
        let digging = Digging::begin(self.now());
        let carried = carried(standing, |_| false)?;
        if self.rewrite(standing, manifest, &carried).await?.is_none() {
            return Ok(false);
        }
        self.delete_tombstone(&standing.address, &digging).await?;
        Ok(true)
    }

    async fn rewrite(
        &self,
        standing: &Standard,
        mut manifest: Manifest,
        carried: &Carried,
    ) -> Result<Option<UpdateVersion>> {
        manifest.write_id = Ulid::new().to_string();
        let bytes = Bytes::from(manifest.write(carried)?);
        let Standard { address, seen, .. } = standing;
        match self.put(address, seen, &manifest.write_id, &bytes).await? {
            Put::Done(version) => Ok(Some(version)),
            Put::Lost(_) => Ok(None),
        }
    }

    /// The time of a filesystem by its own clock, from an object that was just written there.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) async fn time_of(&self, filesystem: &super::Filesystem) -> Result<SystemTime> {
        let path = layout::probe(Ulid::new())?;
        let store = &filesystem.store;
        let asked = async {
            store.put(&path, PutPayload::from(Ulid::new().to_string())).await?;
            store.head(&path).await
        };
        let answer = asked.await;
        if let Err(error) = store.delete(&path).await {
            tracing::debug!(target: "nuthatch", %path, %error, "a probe object stays behind");
        }
        let failed = |error: object_store::Error| Error::Store {
            doing: format!("ask for the time with {path}"),
            location: filesystem.url.clone(),
            source: error.into(),
        };
        answer.map(|meta| meta.last_modified.into()).map_err(failed)
    }
}

fn read(spot: &Spot, version: UpdateVersion, modified: SystemTime, bytes: Bytes) -> Standing {
    let head = match Head::read(&bytes) {
        Ok(head) => head,
        Err(Unreadable::Damaged(why)) => {
            return Standing::Unreadable(format!("its manifest is damaged: {why}"));
        }
        Err(Unreadable::Newer(layout)) => {
            return Standing::Unreadable(format!(
                "its manifest is of layout {layout}, a newer one"
            ));
        }
    };
    let manifest: Manifest = match serde_json::from_slice(&bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            return Standing::Unreadable(format!("its manifest is damaged: {error}"));
        }
    };
    match spot.of_key(head.key, &manifest.function) {
        Some(address) => {
            let seen = Seen(Object::Present { version, bytes, whole: true });
            Standing::Entry(Box::new(Standard { address, manifest, modified, seen }))
        }
        None => Standing::Unreadable("its manifest is that of another entry".to_owned()),
    }
}

/// What a manifest that is written again has, with those of its replaced generations that stay.
fn carried(standing: &Standard, stays: impl Fn(&str) -> bool) -> Result<Carried> {
    let bytes = standing.seen.whole().cloned().unwrap_or_default();
    let mut carried = Carried::from_bytes(&bytes)?;
    carried.replaced.retain(|(record, _)| stays(&record.generation));
    Ok(carried)
}
