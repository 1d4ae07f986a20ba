//! The conditional write that makes an entry visible, whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{PutMode, PutPayload, UpdateVersion};
use serde_json::value::RawValue;

use super::burial::Past;
use super::document::{Carried, with_text};
use super::draft::{Content, Draft};
use super::inspect::Standard;
use super::layout::{self, Address};
use super::location::{Location, rfc3339};
use super::lookup::{Entry, Fetched, Lookup, Object, Seen};
use super::manifest::{Manifest, State};
use super::origin::Origin;
use super::probe::is_refusal;
use super::removal::{Removal, Succession};
use crate::backend::Stored;
use crate::config::CommitPolicy;
use crate::error::{Error, Result};
use crate::fresh;

/// How often a store that answers at once may refuse a put although nothing has changed there.
const REFUSALS: u32 = 4;
/// The same of a store that waits, which refuses (409) while it is busy with another request for
/// the object: the pauses between add up to some seconds.
const REFUSALS_AFAR: u32 = 9;
/// How often a put of which nothing was heard is made, where nothing came of it.
const LOSSES: u32 = 3;
/// The first pause after such a refusal; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(20);
/// How often a change of what is there is made anew onto a winner.
const MERGES: usize = 8;

/// How a commit ended.
#[derive(Debug)]
#[must_use]
pub enum Committed {
    /// The entry is what was to be written.
    Done {
        /// The entry.
        entry: Entry,
        /// What a further commit needs.
        seen: Seen,
        /// Generations whose grace time is over: to be spawned, off the call's path.
        removal: Option<Removal>,
    },
    /// Another writer was first, and its entry stands.
    Lost {
        /// What stands now.
        winner: Lookup,
        /// The generations that were written in vain: to be spawned, off the call's path.
        removal: Option<Removal>,
    },
}

/// What [`Location::forget`] did.
#[derive(Debug)]
pub struct Forgot {
    /// Whether there was anything to forget.
    pub was_there: bool,
    /// Generations whose grace time is over: to be spawned, off the call's path.
    pub removal: Option<Removal>,
}

type Records = Vec<(Arc<Stored>, Box<RawValue>)>;

/// How a put ended.
pub(super) enum Put {
    Done(UpdateVersion),
    Lost(Fetched),
}

impl Location {
    /// Commits a new value, or none, in place of what was seen.
    ///
    /// Every backend of what was there before is dropped from the entry and listed as replaced.
    ///
    /// # Errors
    ///
    /// The location is read only, does not honour conditions, or cannot be written; or the
    /// entry of another key lies at this address.
    pub async fn commit(&self, address: &Address, seen: &Seen, draft: Draft) -> Result<Committed> {
        let created_at = rfc3339(self.now());
        let identity = self.options().record_identity;
        let (manifest, stored) = draft.into_manifest(address, created_at, identity);
        if manifest.state == State::Value && stored.is_empty() {
            return Err(usage(address, "a value was to be committed that no backend has written"));
        }
        let records = stored.into_iter().map(fresh).collect::<Result<Records>>()?;
        self.publish(address, seen, manifest, records, self.options().grace).await
    }

    /// Adds the record of a backend to an entry, whose value was converted from the generation
    /// `from`, or replaces that backend's record; the entry's other backends stay.
    ///
    /// Where other backends were added in the meantime, they stay too. Where the value itself
    /// was replaced, or an upsert has changed that generation, the conversion is of no use any more
    /// and the commit is lost.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub async fn add_backend(
        &self,
        address: &Address,
        seen: &Seen,
        from: &str,
        added: Stored,
    ) -> Result<Committed> {
        let (added, text) = fresh(added)?;
        let mut seen = seen.clone();
        let from = record_of(&seen, from);
        for _ in 0..MERGES {
            let held = from.as_ref().and_then(|from| holding(&seen, from));
            let Some(mut manifest) = held else {
                return self.lost_conversion(address, &added).await;
            };
            let mut records = carried(&seen).backends;
            records.retain(|(record, _)| record.backend != added.backend);
            records.push((Arc::clone(&added), text.clone()));
            manifest.write_id = String::new();
            let grace = self.options().grace;
            match self.publish(address, &seen, manifest, records, grace).await? {
                Committed::Lost { winner, .. } => seen = winner.into_seen(),
                done @ Committed::Done { .. } => return Ok(done),
            }
        }
        Err(Error::Conflict { object: self.show_own(address.manifest()) })
    }

    /// Commits a tombstone in place of whatever entry is there.
    ///
    /// Readers that hold the entry finish: its data goes after the grace time.
    ///
    /// # Errors
    ///
    /// As [`look_up`](Self::look_up) and [`commit`](Self::commit).
    pub async fn forget(&self, address: &Address) -> Result<Forgot> {
        self.must_be_writable(address)?;
        let mut found = self.look_up(address).await?;
        for _ in 0..MERGES {
            let tombstone = match &found {
                Lookup::Absent(_) | Lookup::Forgotten(_) => {
                    return Ok(Forgot { was_there: false, removal: None });
                }
                Lookup::Damaged { .. } => self.tombstone(address, None),
                Lookup::Null { entry, .. } | Lookup::Found { entry, .. } => {
                    self.tombstone(address, entry.manifest().ok())
                }
            };
            let seen = found.seen();
            let grace = self.options().grace;
            match self.publish(address, seen, tombstone, Records::new(), grace).await? {
                Committed::Done { removal, .. } => return Ok(Forgot { was_there: true, removal }),
                Committed::Lost { winner, .. } => found = winner,
            }
        }
        Err(Error::Conflict { object: self.show_own(address.manifest()) })
    }

    /// Commits a tombstone in place of an entry as `gc` has seen it. False where another writer was
    /// first.
    ///
    /// What was replaced before stays listed, however long ago that was by this machine's clock:
    /// `gc` goes by the store's, and removes it when the tombstone's turn comes.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub(crate) async fn retire(&self, standing: &Standard) -> Result<bool> {
        let address = &standing.address;
        let tombstone = self.tombstone(address, Some(standing.manifest.clone()));
        let seen = standing.seen();
        let ended = self.publish(address, seen, tombstone, Records::new(), Duration::MAX).await?;
        Ok(matches!(ended, Committed::Done { .. }))
    }

    /// Writes a manifest in place of what was seen, with all that it takes over from there; what
    /// was replaced longer ago than `grace` is handed out.
    async fn publish(
        &self,
        address: &Address,
        seen: &Seen,
        mut manifest: Manifest,
        records: Records,
        grace: Duration,
    ) -> Result<Committed> {
        self.must_be_writable(address)?;
        let seen = &match self.past_burial(address, seen).await? {
            Past::Seen(seen) => seen,
            Past::Lost(winner) => return self.lost(address, winner, records),
        };
        self.must_not_collide(address, seen)?;
        let Succession { carried, expired, fresh } =
            Succession::new(carried(seen), records, self.now(), grace)?;
        manifest.write_id = fresh::ulid().to_string();
        let bytes = Bytes::from(manifest.write(&carried)?);
        let backends = carried.backends.into_iter().map(|(record, _)| record).collect();
        match self.put(address, seen, &manifest.write_id, &bytes).await? {
            Put::Done(version) => Ok(Committed::Done {
                entry: Entry::new(backends, manifest.compute_seconds, bytes.clone()),
                seen: Seen(Object::Present { version, bytes, whole: true }),
                removal: Removal::of(self, address, expired),
            }),
            Put::Lost(winner) => Ok(Committed::Lost {
                winner: winner.into_lookup(self, address),
                removal: Removal::of(self, address, fresh),
            }),
        }
    }

    fn lost(&self, address: &Address, winner: Fetched, records: Records) -> Result<Committed> {
        let now = self.now();
        let vain = records.iter().flat_map(|(record, _)| Succession::vain(record, now)).collect();
        let removal = Removal::of(self, address, vain);
        Ok(Committed::Lost { winner: winner.into_lookup(self, address), removal })
    }

    /// The put itself. A reply that was lost, or that a retry inside the client has turned into
    /// a refusal, is told from a lost race by the write id of what is there now.
    pub(super) async fn put(
        &self,
        address: &Address,
        seen: &Seen,
        write_id: &str,
        bytes: &Bytes,
    ) -> Result<Put> {
        let rule = self.options().commit;
        self.marker().before_write(self, rule).await?;
        let path = address.manifest();
        let afar = !self.options().filesystem.immediate;
        let (mut refusals, mut losses) = (0, 0);
        loop {
            let mode = self.mode(rule, seen)?;
            let payload = PutPayload::from(bytes.clone());
            let error = match self.store().put_opts(path, payload, mode.into()).await {
                Ok(put) => return Ok(Put::Done(put.into())),
                Err(error) => error,
            };
            let now = match self.fetch(address).await {
                Ok(now) => now,
                Err(newer @ Error::NewerLayout { .. }) => return Err(newer),
                Err(_) => return Err(self.store_error(format!("commit {path}"), error)),
            };
            if let Object::Present { version, .. } = &now.seen.0
                && now.manifest().is_some_and(|manifest| manifest.write_id == write_id)
            {
                return Ok(Put::Done(version.clone()));
            }
            let is_lost = !is_refusal(&error);
            if is_lost && !self.may_pass(&error) {
                return Err(self.store_error(format!("commit {path}"), error));
            }
            if !seen.is_unchanged(&now.seen) {
                return Ok(Put::Lost(now));
            }
            if is_lost {
                losses += 1;
                if losses == LOSSES {
                    return Err(self.store_error(format!("commit {path}"), error));
                }
                // It has taken a time-out, so there is no need for a pause.
                continue;
            }
            refusals += 1;
            if refusals == if afar { REFUSALS_AFAR } else { REFUSALS } {
                return Err(self.refused(path, error));
            }
            if afar {
                tokio::time::sleep(pause(refusals)).await;
            }
        }
    }

    fn refused(&self, path: &Path, error: object_store::Error) -> Error {
        let source = format!(
            "{error}; nothing has changed there that could be read, so look for a folder in its \
             place, or for an object that this user may not read"
        );
        Error::Store {
            doing: format!("commit {path}"),
            location: self.shown().to_owned(),
            source: source.into(),
        }
    }

    fn mode(&self, rule: CommitPolicy, seen: &Seen) -> Result<PutMode> {
        match (rule, &seen.0) {
            (CommitPolicy::LastWriterWins, _) => Ok(PutMode::Overwrite),
            (CommitPolicy::Conditional, Object::Present { version, .. }) => {
                if version.e_tag.is_none() && version.version.is_none() {
                    return Err(Error::Config {
                        message: format!(
                            "{} gives its objects no etag, so an entry cannot be replaced only \
                             where it is unchanged; set `commit = \"last-writer-wins\"` to \
                             replace it all the same",
                            self.shown()
                        ),
                        origin: self.show_own(&layout::marker()?),
                    });
                }
                Ok(PutMode::Update(version.clone()))
            }
            (CommitPolicy::Conditional, _) => Ok(PutMode::Create),
        }
    }

    async fn lost_conversion(&self, address: &Address, added: &Stored) -> Result<Committed> {
        let winner = self.fetch(address).await?.into_lookup(self, address);
        let vain = Succession::vain(added, self.now());
        Ok(Committed::Lost { winner, removal: Removal::of(self, address, vain) })
    }

    fn tombstone(&self, address: &Address, old: Option<Manifest>) -> Manifest {
        let mut draft = Draft::new(Content::Null);
        if let Some(old) = old {
            draft.function = old.function;
            draft.arguments = old.arguments;
            draft.namespace = old.namespace;
            draft.version = old.version;
        }
        draft.origin = Arc::new(Origin::of_process().clone());
        let identity = self.options().record_identity;
        let (manifest, _) = draft.into_manifest(address, rfc3339(self.now()), identity);
        Manifest { state: State::Forgotten, ..manifest }
    }

    fn must_not_collide(&self, address: &Address, seen: &Seen) -> Result<()> {
        let Object::Collision { key } = &seen.0 else { return Ok(()) };
        let hex = |key: &[u8; 32]| data_encoding::HEXLOWER.encode(key);
        let message = format!(
            "its entry {} is taken by another call: that one's key is {}, this one's {}. It is \
             not overwritten; give this function another `version` or namespace",
            self.show_own(address.manifest()),
            hex(key),
            hex(address.key()),
        );
        Err(usage(address, &message))
    }
}

/// The pause after that many refusals. Half of it is left to chance, so that writers who were
/// refused together do not come back together.
pub(super) fn pause(refusals: u32) -> Duration {
    let longest = PAUSE * 2_u32.pow(refusals - 1);
    let chance = (fresh::ulid().random() & 0xff) as u32;
    longest / 2 + longest / 512 * chance
}

/// What the manifest that was seen says of a generation.
fn record_of(seen: &Seen, generation: &str) -> Option<Arc<Stored>> {
    let manifest: Manifest = serde_json::from_slice(seen.whole()?).ok()?;
    manifest.backends.into_iter().find(|record| record.generation == generation)
}

/// The manifest that was seen, where it says the same of a generation: an upsert that keeps the
/// generation says something else of it.
fn holding(seen: &Seen, record: &Arc<Stored>) -> Option<Manifest> {
    let manifest: Manifest = serde_json::from_slice(seen.whole()?).ok()?;
    manifest.backends.contains(record).then_some(manifest)
}

/// What the next manifest takes over; nothing, where what was seen cannot be taken apart.
fn carried(seen: &Seen) -> Carried {
    let carried = seen.whole().and_then(|bytes| Carried::from_bytes(bytes).ok());
    carried.unwrap_or_default()
}

fn fresh(record: Stored) -> Result<(Arc<Stored>, Box<RawValue>)> {
    let (record, text) = with_text(record)?;
    Ok((Arc::new(record), text))
}

fn usage(address: &Address, message: &str) -> Error {
    Error::Usage { function: address.function().to_owned(), message: message.to_owned() }
}
