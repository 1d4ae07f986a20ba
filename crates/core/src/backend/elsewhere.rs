//! What a backend keeps of a generation outside the location's store: a table in a database.
//!
//! It is announced by an object in the generation's folder before it is made, so that whoever
//! removes the generation, and knows neither its manifest nor its type, knows that there is more.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde_json::{Map, Value};

use super::{Shown, Target};
use crate::config::Masked;
use crate::entry::layout;
use crate::error::{Error, Result};

/// The member that names the backend.
const BACKEND: &str = "backend";

/// Removes what a backend keeps of a generation outside the location's store.
///
/// # Contract
///
/// - The backend [announces](Target::announce) it before it makes any of it.
/// - [`remove`](Remover::remove) goes by what was announced and by the options of the location; it
///   knows neither manifest nor value. That nothing is there (any more) is no error.
/// - It waits a bounded time for those who still read. What it could not remove is an error, and is
///   tried again: the generation's folder stays until then.
pub trait Remover: Send + Sync + fmt::Debug + 'static {
    /// The name of the backend.
    fn name(&self) -> &'static str;

    /// Removes it.
    fn remove<'a>(&'a self, doomed: &'a Elsewhere) -> BoxFuture<'a, Result<()>>;
}

/// What is kept of one generation elsewhere. `Debug` shows no secret among the options.
#[derive(Clone)]
pub struct Elsewhere {
    /// The generation's folder.
    pub prefix: Path,
    /// The folder as shown to people in errors.
    pub shown: Shown,
    /// The store's own folder, where it is one.
    pub folder: Option<Arc<FilePath>>,
    /// The backend's options in this location.
    pub options: toml::Table,
    /// What was announced.
    pub announced: Map<String, Value>,
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere")
            .field("shown", &self.shown.to_string())
            .field("options", &Masked(&self.options))
            .field("announced", &self.announced)
            .finish_non_exhaustive()
    }
}

/// The removers of some backends, with the options that each has in one location.
#[derive(Default)]
pub struct Removers {
    known: BTreeMap<&'static str, (&'static dyn Remover, toml::Table)>,
}

impl fmt::Debug for Removers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

impl Removers {
    /// Adds one, with the options of its backend.
    pub fn add(&mut self, remover: &'static dyn Remover, options: toml::Table) {
        self.known.insert(remover.name(), (remover, options));
    }

    /// Removes what a generation's folder says that a backend keeps elsewhere.
    ///
    /// # Errors
    ///
    /// It cannot be removed, or by none of these. Then the folder is to stay.
    pub(crate) async fn remove(
        &self,
        store: &dyn ObjectStore,
        folder: Option<&Arc<FilePath>>,
        prefix: &Path,
        shown: &Shown,
    ) -> Result<()> {
        let Some(announced) = announced(store, prefix, shown).await? else { return Ok(()) };
        let backend = announced.get(BACKEND).and_then(Value::as_str).unwrap_or_default();
        let Some((remover, options)) = self.known.get(backend) else {
            return Err(Error::other(format!(
                "{shown}: the backend {backend:?} keeps more of it elsewhere, and is not at hand \
                 to remove that; a write of that backend, or `gc` of a build with it, does"
            )));
        };
        let doomed = Elsewhere {
            prefix: prefix.clone(),
            shown: shown.clone(),
            folder: folder.cloned(),
            options: options.clone(),
            announced,
        };
        remover.remove(&doomed).await
    }
}

impl Target {
    /// Says in the location that a backend is about to make something of this generation elsewhere,
    /// with whatever its [`Remover`] needs to find that again. There are no credentials in it.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    pub async fn announce(&self, backend: &str, mut said: Map<String, Value>) -> Result<()> {
        said.insert(BACKEND.to_owned(), backend.into());
        let path = layout::elsewhere(&self.prefix)?;
        let payload = PutPayload::from(Value::Object(said).to_string());
        let put = self.store.put(&path, payload).await;
        put.map(drop).map_err(|error| failed("write", &self.shown, error))
    }
}

async fn announced(
    store: &dyn ObjectStore,
    prefix: &Path,
    shown: &Shown,
) -> Result<Option<Map<String, Value>>> {
    let path = layout::elsewhere(prefix)?;
    let read = async { store.get(&path).await?.bytes().await };
    let bytes = match read.await {
        Ok(bytes) => bytes,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failed("read", shown, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|why| Error::Damaged {
        object: shown.to_string(),
        why: format!("what it says of data kept elsewhere is no JSON object: {why}"),
    })
}

fn failed(doing: &str, shown: &Shown, error: object_store::Error) -> Error {
    Error::Store {
        doing: format!("{doing} what is said of data kept elsewhere"),
        location: shown.to_string(),
        source: error.into(),
    }
}
