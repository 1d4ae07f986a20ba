//! Tombstones that `gc` is about to delete.
//!
//! No store deletes an object on condition that it is unchanged, so a tombstone that a writer
//! replaces while `gc` deletes it would take the writer's entry along. Hence `gc` says first, by a
//! conditional write, that the tombstone goes (`removing`), and from then on a writer waits until
//! it is gone. A `gc` that died on the way is not waited for: after [`BURIAL`] the tombstone is
//! one like any other. How long ago that was, the store's clock says, of the tombstone as of now:
//! what `gc` has written into it, and the writer's own clock, may be off.

use std::time::{Duration, Instant, SystemTime};

use object_store::ObjectStoreExt;
use serde::Deserialize;

use super::commit::pause;
use super::layout::Address;
use super::location::Location;
use super::lookup::{Fetched, Seen};
use crate::error::{Error, Result};

/// How long a tombstone that says that it goes is not replaced: far longer than a request takes.
pub(crate) const BURIAL: Duration = Duration::from_secs(60 * 60);

/// How often it is looked for; the pauses between add up to some seconds.
const LOOKS: u32 = 9;

/// How often a tombstone that stays is deleted.
const DELETIONS: u32 = 3;

/// What a writer goes on with.
pub(super) enum Past {
    /// What may be replaced.
    Seen(Seen),
    /// What another writer has put there meanwhile.
    Lost(Fetched),
}

impl Location {
    /// Waits until a tombstone that `gc` deletes is gone; all else is gone on with as it is.
    ///
    /// # Errors
    ///
    /// It stays, or the store cannot be read.
    pub(super) async fn past_burial(&self, address: &Address, seen: &Seen) -> Result<Past> {
        if !says_that_it_goes(seen) {
            return Ok(Past::Seen(seen.clone()));
        }
        let now = self.time_of(&self.options().filesystem).await?;
        for look in 1..=LOOKS {
            let there = self.fetch(address).await?;
            if there.head.is_none() {
                return Ok(Past::Seen(there.seen));
            }
            if !says_that_it_goes(&there.seen) {
                return Ok(Past::Lost(there));
            }
            if self.is_given_up(address, now).await? {
                return Ok(Past::Seen(there.seen));
            }
            match self.options().filesystem.immediate {
                true => std::thread::sleep(pause(look)),
                false => tokio::time::sleep(pause(look)).await,
            }
        }
        let source = "`gc` has said that it removes what was forgotten there, and has not done so \
                      yet; the next `gc` does, and an hour later it can be written over"
            .into();
        let doing = format!("commit {}", address.manifest());
        Err(Error::Store { doing, location: self.shown().to_owned(), source })
    }

    /// Deletes a tombstone that says that it goes. One that stayed would be in every writer's way
    /// for an hour, so a deletion that failed is made again; but it may have been done, and an
    /// entry be there by now, so only after a look.
    ///
    /// # Errors
    ///
    /// It stays, or it took so long that writers wait no more.
    pub(super) async fn delete_tombstone(&self, address: &Address, since: &Digging) -> Result<()> {
        let path = address.manifest();
        let failed = |source| {
            let (doing, location) =
                (format!("remove the tombstone {path}"), self.shown().to_owned());
            Error::Store { doing, location, source }
        };
        for deletion in 1.. {
            if !since.is_in_time(self.now()) {
                let why = "it took so long to say that it goes that a writer may be replacing it";
                return Err(failed(why.into()));
            }
            let error = match self.store().delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => break,
                Err(error) => error,
            };
            match self.fetch(address).await {
                Ok(there) if !says_that_it_goes(&there.seen) => break,
                Ok(_) if deletion < DELETIONS => {}
                Ok(_) | Err(_) => return Err(failed(error.into())),
            }
        }
        Ok(())
    }

    /// Whether the `gc` that has written a tombstone does not delete it any more.
    async fn is_given_up(&self, address: &Address, now: SystemTime) -> Result<bool> {
        let path = address.manifest();
        match self.store().head(path).await {
            Ok(meta) => Ok(!is_being_removed(meta.last_modified.into(), now)),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.store_error(format!("read {path}"), error)),
        }
    }
}

fn says_that_it_goes(seen: &Seen) -> bool {
    #[derive(Deserialize)]
    struct Tombstone {
        #[serde(default)]
        removing: Option<String>,
    }
    let Some(bytes) = seen.whole() else { return false };
    let tombstone = serde_json::from_slice::<Tombstone>(bytes);
    tombstone.is_ok_and(|tombstone| tombstone.removing.is_some())
}

/// Whether a tombstone that says that it goes may still be deleted, by when it was written and the
/// time of the same store.
pub(crate) fn is_being_removed(modified: SystemTime, now: SystemTime) -> bool {
    now.duration_since(modified).unwrap_or(Duration::ZERO) < BURIAL
}

/// How long it takes to bury, by both clocks: the monotonic one stands still while a laptop
/// sleeps, and the other can be turned back.
#[derive(Debug)]
pub(super) struct Digging {
    since: Instant,
    since_wall: SystemTime,
}

impl Digging {
    pub(super) fn begin(now: SystemTime) -> Self {
        Self { since: Instant::now(), since_wall: now }
    }

    /// Whether writers wait for surely longer yet than the deletion takes.
    pub(super) fn is_in_time(&self, now: SystemTime) -> bool {
        let wall = now.duration_since(self.since_wall).unwrap_or_else(|back| back.duration());
        self.since.elapsed().max(wall) < BURIAL / 2
    }
}
