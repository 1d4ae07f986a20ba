//! What an object is, by its path alone: for those who walk a filesystem and know no call.

use data_encoding::BASE32_NOPAD;
use object_store::path::Path;
use ulid::Ulid;

use super::{Address, KEY_BYTES, KEY_CHARACTERS, MARKER, parse};
use crate::error::Result;

/// An object of a filesystem. What has any other path is none of nuthatch's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// `nuthatch.json`.
    Marker,
    /// What a probe has left.
    Probe,
    /// A manifest.
    Manifest(Spot),
    /// An object of a generation.
    Data {
        /// Whose.
        spot: Spot,
        /// Its identifier.
        generation: String,
        /// What it is there.
        piece: Piece,
    },
    /// Who computes an entry.
    Lease,
    /// Somebody else's.
    Foreign,
}

/// An object of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// What a backend has written, or that somebody still writes.
    Value,
    /// What several processes record until the commit.
    Scratch,
}

/// Where an entry lies, as its paths say: whose key it is, the manifest alone tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    manifest: Path,
    /// The length of `<namespace>/<function>` in it.
    folder: usize,
}

impl Part {
    /// What lies at a path.
    pub(crate) fn of(path: &Path) -> Self {
        let segments: Vec<&str> = path.as_ref().split('/').collect();
        match segments[..] {
            [MARKER] => Self::Marker,
            [".probe", id] if Ulid::from_string(id).is_ok() => Self::Probe,
            [_, _, "leases", hash, name] if key(hash, name.strip_suffix(".json")).is_some() => {
                Self::Lease
            }
            [namespace, function, "entries", hash, name] => {
                let spot = Spot::new(namespace, function, hash, name.strip_suffix(".json"));
                spot.map_or(Self::Foreign, Self::Manifest)
            }
            [namespace, function, "data", hash, name, generation, ref rest @ ..] => {
                let spot = Spot::new(namespace, function, hash, Some(name));
                match spot.filter(|_| is_generation(generation) && !rest.is_empty()) {
                    Some(spot) => Self::Data {
                        spot,
                        generation: generation.to_owned(),
                        piece: if rest[0] == ".regions" { Piece::Scratch } else { Piece::Value },
                    },
                    None => Self::Foreign,
                }
            }
            _ => Self::Foreign,
        }
    }
}

impl Spot {
    fn new(namespace: &str, function: &str, hash: &str, name: Option<&str>) -> Option<Self> {
        key(hash, name)?;
        let manifest = parse(&format!("{namespace}/{function}/entries/{hash}/{}.json", name?));
        Some(Self { manifest: manifest.ok()?, folder: namespace.len() + 1 + function.len() })
    }

    /// Where the manifest lies.
    pub(crate) fn manifest(&self) -> &Path {
        &self.manifest
    }

    /// The folder of one generation of the entry's data.
    pub(crate) fn generation(&self, generation: &str) -> Result<Path> {
        self.address([0; 32], "").generation(generation)
    }

    /// The address of the entry with this key, if it is the one that lies here.
    pub(crate) fn of_key(&self, whole: [u8; 32], function: &str) -> Option<Address> {
        let mut encoded = BASE32_NOPAD.encode(&whole[..KEY_BYTES]);
        encoded.make_ascii_lowercase();
        let name = self.manifest.filename()?.strip_suffix(".json")?;
        let is_own = name.ends_with(&encoded[..KEY_CHARACTERS]);
        is_own.then(|| self.address(whole, function))
    }

    fn address(&self, key: [u8; 32], function: &str) -> Address {
        let (manifest, folder) = (self.manifest.clone(), self.folder);
        Address { key, function: function.into(), manifest, folder }
    }
}

/// The characters of the key in a name, where they are some and the folder is theirs.
fn key<'name>(hash: &str, name: Option<&'name str>) -> Option<&'name str> {
    let (_, key) = name?.rsplit_once('~')?;
    let is_key = key.len() == KEY_CHARACTERS
        && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        && hash.len() == 2
        && key.starts_with(hash);
    is_key.then_some(key)
}

fn is_generation(name: &str) -> bool {
    Ulid::from_string(name).is_ok() && !name.bytes().any(|byte| byte.is_ascii_uppercase())
}
