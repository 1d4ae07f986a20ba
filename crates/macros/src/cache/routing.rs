//! Where each of the user's other attributes goes.
//!
//! | attribute | goes to |
//! |---|---|
//! | documentation, `must_use`, `deprecated` | the function |
//! | `cfg` | everything that is emitted |
//! | `allow`, `warn`, `deny`, `forbid` | the function and its body |
//! | `expect` | the body; on the function it is an `allow`, as the cause may be in either |
//! | anything else | the body, as what stands below an attribute is what it wraps |
//!
//! In a `cfg_attr` each attribute goes its own way.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, parse_quote};

/// The attributes, by where they go.
#[derive(Default)]
pub(crate) struct Routed {
    /// On the function.
    pub(crate) function: Vec<Attribute>,
    /// On the body.
    pub(crate) body: Vec<Attribute>,
    /// On everything; the function has them already.
    pub(crate) conditions: Vec<Attribute>,
}

impl Routed {
    pub(crate) fn new(attributes: &[Attribute]) -> Self {
        let mut routed = Self::default();
        for attribute in attributes {
            match conditional(attribute) {
                Some((predicate, metas)) => {
                    for meta in metas {
                        routed.add(&meta, &|meta| quote!(cfg_attr(#predicate, #meta)));
                    }
                }
                None => routed.add(&attribute.meta, &|meta| quote!(#meta)),
            }
        }
        routed
    }

    fn add(&mut self, meta: &Meta, wrap: &dyn Fn(&Meta) -> TokenStream) {
        let attribute = |meta: &Meta| -> Attribute {
            let tokens = wrap(meta);
            parse_quote!(#[#tokens])
        };
        let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "doc" | "must_use" | "deprecated" => self.function.push(attribute(meta)),
            "cfg" => {
                self.function.push(attribute(meta));
                self.conditions.push(attribute(meta));
            }
            "allow" | "warn" | "deny" | "forbid" => {
                self.function.push(attribute(meta));
                self.body.push(attribute(meta));
            }
            "expect" => {
                if let Meta::List(list) = meta {
                    let lints = &list.tokens;
                    self.function.push(attribute(&parse_quote!(allow(#lints))));
                }
                self.body.push(attribute(meta));
            }
            _ => self.body.push(attribute(meta)),
        }
    }
}

/// The predicate and the attributes of a `cfg_attr`.
fn conditional(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let mut metas = attribute.parse_args_with(parser).ok()?.into_iter();
    Some((metas.next()?, metas.collect()))
}
