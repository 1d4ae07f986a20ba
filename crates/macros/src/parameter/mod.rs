//! `#[config_parameter]`: a function that gives the value of an option. It stays as it is; beside it
//! stands what makes it known.
//!
//! | file | holds |
//! |---|---|
//! | [`attribute`] | what stands between the parentheses, checked |

mod attribute;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, parse2};

use self::attribute::Attribute;
use crate::cache::Mistakes;
use crate::embed::compiled_field;

/// The function and its registration, or every mistake as a compile error beside the function.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let why = syn::Error::new(
                error.span(),
                "`#[config_parameter]` stands on a function outside of an `impl`",
            );
            let why = why.to_compile_error();
            return quote!(#why #item);
        }
    };
    let mut mistakes = Mistakes::default();
    let attribute = Attribute::parse(attribute, &mut mistakes);
    check(&function, &mut mistakes);
    match attribute {
        Some(attribute) if mistakes.is_empty() => {
            let registration = register(&attribute, &function);
            quote!(#function #registration)
        }
        _ => {
            let mistakes = mistakes.into_compile_errors();
            quote!(#mistakes #function)
        }
    }
}

fn check(function: &ItemFn, mistakes: &mut Mistakes) {
    let signature = &function.sig;
    if !signature.inputs.is_empty() {
        mistakes.at(&signature.inputs, "nuthatch calls it without arguments; remove them");
    }
    if !signature.generics.params.is_empty() {
        mistakes.at(&signature.generics, "nuthatch calls it as it is; remove what is generic");
    }
    if let Some(word) = &signature.unsafety {
        mistakes.at(word, "nuthatch calls no unsafe function; make it a safe one");
    }
    if matches!(signature.output, syn::ReturnType::Default) {
        let message = "it gives no value: return text, a number, a bool, or a map of them; as it \
                       is, as a `nuthatch::Secret`, or as a `Result`";
        mistakes.at(&signature.ident, message);
    }
}

fn register(attribute: &Attribute, function: &ItemFn) -> TokenStream {
    let Attribute { name, location, backend, secret, root } = attribute;
    let private = match root {
        Some(root) => quote!(#root::__private),
        None => quote!(::nuthatch::__private),
    };
    let ident = &function.sig.ident;
    let shown = ident.to_string();
    let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let compiled = compiled_field(&private);
    let backend = match backend {
        Some(backend) => quote!(::core::option::Option::Some(#backend)),
        None => quote!(::core::option::Option::None),
    };
    let value = |given: TokenStream| quote!(#private::ParameterValue::into_value(#given));
    let ask = if function.sig.asyncness.is_some() {
        let value = value(quote!(#ident().await));
        quote!(#private::Ask::Async(|| ::std::boxed::Box::pin(async { #value })))
    } else {
        let value = value(quote!(#ident()));
        quote!(#private::Ask::Sync(|| #value))
    };
    quote! {
        #(#conditions)*
        #private::inventory::submit! {
            #private::Declared({
                static PARAMETER: #private::ConfigParameter = #private::ConfigParameter {
                scope: #private::Scope {
                    package: ::core::env!("CARGO_PKG_NAME"),
                    version: ::core::env!("CARGO_PKG_VERSION"),
                    manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
                    file: ::core::file!(),
                    line: ::core::line!(),
                    compiled: #compiled,
                },
                function: #shown,
                location: #location,
                backend: #backend,
                name: #name,
                secret: #secret,
                ask: #ask,
                answer: ::std::sync::OnceLock::new(),
                };
                &PARAMETER
            })
        }
    }
}
