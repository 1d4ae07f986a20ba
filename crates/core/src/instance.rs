//! Several configurations in one process.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use toml::Value;

use crate::config::{Isolated, Scope, Settings, Sources};
use crate::context;
use crate::error::{Error, Result};
use crate::run::Session;

/// A configuration of its own, with its own locations, memo and flights: for tests and servers that
/// need several in one process. Calls made inside [`with`](Nuthatch::with) and
/// [`with_async`](Nuthatch::with_async), and those nested in them, use it; all others use the
/// process's.
///
/// It has what its builder is told, and nothing of the process's files, variables, functions with
/// `#[config_parameter]` or `set_parameter!`; dependencies' functions find their own crates' lakes
/// in it as everywhere else. Clones are the same configuration. Counts (`stats`) are the process's.
///
/// ```
/// use nuthatch_core::instance::Nuthatch;
///
/// let lake = |name: &str| Nuthatch::builder().set("filesystem", format!("memory://{name}")).build();
/// let (summer, winter) = (lake("summer")?, lake("winter")?);
/// assert_eq!(summer.config()?.root.as_ref().unwrap().filesystem, "memory://summer");
/// let answer = winter.with(|| 6 * 7); // Cached calls in here use `memory://winter`.
/// assert_eq!(answer, 42);
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Nuthatch {
    session: Arc<Session>,
}

/// What an isolated configuration is made from; nothing to begin with.
#[derive(Debug, Default)]
#[must_use = "nothing is made before `build`"]
pub struct Builder {
    sources: Sources,
    mistake: Option<Error>,
}

impl Nuthatch {
    /// A configuration without any file, variable or folder.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Runs `body` with this configuration for every cached call in it, on this thread.
    pub fn with<R>(&self, body: impl FnOnce() -> R) -> R {
        context::with_session(Arc::clone(&self.session)).in_scope(body)
    }

    /// Runs `future` with this configuration for every cached call in it, in this task.
    pub fn with_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let session = Arc::clone(&self.session);
        async move { context::with_session(session).scope(future).await }
    }

    /// The settings, each with where it came from.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where what dependencies bring along, and are allowed to set, cannot be used.
    pub fn config(&self) -> Result<Arc<Settings>> {
        self.session.settings()
    }

    /// Empties this configuration's memo.
    pub fn clear_memo(&self) {
        self.session.clear_memo();
    }
}

impl Builder {
    /// Sets the parameter of that dotted name, as `set_parameter!` does; it beats files and
    /// variables.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Err(mistake) = self.sources.code.set(Scope::program(), name, value.into()) {
            self.mistake.get_or_insert(mistake);
        }
        self
    }

    /// A variable of its environment: `NUTHATCH_…`, or one that a path names.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.push((name.into(), value.into()));
        self
    }

    /// Its working directory: `nuthatch.toml` is looked for from there upwards, and relative paths
    /// are relative to it.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.sources.cwd = Some(folder.into());
        self
    }

    /// Its home: `~/.nuthatch.toml` is read, and the local location lies there unless another is
    /// named.
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.sources.home = Some(home.into());
        self
    }

    /// Reads the files and resolves all parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for the first of what cannot be used.
    pub fn build(self) -> Result<Nuthatch> {
        match self.mistake {
            Some(mistake) => Err(mistake),
            None => {
                let session = Arc::new(Session::isolated(Isolated::new(self.sources)?));
                Ok(Nuthatch { session })
            }
        }
    }
}
