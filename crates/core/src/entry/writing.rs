//! The guard over one generation while it is written.
//!
//! `gc` takes an uncommitted generation for abandoned once its newest object and its `.alive`
//! are older than the grace time. So a write that takes long says every quarter of the grace
//! time that it is alive, and makes sure, before its manifest is put, that it was heard.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::BASE64;
use futures::TryStreamExt as _;
use futures::future::{AbortHandle, abortable, ready};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use ulid::Ulid;

use super::layout::{self, Address};
use super::location::Location;
use super::removal::delete_folder;
use crate::backend::{Shown, Stored, Target, Written};
use crate::error::{Error, Result};
use crate::fresh;

/// The shortest time between two signs of life, however short the grace time is.
const SHORTEST: Duration = Duration::from_secs(1);

/// A generation that is being written: where, and that somebody still does.
///
/// A write that is not ready at once has [`keep_alive`](Self::keep_alive) spawned beside it,
/// which ends when this is dropped: after the commit, which may take long as well.
#[derive(Debug)]
pub struct Writing {
    target: Target,
    backend: String,
    generation: String,
    alive: Arc<Alive>,
    beats: Mutex<Vec<AbortHandle>>,
}

#[derive(Debug)]
struct Alive {
    store: Arc<dyn ObjectStore>,
    path: Path,
    shown: Shown,
    grace: Duration,
    clock: fn() -> SystemTime,
    state: Mutex<State>,
}

/// Since when `gc` may count, by both clocks: the monotonic one stands still while a laptop
/// sleeps, and the other can be turned back.
#[derive(Debug, Clone)]
struct State {
    since: Instant,
    since_wall: SystemTime,
    /// Whether `.alive` was ever written.
    beaten: bool,
}

impl Writing {
    pub(super) fn begin(
        location: &Location,
        address: &Address,
        backend: &str,
        options: toml::Table,
        inline_up_to: usize,
    ) -> Result<Self> {
        let generation = fresh::ulid().to_string().to_ascii_lowercase();
        let prefix = address.generation(&generation)?;
        let filesystem = location.filesystem(backend);
        let shown = location.show_data(backend, &prefix);
        let clock = location.clock();
        let alive = Alive {
            store: Arc::clone(&filesystem.store),
            path: layout::alive(&prefix)?,
            shown: shown.clone(),
            grace: location.options().grace,
            clock,
            state: Mutex::new(State { since: Instant::now(), since_wall: clock(), beaten: false }),
        };
        let target = Target {
            store: Arc::clone(&filesystem.store),
            prefix,
            shown,
            immediate: filesystem.immediate,
            folder: filesystem.folder.clone(),
            inline_up_to,
            options,
            arguments: BTreeMap::new(),
        };
        let beats = Mutex::default();
        let backend = backend.to_owned();
        Ok(Self { target, backend, generation, alive: Arc::new(alive), beats })
    }

    /// Goes on with a generation that was begun, perhaps by another process.
    pub(super) fn resume(
        location: &Location,
        address: &Address,
        backend: &str,
        options: toml::Table,
        generation: &str,
    ) -> Result<Self> {
        if Ulid::from_string(generation).is_err() {
            return Err(Error::other(format!("{generation:?} is no generation")));
        }
        let mut writing = Self::begin(location, address, backend, options, 0)?;
        let prefix = address.generation(generation)?;
        let shown = location.show_data(backend, &prefix);
        if let Some(alive) = Arc::get_mut(&mut writing.alive) {
            alive.path = layout::alive(&prefix)?;
            alive.shown = shown.clone();
        }
        writing.target.prefix = prefix;
        writing.target.shown = shown;
        writing.generation = generation.to_owned();
        Ok(writing)
    }

    /// Removes what was written, of which no manifest was ever told. What is left, `gc` finds.
    pub(crate) async fn discard(&self) {
        let removed = delete_folder(&self.target.store, &self.target.prefix).await;
        if let Err(error) = removed {
            let generation = &self.target.shown;
            tracing::debug!(target: "nuthatch", %generation, %error, "what is of no use is left");
        }
    }

    /// Says now that the generation is alive.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    pub async fn beat(&self) -> Result<()> {
        self.alive.beat().await
    }

    /// Makes sure that a generation which others have written is surely untouched by `gc`, and
    /// says that it is alive.
    ///
    /// # Errors
    ///
    /// It is gone, or nothing was written to it for so long that `gc` may be removing it; or the
    /// store cannot be read or written.
    pub async fn revive(&self) -> Result<()> {
        let alive = &self.alive;
        let listed = alive.store.list(Some(&self.target.prefix));
        let newest = listed.map_ok(|object| SystemTime::from(object.last_modified));
        let newest = newest
            .try_fold(None, |newest, at| ready(Ok(newest.max(Some(at)))))
            .await
            .map_err(|error| alive.store_error("look for", error))?;
        let Some(newest) = newest else {
            return Err(alive.lost("nothing of what was begun is there any more"));
        };
        let age = (alive.clock)().duration_since(newest).unwrap_or(Duration::ZERO);
        if age >= alive.grace / 2 && !alive.grace.is_zero() {
            return Err(alive.lost("nothing was written to it for half of the grace time"));
        }
        self.beat().await
    }

    /// The same with the arguments of the call, for the backend to see.
    #[must_use]
    pub fn with_arguments(mut self, arguments: BTreeMap<String, String>) -> Self {
        self.target.arguments = arguments;
        self
    }

    /// The same with another store for the backend, made of the one that it has.
    #[must_use]
    pub(crate) fn with_store(
        mut self,
        wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>,
    ) -> Self {
        self.target.store = wrap(Arc::clone(&self.target.store));
        self
    }

    /// Where the backend writes.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Makes sure that what was written is still there: to be asked before a manifest names it.
    ///
    /// # Errors
    ///
    /// There was no sign of life for so long that `gc` may have removed it, or the store cannot
    /// be read.
    pub async fn check(&self) -> Result<()> {
        self.alive.check().await
    }

    /// The generation's identifier.
    #[must_use]
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// Writes `.alive` whenever a quarter of the grace time has gone by, until `self` is
    /// dropped. To be spawned on a runtime that has timers.
    pub fn keep_alive(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let alive = Arc::clone(&self.alive);
        let (beats, handle) = abortable(async move {
            loop {
                tokio::time::sleep(alive.until_next().max(SHORTEST)).await;
                if let Err(error) = alive.beat().await {
                    tracing::warn!(target: "nuthatch", %error, "cannot say that a write is alive");
                    tokio::time::sleep(alive.grace / 64).await;
                }
            }
        });
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        async move {
            let _aborted = beats.await;
        }
    }

    /// Writes `.alive` if it is time to.
    ///
    /// # Errors
    ///
    /// The store could not be written, or it is too late: `gc` may have removed the generation.
    pub async fn beat_if_due(&self) -> Result<()> {
        match self.alive.until_next().is_zero() {
            true => self.alive.beat().await,
            false => Ok(()),
        }
    }

    /// What the manifest will say of what was written, once it is sure that it is still there.
    /// `base` is what an upsert has merged onto.
    ///
    /// # Errors
    ///
    /// The write took so long, without a sign of life, that `gc` may have removed its objects.
    pub async fn finish(
        &self,
        written: Written,
        base: Option<&Stored>,
        type_name: &str,
        type_shape: Option<String>,
    ) -> Result<Stored> {
        if written.inline.is_none() {
            self.check().await?;
        }
        let base = base.filter(|_| written.in_base);
        Ok(Stored {
            backend: self.backend.clone(),
            generation: base.map_or(&self.generation, |base| &base.generation).clone(),
            path: base.map_or_else(|| self.target.prefix.to_string(), |base| base.path.clone()),
            bytes: written.bytes,
            type_name: type_name.to_owned(),
            type_shape,
            inline: written.inline.map(|bytes| BASE64.encode(&bytes)),
            details: written.details,
            time_extent: written.time_extent,
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let beats = self.beats.get_mut().unwrap_or_else(PoisonError::into_inner);
        beats.iter().for_each(AbortHandle::abort);
    }
}

impl Alive {
    fn until_next(&self) -> Duration {
        (self.grace / 4).saturating_sub(self.state().age((self.clock)()))
    }

    /// Says that the write goes on. The time counts from before the request, so that a slow one
    /// makes no promise that it cannot keep.
    async fn beat(&self) -> Result<()> {
        self.check().await?;
        let (since, since_wall) = (Instant::now(), (self.clock)());
        let sign = PutPayload::from(fresh::ulid().to_string());
        self.store.put(&self.path, sign).await.map_err(|error| self.store_error("write", error))?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) =
            State { since, since_wall, beaten: true };
        Ok(())
    }

    /// Whether the generation is surely untouched.
    async fn check(&self) -> Result<()> {
        let state = self.state();
        if state.age((self.clock)()) >= self.grace / 2 && !self.grace.is_zero() {
            return Err(self.lost("no sign of life was written for half of the grace time"));
        }
        if !state.beaten {
            return Ok(());
        }
        match self.store.head(&self.path).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => Err(self.lost("its `.alive` is gone")),
            Err(error) => Err(self.store_error("read", error)),
        }
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lost(&self, why: &str) -> Error {
        let source = format!(
            "{why}, so it may have been removed as abandoned; raise the location's grace time \
             above what a write takes, and compute again"
        );
        let doing = "commit what was written".to_owned();
        Error::Store { doing, location: self.shown.to_string(), source: source.into() }
    }

    fn store_error(&self, doing: &str, source: object_store::Error) -> Error {
        let doing = format!("{doing} the sign of life {}", self.path);
        Error::Store { doing, location: self.shown.to_string(), source: source.into() }
    }
}

impl State {
    fn age(&self, now: SystemTime) -> Duration {
        let wall = now.duration_since(self.since_wall).unwrap_or(Duration::ZERO);
        self.since.elapsed().max(wall)
    }
}
