//! The item that `#[cache]` stands on.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, FnArg, Pat, PatType, Signature, Type, Visibility, parse_quote};

use super::fingerprint;
use crate::processor;

/// A function, with its body as it was written: untouched tokens, so that errors and borrow
/// checking point to the user's code.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
    pub(crate) fingerprint: String,
    /// What stands around it, those nearest to it first.
    pub(crate) processors: Vec<Attribute>,
    /// Arguments that a `cfg` takes away in this variant: they may be named in the attribute.
    pub(crate) absent: Vec<String>,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> syn::Result<Self> {
        let fingerprint = fingerprint::of(item.clone());
        let read = |input: ParseStream<'_>| read(input, fingerprint);
        read.parse2(item)
    }

    /// The type that is returned; `()` where none is written.
    pub(crate) fn returned(&self) -> Type {
        match &self.signature.output {
            syn::ReturnType::Default => parse_quote!(()),
            syn::ReturnType::Type(_, returned) => (**returned).clone(),
        }
    }

    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    /// The signature with plain names: `mut` belongs to the body.
    pub(crate) fn signature_without_mut(&self) -> Signature {
        let mut signature = self.signature.clone();
        for input in &mut signature.inputs {
            match input {
                FnArg::Receiver(receiver) if receiver.reference.is_none() => {
                    receiver.mutability = None;
                }
                FnArg::Typed(PatType { pat, .. }) => {
                    if let Pat::Ident(name) = &mut **pat {
                        name.mutability = None;
                    }
                }
                FnArg::Receiver(_) => {}
            }
        }
        signature
    }
}

fn read(input: ParseStream<'_>, fingerprint: String) -> syn::Result<Function> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let rest = input.fork();
    let Ok(signature) = input.parse::<Signature>() else { return Err(not_a_function(&rest)) };
    let body = input.parse::<TokenStream>()?;
    if !matches!(body.clone().into_iter().next(), Some(TokenTree::Group(_))) {
        return Err(Error::new_spanned(
            quote!(#signature #body),
            "a trait's method without a body cannot be cached; put `#[cache]` on a free function \
             that the trait's implementations call",
        ));
    }
    let (mut processors, attributes): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(processor::is_processor);
    processors.reverse();
    let absent = Vec::new();
    Ok(Function { attributes, visibility, signature, body, fingerprint, processors, absent })
}

fn not_a_function(input: ParseStream<'_>) -> Error {
    let what = input.fork().parse::<TokenTree>().map(|token| token.to_string());
    let fix = match what.as_deref() {
        Ok("impl") => "; put `#[cache(in_impl)]` on each method that is to be cached",
        Ok("trait") => "; put it on a free function that the trait's implementations call",
        _ => "",
    };
    input.error(format!("`#[cache]` belongs on a function{fix}"))
}
