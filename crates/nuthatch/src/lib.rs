// Some of its examples need features: they are tested where those are on, and shown everywhere.
#![cfg_attr(any(all(feature = "zarr", feature = "delta"), not(doctest)), doc = include_str!("../README.md"))]
//!
//! # The crate, room by room
//!
//! A program takes what it needs from the [`prelude`]: `use nuthatch::prelude::*;`.
//!
//! | what | where |
//! |---|---|
//! | `#[cache]`, its keys and what it makes | [`cache`](macro@cache) |
//! | the options of a call, and its ends | [`Call`], [`Options`], [`CacheMode`], [`Recompute`] |
//! | options for everything inside | [`with`], [`with_async`] |
//! | carrying the context into spawned work | [`Context`] |
//! | parts of a stored whole | [`timeseries`](macro@timeseries), [`processor`](macro@processor), [`Processor`], [`TimeAxis`] |
//! | keys of your own types | [`CacheKey`], [`Secret`], [`key`] |
//! | backends and engines of your own | [`Cacheable`], [`backend`], [`CallExt`] |
//! | tables | `table`, with the feature `parquet` |
//! | what is stored of a call | [`Query`], [`Manifest`] |
//! | what can go wrong | [`enum@Error`] |
//! | what happened | [`stats`], and `tracing` events of target `nuthatch` |
//! | being asked before an entry is replaced | [`confirm_with`] |
//! | configuration, and setting it in code | [`config()`], [`set_parameter!`], [`config_parameter`], [`program!`] |
//! | several configurations in one process | [`Nuthatch`] |
//! | results in memory | `memoize`, [`clear_memo`] |
//! | removing what no entry needs any more | [`gc`] |
//!
//! # Features
//!
//! Features only add.
//!
//! | feature | brings |
//! |---|---|
//! | `macros` (default) | `#[cache]` and `#[derive(CacheKey)]` |
//! | `chrono`, `uuid` | keys of these crates' types |
//! | `jiff` | bounds of time series of its types |
//! | `zarr` | [`array`](mod@array): `Dataset`, `DataArray` and arrays of `ndarray`, stored as Zarr |
//! | `parquet` | tables of Arrow (`RecordBatch`, `Vec<RecordBatch>`), in the backend `parquet`: `table` |
//! | `delta` | the backend `delta`, the default of tables in memory: tables of Delta Lake, which other programs open |
//! | `sql-postgres`, `sql-mysql`, `sql-sqlite` | the backend `sql`: tables in PostgreSQL, in MySQL or MariaDB, in SQLite |
//! | `datafusion` | DataFusion's `DataFrame`, lazy, in the backends of tables: `table` |
//! | `polars` | Polars's `DataFrame` and `LazyFrame`, in the backends of tables: `table` |
//! | `aws`, `gcp`, `azure`, `http` | locations at `s3://`, at `gs://`, at `az://` and `abfss://`; mirrors at `https://` |
//! | `progress` | bars of long transfers, on a terminal |
//! | `test-util` | stores that count and fail, and the suite that every backend and store runs |
//! | `full` | all but `test-util` |

mod cacheable;
mod engine;
#[doc(hidden)]
pub mod private;
mod sweep;

#[doc(hidden)]
pub use private as __private;

pub use cacheable::{Cacheable, Stored};
pub use engine::{CallExt, WithEngine};
/// A call of a cached function, with its options.
///
/// # Example
///
/// ```
/// use nuthatch::prelude::*;
///
/// #[cache]
/// fn squares(n: u64) -> Vec<u64> {
///     (1..=n).map(|i| i * i).collect()
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// let rounded = squares::call(4)
///     .cache_mode(CacheMode::Overwrite)
///     .recompute(true)
///     .memoize(true)
///     .namespace("experiment")
///     .post_process(|squares| squares.into_iter().map(|n| n / 10 * 10).collect())
///     .run();
/// assert_eq!(rounded, [0, 0, 0, 10]);
/// // What is stored is what the body returned.
/// assert_eq!(squares::call(4).namespace("experiment").strict(true).run(), [1, 4, 9, 16]);
/// # Ok(())
/// # }
/// ```
///
/// # How it begins and ends
pub use nuthatch_core::call::Call;
/// A question about what is stored of a call.
///
/// # Example
///
/// ```
/// use nuthatch::prelude::*;
///
/// #[cache]
/// fn answer() -> i64 {
///     42
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// assert!(answer::entry().run()?.is_none());
/// answer();
/// let entry = answer::entry().run()?.expect("it was stored");
/// assert_eq!(entry.backends[0].backend, "basic");
/// assert!(answer::uri().run()?.is_some());
///
/// assert!(answer::forget().run()?);
/// assert!(answer::entry().run()?.is_none());
/// # Ok(())
/// # }
/// ```
///
/// # How it is asked
pub use nuthatch_core::call::Query;
pub use nuthatch_core::civil;
pub use nuthatch_core::confirm::{Answer, Replacement, confirm_with};
pub use nuthatch_core::context::{Context, with, with_async};
pub use nuthatch_core::entry::manifest::{Extent, Manifest};
pub use nuthatch_core::gc::{Gc, GcReport};
pub use nuthatch_core::instance::{Builder, Nuthatch};
pub use nuthatch_core::key::{CacheKey, Key, Secret};
pub use nuthatch_core::mode::CacheMode;
pub use nuthatch_core::options::{Options, Recompute};
pub use nuthatch_core::processor::Processor;
pub use nuthatch_core::progress::{Direction, Transfer, on_progress};
pub use nuthatch_core::stats::{Stats, reset_stats, stats};
pub use nuthatch_core::ticket::Ticket;
pub use nuthatch_core::time::{TimeAxis, TimeRange};
pub use nuthatch_core::{Error, Result, clear_memo, program, set_parameter};
/// Makes a type one that can be an argument of a cached function.
///
/// # Example
///
/// ```
/// use nuthatch::CacheKey;
/// use nuthatch::prelude::*;
///
/// #[derive(CacheKey)]
/// struct Region {
///     west: f64,
///     east: f64,
///     /// How it is drawn changes no result.
///     #[cache_key(skip)]
///     colour: &'static str,
/// }
///
/// #[cache]
/// fn width(region: &Region) -> f64 {
///     region.east - region.west
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// let alps = |colour| Region { west: 5.0, east: 17.0, colour };
/// assert_eq!(width(&alps("green")), 12.0);
/// assert_eq!(width::key(&alps("green"))?, width::key(&alps("grey"))?);
/// # Ok(())
/// # }
/// ```
///
/// # How a value is keyed
#[cfg(feature = "macros")]
pub use nuthatch_macros::CacheKey;
/// Stores what a function returns, and recalls it.
///
/// # Example
///
/// ```
/// use nuthatch::prelude::*;
///
/// /// The sum over a station's months; how it is told is no part of the result.
/// #[cache(cache_args(station), version = "2")]
/// async fn total(station: &str, verbose: bool) -> nuthatch::Result<f64> {
///     if verbose {
///         println!("adding up {station}");
///     }
///     Ok(monthly(station).await?.iter().sum())
/// }
///
/// #[cache(memoize)]
/// async fn monthly(station: &str) -> nuthatch::Result<Vec<f64>> {
///     Ok(vec![station.len() as f64; 12])
/// }
///
/// struct Grid {
///     cells: u32,
/// }
///
/// impl Grid {
///     #[cache(in_impl, skip(self), cache_disable_if = *level > 9)]
///     fn refined(&self, level: u32) -> u32 {
///         self.cells << level
///     }
/// }
///
/// // No method of a trait is cached; it calls a function that is.
/// impl std::fmt::Display for Grid {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str(&shown(self.cells))
///     }
/// }
///
/// #[cache]
/// fn shown(cells: u32) -> String {
///     format!("{cells} cells")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// assert_eq!(total("Seattle", true).await?, 84.0);
/// // The same entry: `verbose` is not in the key.
/// assert_eq!(total::call("Seattle", false).strict(true).await?, 84.0);
/// // The body alone, never cached.
/// assert_eq!(total::original("Seattle", false).await?, 84.0);
///
/// let grid = Grid { cells: 4 };
/// assert_eq!(grid.refined(2), 16);
/// assert_eq!(grid.refined_call(2).strict(true).run(), 16);
/// assert_eq!(grid.to_string(), shown::call(4).strict(true).run());
/// # Ok(())
/// # }
/// ```
///
/// # The function and its companion
#[cfg(feature = "macros")]
pub use nuthatch_macros::cache;
/// Has a function give an option of a location, or of a backend in it, when it is first needed.
///
/// # Example
///
/// ```
/// use nuthatch::Secret;
///
/// /// Asked for when a table is first stored in the root's database, or read from it.
/// #[nuthatch::config_parameter("password", location = "root", backend = "sql", secret)]
/// fn password() -> Result<Secret<String>, std::env::VarError> {
///     std::env::var("LAKE_PASSWORD").map(Secret::new)
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// let settings = nuthatch::config()?.to_string();
/// assert!(settings.contains("root.sql.password = ***"), "{settings}");
/// # Ok(())
/// # }
/// ```
///
/// # How it is written
#[cfg(feature = "macros")]
pub use nuthatch_macros::config_parameter;
/// Puts a processor of your own around a function, cached or not.
///
/// # Example
///
/// ```
/// use nuthatch::Processor;
/// use nuthatch::prelude::*;
///
/// /// Degrees, in the unit that the caller works with. It owns what it took.
/// struct Unit(String);
///
/// impl Processor<f64> for Unit {
///     fn name(&self) -> &str {
///         "unit"
///     }
///     fn options(&self) -> String {
///         self.0.clone()
///     }
///     fn process(&self, celsius: f64) -> nuthatch::Result<f64> {
///         match self.0.as_str() {
///             "celsius" => Ok(celsius),
///             "fahrenheit" => Ok(celsius * 9.0 / 5.0 + 32.0),
///             other => Err(nuthatch::Error::other(format!("no unit `{other}`"))),
///         }
///     }
///     fn validate(&self, degrees: &f64) -> Result<(), String> {
///         if degrees.is_finite() { Ok(()) } else { Err("it is no number".to_owned()) }
///     }
/// }
///
/// #[processor(Unit(unit.to_string()), takes(unit))]
/// #[cache]
/// fn mean(station: &str, unit: &str) -> nuthatch::Result<f64> {
///     assert!(!station.is_empty() && !unit.is_empty());
///     Ok(20.0)
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// assert_eq!(mean("Uccle", "celsius")?, 20.0);
/// assert_eq!(mean::call("Uccle", "fahrenheit").validate(true).run()?, 68.0);
/// // One entry serves both: the unit is in no key of the root.
/// assert_eq!(nuthatch::stats().computed(), 1);
///
/// let error = mean("Uccle", "furlongs").unwrap_err();
/// assert!(error.to_string().contains("processor `unit` failed: no unit `furlongs`"));
/// # Ok(())
/// # }
/// ```
///
/// # How it is written
#[cfg(feature = "macros")]
pub use nuthatch_macros::processor;
/// Clips what a function returns along time.
///
/// # Example
///
/// ```
/// use nuthatch::backend::Extent;
/// use nuthatch::civil::Civil;
/// use nuthatch::prelude::*;
/// use nuthatch::TimeAxis;
/// use serde::{Deserialize, Serialize};
///
/// /// A value a year.
/// #[derive(Serialize, Deserialize)]
/// struct Yearly(Vec<(i32, f64)>);
///
/// impl TimeAxis for Yearly {
///     fn time_extent(&self, _: &[&str]) -> nuthatch::Result<Option<Extent>> {
///         let text = |row: &(i32, f64)| Civil::date(row.0, 1, 1).to_string();
///         let (start, end) = (self.0.first().map(text), self.0.last().map(text));
///         Ok(Some(Extent { dim: "year".to_owned(), start, end }))
///     }
///     fn clip_time(
///         mut self,
///         _: &[&str],
///         start: Option<Civil>,
///         end: Option<Civil>,
///     ) -> nuthatch::Result<Self> {
///         self.0.retain(|(year, _)| {
///             let at = Civil::date(*year, 1, 1);
///             start.is_none_or(|start| start <= at) && end.is_none_or(|end| at <= end)
///         });
///         Ok(self)
///     }
/// }
///
/// #[timeseries(dim = "year")]
/// #[cache]
/// fn rain(start_time: &str, end_time: Option<&str>) -> nuthatch::Result<Yearly> {
///     assert!(Some(start_time) <= end_time || end_time.is_none());
///     Ok(Yearly((2000..2010).map(|year| (year, 800.0)).collect()))
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// assert_eq!(rain("2002", Some("2003-06"))?.0.len(), 2);
/// assert_eq!(rain("2005", None)?.0.len(), 5);
/// // One whole is stored, and serves both.
/// assert_eq!(nuthatch::stats().computed(), 1);
/// // It ends in 2009, and was computed for 2003: a warning, and an error where it is validated.
/// assert!(rain::call("2002", Some("2030")).validate(true).run().is_err());
/// # Ok(())
/// # }
/// ```
///
/// # How it is written
#[cfg(feature = "macros")]
pub use nuthatch_macros::timeseries;
pub use sweep::gc;

/// For those who write a backend: the trait, what it writes and reads through, and what the
/// manifest says of it. [`Recording`](backend::Recording) makes checksums of what is written, and
/// [`Verified`](backend::Verified) checks what is read. The example `ipc` is a backend whole.
pub mod backend {
    #[cfg(feature = "test-util")]
    pub use nuthatch_core::backend::conformance;
    pub use nuthatch_core::backend::{
        Backend, Backends, Elsewhere, Remover, Shown, Source, Stored, Target, Written, copy_object,
        copy_objects, copy_summed,
    };
    pub use nuthatch_core::basic::Basic;
    pub use nuthatch_core::entry::Extent;
    pub use nuthatch_core::runtime::block_on;
    pub use nuthatch_core::store::{Damage, Recording, StoredSums, Sums, Verified};
    #[cfg(any(feature = "sql-sqlite", feature = "sql-postgres", feature = "sql-mysql"))]
    pub use nuthatch_sql::Sql;
}

/// Tables: the backends [`Parquet`](table::Parquet) and, with the feature `delta`, `Delta`, and the
/// trait of Rust types that hold one.
///
/// Arrow's `RecordBatch` and `Vec<RecordBatch>` are tables. Their default backend is `delta`: tables
/// of Delta Lake, which other programs open, and to which an upsert adds a version. In a build
/// without that feature a function says `backend = "parquet"`, or does not compile.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{Float64Array, RecordBatch, StringArray};
/// use nuthatch::prelude::*;
///
/// #[cache(backend = "parquet", upsert_keys("station"))]
/// fn rain(year: i32) -> nuthatch::Result<RecordBatch> {
///     let station = StringArray::from(vec!["Bergen", "Seattle"]);
///     let rain = Float64Array::from(vec![2250.5, f64::from(year)]);
///     RecordBatch::try_from_iter([
///         ("station", Arc::new(station) as _),
///         ("rain", Arc::new(rain) as _),
///     ])
///     .map_err(nuthatch::Error::other)
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://tables")?;
/// let table = rain(2012)?;
/// assert_eq!(rain::call(2012).strict(true).run()?, table);
/// // The same rows, as another engine reads them.
/// let batches = rain::call(2012).strict(true).engine::<Vec<RecordBatch>>().run()?;
/// assert_eq!(batches, [table]);
/// # Ok(())
/// # }
/// ```
///
/// With the feature `datafusion`, DataFusion's `DataFrame` is one too, with `parquet` for its default
/// backend. The plan that a function returns is executed once, as a stream, on its way into the
/// store; what the caller gets, then and later, is a plan that reads the stored files: only the
/// columns and the row groups that it needs, and rows in their order. `set_session` says which session such
/// frames belong to.
///
/// With the feature `polars`, Polars's `DataFrame` and `LazyFrame` are tables. A lazy frame is executed
/// once, and comes back as a plan over the stored files, like DataFusion's. Numbers, booleans, times in µs and ns and
/// views of texts are shared between Arrow and Polars, not copied.
#[cfg(feature = "parquet")]
pub mod table {
    #[cfg(feature = "datafusion")]
    pub use nuthatch_datafusion::{DataFusion, Frame, Frames, datafusion, session, set_session};
    #[cfg(feature = "delta")]
    pub use nuthatch_delta::Delta;
    #[cfg(feature = "polars")]
    pub use nuthatch_polars::{Polars, polars};
    pub use nuthatch_table::parquet::{Bounds, ParquetFile, ParquetScan};
    pub use nuthatch_table::time::{TimeColumn, TimeKind};
    pub use nuthatch_table::{Foreign, Of, Parquet, Rows, Scan, Table, arrow_array, arrow_schema};
}

/// Keys in detail: the encoder, for `CacheKey` written by hand.
pub mod key {
    pub use nuthatch_core::key::{CacheKey, Key, KeyEncoder, KeyError, Secret};
}

/// The settings in force: every parameter with its value and where that came from.
///
/// Inside [`Nuthatch::with`] they are that configuration's. They are read by their fields, by [`Settings::origin`](config::Settings::origin), and printed;
/// secrets are shown as `***`.
///
/// # Errors
///
/// [`Error::Config`] where the configuration cannot be used.
///
/// # Example
///
/// ```
/// nuthatch::set_parameter!("filesystem", "memory://lake")?;
/// let settings = nuthatch::config()?;
/// assert_eq!(settings.root.as_ref().unwrap().filesystem, "memory://lake");
/// assert!(settings.origin("root.filesystem").unwrap().to_string().contains(".rs:"));
/// println!("{settings}");
/// # Ok::<(), nuthatch::Error>(())
/// ```
pub fn config() -> Result<std::sync::Arc<config::Settings>> {
    nuthatch_core::settings()
}

/// Configuration: the settings in force, and the list of everything that can be set.
pub mod config {
    pub use nuthatch_core::config::{
        BackendSettings, CommitPolicy, LocationSettings, ManifestIdentity, OnBusy, OnStoreFailure,
        Origin, ParameterValue, Progress, Settings, Verify, current, reference,
    };
}

/// Labelled arrays, and the backend `zarr` that stores them.
///
/// # Example
///
/// An entry that several processes fill. Here they are threads; elsewhere the ticket goes to them
/// as JSON.
///
/// ```
/// use nuthatch::array::{DType, Filling};
/// use nuthatch::prelude::*;
///
/// #[cache(backend_options(chunking(time = 10)))]
/// fn squares(count: u64) -> nuthatch::Result<DataArray> {
///     Err(nuthatch::Error::other(format!("a job computes {count} squares")))
/// }
///
/// # fn main() -> nuthatch::Result<()> {
/// # nuthatch::set_parameter!("filesystem", "memory://filled")?;
/// let template = DataArray::unfilled("squares", ["time"], &[40], DType::F64)?;
/// let ticket = squares::call(40).begin(template).run()?;
///
/// let regions = Filling::open(&ticket)?.regions("squares")?;
/// std::thread::scope(|scope| {
///     for region in &regions {
///         let ticket = &ticket;
///         scope.spawn(move || {
///             let times = region.ranges()[0].clone();
///             let values: Vec<f64> = times.map(|at| (at * at) as f64).collect();
///             Filling::open(ticket)?.write_region_blocking("squares", region, values)
///         });
///     }
/// });
/// assert!(squares(40).is_err(), "nothing is visible before the commit");
/// squares::call(40).commit(&ticket).run()?;
/// assert_eq!(squares(40)?.values::<f64>()?[39], 1521.0);
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "zarr")]
pub mod array {
    pub use nuthatch_array::*;
}

/// Stores that count, fail and verify, for tests of backends and programs.
#[cfg(feature = "test-util")]
pub mod store {
    pub use nuthatch_core::store::*;
}

/// Everything that a program with cached functions needs.
///
/// ```
/// use nuthatch::prelude::*;
/// ```
pub mod prelude {
    #[cfg(feature = "zarr")]
    pub use crate::array::{DataArray, Dataset};
    pub use crate::{CacheKey, CacheMode, CallExt as _, Options, Recompute};
    #[cfg(feature = "macros")]
    pub use crate::{cache, processor, timeseries};
}
