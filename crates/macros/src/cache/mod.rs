//! `#[cache]`: parse to a typed configuration, collect every mistake, emit.
//!
//! | stage | files |
//! |---|---|
//! | parse | [`attribute`], [`keys`], [`values`], [`options`]: the keys of the attribute; [`function`]: the item |
//! | normalise | [`variants`]: `cfg` on arguments; [`arguments`]: names and roles; [`signature`]: the companion's generics |
//! | validate | [`validate`], [`argument_types`], [`returned`], [`condition`]: what cannot be cached; all of it lands in [`mistakes`] |
//! | emit | [`emit`]: the function; [`companion`]: what stands beside it; [`call`], [`definition`]: one call; [`routing`]: other attributes |

mod argument_types;
mod arguments;
mod attribute;
mod call;
mod companion;
mod condition;
mod definition;
mod emit;
mod fingerprint;
mod function;
mod keys;
mod lifetimes;
mod mistakes;
mod options;
mod returned;
mod routing;
mod signature;
mod suggest;
#[cfg(test)]
mod tests;
mod validate;
mod values;
mod variants;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use self::arguments::Arguments;
use self::attribute::Config;
use self::emit::Plan;
use self::function::Function;
pub(crate) use self::mistakes::Mistakes;
use crate::embed::Crate;
use crate::processor;

/// The whole of `#[cache]`. On a mistake the item is emitted as it was written, with the errors.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let config = Config::parse(attribute, &mut mistakes);
    let emitted = functions(&item, &mut mistakes)
        .iter()
        .map(|function| expand_one(function, &config, &mut mistakes))
        .collect::<TokenStream>();
    if mistakes.is_empty() {
        return emitted;
    }
    let errors = mistakes.into_compile_errors();
    // What stands around the function would say its mistakes once more.
    let item = processor::without(item);
    quote!(#item #errors)
}

/// The function, once for each combination of the `cfg`s on its arguments.
fn functions(item: &TokenStream, mistakes: &mut Mistakes) -> Vec<Function> {
    let parsed = Function::parse(item.clone()).and_then(variants::split);
    mistakes.unless(parsed).unwrap_or_default()
}

fn expand_one(function: &Function, config: &Config, mistakes: &mut Mistakes) -> TokenStream {
    let arguments = Arguments::collect(function, config, mistakes);
    validate::function(function, config, mistakes);
    let (of_crate, mistake) = Crate::current();
    if let Some(mistake) = mistake {
        mistakes.record(syn::Error::new(Span::call_site(), mistake));
    }
    if mistakes.is_empty() {
        emit::emit(&Plan::new(function, config, arguments, of_crate))
    } else {
        TokenStream::new()
    }
}
