//! Processors on a function that is not cached: they see what it returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Pat, ReturnType, Signature, Visibility};

use super::attribute::{Processor, emit_all};

pub(super) fn expand(name: &str, attribute: TokenStream, item: TokenStream) -> TokenStream {
    let word = Ident::new(name, Span::call_site());
    match wrapped(name, attribute, quote!(#word), item.clone()) {
        Ok(wrapped) => wrapped,
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}

fn wrapped(
    name: &str,
    attribute: TokenStream,
    path: TokenStream,
    item: TokenStream,
) -> syn::Result<TokenStream> {
    let processor = Processor::parse(name, attribute, path)?;
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        let signature = input.parse::<Signature>().map_err(|error| {
            syn::Error::new(error.span(), format!("`#[{name}]` belongs on a function"))
        })?;
        Ok((attributes, visibility, signature, input.parse::<TokenStream>()?))
    };
    let (attributes, visibility, signature, body) = read.parse2(item)?;
    let names: Vec<Ident> = signature.inputs.iter().filter_map(name_of).collect();
    if let Some(error) = processor.missing(&names, &signature.ident) {
        return Err(error);
    }
    let private = quote!(::nuthatch::__private);
    let returned = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, returned) => quote!(#returned),
    };
    let processors = emit_all(&[processor], &private);
    // Hygienic: the body has names of its own.
    let (around, value) =
        (Ident::new("around", Span::mixed_site()), Ident::new("value", Span::mixed_site()));
    let body = match signature.asyncness {
        Some(_) => quote!((async move #body).await),
        None => quote!((move || -> #returned #body)()),
    };
    Ok(quote! {
        #(#attributes)* #visibility #signature {
            let #around = #private::Processed::new(#private::returns!(#returned), #processors);
            let #value: #returned = #body;
            #private::process(&#around, #value)
        }
    })
}

fn name_of(input: &FnArg) -> Option<Ident> {
    match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Some(name.ident.clone()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}
