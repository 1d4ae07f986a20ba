//! Where objects lie in a filesystem: the only place that builds paths.
//!
//! ```text
//! nuthatch.json
//! <namespace, or _>/<crate.module.function>/
//!   entries/<hh>/<readable arguments>~<26 base32 characters of the key>.json
//!   data/<hh>/<readable arguments>~<key>/<generation>/…
//!   leases/<hh>/<readable arguments>~<key>.json
//! .probe/<ulid>
//! ```
//!
//! The readable parts are lossy: they are for people, and for nothing else. Two namespaces or
//! two calls whose readable parts are equal share folders and never files, for the key covers
//! the namespace, the function and the arguments, and each file's name carries the key.

mod part;

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use object_store::path::Path;
use ulid::Ulid;

pub(crate) use self::part::{Part, Piece, Spot};
use crate::error::{Error, Result};

/// The object that says that a filesystem is nuthatch's, and in which layout.
pub(super) const MARKER: &str = "nuthatch.json";

/// The longest readable part of a path, in bytes.
const SEGMENT: usize = 64;
/// The longest folder name of a function, in bytes.
const FUNCTION: usize = 100;
/// How many base32 characters of the key are in a name: 130 bits.
const KEY_CHARACTERS: usize = 26;
/// The bytes of the key that hold these characters.
const KEY_BYTES: usize = 17;

/// Where one entry lies in any filesystem.
///
/// ```
/// use nuthatch_core::entry::Address;
///
/// let address = Address::new("lake.weather.daily", None, "window=3", [7; 32])?;
/// assert_eq!(
///     address.manifest().as_ref(),
///     "_/lake.weather.daily/entries/a4/window=3~a4dqobyha4dqobyha4dqobyha4.json",
/// );
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    key: [u8; 32],
    function: Box<str>,
    manifest: Path,
    /// The length of `<namespace>/<function>` in `manifest`.
    folder: usize,
}

impl Address {
    /// The address of the call that `key` identifies.
    ///
    /// `function` is the function's identity with dots, `arguments` what a person would like to
    /// read in a file's name; neither decides anything.
    ///
    /// # Errors
    ///
    /// The namespace `_` stands for no namespace, and cannot be chosen.
    pub fn new(
        function: &str,
        namespace: Option<&str>,
        arguments: &str,
        key: [u8; 32],
    ) -> Result<Self> {
        let mut path = String::with_capacity(2 * SEGMENT + FUNCTION + KEY_CHARACTERS + 24);
        check_namespace(function, namespace)?;
        match namespace {
            None => path.push('_'),
            Some(namespace) => push_namespace(&mut path, namespace),
        }
        path.push('/');
        push_function(&mut path, function);
        let folder = path.len();

        let mut encoded = [0; 28];
        BASE32_NOPAD.encode_mut(&key[..KEY_BYTES], &mut encoded);
        path.push_str("/entries/");
        push_lower(&mut path, &encoded[..2]);
        path.push('/');
        push_segment(&mut path, arguments, SEGMENT);
        path.push('~');
        push_lower(&mut path, &encoded[..KEY_CHARACTERS]);
        path.push_str(".json");

        let manifest = parse(&path)?;
        Ok(Self { key, function: function.into(), manifest, folder })
    }

    /// The whole key; what the manifest must hold.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The function's identity, as it was given.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Where the manifest lies: the only commit point of the entry.
    #[must_use]
    pub fn manifest(&self) -> &Path {
        &self.manifest
    }

    /// The folder of one generation of the entry's data.
    ///
    /// # Errors
    ///
    /// `generation` is no single path segment.
    pub fn generation(&self, generation: &str) -> Result<Path> {
        let folder = parse(&format!("{}{generation}", self.data()))?;
        match folder.filename() {
            Some(name) if name == generation => Ok(folder),
            _ => Err(Error::other(format!("{generation:?} is no generation's folder"))),
        }
    }

    /// Where the lease lies of whoever computes the entry.
    pub(super) fn lease(&self) -> Result<Path> {
        let (folder, rest) = self.parts();
        parse(&format!("{folder}/leases{rest}.json"))
    }

    /// The folder of all generations, with a closing slash.
    fn data(&self) -> String {
        let (folder, rest) = self.parts();
        format!("{folder}/data{rest}/")
    }

    /// The function's folder, and what follows the kind of object in paths of the entry.
    fn parts(&self) -> (&str, &str) {
        let (folder, rest) = self.manifest.as_ref().split_at(self.folder);
        let rest = rest.strip_prefix("/entries").unwrap_or(rest);
        (folder, rest.strip_suffix(".json").unwrap_or(rest))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("function", &self.function)
            .field("manifest", &self.manifest.as_ref())
            .field("key", &HEXLOWER.encode(&self.key))
            .finish()
    }
}

/// The path of `nuthatch.json`.
pub(crate) fn marker() -> Result<Path> {
    parse(MARKER)
}

/// The path of one probe of conditional writes. No namespace's folder begins with a dot.
pub(crate) fn probe(id: Ulid) -> Result<Path> {
    parse(&format!(".probe/{id}"))
}

/// The object that keeps an unfinished generation from being taken for an abandoned one.
pub(super) fn alive(generation: &Path) -> Result<Path> {
    parse(&format!("{generation}/.alive"))
}

/// The folder of what several processes record of a generation that they fill together.
pub(crate) fn scratch(generation: &Path) -> Result<Path> {
    parse(&format!("{generation}/.regions"))
}

/// The object that says that a backend keeps more of a generation elsewhere.
pub(crate) fn elsewhere(generation: &Path) -> Result<Path> {
    parse(&format!("{generation}/elsewhere.json"))
}

/// A path as it was written, never re-encoded: `Path::from` would turn `~` into `%7E`.
pub(crate) fn parse(path: &str) -> Result<Path> {
    Path::parse(path)
        .map_err(|error| Error::other(format!("{path:?} cannot be an object's path: {error}")))
}

/// Any text is a namespace, except the one that stands for none.
pub(crate) fn check_namespace(function: &str, namespace: Option<&str>) -> Result<()> {
    match namespace {
        Some("_") => Err(Error::Usage {
            function: function.to_owned(),
            message: "`_` stands for no namespace and cannot be one; choose another name"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// A namespace's folder: never that of no namespace, never the marker's name.
fn push_namespace(out: &mut String, namespace: &str) {
    push_segment(out, namespace, SEGMENT);
    match out.as_str() {
        "_" => out.push('_'),
        MARKER => out.insert(0, '_'),
        _ => {}
    }
}

/// A function's folder; a long one keeps its crate and its own name, and loses what is between.
fn push_function(out: &mut String, function: &str) {
    if function.len() <= FUNCTION {
        return push_segment(out, function, FUNCTION);
    }
    let mut whole = String::new();
    push_segment(&mut whole, function, usize::MAX);
    if whole.len() > FUNCTION {
        whole.replace_range(FUNCTION / 2 - 1..whole.len() - FUNCTION / 2 + 1, "__");
    }
    out.push_str(&whole);
}

/// Appends `text` as a safe segment of at most `limit` bytes (and never an empty one):
/// `[a-z0-9._=-]`, no dot at either end, no name of a device of Windows.
fn push_segment(out: &mut String, text: &str, limit: usize) {
    let start = out.len();
    for character in text.chars() {
        if out.len() - start == limit {
            break;
        }
        match character.to_ascii_lowercase() {
            '.' if out.len() == start => out.push('_'),
            kept @ ('a'..='z' | '0'..='9' | '.' | '=' | '-' | '_') => out.push(kept),
            _ if out.len() > start && out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    if is_device(&out[start..]) {
        out.insert(start, '_');
        out.truncate(start.saturating_add(limit));
    }
    if out.len() > start && out.ends_with('.') {
        out.pop();
        out.push('_');
    }
    if out.len() == start {
        out.push('_');
    }
}

/// Whether Windows takes the name for a device: what counts is what stands before the first dot.
fn is_device(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment);
    let numbered = |prefix: &str| {
        let digit = stem.strip_prefix(prefix).unwrap_or("");
        digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(stem, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn push_lower(out: &mut String, encoded: &[u8]) {
    out.extend(encoded.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
}
