//! Processors on a function that is not cached: they see what it returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Pat, ReturnType, Signature, Visibility};

use super::attribute::Processor;

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
    let own = Processor::parse(name, attribute, path)?;
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        let signature = input.parse::<Signature>().map_err(|error| {
            syn::Error::new(error.span(), format!("`#[{name}]` belongs on a function"))
        })?;
        Ok((attributes, visibility, signature, input.parse::<TokenStream>()?))
    };
    let (attributes, visibility, signature, body) = read.parse2(item)?;
    // Those below are nearer to the function, and run first.
    let (nearer, attributes): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(super::is_processor);
    let nearer = nearer.iter().rev().map(super::read);
    let processors = nearer.chain([Ok(own)]).collect::<syn::Result<Vec<Processor>>>()?;
    let names: Vec<Ident> = signature.inputs.iter().filter_map(name_of).collect();
    let function = &signature.ident;
    if let Some(error) = processors.iter().find_map(|one| one.missing(&names, function)) {
        return Err(error);
    }
    let private = quote!(::nuthatch::__private);
    let returned = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, returned) => quote!(#returned),
    };
    let answers = quote!(#private::returned!(#returned));
    let span = syn::spanned::Spanned::span(&returned);
    let processed = super::around(&processors, &answers, span, &private);
    let shown = function.unraw().to_string();
    // Hygienic: the body has names of its own.
    let (around, value) =
        (Ident::new("around", Span::mixed_site()), Ident::new("value", Span::mixed_site()));
    let body = match signature.asyncness {
        Some(_) => quote!((async move #body).await),
        None => quote!((move || -> #returned #body)()),
    };
    Ok(quote! {
        #(#attributes)* #visibility #signature {
            let #around = #processed;
            if let ::core::option::Option::Some(#value) = #private::refused(&#around, #shown) {
                return #value;
            }
            let #value: #returned = #body;
            #private::process(&#around, #shown, #value)
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
