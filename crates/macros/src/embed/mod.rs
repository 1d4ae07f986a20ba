//! What is compiled in of a crate beside its functions: its configuration, and whose crate it is.
//!
//! | file | holds |
//! |---|---|
//! | [`find`] | which file is the crate's configuration |
//! | [`check`] | what may not be compiled in: secrets, and what is no TOML |
//! | [`package`] | whether a packaged crate would have it |

mod check;
mod find;
mod package;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use self::find::Found;

/// Whose crate is being compiled, as an expression of type `Compiled`.
pub(crate) fn compiled_field(private: &TokenStream) -> TokenStream {
    let is_binary = std::env::var_os("CARGO_BIN_NAME").is_some();
    let word = compiled(std::env::args(), is_binary).unwrap_or("Unknown");
    let word = Ident::new(word, Span::call_site());
    quote!(#private::Compiled::#word)
}

/// What is emitted of the crate that is being compiled.
pub(crate) struct Crate {
    compiled: Option<&'static str>,
    found: Option<Found>,
}

impl Crate {
    /// The crate that the compiler works on. What is wrong with its file is told once.
    pub(crate) fn current() -> (Self, Option<String>) {
        static READ: Mutex<Option<(PathBuf, Option<Found>)>> = Mutex::new(None);
        let compiled = compiled(std::env::args(), std::env::var_os("CARGO_BIN_NAME").is_some());
        let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
            return (Self { compiled, found: None }, None);
        };
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, found)) = &*read
            && *known == folder
        {
            return (Self { compiled, found: found.clone() }, None);
        }
        let (found, mistake) = match crate_file(&folder, compiled == Some("Program")) {
            Ok(found) => (found, None),
            Err(mistake) => (None, Some(mistake)),
        };
        *read = Some((folder, found.clone()));
        (Self { compiled, found }, mistake)
    }

    /// The fields of a `Definition`.
    pub(crate) fn emit(&self, private: &TokenStream) -> TokenStream {
        let compiled = self.compiled.map(|word| {
            let word = Ident::new(word, Span::call_site());
            quote!(compiled: #private::Compiled::#word,)
        });
        let embedded = self.found.as_ref().map(|Found { path, unpackaged }| {
            let unpackaged = match unpackaged {
                Some(why) => quote!(::core::option::Option::Some(#why)),
                None => quote!(::core::option::Option::None),
            };
            // `include_str!` has the crate compiled anew when the file changes.
            quote! {
                embedded: ::core::option::Option::Some(#private::Embedded {
                    path: #path,
                    text: ::core::include_str!(#path),
                    unpackaged: #unpackaged,
                }),
            }
        });
        quote!(#compiled #embedded)
    }
}

/// The crate's file, if it has one and it may be compiled in.
fn crate_file(folder: &Path, is_program: bool) -> Result<Option<Found>, String> {
    let Some((path, text)) = find::find(folder)? else { return Ok(None) };
    check::check(&path, &text)?;
    let unpackaged = if is_program { None } else { package::unpackaged(folder, &path) };
    let Some(path) = path.to_str() else {
        return Err(format!("the path of {} is not UTF-8; move the crate", path.display()));
    };
    Ok(Some(Found { path: path.to_owned(), unpackaged }))
}

/// Whose crate it is, by how Cargo calls the compiler: the source of a crate of the workspace is
/// given by a relative path, that of a dependency by an absolute one. Unlike `file!()`, this knows
/// no remapping, and tells the same of generated code.
fn compiled(arguments: impl Iterator<Item = String>, is_binary: bool) -> Option<&'static str> {
    let mut sources = arguments.skip(1).filter(|word| word.ends_with(".rs"));
    let source = sources.find(|word| !word.starts_with('-'))?;
    Some(match () {
        () if is_binary => "Program",
        () if Path::new(&source).is_absolute() => "Dependency",
        () => "Own",
    })
}
