//! `#[timeseries]` and `#[processor]`: code around a function.
//!
//! On a cached function `#[cache]` reads them, whichever stands above the other; on a bare one
//! they wrap its body.

mod attribute;
mod bare;

pub(crate) use self::attribute::{Processor, around};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Attribute;
use syn::parse::{ParseStream, Parser};

/// The attribute of a name, with what stands between its parentheses, on an item.
pub(crate) fn expand(name: &str, attribute: TokenStream, item: TokenStream) -> TokenStream {
    let word = syn::Ident::new(name, proc_macro2::Span::call_site());
    let own = quote!(#[#word(#attribute)]);
    let Ok((attributes, rest)) = split(item.clone()) else {
        return bare::expand(name, attribute, item);
    };
    let Some(at) = attributes.iter().position(is_cache) else {
        return bare::expand(name, attribute, item);
    };
    // `#[cache]` finds this one, and those between the two, below itself. What else stands above it
    // stays there: it sees the cached function.
    let (above, below) = attributes.split_at(at);
    let (processors, others): (Vec<_>, Vec<_>) =
        above.iter().partition(|attribute| is_processor(attribute));
    let Some((cache, below)) = below.split_first() else {
        return bare::expand(name, attribute, item);
    };
    quote!(#(#others)* #cache #own #(#processors)* #(#below)* #rest)
}

fn split(item: TokenStream) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        Ok((attributes, input.parse::<TokenStream>()?))
    };
    read.parse2(item)
}

fn is_cache(attribute: &Attribute) -> bool {
    last_word(attribute) == "cache"
}

/// Whether an attribute is one of these.
pub(crate) fn is_processor(attribute: &Attribute) -> bool {
    matches!(last_word(attribute).as_str(), "timeseries" | "processor")
}

fn last_word(attribute: &Attribute) -> String {
    attribute.path().segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// An item without its processors.
pub(crate) fn without(item: TokenStream) -> TokenStream {
    let Ok((attributes, rest)) = split(item.clone()) else { return item };
    let others = attributes.iter().filter(|attribute| !is_processor(attribute));
    quote!(#(#others)* #rest)
}

/// Reads one that stands on a cached function.
pub(crate) fn read(attribute: &Attribute) -> syn::Result<Processor> {
    let tokens = match &attribute.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    Processor::parse(&last_word(attribute), tokens, attribute.path().to_token_stream())
}
