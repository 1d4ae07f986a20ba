//! The configured locations, each opened when it is first needed.

use std::sync::{Arc, OnceLock};

use crate::config::{LocationSettings, OnStoreFailure, Scope, Settings};
use crate::entry::LocationName;
use crate::error::{Error, Result};
use crate::store::Owner;

use super::place::{FirstTime, Place};

/// All locations of one configuration. Each is opened when it is first needed.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) settings: Arc<Settings>,
    root: Option<Arc<Slot>>,
    local: Result<Arc<Slot>, CannotOpen>,
    mirrors: Vec<Arc<Slot>>,
    /// The mirrors that dependencies have brought along for their own functions.
    dependencies: Vec<(Scope, Vec<Arc<Slot>>)>,
}

#[derive(Debug)]
struct Slot {
    settings: LocationSettings,
    name: LocationName,
    owner: Owner,
    opened: OnceLock<Result<Arc<Place>, CannotOpen>>,
    /// That it cannot be opened was told.
    told: FirstTime,
}

/// Why a location cannot be opened, told to every call that needs it.
#[derive(Debug, Clone)]
struct CannotOpen {
    message: String,
    origin: String,
}

impl Places {
    /// The locations of these settings. What is open already stays so, unless code has set a
    /// parameter since.
    pub(crate) fn new(settings: Arc<Settings>, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.settings.has_equal_globals(&settings));
        let slot = |name: LocationName, owner: Owner, settings: &LocationSettings| {
            let same = |slot: &&Arc<Slot>| {
                slot.name == name && slot.owner == owner && slot.settings == *settings
            };
            let known = before.and_then(|before| before.slots().find(same));
            known.map_or_else(|| Arc::new(Slot::new(name.clone(), owner, settings)), Arc::clone)
        };
        let own = |name: LocationName, settings: &_| slot(name, Owner::Program, settings);
        let mirrors = |mirrors: &[LocationSettings], owner: Owner| -> Vec<_> {
            let name = |mirror: &LocationSettings| {
                let name = mirror.name.strip_prefix("mirror-").unwrap_or_default();
                LocationName::Mirror(name.to_owned())
            };
            mirrors.iter().map(|mirror| slot(name(mirror), owner, mirror)).collect()
        };
        let local = settings.local().map(|local| own(LocationName::Local, local));
        Self {
            root: settings.root.as_ref().map(|root| own(LocationName::Root, root)),
            local: local.map_err(|error| CannotOpen::new(&LocationName::Local, error)),
            mirrors: mirrors(&settings.mirrors, Owner::Program),
            dependencies: settings
                .dependencies
                .iter()
                .map(|dependency| {
                    let mirrors = mirrors(&dependency.mirrors, Owner::Dependency);
                    (dependency.scope, mirrors)
                })
                .collect(),
            settings,
        }
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        let dependencies = self.dependencies.iter().flat_map(|(_, mirrors)| mirrors);
        self.root.iter().chain(self.local.as_ref().ok()).chain(&self.mirrors).chain(dependencies)
    }

    pub(crate) fn root(&self) -> Option<Result<Arc<Place>>> {
        self.root.as_ref().map(|root| root.open(&self.settings))
    }

    pub(crate) fn local(&self) -> Result<Arc<Place>> {
        match &self.local {
            Ok(slot) => slot.open(&self.settings),
            Err(why) => Err(why.clone().into()),
        }
    }

    /// The program's mirrors, then those that the function's own crate has brought along. One that
    /// cannot be opened is an error once, and then no mirror.
    pub(crate) fn mirrors(&self, of: &Scope) -> impl Iterator<Item = Result<Arc<Place>>> {
        let own = self.dependencies.iter().filter(|(scope, _)| scope.is_same_crate(of));
        let mirrors = self.mirrors.iter().chain(own.flat_map(|(_, mirrors)| mirrors));
        mirrors.filter_map(|mirror| {
            let opened = mirror.open(&self.settings);
            (opened.is_ok() || !mirror.is_given_up()).then_some(opened)
        })
    }

    pub(crate) fn fails_on_store_failure(&self) -> bool {
        self.settings.on_store_failure == OnStoreFailure::Error
    }
}

impl Slot {
    fn new(name: LocationName, owner: Owner, settings: &LocationSettings) -> Self {
        Self {
            settings: settings.clone(),
            name,
            owner,
            opened: OnceLock::new(),
            told: FirstTime::default(),
        }
    }

    fn open(&self, settings: &Settings) -> Result<Arc<Place>> {
        if self.opened.get().is_none() {
            // Before the lock: a function may itself call what needs this location, and is told so.
            self.settings.ask()?;
        }
        let opened = self.opened.get_or_init(|| {
            let place = Place::open(self.name.clone(), self.owner, &self.settings, settings);
            place.map(Arc::new).map_err(|error| CannotOpen::new(&self.name, error))
        });
        opened.clone().map_err(Error::from)
    }

    /// Whether it was opened in vain, and that was told: so from the second time on.
    fn is_given_up(&self) -> bool {
        matches!(self.opened.get(), Some(Err(_))) && !self.told.is_now()
    }
}

impl CannotOpen {
    fn new(name: &LocationName, error: Error) -> Self {
        match error {
            Error::Config { message, origin } => {
                Self { message, origin: format!("location {name}, {origin}") }
            }
            error => Self { message: error.to_string(), origin: format!("location {name}") },
        }
    }
}

impl From<CannotOpen> for Error {
    fn from(CannotOpen { message, origin }: CannotOpen) -> Self {
        Self::Config { message, origin }
    }
}
