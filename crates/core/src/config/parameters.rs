//! The one table of parameters: names, what they take, defaults and meanings.
//!
//! Files, variables and code are read by it, and [`reference()`] prints it.

use std::time::Duration;

use toml::Value;

use super::layer::put;
use super::origin::{Origin, Tracked, Wrong};
use super::values::{
    self, CommitPolicy, Kind, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify,
};
use crate::mode::CacheMode;

/// The prefix of every variable.
pub(crate) const PREFIX: &str = "NUTHATCH_";

/// Lets a crate that is a dependency configure the program, as the program's own crates do.
pub(crate) const ALLOW_INSTALLED: &str = "NUTHATCH_ALLOW_INSTALLED_PACKAGE_CONFIGURATION";

/// The locations that are always known; a mirror may also be `mirror-NAME`.
pub(crate) const LOCATIONS: [&str; 3] = ["root", "local", "mirror"];

/// The backends whose tables are known without being named in a file. Any other table under a
/// location is a backend of the user's own.
pub(crate) const BACKENDS: [&str; 5] = ["basic", "zarr", "parquet", "delta", "sql"];

/// The folder of the local location, where none is named.
pub(crate) const DEFAULT_LOCAL: &str = "~/.nuthatch/caches";

pub(crate) const DEFAULT_MEMO_SIZE: u64 = 2_000_000_000;
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const DEFAULT_LEASE_TTL: Duration = Duration::from_secs(30);
pub(crate) const DEFAULT_LEASE_WAIT: Duration = Duration::from_secs(3_600);
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_secs(7 * 86_400);

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    pub(crate) about: &'static str,
}

/// What a location has, and each backend in it may have of its own.
pub(crate) const PLACE: [Parameter; 2] = [
    Parameter {
        name: "filesystem",
        kind: Kind::Text,
        default: "none; of `local`, `~/.nuthatch/caches`; of a backend, its location's",
        about: "URL or path of the folder that holds the entries",
    },
    Parameter {
        name: "filesystem_options",
        kind: Kind::Options,
        default: "none; of a backend, its location's",
        about: "what the filesystem's builder takes: region, endpoint, credentials",
    },
];

/// Declares the parameters that belong to no location, and the part of a layer that holds them.
macro_rules! globals {
    ($($name:ident: $type:ty = $read:path, $kind:expr, $default:literal, $about:literal;)*) => {
        /// What one layer says of the parameters that belong to no location.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub(crate) struct Globals {
            $(pub(crate) $name: Option<Tracked<$type>>,)*
        }

        pub(crate) const GLOBALS: &[Parameter] = &[$(Parameter {
            name: stringify!($name),
            kind: $kind,
            default: $default,
            about: $about,
        },)*];

        impl Globals {
            pub(crate) fn combine(self, weaker: Self) -> Self {
                Self { $($name: self.$name.or(weaker.$name),)* }
            }

            /// Reads one parameter; `false` where there is none of that name.
            pub(crate) fn set(
                &mut self,
                name: &str,
                value: &Value,
                origin: &Origin,
            ) -> Result<bool, Wrong> {
                let wrong = |why: String| Wrong::new(format!("`{name}` {why}"), origin);
                match name {
                    $(stringify!($name) => {
                        put(&mut self.$name, name, $read(value).map_err(wrong)?, origin)?;
                    })*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Each parameter that is said, and where.
            pub(crate) fn origins(&self) -> Vec<(&'static str, Origin)> {
                let said = [$((stringify!($name), self.$name.as_ref().map(|t| &t.origin)),)*];
                said.into_iter().filter_map(|(name, o)| Some((name, o?.clone()))).collect()
            }
        }
    };
}

globals! {
    cache_mode: CacheMode = values::mode, Kind::Choice(values::MODES),
        "`write` where a root is configured, else `read_only`",
        "which locations are read and written";
    namespace: String = values::namespace, Kind::Text, "none",
        "keeps the entries of one scenario apart from those of others";
    memoize: bool = values::flag, Kind::Flag, "false",
        "whether results are kept in memory too";
    memo_size: u64 = values::bytes, Kind::Bytes, "2 GB",
        "what the results kept in memory may weigh together";
    durable: bool = values::flag, Kind::Flag, "false",
        "whether local files are flushed to the disk, so that an entry survives a power loss";
    on_store_failure: OnStoreFailure = OnStoreFailure::read, Kind::Choice(OnStoreFailure::NAMES),
        "warn", "what happens when a computed value cannot be stored";
    manifest_identity: ManifestIdentity = ManifestIdentity::read,
        Kind::Choice(ManifestIdentity::NAMES), "full",
        "whether manifests name the user, host and git commit";
    commit: CommitPolicy = CommitPolicy::read, Kind::Choice(CommitPolicy::NAMES), "conditional",
        "how an entry is committed; `last-writer-wins` where a filesystem cannot write conditionally";
    grace: Duration = values::span, Kind::Span, "7d",
        "how long data that was replaced is kept for those who still read it";
    skipped_filesystems: Vec<String> = values::texts, Kind::Texts, "none",
        "root and mirrors that are out of reach from here: names of locations, or how their \
         filesystems begin";
    timeout: Duration = values::span, Kind::Span, "30s",
        "how long a location is waited for that is not on this machine, before it counts as a miss";
    lease: bool = values::flag, Kind::Flag, "true, but false for values of the backend `basic`",
        "whether one process at a time computes an entry, of all that share the location";
    lease_ttl: Duration = values::ttl, Kind::Span, "30s",
        "for how long a process that is not heard of keeps the others waiting, at least `1s`; it is \
         heard of every third of this";
    lease_wait: Duration = values::span, Kind::Span, "1h",
        "how long a call waits for a process that computes its entry, before it computes as well";
    on_busy: OnBusy = OnBusy::read, Kind::Choice(OnBusy::NAMES), "wait",
        "what a call does that finds another process computing its entry";
    verify: Verify = Verify::read, Kind::Choice(Verify::NAMES), "full",
        "whether what is read is compared with its checksums; `off` trusts the store";
    progress: Progress = Progress::read, Kind::Choice(Progress::NAMES), "auto",
        "who is told how far long transfers have come: a hook of the program's, else the terminal \
         (`auto`) or standard error in any case (`on`)";
}

/// The parameter of that name which belongs to no location.
pub(crate) fn global(name: &str) -> Option<&'static Parameter> {
    GLOBALS.iter().find(|parameter| parameter.name == name)
}

/// A name as it stands in a variable: upper case, and `_` for what is no letter or digit.
pub(crate) fn variable_form(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(upper).collect()
}

/// Every parameter with its variables, what it takes and its default, as a Markdown table.
///
/// ```
/// let reference = nuthatch_core::config::reference();
/// assert!(reference.contains("| `memo_size` | `NUTHATCH_MEMO_SIZE` |"));
/// ```
#[must_use]
pub fn reference() -> String {
    let mut rows = vec![
        "| key | variable | takes | default | meaning |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for place in ["", "LOCATION", "BACKEND", "LOCATION.BACKEND"] {
        rows.extend(PLACE.iter().map(|parameter| row(place, parameter)));
    }
    let option = Parameter {
        name: "OPTION",
        kind: Kind::Text,
        default: "the backend's",
        about: "an option of the backend's own; a variable gives it as text",
    };
    rows.extend(["BACKEND", "LOCATION.BACKEND"].map(|place| row(place, &option)));
    rows.extend(GLOBALS.iter().map(|parameter| row("", parameter)));
    rows.push(format!(
        "| – | `{ALLOW_INSTALLED}` | {} | false | lets a dependency's code configure the program |",
        Kind::Flag.describe()
    ));
    rows.push(String::new());
    rows.push(format!(
        "LOCATION is `root` (meant where none is named), `local`, `mirror` or `mirror-NAME`. \
         BACKEND is {}, or one that a file names. In variables, what is no letter or digit is \
         `_`, and an empty variable counts as unset.\n",
        BACKENDS.map(|name| format!("`{name}`")).join(", ")
    ));
    rows.join("\n")
}

fn row(place: &str, parameter: &Parameter) -> String {
    let Parameter { name, kind, default, about } = parameter;
    let key = if place.is_empty() { (*name).to_owned() } else { format!("{place}.{name}") };
    let holder = |part: &str| format!("<{part}>_");
    let place: String = place.split('.').filter(|part| !part.is_empty()).map(holder).collect();
    let name = if *name == "OPTION" { "<OPTION>".to_owned() } else { variable_form(name) };
    let takes = kind.describe();
    format!("| `{key}` | `{PREFIX}{place}{name}` | {takes} | {default} | {about} |")
}
