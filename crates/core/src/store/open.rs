//! A store from a URL or a path.

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use self::remote::{Remote, Service};
use super::LocalFiles;
use crate::error::{Error, Result};

/// A store that was opened, with what its users need to know of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Opened {
    /// The store; its root is the URL's path.
    pub store: Arc<dyn ObjectStore>,
    /// Where it is, for people, manifests and logs: without credentials.
    pub url: String,
    /// The folder, where the store is one.
    pub folder: Option<PathBuf>,
    /// Whether its futures are ready when first polled: nothing waits, no runtime is needed.
    pub immediate: bool,
    /// Whether nothing can be written there.
    pub read_only: bool,
}

/// Opens the store at a URL or an absolute path. Nothing is read or written yet.
///
/// | text | store |
/// |---|---|
/// | `/an/absolute/path` | [`LocalFiles`] |
/// | `file:///an/absolute/path` | the same; `%20` and its like are decoded |
/// | `memory://NAME`, `memory://NAME/PREFIX` | one store a name, for as long as the process lives |
/// | `s3://BUCKET/PREFIX` | S3, or what speaks its language (feature `aws`) |
/// | `gs://BUCKET/PREFIX` | Google Cloud Storage (feature `gcp`) |
/// | `az://CONTAINER/PREFIX`, `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX` | Azure (feature `azure`) |
/// | `https://HOST/PREFIX`, `http://…` | files behind a web server, to be read (feature `http`) |
///
/// `options` of a folder may hold `durable` (true or false), see [`LocalFiles::durable`]. Those of
/// a store elsewhere are what `object_store`'s builder of it takes, by the names that it documents
/// (`region`, `endpoint`, `access_key_id`, `skip_signature`, `allow_http`, `timeout` …), and
/// `max_retries` and `retry_timeout`, the bounds of making a request again. What they do not say is
/// taken from the variables that the builder documents (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
///
/// # Errors
///
/// [`Error::Config`] where the text is no URL or absolute path, its scheme is not known or its
/// feature is off, or an option is not known. Credentials in the text are not repeated.
///
/// # Example
///
/// ```
/// let options = toml::Table::new();
/// let lake = nuthatch_core::store::open("memory://lake/weather", &options)?;
/// assert_eq!(lake.url, "memory://lake/weather");
/// assert!(lake.immediate);
///
/// let error = nuthatch_core::store::open("ftp://key:secret@host", &options).unwrap_err();
/// assert!(error.to_string().contains("ftp:// is not known"));
/// assert!(!error.to_string().contains("secret"));
/// # Ok::<_, nuthatch_core::Error>(())
/// ```
pub fn open(url_or_path: &str, options: &toml::Table) -> Result<Opened> {
    open_for(Owner::Program, url_or_path, options)
}

/// Who names a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The program, or who runs it.
    Program,
    /// A crate that it depends on. The credentials in this process's environment are not sent to a
    /// server that only the dependency names.
    Dependency,
}

/// Opens the store for whoever names it.
pub(crate) fn open_for(owner: Owner, url_or_path: &str, options: &toml::Table) -> Result<Opened> {
    let refused = |message: String| Error::Config {
        message,
        origin: format!("filesystem {:?}", shown(url_or_path)),
    };
    match place(url_or_path).map_err(refused)? {
        Place::Folder(folder) => {
            let durable = durable(options).map_err(refused)?;
            let store = LocalFiles::new(folder).durable(durable);
            let folder = store.root().to_owned();
            let url = folder_url(&folder);
            Ok(Opened { folder: Some(folder), ..Opened::new(Arc::new(store), url) })
        }
        Place::Memory { name, prefix } => {
            durable(options).map_err(refused)?;
            let url = below(&format!("memory://{name}"), &prefix);
            Ok(Opened::new(prefixed(memory(&name), prefix), url))
        }
        Place::Remote(remote) => {
            let store = remote.build(owner, options).map_err(refused)?;
            // Engines find stores by URLs without a user, and serve what the program asks of them.
            if owner == Owner::Program && !remote.root.contains('@') {
                stores().insert(remote.root.clone(), Arc::clone(&store));
            }
            let url = below(&remote.root, &remote.prefix);
            let read_only = remote.is_read_only();
            let opened = Opened::new(prefixed(store, remote.prefix), url);
            Ok(Opened { immediate: false, read_only, ..opened })
        }
    }
}

/// The stores that were opened by a URL with a host or a name, each by the URL of its root: for
/// engines that read objects by their URLs. Folders are not among them; any program reads those by
/// their paths.
///
/// ```
/// nuthatch_core::store::open("memory://lake/weather", &toml::Table::new())?;
/// assert!(nuthatch_core::store::by_url().iter().any(|(url, _)| url == "memory://lake"));
/// # Ok::<_, nuthatch_core::Error>(())
/// ```
#[must_use]
pub fn by_url() -> Vec<(String, Arc<dyn ObjectStore>)> {
    stores().iter().map(|(url, store)| (url.clone(), Arc::clone(store))).collect()
}

impl Opened {
    fn new(store: Arc<dyn ObjectStore>, url: String) -> Self {
        #[cfg(any(test, feature = "test-util"))]
        let (store, immediate) =
            (super::intercept::intercepted(&url, store), !super::intercept::is_afar(&url));
        #[cfg(not(any(test, feature = "test-util")))]
        let immediate = true;
        Self { store, url, folder: None, immediate, read_only: false }
    }
}

enum Place {
    Folder(PathBuf),
    Memory { name: String, prefix: Path },
    Remote(Remote),
}

fn place(text: &str) -> Result<Place, String> {
    if text.contains('\0') {
        return Err("the text holds a NUL character".to_owned());
    }
    if FilePath::new(text).is_absolute() {
        return Ok(Place::Folder(text.into()));
    }
    match scheme(text) {
        Some(("file", _)) => file_url(text).map(Place::Folder),
        Some(("memory", rest)) => memory_url(rest),
        Some((scheme, _)) => match Service::of(scheme) {
            Some(service) => Remote::parse(service, text).map(Place::Remote),
            None => Err(unknown(scheme)),
        },
        None => Err("neither a URL nor an absolute path; write the path from the root on, or a \
                     URL such as file:///data/lake"
            .to_owned()),
    }
}

/// The scheme of a URL, and what follows its colon. One letter is a drive, not a scheme.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut letters = scheme.chars();
    let legal = letters.next()?.is_ascii_alphabetic()
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (legal && scheme.len() > 1).then_some((scheme, rest))
}

fn file_url(text: &str) -> Result<PathBuf, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !text.get("file:".len()..).is_some_and(|rest| rest.starts_with('/')) {
        return Err("a file URL needs an absolute path: file:///data/lake".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a `?` or `#` in a file URL must be written %3F or %23".to_owned());
    }
    let path = url.to_file_path().map_err(|()| {
        "a file URL cannot name another machine; write file:///path with three slashes".to_owned()
    })?;
    match path.as_os_str().as_encoded_bytes().contains(&0) {
        true => Err("the path holds a NUL character (%00)".to_owned()),
        false => Ok(path),
    }
}

fn memory_url(rest: &str) -> Result<Place, String> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if name.is_empty() || name.contains(['?', '#', '@', ':']) {
        return Err("a memory URL needs a plain name: memory://lake".to_owned());
    }
    let prefix = Path::parse(prefix).map_err(|error| error.to_string())?;
    Ok(Place::Memory { name: name.to_owned(), prefix })
}

fn unknown(scheme: &str) -> String {
    format!(
        "the scheme {scheme}:// is not known; known are absolute paths, file://, memory://, s3://, \
         gs://, az://, abfss://, http:// and https://"
    )
}

fn durable(options: &toml::Table) -> Result<bool, String> {
    if let Some(key) = options.keys().find(|key| *key != "durable") {
        return Err(format!("the option {key:?} is not known here; known is \"durable\""));
    }
    match options.get("durable") {
        None => Ok(false),
        Some(toml::Value::Boolean(durable)) => Ok(*durable),
        Some(_) => Err("the option \"durable\" is true or false".to_owned()),
    }
}

/// The stores with a URL, by that of their root; one of memory for as long as the process lives.
static STORES: LazyLock<Mutex<HashMap<String, Arc<dyn ObjectStore>>>> =
    LazyLock::new(Mutex::default);

fn stores() -> MutexGuard<'static, HashMap<String, Arc<dyn ObjectStore>>> {
    STORES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn memory(name: &str) -> Arc<dyn ObjectStore> {
    let mut stores = stores();
    let store = stores.entry(format!("memory://{name}"));
    Arc::clone(store.or_insert_with(|| Arc::new(InMemory::new())))
}

/// What lies below a prefix of a store.
fn prefixed(store: Arc<dyn ObjectStore>, prefix: Path) -> Arc<dyn ObjectStore> {
    match prefix.is_root() {
        true => store,
        false => Arc::new(PrefixStore::new(store, prefix)),
    }
}

/// The URL of what lies below a prefix.
fn below(root: &str, prefix: &Path) -> String {
    format!("{root}{}{prefix}", if prefix.is_root() { "" } else { "/" })
}

fn folder_url(folder: &FilePath) -> String {
    match Url::from_file_path(folder) {
        Ok(url) => url.into(),
        Err(()) => folder.display().to_string(),
    }
}

/// The text without credentials: those before an `@`, and whatever a query says. By the text
/// alone, since what is no URL must not be shown whole either.
fn shown(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => format!("{scheme}://{authority}{path}"),
    }
}

mod remote;
mod unshown;

#[cfg(test)]
mod tests;
