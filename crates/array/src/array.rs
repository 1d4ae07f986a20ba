//! One array with its coordinates.

use std::collections::BTreeMap;
use std::sync::Arc;

use nuthatch_core::{Error, Result, runtime};

use crate::attribute::{Attributes, IntoAttribute};
use crate::data::Data;
use crate::dataset::Dataset;
use crate::dtype::DType;
use crate::reduce::Reduction;
use crate::region::Region;
use crate::select::{Index, Label};
use crate::source::{Produced, Unfilled};
use crate::values::{Element, Shared, Values};
use crate::variable::Variable;

/// An array with named dimensions and the coordinates along them.
///
/// Cloning it copies no element. What was recalled or opened is read when it is asked for.
///
/// ```
/// use nuthatch_array::DataArray;
///
/// let celsius = ndarray::arr2(&[[14.5, 15.0, f64::NAN], [12.0, 11.5, 12.5]]);
/// let sst = DataArray::new("sst", ["latitude", "longitude"], celsius)?
///     .with_coord("latitude", vec![10.0, 20.0])?
///     .with_coord("longitude", vec![100.0, 110.0, 120.0])?;
///
/// let north = sst.sel("latitude", 20.0)?;
/// assert_eq!(north.dims(), ["longitude"]);
/// assert_eq!(north.mean(&["longitude"])?.values::<f64>()?.first(), Some(&12.0));
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataArray {
    name: Option<String>,
    variable: Variable,
    coords: BTreeMap<String, Variable>,
}

impl DataArray {
    /// An array in memory: an `ndarray` array of any element type, or [`Values`].
    ///
    /// # Errors
    ///
    /// There are not as many names as dimensions.
    pub fn new<S: Into<String>>(
        name: &str,
        dims: impl IntoIterator<Item = S>,
        values: impl Into<Values>,
    ) -> Result<Self> {
        Ok(Self::from_variable(Some(name), Variable::try_new(dims, values.into())?))
    }

    /// An array that is made chunk by chunk, when it is read or stored: it may be larger than
    /// memory. `produce` gets the region of a chunk, cut off at the edges, and returns its
    /// elements.
    ///
    /// ```
    /// use nuthatch_array::{DType, DataArray, Region, Values};
    ///
    /// let rows = DataArray::from_chunks("rows", ["y", "x"], &[6, 4], &[2, 4], DType::F64, |region: Region| async move {
    ///     let first = region.ranges()[0].start;
    ///     Ok(Values::from(ndarray::Array2::from_elem((2, 4), first as f64)))
    /// })?;
    /// assert_eq!(rows.isel("y", 4)?.values::<f64>()?.first(), Some(&4.0));
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There are not as many names as dimensions, or the chunk has another number of them.
    pub fn from_chunks<S, F, Made>(
        name: &str,
        dims: impl IntoIterator<Item = S>,
        shape: &[u64],
        chunk: &[u64],
        dtype: DType,
        produce: F,
    ) -> Result<Self>
    where
        S: Into<String>,
        F: Fn(Region) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<Values>> + Send + 'static,
    {
        if chunk.len() != shape.len() || chunk.contains(&0) {
            return Err(Error::other(format!(
                "chunks of shape {chunk:?} do not divide an array of shape {shape:?}"
            )));
        }
        let (shape, chunk) = (shape.to_vec(), chunk.to_vec());
        let source = Arc::new(Produced { dtype, shape, chunk, produce });
        Ok(Self::from_variable(Some(name), Variable::lazy(dims, source)?))
    }

    /// An array without elements: the template of one that several processes fill, each its own
    /// regions. See [`Filling`](crate::Filling).
    ///
    /// ```
    /// use nuthatch_array::{DType, DataArray};
    ///
    /// let sst = DataArray::unfilled("sst", ["time", "lat"], &[365, 180], DType::F32)?;
    /// assert_eq!(sst.shape(), [365, 180]);
    /// assert!(sst.values::<f32>().is_err());
    /// # Ok::<(), nuthatch_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There are not as many names as dimensions.
    pub fn unfilled<S: Into<String>>(
        name: &str,
        dims: impl IntoIterator<Item = S>,
        shape: &[u64],
        dtype: DType,
    ) -> Result<Self> {
        let source = Arc::new(Unfilled { dtype, shape: shape.to_vec() });
        Ok(Self::from_variable(Some(name), Variable::lazy(dims, source)?))
    }

    pub(crate) fn from_variable(name: Option<&str>, variable: Variable) -> Self {
        Self { name: name.map(str::to_owned), variable, coords: BTreeMap::new() }
    }

    /// With a coordinate along the dimension of its name.
    ///
    /// # Errors
    ///
    /// The dimension has another size.
    pub fn with_coord(self, name: &str, values: impl Into<Values>) -> Result<Self> {
        let values = values.into();
        let dims: &[&str] = if values.shape().is_empty() { &[] } else { &[name] };
        let coord = Variable::try_new(dims.iter().copied(), values)?;
        self.with_coord_variable(name, coord)
    }

    /// With a coordinate of any dimensions that the array has, or of none.
    ///
    /// # Errors
    ///
    /// It has a dimension that the array has not, or that is of another size there.
    pub fn with_coord_variable(mut self, name: &str, coord: Variable) -> Result<Self> {
        for (dim, size) in coord.dims().iter().zip(coord.shape()) {
            match self.variable.size(dim) {
                Some(own) if own == size => {}
                Some(own) => {
                    return Err(Error::other(format!(
                        "the coordinate `{name}` has {size} along `{dim}`, where the array has \
                         {own}"
                    )));
                }
                None => {
                    return Err(Error::other(format!(
                        "the coordinate `{name}` has the dimension `{dim}`, and the array has {:?}",
                        self.dims()
                    )));
                }
            }
        }
        self.coords.insert(name.to_owned(), coord);
        Ok(self)
    }

    /// With another name.
    #[must_use]
    pub fn renamed(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// With one more attribute. A float that is no number stands as text: `"NaN"`.
    #[must_use]
    pub fn with_attr(mut self, name: &str, value: impl IntoAttribute) -> Self {
        self.variable.attrs.insert(name.to_owned(), value.into_attribute());
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The array without its coordinates.
    #[must_use]
    pub fn variable(&self) -> &Variable {
        &self.variable
    }

    /// The coordinates, by name.
    #[must_use]
    pub fn coords(&self) -> &BTreeMap<String, Variable> {
        &self.coords
    }

    /// The names of the dimensions.
    #[must_use]
    pub fn dims(&self) -> &[String] {
        self.variable.dims()
    }

    /// The size of each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<u64> {
        self.variable.shape()
    }

    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.variable.dtype()
    }

    /// The attributes.
    #[must_use]
    pub fn attrs(&self) -> &Attributes {
        &self.variable.attrs
    }

    /// All elements, read where they are not in memory; blocks meanwhile. In async code,
    /// [`load`](Self::load) first.
    ///
    /// # Errors
    ///
    /// They cannot be read, or are of another type than `T`. Points and spans of time are `i64`.
    pub fn values<T: Element>(&self) -> Result<Shared<T>> {
        self.variable.values()
    }

    /// The same in memory.
    ///
    /// # Errors
    ///
    /// The elements cannot be read.
    pub async fn load(&self) -> Result<Self> {
        let mut loaded = Self { variable: self.variable.load().await?, ..self.clone() };
        for coord in loaded.coords.values_mut() {
            *coord = coord.load().await?;
        }
        Ok(loaded)
    }

    /// The same dimensions and coordinates with other elements: what arithmetic on
    /// [`values`](Self::values) gives.
    ///
    /// # Errors
    ///
    /// They have another shape.
    pub fn with_values(&self, values: impl Into<Values>) -> Result<Self> {
        let mut variable = Variable::try_new(self.dims().to_vec(), values.into())?;
        if variable.shape() != self.shape() {
            let (new, own) = (variable.shape(), self.shape());
            return Err(Error::other(format!("{new:?} elements for an array of shape {own:?}")));
        }
        variable.attrs = self.variable.attrs.clone();
        Ok(Self { variable, ..self.clone() })
    }

    /// A part by index: see [`Index`].
    ///
    /// # Errors
    ///
    /// There is no such dimension, or an index is beyond it.
    pub fn isel(&self, dim: &str, index: impl Into<Index>) -> Result<Self> {
        self.through(|dataset| dataset.isel(dim, index))
    }

    /// A part by label: see [`Label`].
    ///
    /// # Errors
    ///
    /// The dimension has no coordinate, or that no such label.
    pub fn sel(&self, dim: &str, label: impl Into<Label>) -> Result<Self> {
        self.through(|dataset| dataset.sel(dim, label))
    }

    /// The mean over these dimensions, or over all where none is named, as `f64`; NaN is left out.
    ///
    /// # Errors
    ///
    /// There is no such dimension, or the elements are no numbers.
    pub fn mean(&self, dims: &[&str]) -> Result<Self> {
        self.reduced(Reduction::Mean, dims)
    }

    /// The sum: of floats as `f64`, without NaN, of integers as `i64`, of unsigned ones as `u64`.
    ///
    /// # Errors
    ///
    /// As [`mean`](Self::mean), and where a sum of integers leaves 64 bits.
    pub fn sum(&self, dims: &[&str]) -> Result<Self> {
        self.reduced(Reduction::Sum, dims)
    }

    /// The least element; NaN is left out.
    ///
    /// # Errors
    ///
    /// As [`mean`](Self::mean), and where there is no element at all.
    pub fn min(&self, dims: &[&str]) -> Result<Self> {
        self.reduced(Reduction::Min, dims)
    }

    /// The greatest element; NaN is left out.
    ///
    /// # Errors
    ///
    /// As [`mean`](Self::mean), and where there is no element at all.
    pub fn max(&self, dims: &[&str]) -> Result<Self> {
        self.reduced(Reduction::Max, dims)
    }

    fn reduced(&self, reduction: Reduction, dims: &[&str]) -> Result<Self> {
        let mut axes = Vec::new();
        for dim in dims {
            axes.push(self.variable.axis(dim).ok_or_else(|| no_dimension(dim, self.dims()))?);
        }
        if dims.is_empty() {
            axes.extend(0..self.dims().len());
        }
        axes.sort_unstable();
        axes.dedup();
        let values = match self.variable.data() {
            Data::Memory(values) => reduction.of(values, &axes)?,
            lazy @ Data::Lazy(_) => {
                let (lazy, axes) = (lazy.clone(), axes.clone());
                runtime::block_on(async move { reduction.of_chunks(&lazy, &axes).await })?
            }
        };
        let kept = self.dims().iter().enumerate().filter(|(axis, _)| !axes.contains(axis));
        let kept: Vec<String> = kept.map(|(_, dim)| dim.clone()).collect();
        let coords = self
            .coords
            .iter()
            .filter(|(_, coord)| coord.dims().iter().all(|dim| kept.contains(dim)));
        let coords = coords.map(|(name, coord)| (name.clone(), coord.clone())).collect();
        Ok(Self { name: self.name.clone(), variable: Variable::try_new(kept, values)?, coords })
    }

    /// Whether dimensions, elements and coordinates are equal; two NaN are.
    ///
    /// # Errors
    ///
    /// Elements cannot be read.
    pub fn equals(&self, other: &Self) -> Result<bool> {
        if self.coords.len() != other.coords.len() || !self.variable.equals(&other.variable)? {
            return Ok(false);
        }
        for (name, coord) in &self.coords {
            match other.coords.get(name) {
                Some(same) if coord.equals(same)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether names and attributes are equal too.
    ///
    /// # Errors
    ///
    /// Elements cannot be read.
    pub fn identical(&self, other: &Self) -> Result<bool> {
        let named = self.name == other.name && self.variable.attrs == other.variable.attrs;
        let coords = self.coords.iter().all(|(name, coord)| {
            other.coords.get(name).is_some_and(|same| same.attrs == coord.attrs)
        });
        Ok(named && coords && self.equals(other)?)
    }

    /// A dataset of this array alone, under its name, or `name` where it has none.
    ///
    /// # Errors
    ///
    /// A coordinate has the array's own name.
    pub fn to_dataset(&self, name: &str) -> Result<Dataset> {
        let name = self.name.as_deref().unwrap_or(name);
        if self.coords.contains_key(name) {
            return Err(Error::other(format!(
                "`{name}` is the name of the array and of a coordinate; rename one"
            )));
        }
        let mut dataset = Dataset::new().with_variable(name, self.variable.clone())?;
        for (name, coord) in &self.coords {
            dataset = dataset.with_coord_variable(name, coord.clone())?;
        }
        Ok(dataset)
    }

    /// Works on the array as a dataset, so that its coordinates go along.
    fn through(&self, work: impl FnOnce(&Dataset) -> Result<Dataset>) -> Result<Self> {
        // A name that no coordinate has: none has an empty one.
        let unnamed = Self { name: Some(String::new()), ..self.clone() };
        let array = work(&unnamed.to_dataset("")?)?.array("")?;
        Ok(Self { name: self.name.clone(), ..array })
    }

    pub(crate) fn without_name(self) -> Self {
        Self { name: None, ..self }
    }
}

pub(crate) fn no_dimension(dim: &str, dims: &[String]) -> Error {
    Error::other(format!("there is no dimension `{dim}`; there are {dims:?}"))
}
