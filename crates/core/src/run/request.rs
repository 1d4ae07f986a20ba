//! A call made ready: its arguments, what it says for itself, its plan and the locations.

use std::sync::Arc;

use crate::arguments::Arguments;
use crate::config::Scope;
use crate::context;
use crate::entry::{Address, LocationName, layout};
use crate::error::{Error, Result};
use crate::function::Identity;
use crate::key::{Key, Level};
use crate::options::Options;

use super::generation::Asked;
use super::place::Place;
use super::places::Places;
use super::plan::Plan;
use super::report;
use super::session::{InForce, Session};

/// What one call says for itself.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) options: Options,
    pub(crate) upsert: bool,
    /// `cache_disable_if` holds for these arguments.
    pub(crate) disabled: bool,
    /// What the call has said in an order that means nothing.
    pub(crate) misused: Option<&'static str>,
}

/// A call without its body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) arguments: Arguments,
    pub(crate) said: Option<Said>,
}

impl Request {
    pub(crate) fn new(arguments: Arguments, said: Option<Said>) -> Self {
        Self { arguments, said }
    }

    /// Resolves the options and the configuration.
    pub(crate) fn prepare(&self) -> Result<Prepared> {
        let identity = self.arguments.identity()?;
        let session = Session::current();
        let places = session.places()?;
        let definition = self.arguments.function().definition();
        let frame = context::current();
        let said = self.said.as_ref();
        if let Some(message) = said.and_then(|said| said.misused) {
            let function = self.arguments.shown();
            return Err(Error::Usage { function, message: message.to_owned() });
        }
        let mut plan =
            Plan::new(definition, identity.path(), said, frame.as_ref(), &places.settings);
        layout::check_namespace(identity.path(), plan.namespace.as_deref())?;
        // Settled before the call joins another: that one may be recalling what was recomputed
        // for this outermost call, and not for its own.
        plan.recompute &= !plan
            .recompute
            .then(|| plan.recomputed_key(&self.arguments))
            .flatten()
            .is_some_and(|key| plan.outermost.has_recomputed(&key));
        Ok(Prepared { session, places, identity, plan, scope: definition.scope() })
    }

    /// What the call asks of a backend that writes.
    pub(crate) fn asked<'call>(&self, options: &'call toml::Table) -> Asked<'call> {
        Asked { options, arguments: self.arguments.readable(Level::Whole).into_iter().collect() }
    }

    /// The key in root and mirrors.
    pub(crate) fn key(&self) -> Result<Key> {
        let prepared = self.prepare()?;
        self.arguments.key(Level::Whole, prepared.plan.namespace.as_deref())
    }

    /// Whether the call may not compute, as far as can be known without a configuration.
    pub(crate) fn is_strict(&self) -> bool {
        let own = self.said.as_ref().map(|said| &said.options);
        let said = own.and_then(|options| options.strict);
        let mode = own.and_then(|options| options.mode);
        said.unwrap_or(self.arguments.function().definition().strict)
            || mode.is_some_and(|mode| !mode.row().computes)
    }

    pub(crate) fn nothing_stored(&self) -> Error {
        Error::Usage {
            function: self.arguments.shown(),
            message: "the call stored no entry, so there is no URI: its mode writes no location, \
                      the function returned an error, or the location cannot be written"
                .to_owned(),
        }
    }
}

/// A call with its plan and the locations.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) session: InForce,
    pub(crate) places: Arc<Places>,
    pub(crate) identity: &'static Identity,
    pub(crate) plan: Plan,
    /// The crate that the function stands in.
    pub(crate) scope: Scope,
}

impl Prepared {
    /// The entry's address on one level.
    pub(crate) fn address(&self, request: &Request, level: Level) -> Result<Address> {
        let namespace = self.plan.namespace.as_deref();
        let key = request.arguments.key(level, namespace)?;
        let readable = request.arguments.readable_path(level);
        Address::new(self.identity.folder(), namespace, &readable, *key.as_bytes())
    }

    /// The locations that this call reads, in order. One that cannot be opened is a warning.
    pub(crate) fn read(&self) -> impl Iterator<Item = Arc<Place>> {
        let local = self.plan.row.reads_local.then(|| self.places.local());
        let lake = self
            .plan
            .reads_root()
            .then(|| self.places.root().into_iter().chain(self.places.mirrors(&self.scope)));
        local.into_iter().chain(lake.into_iter().flatten()).filter_map(|place| {
            let opened = place.inspect_err(|error| report::cannot_open(self.identity, error)).ok();
            opened.filter(|place| !place.is_out_of_reach())
        })
    }

    /// The locations that this call writes.
    ///
    /// # Errors
    ///
    /// Where one cannot be opened.
    pub(crate) fn written(&self) -> Result<Vec<Arc<Place>>> {
        let mut places = Vec::new();
        if self.plan.writes_root() {
            places.extend(self.places.root().transpose()?);
        }
        if self.plan.row.writes_local {
            places.push(self.places.local()?);
        }
        Ok(places)
    }

    /// Whether the mode would write a root that is not there.
    pub(crate) fn lacks_root(&self) -> bool {
        self.plan.writes_root() && self.places.root().is_none()
    }

    pub(crate) fn writes(&self, name: &LocationName) -> bool {
        match name {
            LocationName::Root => self.plan.writes_root(),
            LocationName::Local => self.plan.row.writes_local,
            LocationName::Mirror(_) => false,
        }
    }

    pub(crate) fn forget_memoized(&self, request: &Request) {
        self.session.memo_forget(&request.arguments, self.plan.namespace.as_deref());
    }
}
