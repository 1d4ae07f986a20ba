//! A lease: the object beside an entry that says who is computing it. Its bytes, and the requests
//! that are made of it; what follows from them is decided in the run loop.
//!
//! Every write of it has other bytes: a new holder comes with a new `lease`, a sign of life with
//! a higher `beats`. So an unchanged lease is one whose holder was not heard of.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use object_store::{GetOptions, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::layout::Address;
use super::location::{Location, rfc3339};
use super::origin::Origin;
use super::probe::is_refusal;
use crate::config::CommitPolicy;
use crate::error::{Error, Result};

/// The largest lease that is read, in bytes.
const LARGEST: u64 = 1 << 16;

/// What a lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// One holding, by whomever.
    pub(crate) lease: String,
    /// The configuration, of one process, that holds it.
    pub(crate) owner: String,
    /// How many signs of life were given.
    pub(crate) beats: u64,
    /// For how long it holds without a sign of life, in milliseconds.
    ttl_ms: u64,
    /// When it was taken, by the holder's clock: for people alone.
    taken_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
}

/// One state of a lease's object: what an update relies on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    update: UpdateVersion,
    bytes: Bytes,
}

/// How a put of a lease ended.
#[derive(Debug)]
pub(crate) enum Put {
    Done(Version),
    /// It was not as it should have been.
    Refused,
}

impl Lease {
    /// A lease that was not put anywhere yet.
    pub(crate) fn new(location: &Location, owner: Ulid, ttl: Duration) -> Self {
        let origin = location.options().record_identity.then(Origin::of_process);
        Self {
            lease: Ulid::new().to_string(),
            owner: owner.to_string(),
            beats: 0,
            ttl_ms: u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            taken_at: rfc3339(location.now()),
            user: origin.and_then(|origin| origin.user.clone()),
            host: origin.and_then(|origin| origin.host.clone()),
            pid: origin.map(|_| std::process::id()),
        }
    }

    /// The same with so many signs of life.
    pub(crate) fn beaten(&self, beats: u64) -> Self {
        Self { beats, ..self.clone() }
    }

    /// For how long it holds without a sign of life.
    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_millis(self.ttl_ms)
    }
}

impl fmt::Display for Lease {
    /// Who holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user, &self.host, self.pid) {
            (Some(user), Some(host), Some(pid)) => write!(f, "{user} on {host} (process {pid})")?,
            (None, Some(host), Some(pid)) => write!(f, "process {pid} on {host}")?,
            _ => write!(f, "another process ({})", self.owner)?,
        }
        write!(f, " since {}", self.taken_at)
    }
}

impl Location {
    /// Whether leases mean anything here: only where conditions are honoured. The first call of a
    /// filesystem probes it, as its first write does.
    ///
    /// # Errors
    ///
    /// The filesystem cannot be asked.
    pub(crate) async fn can_lease(&self) -> Result<bool> {
        let options = self.options();
        if !options.writable || options.commit != CommitPolicy::Conditional {
            return Ok(false);
        }
        match self.marker().before_write(self, options.commit).await {
            Ok(()) => Ok(true),
            // The write will say so.
            Err(Error::Config { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a lease: its state, and what it says, unless that is not nuthatch's.
    pub(crate) async fn read_lease(
        &self,
        address: &Address,
    ) -> Result<Option<(Version, Option<Lease>)>> {
        let path = address.lease()?;
        let failed = |error| self.store_error(format!("read the lease {path}"), error);
        let got = match self.store().get_opts(&path, GetOptions::default()).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(object_store::Error::PermissionDenied { .. })
                if self.marker().lets_denied_be_a_miss() =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let update =
            UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        if got.meta.size > LARGEST {
            return Ok(Some((Version { update, bytes: Bytes::new() }, None)));
        }
        let bytes = got.bytes().await.map_err(failed)?;
        let lease = serde_json::from_slice(&bytes).ok();
        Ok(Some((Version { update, bytes }, lease)))
    }

    /// Puts a lease where there is none, or in place of one that was seen.
    pub(crate) async fn put_lease(
        &self,
        address: &Address,
        lease: &Lease,
        over: Option<&Version>,
    ) -> Result<Put> {
        let path = address.lease()?;
        let mut bytes = serde_json::to_vec_pretty(lease).map_err(Error::other)?;
        bytes.push(b'\n');
        let bytes = Bytes::from(bytes);
        let mode = over.map_or(PutMode::Create, |seen| PutMode::Update(seen.update.clone()));
        let payload = PutPayload::from(bytes.clone());
        match self.store().put_opts(&path, payload, mode.into()).await {
            Ok(put) => Ok(Put::Done(Version { update: put.into(), bytes })),
            Err(error) if is_refusal(&error) => Ok(Put::Refused),
            Err(error) => Err(self.store_error(format!("write the lease {path}"), error)),
        }
    }

    /// Deletes a lease, whoever holds it: no store does so on a condition.
    pub(crate) async fn delete_lease(&self, address: &Address) -> Result<()> {
        let path = address.lease()?;
        match self.store().delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.store_error(format!("delete the lease {path}"), error)),
        }
    }
}
