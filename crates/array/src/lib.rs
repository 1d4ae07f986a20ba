//! Labelled arrays for nuthatch: [`Dataset`] and [`DataArray`], and the backend [`Zarr`] that
//! stores them.
//!
//! Programs reach them through the crate `nuthatch` with its feature `zarr`, as `nuthatch::array`.
//! Arithmetic belongs to [`ndarray`]: [`DataArray::values`] gives its arrays,
//! [`DataArray::with_values`] takes them, and neither copies an element.
//!
//! | room | holds |
//! |---|---|
//! | `dtype`, `values` | element types, and arrays in memory |
//! | `source`, `region`, `data` | arrays that are read box by box, and parts of them |
//! | `variable`, `array`, `dataset` | arrays with names, coordinates, and each other |
//! | `attribute` | what is said of them |
//! | `select`, `reduce`, `join` | selections, reductions, putting together by label |
//! | `calendar`, `cf` | calendars, and what the CF conventions say of times and scaled numbers |
//! | `zarr` | the backend |

mod array;
mod attribute;
mod calendar;
mod cf;
mod data;
mod dataset;
mod display;
mod dtype;
#[cfg(any(test, feature = "test-util"))]
#[doc(hidden)]
pub mod fuzzing;
mod join;
mod reduce;
mod region;
mod select;
mod source;
mod time;
mod values;
mod variable;
mod zarr;

#[cfg(test)]
mod tests;

pub use array::DataArray;
pub use attribute::{Attributes, IntoAttribute};
pub use calendar::{Calendar, NAT};
pub use data::Data;
pub use dataset::Dataset;
pub use dtype::{DType, TimeUnit};
pub use region::{ChunkGrid, Region};
pub use select::{Index, Label};
pub use source::Source;
pub use values::{Element, Shared, Values};
pub use variable::Variable;
pub use zarr::{Filling, Zarr, ZarrElement};
