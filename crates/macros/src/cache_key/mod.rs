//! `#[derive(CacheKey)]`: parsed to a typed description, with all mistakes collected, then emitted.

use proc_macro2::TokenStream;

mod attributes;
mod emit;
mod parse;
#[cfg(test)]
mod tests;

/// The implementation, or every mistake as a compile error.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let parsed = syn::parse2(item).and_then(|item| parse::parse(&item));
    match parsed {
        Ok(parsed) => emit::emit(&parsed),
        Err(mistakes) => mistakes.into_compile_error(),
    }
}
