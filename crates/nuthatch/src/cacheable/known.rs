//! What is said of a type that cannot be stored and is named like one that a feature of nuthatch
//! makes storable. `#[cache]` goes by the name that is written; what the type is, is asked first:
//! a type of one's own with such a name is stored as any other.
//!
//! Each module holds the last resort of the question about backends, in words of its own.

/// Any other name.
pub mod any {
    pub use nuthatch_core::returns::AskNoMedium;
}

/// Where the features are on, the type is storable, and what has its name is another.
macro_rules! known {
    ($($(#[$doc:meta])* $known:ident unless $($feature:literal),+: $note:literal;)*) => {$(
        #[cfg(all($(feature = $feature),+))]
        pub use any as $known;

        $(#[$doc])*
        #[cfg(not(all($(feature = $feature),+)))]
        pub mod $known {
            use nuthatch_core::returns::{ByNothing, Probe};

            /// The type is stored by nothing, and named like one that a feature brings.
            pub trait AskNoMedium<T> {
                /// Fails to compile, and says why.
                fn medium(&self) -> ByNothing<T>
                where
                    T: Storable;
            }

            impl<T> AskNoMedium<T> for Probe<T> {
                fn medium(&self) -> ByNothing<T>
                where
                    T: Storable,
                {
                    ByNothing::default()
                }
            }

            /// Implemented by nothing: its message is what the author of a function reads.
            #[diagnostic::on_unimplemented(
                message = "`{Self}` cannot be stored by nuthatch as it is compiled here",
                label = "this function returns it",
                note = $note,
                note = "where it is a type of your own: derive `serde::Serialize` and \
                        `serde::Deserialize` for it, or implement `nuthatch::Cacheable`"
            )]
            pub trait Storable {}
        }
    )*};
}

known! {
    /// `Dataset`, `DataArray`, `Array2` and its like.
    array unless "zarr": "where it is nuthatch's, or of ndarray: enable nuthatch's feature `zarr`";
    /// `RecordBatch`.
    arrow unless "parquet": "where it is Arrow's (of arrow 59): enable nuthatch's feature `parquet`";
    /// `DataFrame`.
    frame unless "datafusion", "polars": "where it is DataFusion's (of datafusion 55): enable nuthatch's feature \
                                          `datafusion`; where it is Polars's (of polars 0.55): `polars`";
    /// `LazyFrame`.
    lazy unless "polars": "where it is Polars's (of polars 0.55): enable nuthatch's feature `polars`";
}
