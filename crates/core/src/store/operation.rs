//! The kinds of request that a store takes, as the wrappers tell them apart.

use std::fmt;

use object_store::{GetOptions, PutMode};

/// A kind of request to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Reading an object, or one range of it.
    Get,
    /// Reading an object's metadata.
    Head,
    /// Reading several ranges of one object.
    GetRanges,
    /// Writing an object, whatever was there.
    Put,
    /// Writing an object that must not be there.
    Create,
    /// Writing an object over the version that was read.
    Update,
    /// Beginning a multipart upload.
    Multipart,
    /// Sending one part.
    Part,
    /// Completing a multipart upload.
    Complete,
    /// Giving up a multipart upload.
    Abort,
    /// Listing everything below a prefix.
    List,
    /// Listing one level below a prefix.
    ListLevel,
    /// Deleting an object.
    Delete,
    /// Copying an object.
    Copy,
    /// Renaming an object.
    Rename,
}

impl Operation {
    /// Every operation, in the order of declaration.
    pub const ALL: [Self; 15] = [
        Self::Get,
        Self::Head,
        Self::GetRanges,
        Self::Put,
        Self::Create,
        Self::Update,
        Self::Multipart,
        Self::Part,
        Self::Complete,
        Self::Abort,
        Self::List,
        Self::ListLevel,
        Self::Delete,
        Self::Copy,
        Self::Rename,
    ];

    /// Whether the operation can change the store.
    #[must_use]
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Head | Self::GetRanges | Self::List | Self::ListLevel)
    }

    /// What a get with these options is.
    pub(crate) fn of_get(options: &GetOptions) -> Self {
        if options.head { Self::Head } else { Self::Get }
    }

    /// What a put in this mode is.
    pub(crate) fn of_put(mode: &PutMode) -> Self {
        match mode {
            PutMode::Overwrite => Self::Put,
            PutMode::Create => Self::Create,
            PutMode::Update(_) => Self::Update,
        }
    }

    /// The position in [`Operation::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::GetRanges => "get ranges of",
            Self::Put => "put",
            Self::Create => "create",
            Self::Update => "update",
            Self::Multipart => "begin a multipart upload of",
            Self::Part => "send a part of",
            Self::Complete => "complete the upload of",
            Self::Abort => "abort the upload of",
            Self::List => "list",
            Self::ListLevel => "list one level of",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::Rename => "rename",
        })
    }
}
