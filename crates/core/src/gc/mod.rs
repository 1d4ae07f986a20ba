//! Removing what no entry needs any more. `docs/decisions/0023-gc.md` says why it is safe.
//!
//! | file | holds |
//! |---|---|
//! | this one | [`Gc`]: what is asked for |
//! | [`report`] | what was removed and left |
//! | `walk` | a filesystem gone through once, entry by entry |
//! | `sweep` | a location gone through, and what belongs to no entry |
//! | `entry` | what becomes of one entry's data and manifest |
//! | `remove` | a folder or an object removed, and counted |

mod entry;
mod remove;
pub mod report;
mod sweep;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Remover;
use crate::config::shown_span;
use crate::entry::LocationName;
use crate::error::{Error, Result};
use crate::run::{Place, Session};
use crate::runtime;

pub use self::report::{GcReport, Item, Items, Kind, Swept, Tally};

/// A removal of what no entry needs any more; see [`gc()`].
#[derive(Debug, Clone)]
#[must_use = "nothing is removed before `run` or `.await`"]
pub struct Gc {
    asked: Asked,
    removers: Vec<&'static dyn Remover>,
    only: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
struct Asked {
    dry_run: bool,
    grace: Option<Duration>,
    elsewhere: bool,
    kept: Vec<Kept>,
}

/// The versions of a function that stay.
#[derive(Debug, Clone)]
struct Kept {
    function: String,
    versions: Vec<String>,
}

/// Removes from the root and from this machine's own location what no entry needs any more.
///
/// | what goes | when |
/// |---|---|
/// | data that was replaced, or that was forgotten | after the grace time (`grace`, 7 days) |
/// | data that no entry names, of a writer that died | when its newest object is older than that |
/// | what is left of forgotten entries, leases, probes, files half-written | likewise |
/// | entries of versions that [`keep_versions`](Gc::keep_versions) does not name | they are forgotten at once, and their data goes after the grace time |
///
/// Ages are those of the store's own clock. Readers and writers may go on meanwhile, on this
/// machine and on others, and so may another `gc`: nothing is removed that an entry names, nor of a
/// write that is still under way. One that is interrupted leaves nothing broken, and the next goes
/// on. What is not nuthatch's is never touched, nor is any mirror. What lies in a location and
/// cannot be told (a damaged manifest, one of a newer release) is left, and told.
///
/// Without [`run`](Gc::run) or `.await` nothing happens.
///
/// ```
/// use nuthatch_core::instance::Nuthatch;
///
/// let lake = Nuthatch::builder().set("filesystem", "memory://swept").build()?;
/// let report = lake.with(|| nuthatch_core::gc().only("root").dry_run(true).run())?;
/// assert_eq!(report.removed().count, 0);
/// print!("{report}");
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
pub fn gc() -> Gc {
    Gc { asked: Asked::default(), removers: Vec::new(), only: None }
}

impl Gc {
    /// Removes nothing, and says what it would. One small object is written, to learn what time it
    /// is there, and removed.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.asked.dry_run = dry_run;
        self
    }

    /// Keeps what is younger than this, where it is longer than the parameter `grace`. Shorter
    /// than that is an error: writers say as often as `grace` asks them to that they are alive.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.asked.grace = Some(grace);
        self
    }

    /// Goes through one location alone: `root` or `local`.
    pub fn only(mut self, location: impl Into<String>) -> Self {
        self.only = Some(location.into());
        self
    }

    /// Forgets the entries of a function, by its name or a `::` suffix of its identity, that other
    /// versions than these have made; where none is named, all of them. Where several calls name
    /// the same function, what any of them keeps stays. Nothing is forgotten of functions that are
    /// not named so.
    ///
    /// ```
    /// # let lake = nuthatch_core::instance::Nuthatch::builder().set("filesystem", "memory://versions").build()?;
    /// # lake.with(|| {
    /// nuthatch_core::gc().keep_versions("weather::daily", ["3", "4"]).only("root").run()
    /// # })?;
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    pub fn keep_versions<V: Into<String>>(
        mut self,
        function: impl Into<String>,
        versions: impl IntoIterator<Item = V>,
    ) -> Self {
        let versions = versions.into_iter().map(Into::into).collect();
        self.asked.kept.push(Kept { function: function.into(), versions });
        self
    }

    /// Whether abandoned writes go from the filesystems of single backends too
    /// (`root.zarr.filesystem`). Whoever says so knows that no other location keeps data there: its
    /// entries could not be seen from here.
    pub fn elsewhere(mut self, elsewhere: bool) -> Self {
        self.asked.elsewhere = elsewhere;
        self
    }

    /// Makes known what removes data that a backend of one's own keeps outside the location.
    pub fn remover(mut self, remover: &'static dyn Remover) -> Self {
        self.removers.push(remover);
        self
    }

    /// Removes, blocking this thread until it is done.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the configuration cannot be used, [`Error::Usage`] where another
    /// location than root and local is named, or a shorter time than `grace`, or where `grace` is
    /// zero. What goes wrong in a
    /// location is told in the report, and the rest goes on.
    pub fn run(self) -> Result<GcReport> {
        runtime::block_on(self.into_future())
    }

    async fn sweep(self, places: Vec<Result<Arc<Place>>>) -> Result<GcReport> {
        let mut report = GcReport { dry_run: self.asked.dry_run, locations: Vec::new() };
        for place in places {
            let place = place?;
            let configured = place.grace();
            if configured.is_zero() {
                return Err(usage(format!(
                    "the parameter `grace` is 0 in {}, by which nobody can tell a write that is \
                     under way from an abandoned one; set it above what a write takes between two \
                     objects, for all that write there",
                    place.shown(),
                )));
            }
            let grace = self.asked.grace.unwrap_or(configured);
            if grace < configured {
                return Err(usage(format!(
                    "{} keeps data for {}, and {} is shorter; writers there say as often as the \
                     parameter `grace` asks that they are alive, so set that, for all of them",
                    place.shown(),
                    shown_span(configured),
                    shown_span(grace),
                )));
            }
            let asked = self.asked.clone();
            let sweeping = sweep::Sweep::new(place, asked, grace, &self.removers);
            report.locations.push(sweeping.on_runtime().await?);
        }
        Ok(report)
    }

    /// The locations, of the configuration that is in force here.
    fn places(&self) -> Result<Vec<Result<Arc<Place>>>> {
        let places = Session::current().places()?;
        let root = LocationName::Root.to_string();
        let local = LocationName::Local.to_string();
        match self.only.as_deref() {
            None => Ok(places.root().into_iter().chain([places.local()]).collect()),
            Some(only) if only == local => Ok(vec![places.local()]),
            Some(only) if only == root => places.root().map(|root| vec![root]).ok_or_else(|| {
                usage("no root is configured; set `filesystem`, or name `local`".to_owned())
            }),
            Some(other) => Err(usage(format!(
                "{other:?} cannot be swept, for `root` and `local` alone are written; whoever \
                 writes a mirror removes what is not needed there"
            ))),
        }
    }
}

impl IntoFuture for Gc {
    type Output = Result<GcReport>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<GcReport>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let places = self.places();
        Box::pin(async move { self.sweep(places?).await })
    }
}

impl Asked {
    /// What says that a version of a function is to be forgotten: that it is named, and none of
    /// what names it keeps that version.
    fn drops(&self, function: &str, version: Option<&str>) -> Option<String> {
        let names = |kept: &&Kept| crate::context::names(&kept.function, function);
        let rules: Vec<&Kept> = self.kept.iter().filter(names).collect();
        let stays = rules.iter().any(|rule| rule.keeps(version));
        let said: Vec<String> = rules.iter().map(ToString::to_string).collect();
        (!stays && !said.is_empty()).then(|| said.join(", "))
    }
}

impl Kept {
    fn keeps(&self, version: Option<&str>) -> bool {
        self.versions.iter().any(|kept| Some(kept.as_str()) == version)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.versions[..] {
            [] => write!(f, "no version of {} is kept", self.function),
            _ => {
                write!(f, "of {} the versions {} are kept", self.function, self.versions.join(", "))
            }
        }
    }
}

fn usage(message: String) -> Error {
    Error::Usage { function: "gc".to_owned(), message }
}
