//! One array with the names of its dimensions.

use std::sync::Arc;

use nuthatch_core::{Error, Result, runtime};

use crate::attribute::{Attributes, IntoAttribute};
use crate::data::{Data, Pick};
use crate::dtype::DType;
use crate::source::Source;
use crate::values::{Element, Shared, Values};

/// An array with the names of its dimensions, its attributes, and how it is to be stored.
///
/// ```
/// use nuthatch_array::Variable;
///
/// let depth = Variable::new(["level"], vec![0.0, 10.0, 50.0]).with_attr("units", "m");
/// assert_eq!(depth.dims(), ["level"]);
/// assert_eq!(depth.shape(), [3]);
/// ```
#[derive(Debug, Clone)]
pub struct Variable {
    dims: Vec<String>,
    data: Data,
    /// What is known of it: units, names.
    pub attrs: Attributes,
    /// How it was stored, and is to be: `units` and `calendar` of times, `_FillValue`,
    /// `missing_value`, `scale_factor`, `add_offset`, `dtype`; `chunks` tells how, and is not
    /// asked.
    pub encoding: Attributes,
}

impl Variable {
    /// An array in memory, of an element type of [`DType`].
    ///
    /// # Panics
    ///
    /// Where there are not as many names as dimensions: [`try_new`](Self::try_new) is the same
    /// with an error.
    pub fn new<S: Into<String>>(
        dims: impl IntoIterator<Item = S>,
        values: impl Into<Values>,
    ) -> Self {
        match Self::try_new(dims, values.into()) {
            Ok(variable) => variable,
            Err(error) => panic!("{error}"),
        }
    }

    /// An array in memory, or one to be read.
    ///
    /// # Errors
    ///
    /// There are not as many names as dimensions, or one stands twice.
    pub fn try_new<S: Into<String>>(
        dims: impl IntoIterator<Item = S>,
        data: impl Into<Data>,
    ) -> Result<Self> {
        let (dims, data) = (dims.into_iter().map(Into::into).collect::<Vec<String>>(), data.into());
        let shape = data.shape();
        if dims.len() != shape.len() {
            return Err(Error::other(format!(
                "dimensions {dims:?} were named for an array of shape {shape:?}: name each of its \
                 {}",
                shape.len()
            )));
        }
        if let Some((_, twice)) =
            dims.iter().enumerate().find(|(index, name)| dims[..*index].contains(name))
        {
            return Err(Error::other(format!("the dimension `{twice}` is named twice")));
        }
        Ok(Self { dims, data, attrs: Attributes::new(), encoding: Attributes::new() })
    }

    /// All of a source, to be read when it is asked for.
    ///
    /// # Errors
    ///
    /// There are not as many names as dimensions.
    pub fn lazy<S: Into<String>>(
        dims: impl IntoIterator<Item = S>,
        source: Arc<dyn Source>,
    ) -> Result<Self> {
        Self::try_new(dims, Data::lazy(source))
    }

    /// With one more attribute. A float that is no number stands as text: `"NaN"`.
    #[must_use]
    pub fn with_attr(mut self, name: &str, value: impl IntoAttribute) -> Self {
        self.attrs.insert(name.to_owned(), value.into_attribute());
        self
    }

    /// The names of the dimensions.
    #[must_use]
    pub fn dims(&self) -> &[String] {
        &self.dims
    }

    /// The elements, or where they are read from.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The type of the elements.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The size of each dimension.
    #[must_use]
    pub fn shape(&self) -> Vec<u64> {
        self.data.shape()
    }

    /// The size of one dimension.
    #[must_use]
    pub fn size(&self, dim: &str) -> Option<u64> {
        self.shape().get(self.axis(dim)?).copied()
    }

    /// The size of all elements, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let count = self.shape().iter().fold(1_u64, |count, size| count.saturating_mul(*size));
        count.saturating_mul(self.dtype().size() as u64)
    }

    pub(crate) fn axis(&self, dim: &str) -> Option<usize> {
        self.dims.iter().position(|name| name == dim)
    }

    /// Whether the variable is the coordinate of its own dimension.
    pub(crate) fn is_index(&self, name: &str) -> bool {
        self.dims.len() == 1 && self.dims[0] == name
    }

    /// All elements, read where they are not in memory; blocks meanwhile.
    ///
    /// # Errors
    ///
    /// They cannot be read, or are of another type than `T`. Points and spans of time are `i64`.
    pub fn values<T: Element>(&self) -> Result<Shared<T>> {
        let values = self.read_blocking()?;
        T::unwrap(&values).cloned().ok_or_else(|| {
            Error::other(format!(
                "the elements are {}, not {}",
                values.dtype(),
                std::any::type_name::<T>()
            ))
        })
    }

    pub(crate) fn read_blocking(&self) -> Result<Values> {
        match &self.data {
            Data::Memory(values) => Ok(values.clone()),
            lazy @ Data::Lazy(_) => {
                let lazy = lazy.clone();
                runtime::block_on(async move { lazy.read().await })
            }
        }
    }

    /// The same with its elements in memory.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub async fn load(&self) -> Result<Self> {
        Ok(self.with_data(self.data.read().await?.into()))
    }

    /// The same names and attributes with other elements of as many dimensions.
    pub(crate) fn with_data(&self, data: Data) -> Self {
        Self { data, ..self.clone() }
    }

    /// A part along one dimension, if it has that.
    pub(crate) fn pick(&self, dim: &str, pick: &Pick) -> Self {
        let Some(axis) = self.axis(dim) else { return self.clone() };
        let mut picked = self.with_data(self.data.pick(axis, pick));
        if pick.len().is_none() {
            picked.dims.remove(axis);
        }
        picked
    }

    /// Whether names and elements are equal; two NaN are.
    pub(crate) fn equals(&self, other: &Self) -> Result<bool> {
        if self.dims != other.dims || self.shape() != other.shape() {
            return Ok(false);
        }
        Ok(self.read_blocking()?.equals(&other.read_blocking()?))
    }
}
