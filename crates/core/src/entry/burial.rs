//! Tombstones that `gc` is about to delete.
//!
//! No store deletes an object on condition that it is unchanged, so a tombstone that a writer
//! replaces while `gc` deletes it would take the writer's entry along. Hence `gc` says first, by a
//! conditional write, that the tombstone goes (`removing`), and from then on a writer waits until
//! it is gone. A `gc` that died on the way is not waited for: after [`BURIAL`] the tombstone is
//! one like any other.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
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
        if !self.is_being_removed(seen) {
            return Ok(Past::Seen(seen.clone()));
        }
        for look in 1..=LOOKS {
            let now = self.fetch(address).await?;
            if now.head.is_none() {
                return Ok(Past::Seen(now.seen));
            }
            if !self.is_being_removed(&now.seen) {
                return Ok(Past::Lost(now));
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

    fn is_being_removed(&self, seen: &Seen) -> bool {
        #[derive(Deserialize)]
        struct Tombstone {
            #[serde(default)]
            removing: Option<String>,
        }
        let Some(bytes) = seen.whole() else { return false };
        let tombstone = serde_json::from_slice::<Tombstone>(bytes);
        let said = tombstone.ok().and_then(|tombstone| tombstone.removing);
        said.is_some_and(|said| is_recent(&said, self.now()))
    }
}

/// Whether it is not [`BURIAL`] ago yet that a tombstone was said to go.
pub(crate) fn is_recent(said: &str, now: SystemTime) -> bool {
    let Ok(said) = DateTime::parse_from_rfc3339(said) else { return false };
    let apart = now.duration_since(said.into()).unwrap_or_else(|ahead| ahead.duration());
    apart < BURIAL
}
