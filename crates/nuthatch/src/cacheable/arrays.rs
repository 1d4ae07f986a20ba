//! Arrays.

use ndarray::{Array, Dimension};
use nuthatch_array::{DataArray, Dataset, Zarr, ZarrElement};
use nuthatch_core::backend::{Backend, Backends};

use super::Cacheable;

#[diagnostic::do_not_recommend]
impl Cacheable for Dataset {
    fn backends() -> Backends<Self> {
        &[&Zarr]
    }
    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

#[diagnostic::do_not_recommend]
impl Cacheable for DataArray {
    fn backends() -> Backends<Self> {
        &[&Zarr]
    }
    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// The backends of arrays, which a constant holds for each type of them.
struct OfArray<T, D>(std::marker::PhantomData<(T, D)>);

impl<T: ZarrElement, D: Dimension + 'static> OfArray<T, D> {
    const BACKENDS: Backends<Array<T, D>> = &[&Zarr as &dyn Backend<Array<T, D>>];
}

#[diagnostic::do_not_recommend]
impl<T: ZarrElement, D: Dimension + 'static> Cacheable for Array<T, D> {
    fn backends() -> Backends<Self> {
        OfArray::<T, D>::BACKENDS
    }
    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}
