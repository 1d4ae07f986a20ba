//! `cfg` on arguments.
//!
//! A call cannot have an argument under `cfg`, so a function whose argument has one becomes two
//! functions, one with the argument and one without, of which the compiler keeps one.

use quote::ToTokens;
use syn::{Attribute, Error, FnArg, Meta, Pat, parse_quote};

use super::function::Function;

/// Two to the power of this many functions are emitted at most.
const MOST_CONDITIONS: usize = 4;

/// The function, once for each combination of the conditions on its arguments.
pub(crate) fn split(function: Function) -> syn::Result<Vec<Function>> {
    let mut conditions = function.signature.inputs.iter().flat_map(conditions_of);
    if let Some(excess) = conditions.nth(MOST_CONDITIONS) {
        let message = format!(
            "more than {MOST_CONDITIONS} arguments under `cfg`; put the `cfg` on the function, or \
             on the fields of one argument's type"
        );
        return Err(Error::new_spanned(excess, message));
    }
    drop(conditions);
    let mut variants = vec![function];
    while let Some(index) = variants.iter().position(|variant| conditional(variant).is_some()) {
        let variant = variants.remove(index);
        variants.extend(split_once(variant)?);
    }
    Ok(variants)
}

fn split_once(function: Function) -> syn::Result<Vec<Function>> {
    let Some(position) = conditional(&function) else { return Ok(vec![function]) };
    let (mut with, mut without) = (function.clone(), function);
    let mut predicates = Vec::new();
    if let Some(FnArg::Typed(argument)) = with.signature.inputs.get_mut(position) {
        for attribute in argument.attrs.extract_if(.., |attribute| is_cfg(attribute)) {
            predicates.push(attribute.parse_args::<Meta>()?);
        }
    }
    let inputs = without.signature.inputs;
    let (kept, removed) =
        inputs.into_iter().enumerate().partition::<Vec<_>, _>(|(at, _)| *at != position);
    without.signature.inputs = kept.into_iter().map(|(_, input)| input).collect();
    without.absent.extend(removed.iter().filter_map(|(_, input)| name_of(input)));
    with.attributes.push(parse_quote!(#[cfg(all(#(#predicates),*))]));
    without.attributes.push(parse_quote!(#[cfg(not(all(#(#predicates),*)))]));
    Ok(vec![with, without])
}

fn conditional(function: &Function) -> Option<usize> {
    function.signature.inputs.iter().position(|input| conditions_of(input).next().is_some())
}

fn conditions_of(input: &FnArg) -> impl Iterator<Item = &Attribute> {
    let attributes = match input {
        FnArg::Typed(argument) => argument.attrs.as_slice(),
        FnArg::Receiver(_) => &[],
    };
    attributes.iter().filter(|attribute| is_cfg(attribute))
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

fn name_of(input: &FnArg) -> Option<String> {
    let FnArg::Typed(argument) = input else { return None };
    match &*argument.pat {
        Pat::Ident(name) => Some(name.ident.to_string()),
        other => Some(other.to_token_stream().to_string()),
    }
}
