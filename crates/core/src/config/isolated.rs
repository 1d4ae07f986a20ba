//! A configuration that is not the process's.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::code::Code;
use super::current::{Outcome, changes, foreign};
use super::origin::Wrong;
use super::resolve::{Resolver, Sources};
use super::settings::Settings;
use crate::error::Result;

/// A configuration made from sources of its own. Of the process it has what dependencies bring along
/// for their own functions, and nothing else.
#[derive(Debug)]
pub(crate) struct Isolated {
    resolver: Resolver,
    code: Code,
    /// As it was after so many changes to what the process knows of its crates.
    resolved: ArcSwap<(u64, Outcome)>,
}

impl Isolated {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// The sources say what cannot be used.
    pub(crate) fn new(sources: Sources) -> Result<Self, Wrong> {
        let code = sources.code.clone();
        let resolver = Resolver::new(sources)?;
        let (at, settings) = resolved(&resolver, &code);
        let settings = settings?;
        for warning in settings.warnings() {
            tracing::warn!(target: "nuthatch", "configuration: {warning}");
        }
        Ok(Self { resolver, code, resolved: ArcSwap::from_pointee((at, Ok(settings))) })
    }

    pub(crate) fn current(&self) -> Result<Arc<Settings>> {
        let known = self.resolved.load();
        if known.0 == changes() {
            return Ok(known.1.clone()?);
        }
        let renewed = resolved(&self.resolver, &self.code);
        let settings = renewed.1.clone();
        self.resolved.store(Arc::new(renewed));
        Ok(settings?)
    }
}

fn resolved(resolver: &Resolver, own: &Code) -> (u64, Outcome) {
    let (at, crates) = foreign();
    let mut code = own.clone();
    code.crates.extend(crates);
    (at, resolver.resolve(&code).map(Arc::new))
}
