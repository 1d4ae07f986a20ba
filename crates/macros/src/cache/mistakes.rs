//! Every mistake, each at the word that caused it.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records a mistake at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.record(Error::new_spanned(tokens, message));
    }

    /// Records what a parser found. One mistake is recorded once, though the variants of a
    /// function (`cfg` on its arguments) each show it.
    pub(crate) fn record(&mut self, error: Error) {
        let known = |known: &Error| {
            known.to_string() == error.to_string() && same(known.span(), error.span())
        };
        if !self.0.iter().any(known) {
            self.0.push(error);
        }
    }

    /// The value, unless it is a mistake, which is recorded.
    pub(crate) fn unless<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.record(error)).ok()
    }

    /// One `compile_error!` a mistake.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// Whether two spans are one place; a span has no other equality.
pub(crate) fn same(one: Span, other: Span) -> bool {
    format!("{one:?}") == format!("{other:?}")
}
