//! Which locations a call reads and writes: the table of modes.

use std::fmt;
use std::str::FromStr;

/// Which locations a call reads and writes, and what it does on a miss.
///
/// | mode | reads local | reads root, mirrors | writes root | writes local | a good entry is there and a new value is too | on a miss |
/// |---|---|---|---|---|---|---|
/// | `Write` | – | yes | yes | – | asks | compute |
/// | `Overwrite` | – | yes | yes | – | replaces | compute |
/// | `ReadOnly` | yes | yes | – | – | – | compute |
/// | `ReadOnlyStrict` | yes | yes | – | – | – | error |
/// | `Local` | yes | yes | – | yes | asks | compute |
/// | `LocalOverwrite` | yes | yes | – | yes | replaces | compute |
/// | `LocalSync` | – | yes | – | yes | replaces | compute |
/// | `LocalApi` | yes | yes | – | yes | asks | error |
/// | `Offline` | yes | – | – | yes | asks | compute |
/// | `Off` | – | – | – | – | – | compute |
///
/// In text a mode is written in snake case: `"read_only_strict"`; `local_strict` is an alias of
/// `offline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheMode {
    /// Reads and writes the root; the default where one is configured.
    Write,
    /// As `Write`, and replaces without asking.
    Overwrite,
    /// Reads everywhere, writes nowhere; the default where no root is configured.
    ReadOnly,
    /// As `ReadOnly`, and never computes.
    ReadOnlyStrict,
    /// Reads everywhere, writes this machine's own location.
    Local,
    /// As `Local`, and replaces without asking.
    LocalOverwrite,
    /// Refreshes this machine's own location from the root.
    LocalSync,
    /// As `Local`, and never computes.
    LocalApi,
    /// Reads and writes only this machine's own location.
    Offline,
    /// Reads and writes no location; the memo still works.
    Off,
}

/// What a mode does where a new value meets a good entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Replacing {
    Asks,
    Replaces,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModeRow {
    pub(crate) reads_local: bool,
    pub(crate) reads_root: bool,
    pub(crate) writes_root: bool,
    pub(crate) writes_local: bool,
    pub(crate) replacing: Replacing,
    pub(crate) computes: bool,
}

impl CacheMode {
    /// Every mode, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::Write,
        Self::Overwrite,
        Self::ReadOnly,
        Self::ReadOnlyStrict,
        Self::Local,
        Self::LocalOverwrite,
        Self::LocalSync,
        Self::LocalApi,
        Self::Offline,
        Self::Off,
    ];

    /// The name in text: `"read_only_strict"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Overwrite => "overwrite",
            Self::ReadOnly => "read_only",
            Self::ReadOnlyStrict => "read_only_strict",
            Self::Local => "local",
            Self::LocalOverwrite => "local_overwrite",
            Self::LocalSync => "local_sync",
            Self::LocalApi => "local_api",
            Self::Offline => "offline",
            Self::Off => "off",
        }
    }

    /// The table of the type's documentation, as code: (local, root) read, (root, local) written.
    pub(crate) const fn row(self) -> ModeRow {
        use Replacing::{Asks, Replaces};
        match self {
            Self::Write => row((false, true), (true, false), Asks, true),
            Self::Overwrite => row((false, true), (true, false), Replaces, true),
            Self::ReadOnly => row((true, true), (false, false), Asks, true),
            Self::ReadOnlyStrict => row((true, true), (false, false), Asks, false),
            Self::Local => row((true, true), (false, true), Asks, true),
            Self::LocalOverwrite => row((true, true), (false, true), Replaces, true),
            Self::LocalSync => row((false, true), (false, true), Replaces, true),
            Self::LocalApi => row((true, true), (false, true), Asks, false),
            Self::Offline => row((true, false), (false, true), Asks, true),
            Self::Off => row((false, false), (false, false), Asks, true),
        }
    }
}

const fn row(
    reads: (bool, bool),
    writes: (bool, bool),
    replacing: Replacing,
    computes: bool,
) -> ModeRow {
    ModeRow {
        reads_local: reads.0,
        reads_root: reads.1,
        writes_root: writes.0,
        writes_local: writes.1,
        replacing,
        computes,
    }
}

impl fmt::Display for CacheMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no cache mode `{0}`; the modes are write, overwrite, read_only, read_only_strict, local, local_overwrite, local_sync, local_api, offline and off"
)]
pub struct UnknownMode(String);

impl FromStr for CacheMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        if text == "local_strict" {
            return Ok(Self::Offline);
        }
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| UnknownMode(text.to_owned()))
    }
}
