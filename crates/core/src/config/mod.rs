//! The layers of configuration, merged once into [`Settings`] that say where each value came from.
//!
//! Weakest first:
//!
//! | layer | where |
//! |---|---|
//! | built-in defaults | [`reference()`] prints them |
//! | the user | `~/.nuthatch.toml` |
//! | the project | `nuthatch.toml`, or `[package.metadata.nuthatch]` or `[workspace.metadata.nuthatch]` in `Cargo.toml`; where none is found, the one that the program was compiled with |
//! | environment | `NUTHATCH_…` variables; [`reference()`] prints them |
//! | code | functions with `#[config_parameter]`, then [`set_parameter!`](crate::set_parameter!) |
//!
//! Merging is per parameter, and per option within `filesystem_options` and a backend's table: a
//! layer that names a region leaves the endpoint of a weaker layer alone. Within a location, a
//! backend's own table beats the location's.
//!
//! # Files
//!
//! `nuthatch.toml` and `~/.nuthatch.toml` hold one table, `[nuthatch]` or (as Python projects
//! write it) `[tool.nuthatch]`. A key above it is a mistake, so that what stands under the head can
//! be moved to `Cargo.toml` as it is. `filesystem` and `filesystem_options` right under the head
//! are the root's.
//!
//! The project's file is looked for from the working directory upwards; the nearest one counts. The
//! search ends at the repository's root (a folder with `.git`) or at home, both looked in, and
//! before a folder that everybody may write to, such as `/tmp`. Two of them in one folder are an
//! error.
//!
//! # Crates
//!
//! `#[cache]` compiles the file of its crate in, so that a library brings its configuration along.
//! For the functions of a dependency, its root is the location `mirror-<crate>-root`, and its
//! mirrors are mirrors, read after the program's own; they serve no other crate's functions, are
//! never written, and the rest of its configuration means nothing to the program. What is compiled
//! into the program's own crates is the project's file where none is found at run time.
//!
//! A crate is the program's own where Cargo compiles it by a relative path, as it does those of the
//! workspace; [`program!`](crate::program!) settles what this cannot tell.
//!
//! # Out of reach
//!
//! `skipped_filesystems` lists root and mirrors that cannot be reached from here, by the names of
//! locations or by how their filesystems begin: they count as not configured. Of others that are not
//! on this machine, each look-up is waited for as long as `timeout` says. A mirror that did not
//! answer, or could not be reached, is not asked again by the process, until code sets a parameter;
//! one that refuses (403) has answered, and is asked about the next entry.
//!
//! # Paths
//!
//! A `filesystem` is a URL or a path. A relative path is relative to the folder of the file that
//! names it; from a variable or code, to the working directory. A leading `~` is the home folder,
//! `$NAME` and `${NAME}` are environment variables, and `$$` is a dollar sign. The URL of a
//! dependency's location holds no variables: what they say is the program's own.
//!
//! ```
//! use nuthatch_core::config::{Scope, Sources, resolve};
//!
//! let mut sources = Sources::default();
//! sources.env.push(("NUTHATCH_FILESYSTEM".into(), "s3://team-lake".into()));
//! sources.code.set(Scope::program(), "root.zarr.filesystem", "s3://cheap-lake".into())?;
//!
//! let settings = resolve(&sources)?;
//! let root = settings.root.as_ref().unwrap();
//! assert_eq!(root.filesystem, "s3://team-lake");
//! assert_eq!(root.place("zarr").0, "s3://cheap-lake");
//! assert_eq!(settings.origin("root.filesystem").unwrap().to_string(), "NUTHATCH_FILESYSTEM");
//! # Ok::<(), nuthatch_core::Error>(())
//! ```

mod asked;
mod code;
mod current;
mod discover;
mod document;
mod embedded;
mod environment;
mod isolated;
mod layer;
mod nearest;
mod origin;
mod parameters;
mod places;
mod reader;
mod resolve;
mod scope;
mod secrets;
mod settings;
mod values;

#[cfg(test)]
mod tests;

pub use asked::{Answer, Ask, ConfigParameter, Declared, Given, ParameterValue};
pub use code::Code;
pub(crate) use current::describe;
pub use current::{current, program, read, set_parameter, set_parameters};
pub use embedded::Embedded;
#[doc(hidden)]
pub use inventory;
pub(crate) use isolated::Isolated;
pub use origin::Origin;
pub use parameters::reference;
pub use resolve::{Sources, resolve};
pub use scope::{Compiled, Scope};
pub(crate) use secrets::{Masked, Wiped};
pub(crate) use settings::Asked;
pub use settings::{BackendSettings, LocationSettings, Settings};
/// A parameter's value in code.
pub use toml::Value;
pub use values::{CommitPolicy, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify};
pub(crate) use values::{shown_span, span};
