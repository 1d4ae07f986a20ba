//! The companion's signature: the function's own, with every lifetime named and bounded.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::visit_mut::VisitMut;
use syn::{FnArg, GenericParam, Generics, Ident, Lifetime, Receiver, Signature, Type, parse_quote};

use super::arguments::{Arguments, name_of};
use super::lifetimes::Namer;

/// What `call` and the shortcuts share.
pub(crate) struct CallSignature {
    /// The lifetime of everything that a call borrows.
    pub(crate) lifetime: Lifetime,
    pub(crate) generics: Generics,
    /// `name: Type`, and the receiver.
    pub(crate) inputs: Vec<TokenStream>,
    /// The parameters that tell two calls apart: the declared ones in their order, then those that
    /// stand for `impl Trait`, by name.
    pub(crate) key_parameters: Vec<KeyParameter>,
    /// The number of parameters that stand for `impl Trait`.
    hidden_types: usize,
}

/// A generic parameter that is part of the key.
#[derive(Debug)]
pub(crate) struct KeyParameter {
    /// Its name in the key: `T`, and `impl sink` for that of an argument.
    pub(crate) name: String,
    pub(crate) ident: Ident,
    pub(crate) is_type: bool,
}

impl CallSignature {
    /// `signature` has plain names (see `Function::signature_without_mut`).
    pub(crate) fn new(signature: &Signature, arguments: &Arguments, in_impl: bool) -> Self {
        let mut namer = Namer::new(free_lifetime(signature));
        let mut key_parameters: Vec<KeyParameter> = declared(&signature.generics).collect();
        let mut inputs = Vec::new();
        let mut hidden = Vec::new();
        for input in &signature.inputs {
            let known = namer.types.len();
            inputs.push(named_input(input, &mut namer));
            let made = namer.types.iter().skip(known).map(|made| made.ident.clone());
            hidden.extend(hidden_parameters(input, arguments, made));
        }
        hidden.sort_by(|one, other| one.name.cmp(&other.name));
        key_parameters.extend(hidden);
        let hidden_types = namer.types.len();
        let lifetime = namer.call.clone();
        let generics = generics(signature, namer, in_impl);
        Self { lifetime, generics, inputs, key_parameters, hidden_types }
    }

    /// `::<T, Impl1>`: parameters need not follow from the arguments.
    pub(crate) fn turbofish(&self) -> TokenStream {
        turbofish(explicit(&self.generics))
    }

    /// The same where `impl Trait` parameters have no name: `::<T, _>`.
    pub(crate) fn turbofish_inferring(&self, declared: &Generics) -> TokenStream {
        let inferred = std::iter::repeat_n(quote!(_), self.hidden_types);
        match explicit(declared).next() {
            Some(_) => turbofish(explicit(declared).chain(inferred)),
            None => TokenStream::new(),
        }
    }
}

/// `::<T>` of the parameters that the user declared; `impl Trait` is left to inference.
pub(crate) fn turbofish_declared(declared: &Generics) -> TokenStream {
    turbofish(explicit(declared))
}

fn turbofish(parameters: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut parameters = parameters.peekable();
    if parameters.peek().is_some() { quote!(::<#(#parameters),*>) } else { TokenStream::new() }
}

fn explicit(generics: &Generics) -> impl Iterator<Item = TokenStream> {
    generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(parameter.ident.to_token_stream()),
        GenericParam::Const(parameter) => Some(parameter.ident.to_token_stream()),
        GenericParam::Lifetime(_) => None,
    })
}

fn declared(generics: &Generics) -> impl Iterator<Item = KeyParameter> {
    generics.params.iter().filter_map(|parameter| {
        let (ident, is_type) = match parameter {
            GenericParam::Type(parameter) => (parameter.ident.clone(), true),
            GenericParam::Const(parameter) => (parameter.ident.clone(), false),
            GenericParam::Lifetime(_) => return None,
        };
        Some(KeyParameter { name: ident.unraw().to_string(), ident, is_type })
    })
}

/// The type parameters made for one argument. They are named for the argument, as keys must not
/// depend on positions; those of a skipped argument are in no key.
fn hidden_parameters(
    input: &FnArg,
    arguments: &Arguments,
    made: impl Iterator<Item = Ident>,
) -> Vec<KeyParameter> {
    let Ok(argument) = name_of(input) else { return Vec::new() };
    if arguments.is_skipped(&argument) {
        return Vec::new();
    }
    let parameter = |(index, ident)| {
        let name = match index {
            0 => format!("impl {}", argument.unraw()),
            nested => format!("impl {} {}", argument.unraw(), nested + 1),
        };
        KeyParameter { name, ident, is_type: true }
    };
    made.enumerate().map(parameter).collect()
}

fn named_input(input: &FnArg, namer: &mut Namer) -> TokenStream {
    match input {
        FnArg::Receiver(receiver) => named_receiver(receiver, namer),
        FnArg::Typed(argument) => {
            let mut argument = argument.clone();
            namer.visit_type_mut(&mut argument.ty);
            argument.to_token_stream()
        }
    }
}

fn named_receiver(receiver: &Receiver, namer: &mut Namer) -> TokenStream {
    let mut receiver = receiver.clone();
    if receiver.colon_token.is_some() {
        namer.visit_type_mut(&mut receiver.ty);
        return receiver.to_token_stream();
    }
    let Type::Reference(reference) = &mut *receiver.ty else { return receiver.to_token_stream() };
    namer.visit_type_reference_mut(reference);
    let (lifetime, mutability, word) =
        (&reference.lifetime, &receiver.mutability, receiver.self_token);
    quote!(&#lifetime #mutability #word)
}

/// `<'call, 'a: 'call, T: 'call, const N: usize>`, and in an `impl` also `where Self: 'call`, for
/// the parameters of the `impl`, which have no name here.
fn generics(signature: &Signature, namer: Namer, in_impl: bool) -> Generics {
    let call = &namer.call;
    let mut generics = signature.generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Lifetime(parameter) => {
                parameter.colon_token.get_or_insert_default();
                parameter.bounds.push(call.clone());
            }
            GenericParam::Type(parameter) => {
                parameter.colon_token.get_or_insert_default();
                parameter.bounds.push(parse_quote!(#call));
            }
            GenericParam::Const(_) => {}
        }
    }
    let own = namer.lifetimes.iter().map(|lifetime| parse_quote!(#lifetime: #call));
    let lifetimes: Vec<GenericParam> = std::iter::once(parse_quote!(#call)).chain(own).collect();
    let declared = std::mem::take(&mut generics.params);
    let hidden = namer.types.iter().cloned().map(GenericParam::Type);
    generics.params = lifetimes.into_iter().chain(declared).chain(hidden).collect();
    generics.lt_token.get_or_insert_default();
    generics.gt_token.get_or_insert_default();
    if in_impl {
        generics.make_where_clause().predicates.push(parse_quote!(Self: #call));
    }
    generics
}

/// `'call`, unless the function declares a lifetime of that name.
fn free_lifetime(signature: &Signature) -> Lifetime {
    let taken = |name: &str| mentions(signature.generics.to_token_stream(), name);
    let name = ["call", "cached", "nuthatch"].into_iter().find(|name| !taken(name));
    Lifetime::new(&format!("'{}", name.unwrap_or("nuthatch_call")), Span::call_site())
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| matches!(&token, TokenTree::Ident(ident) if ident == name))
}
