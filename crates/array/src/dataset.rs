//! Several arrays that share dimensions and coordinates.

use std::collections::{BTreeMap, BTreeSet};

use nuthatch_core::{Error, Result};

use crate::array::{DataArray, no_dimension};
use crate::attribute::{Attributes, IntoAttribute};
use crate::data::Pick;
use crate::select::{Index, Label};
use crate::values::Values;
use crate::variable::Variable;

/// Arrays that share dimensions, with the coordinates along them: what xarray calls by that name.
///
/// Cloning it copies no element. What was recalled or opened is read when it is asked for.
///
/// ```
/// use nuthatch_array::{Dataset, Variable};
///
/// let weather = Dataset::new()
///     .with_variable("wind", Variable::new(["station"], vec![3.5, 7.0]))?
///     .with_variable("rain", Variable::new(["station"], vec![0.0, 12.5]))?
///     .with_coord("station", nuthatch_array::Values::strings(["Elbe", "Havel"]))?;
///
/// let havel = weather.sel("station", "Havel")?;
/// assert_eq!(havel.array("rain")?.values::<f64>()?.first(), Some(&12.5));
/// # Ok::<(), nuthatch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    variables: BTreeMap<String, Variable>,
    coords: BTreeSet<String>,
    /// Arrays of the store that cannot be read, and why.
    left_out: BTreeMap<String, String>,
    /// What is known of the whole: title, source, licence.
    pub attrs: Attributes,
}

impl Dataset {
    /// Without any array.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more array; one of the same name is replaced. An array along the dimension of its
    /// own name is a coordinate.
    ///
    /// # Errors
    ///
    /// A dimension has another size in the arrays that are there.
    pub fn with_variable(mut self, name: &str, variable: Variable) -> Result<Self> {
        self.variables.remove(name);
        self.left_out.remove(name);
        for (dim, size) in variable.dims().iter().zip(variable.shape()) {
            if let Some((other, own)) = self.size_of(dim)
                && own != size
            {
                return Err(Error::other(format!(
                    "`{name}` has {size} along `{dim}`, where `{other}` has {own}"
                )));
            }
        }
        if variable.is_index(name) {
            self.coords.insert(name.to_owned());
        } else {
            self.coords.remove(name);
        }
        self.variables.insert(name.to_owned(), variable);
        Ok(self)
    }

    /// With a coordinate along the dimension of its name; of one element, with none.
    ///
    /// # Errors
    ///
    /// The dimension has another size in the arrays that are there.
    pub fn with_coord(self, name: &str, values: impl Into<Values>) -> Result<Self> {
        let values = values.into();
        let dims: &[&str] = if values.shape().is_empty() { &[] } else { &[name] };
        let coord = Variable::try_new(dims.iter().copied(), values)?;
        self.with_coord_variable(name, coord)
    }

    /// With a coordinate of any dimensions.
    ///
    /// # Errors
    ///
    /// A dimension has another size in the arrays that are there.
    pub fn with_coord_variable(self, name: &str, coord: Variable) -> Result<Self> {
        let mut with = self.with_variable(name, coord)?;
        with.coords.insert(name.to_owned());
        Ok(with)
    }

    /// With one more attribute. A float that is no number stands as text: `"NaN"`.
    #[must_use]
    pub fn with_attr(mut self, name: &str, value: impl IntoAttribute) -> Self {
        self.attrs.insert(name.to_owned(), value.into_attribute());
        self
    }

    /// All arrays, coordinates among them, by name.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, Variable> {
        &self.variables
    }

    /// The arrays that are no coordinates, by name.
    pub fn data_vars(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let all = self.variables.iter().filter(|(name, _)| !self.coords.contains(*name));
        all.map(|(name, variable)| (name.as_str(), variable))
    }

    /// The coordinates, by name.
    pub fn coords(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let all = self.variables.iter().filter(|(name, _)| self.coords.contains(*name));
        all.map(|(name, variable)| (name.as_str(), variable))
    }

    /// The size of each dimension, by name.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<&str, u64> {
        let sizes = self
            .variables
            .values()
            .flat_map(|variable| variable.dims().iter().map(String::as_str).zip(variable.shape()));
        sizes.collect()
    }

    /// The arrays that the store holds and that were left out, by name, and why: a type or a codec
    /// that is not known.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, &str)> {
        self.left_out.iter().map(|(name, why)| (name.as_str(), why.as_str()))
    }

    pub(crate) fn with_left_out(mut self, name: String, why: String) -> Self {
        self.left_out.insert(name, why);
        self
    }

    fn size_of(&self, dim: &str) -> Option<(&str, u64)> {
        self.variables
            .iter()
            .find_map(|(name, variable)| Some((name.as_str(), variable.size(dim)?)))
    }

    pub(crate) fn check_dimension(&self, dim: &str) -> Result<u64> {
        match self.size_of(dim) {
            Some((_, size)) => Ok(size),
            None => {
                let dims: Vec<String> = self.sizes().keys().map(|dim| (*dim).to_owned()).collect();
                Err(no_dimension(dim, &dims))
            }
        }
    }

    /// One array, with the coordinates that it has the dimensions of.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn array(&self, name: &str) -> Result<DataArray> {
        let Some(variable) = self.variables.get(name) else {
            if let Some(why) = self.left_out.get(name) {
                return Err(Error::other(format!("the array `{name}` cannot be read: {why}")));
            }
            let names: Vec<&String> = self.variables.keys().collect();
            return Err(Error::other(format!("there is no array `{name}`; there are {names:?}")));
        };
        let mut array = DataArray::from_variable(Some(name), variable.clone());
        for (coord, along) in self.coords() {
            if along.dims().iter().all(|dim| variable.axis(dim).is_some()) {
                array = array.with_coord_variable(coord, along.clone())?;
            }
        }
        Ok(array)
    }

    /// With an array's elements under a name, and its coordinates.
    ///
    /// # Errors
    ///
    /// A dimension has another size here, or a coordinate of the same name is another one.
    pub fn with_array(mut self, name: &str, array: &DataArray) -> Result<Self> {
        for (coord, along) in array.coords() {
            match self.variables.get(coord) {
                Some(own) if own.equals(along)? => {}
                Some(_) => {
                    return Err(Error::other(format!(
                        "the coordinate `{coord}` of `{name}` differs from the dataset's"
                    )));
                }
                None => self = self.with_coord_variable(coord, along.clone())?,
            }
        }
        self.with_variable(name, array.variable().clone())
    }

    /// A part by index: see [`Index`].
    ///
    /// # Errors
    ///
    /// There is no such dimension, or an index is beyond it.
    pub fn isel(&self, dim: &str, index: impl Into<Index>) -> Result<Self> {
        let pick = index.into().pick(dim, self.check_dimension(dim)?)?;
        Ok(self.pick(dim, &pick))
    }

    /// A part by label: see [`Label`].
    ///
    /// # Errors
    ///
    /// The dimension has no coordinate, or that no such label.
    pub fn sel(&self, dim: &str, label: impl Into<Label>) -> Result<Self> {
        self.check_dimension(dim)?;
        let Some(coordinate) = self.index(dim) else {
            return Err(Error::other(format!(
                "the dimension `{dim}` has no coordinate; select by index with `isel`"
            )));
        };
        let pick = label.into().pick(dim, coordinate)?;
        Ok(self.pick(dim, &pick))
    }

    /// The coordinate along the dimension of its own name.
    pub(crate) fn index(&self, dim: &str) -> Option<&Variable> {
        self.variables.get(dim).filter(|variable| variable.is_index(dim))
    }

    pub(crate) fn pick(&self, dim: &str, pick: &Pick) -> Self {
        let variables = self.variables.iter();
        let variables = variables.map(|(name, all)| (name.clone(), all.pick(dim, pick)));
        Self { variables: variables.collect(), ..self.clone() }
    }

    /// The same in memory.
    ///
    /// # Errors
    ///
    /// Elements cannot be read.
    pub async fn load(&self) -> Result<Self> {
        let mut loaded = self.clone();
        for variable in loaded.variables.values_mut() {
            *variable = variable.load().await?;
        }
        Ok(loaded)
    }

    /// Whether all dimensions, elements and coordinates are equal; two NaN are.
    ///
    /// # Errors
    ///
    /// Elements cannot be read.
    pub fn equals(&self, other: &Self) -> Result<bool> {
        if self.coords != other.coords || self.variables.len() != other.variables.len() {
            return Ok(false);
        }
        for (name, variable) in &self.variables {
            match other.variables.get(name) {
                Some(same) if variable.equals(same)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether all attributes are equal too.
    ///
    /// # Errors
    ///
    /// Elements cannot be read.
    pub fn identical(&self, other: &Self) -> Result<bool> {
        let same = |(name, variable): (&String, &Variable)| {
            other.variables.get(name).is_some_and(|same| same.attrs == variable.attrs)
        };
        Ok(self.attrs == other.attrs && self.variables.iter().all(same) && self.equals(other)?)
    }
}
