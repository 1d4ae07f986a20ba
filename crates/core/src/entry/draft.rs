//! What a manifest is made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layout::Address;
use super::manifest::{Extent, Input, LAYOUT, Manifest, Processor, State};
use super::origin::Origin;
use crate::backend::Stored;

/// A new value, or none, with all that is recorded of it.
///
/// ```
/// use nuthatch_core::entry::{Content, Draft, Origin};
///
/// let draft = Draft {
///     function: "lake::weather::daily".to_owned(),
///     arguments: [("window".to_owned(), "3".to_owned())].into(),
///     compute_seconds: Some(1.5),
///     origin: Origin::of_crate(env!("CARGO_MANIFEST_DIR")),
///     ..Draft::new(Content::Null)
/// };
/// assert_eq!(draft.arguments["window"], "3");
/// ```
#[derive(Debug, Clone)]
pub struct Draft {
    /// What was computed.
    pub content: Content,
    /// The function's identity; the address's, where it is empty.
    pub function: String,
    /// Each argument's readable value, secrets masked.
    pub arguments: BTreeMap<String, String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The function's `version`.
    pub version: Option<String>,
    /// The time that the data covers.
    pub time_extent: Option<Extent>,
    /// The range of time that was asked for.
    pub asked_range: Option<Extent>,
    /// When it was computed, in RFC 3339; now, where nothing is said. A copy keeps the original's.
    pub created_at: Option<String>,
    /// How long computing it took.
    pub compute_seconds: Option<f64>,
    /// Who computed it.
    pub origin: Arc<Origin>,
    /// The version of the crate that holds the function.
    pub crate_version: Option<String>,
    /// A hash of the function's source tokens.
    pub fingerprint: Option<String>,
    /// The entries that were read meanwhile.
    pub lineage: Vec<Input>,
    /// The processors that the value went through.
    pub processors: Vec<Processor>,
}

/// What a function returned.
#[derive(Debug, Clone)]
pub enum Content {
    /// `None`.
    Null,
    /// A value, in these backends, at least one.
    Value(Vec<Stored>),
}

impl Draft {
    /// A draft of which nothing is known but what it holds.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            content,
            function: String::new(),
            arguments: BTreeMap::new(),
            namespace: None,
            version: None,
            time_extent: None,
            asked_range: None,
            created_at: None,
            compute_seconds: None,
            origin: Arc::default(),
            crate_version: None,
            fingerprint: None,
            lineage: Vec::new(),
            processors: Vec::new(),
        }
    }

    /// A copy of an entry in another location: the same value by the same computation, with
    /// records of where it lies there.
    #[must_use]
    pub fn copy_of(manifest: &Manifest, content: Content) -> Self {
        let manifest = manifest.clone();
        Self {
            content,
            function: manifest.function,
            arguments: manifest.arguments,
            namespace: manifest.namespace,
            version: manifest.version,
            time_extent: manifest.time_extent,
            asked_range: manifest.asked_range,
            created_at: Some(manifest.created_at),
            compute_seconds: manifest.compute_seconds,
            origin: Arc::new(Origin {
                user: manifest.user,
                host: manifest.host,
                git_commit: manifest.git_commit,
            }),
            crate_version: manifest.crate_version,
            fingerprint: manifest.fingerprint,
            lineage: manifest.lineage,
            processors: manifest.processors,
        }
    }

    /// The manifest of this draft, without what only a commit knows, and its backends.
    pub(super) fn into_manifest(
        self,
        address: &Address,
        created_at: String,
        identity: bool,
    ) -> (Manifest, Vec<Stored>) {
        let (state, stored) = match self.content {
            Content::Null => (State::Null, Vec::new()),
            Content::Value(stored) => (State::Value, stored),
        };
        let Origin { user, host, git_commit } = match identity {
            true => Arc::unwrap_or_clone(self.origin),
            false => Origin::default(),
        };
        let manifest = Manifest {
            layout: LAYOUT,
            key: *address.key(),
            function: match self.function.is_empty() {
                true => address.function().to_owned(),
                false => self.function,
            },
            arguments: self.arguments,
            namespace: self.namespace,
            version: self.version,
            state,
            time_extent: self.time_extent,
            asked_range: self.asked_range,
            created_at: self.created_at.unwrap_or(created_at),
            compute_seconds: self.compute_seconds.filter(|seconds| seconds.is_finite()),
            user,
            host,
            git_commit,
            crate_version: self.crate_version,
            fingerprint: self.fingerprint,
            lineage: self.lineage,
            processors: self.processors,
            write_id: String::new(),
            removing: None,
            replaced: Vec::new(),
            backends: Vec::new(),
        };
        (manifest, stored)
    }
}
