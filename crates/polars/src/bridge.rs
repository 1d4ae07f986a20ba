//! Arrays and fields across the C data interface, which both sides speak: buffers are shared.
//!
//! The only `unsafe` of the crate: each side reads what the other has just written.
#![allow(unsafe_code)]

use std::mem::transmute;
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, from_ffi};
use arrow_array::{Array, ArrayRef, NullArray, make_array};
use arrow_schema::Field;
use arrow_schema::ffi::FFI_ArrowSchema;
use nuthatch_core::{Error, Result};
use polars_arrow::array::Array as PolarsArray;
use polars_arrow::datatypes::{ArrowDataType, Field as PolarsField};
use polars_arrow::ffi;

/// Arrow's field as Polars knows it.
pub(crate) fn field_to_polars(field: &Field) -> Result<PolarsField> {
    let exported = FFI_ArrowSchema::try_from(field).map_err(Error::other)?;
    // SAFETY: both are the `ArrowSchema` of the C data interface, and whoever drops it releases it.
    let exported = unsafe { transmute::<FFI_ArrowSchema, ffi::ArrowSchema>(exported) };
    // SAFETY: it was exported just now, and is alive.
    unsafe { ffi::import_field_from_c(&exported) }.map_err(Error::other)
}

/// Arrow's array as Polars's, of the type that the array has.
pub(crate) fn array_to_polars(array: &dyn Array) -> Result<Box<dyn PolarsArray>> {
    let field = field_to_polars(&Field::new("", array.data_type().clone(), true))?;
    let exported = FFI_ArrowArray::new(&array.to_data());
    // SAFETY: both are the `ArrowArray` of the C data interface, and whoever drops it releases it.
    let exported = unsafe { transmute::<FFI_ArrowArray, ffi::ArrowArray>(exported) };
    // SAFETY: it was exported just now, and its type is that of the same array.
    unsafe { ffi::import_array_from_c(exported, field.dtype) }.map_err(Error::other)
}

/// Polars's field as Arrow's.
pub(crate) fn field_to_arrow(field: &PolarsField) -> Result<Field> {
    Field::try_from(&schema_to_arrow(field)).map_err(Error::other)
}

/// Polars's array as Arrow's, of the type that the array has.
pub(crate) fn array_to_arrow(array: Box<dyn PolarsArray>) -> Result<ArrayRef> {
    if *array.dtype() == ArrowDataType::Null {
        // Polars exports a buffer with it, and Arrow expects none.
        return Ok(Arc::new(NullArray::new(array.len())));
    }
    let schema = schema_to_arrow(&PolarsField::new("".into(), array.dtype().clone(), true));
    let exported = ffi::export_array_to_c(array);
    // SAFETY: as above, the other way.
    let exported = unsafe { transmute::<ffi::ArrowArray, FFI_ArrowArray>(exported) };
    // SAFETY: both were exported just now, of the same array.
    let data = unsafe { from_ffi(exported, &schema) }.map_err(Error::other)?;
    Ok(make_array(data))
}

fn schema_to_arrow(field: &PolarsField) -> FFI_ArrowSchema {
    let exported = ffi::export_field_to_c(field);
    // SAFETY: as above, the other way.
    unsafe { transmute::<ffi::ArrowSchema, FFI_ArrowSchema>(exported) }
}
