//! Every mistake in `#[cache]` is told at the word that caused it, with the fix: one folder for each
//! kind of mistake. `TRYBUILD=overwrite` writes the messages anew.
//!
//! The compiler names types by what else is there, so each folder is compiled with the features
//! that it is about, and with no others: `cargo xtask test --only features` does it.

#[cfg(not(any(feature = "parquet", feature = "zarr")))]
#[test]
fn mistakes_are_told_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}

/// Without a feature, its types are known by name.
#[cfg(not(any(feature = "parquet", feature = "zarr")))]
#[test]
fn a_type_that_a_feature_would_bring_is_told_with_that_feature() {
    trybuild::TestCases::new().compile_fail("tests/ui_light/*.rs");
}

/// With it, they are what they are.
#[cfg(all(feature = "parquet", not(any(feature = "datafusion", feature = "delta"))))]
#[test]
fn a_table_without_its_default_backend_needs_a_backend() {
    trybuild::TestCases::new().compile_fail("tests/ui_parquet/*.rs");
}
