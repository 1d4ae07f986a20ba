//! What is said of bytes that are not what was written.

use std::error::Error as StdError;

use object_store::path::Path;

/// An object is not what was written: missing, too short, too long, or changed in a block.
///
/// It travels as the source of an [`object_store::Error`], and from there through whatever library
/// read the object; [`find`](Self::find) gets it out again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object} is damaged{}: {why}", in_block(*block))]
#[non_exhaustive]
pub struct Damage {
    /// The object's path in its store.
    pub object: String,
    /// The first block that is known to be affected, counted from 0; `None` where the object is
    /// missing.
    pub block: Option<u64>,
    /// What was found.
    pub why: String,
}

impl Damage {
    /// The damage that is behind an error, if any.
    ///
    /// ```
    /// use nuthatch_core::store::Damage;
    ///
    /// let error = std::io::Error::other("the network is down");
    /// assert!(Damage::find(&error).is_none());
    /// ```
    #[must_use]
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(damage) = error.downcast_ref() {
                return Some(damage);
            }
            // An `io::Error` that carries another names as its source that one's source.
            next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    pub(super) fn in_block(object: &Path, block: u64, why: String) -> object_store::Error {
        Self { object: object.to_string(), block: Some(block), why }.into()
    }

    pub(super) fn missing(object: &Path) -> object_store::Error {
        Self { object: object.to_string(), block: None, why: "it is missing".to_owned() }.into()
    }
}

impl From<Damage> for object_store::Error {
    fn from(damage: Damage) -> Self {
        Self::Generic { store: "Verified", source: Box::new(damage) }
    }
}

fn in_block(block: Option<u64>) -> String {
    block.map(|block| format!(" in block {block}")).unwrap_or_default()
}
