//! What cannot be cached, each with the fix.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Signature};

use super::attribute::Config;
use super::function::Function;
use super::mistakes::Mistakes;
use super::values::Companion;
use super::{condition, returned};

/// Mistakes of the function as a whole.
pub(crate) fn function(function: &Function, config: &Config, mistakes: &mut Mistakes) {
    qualifiers(&function.signature, mistakes);
    placement(function, config, mistakes);
    returned::check(&function.signature, mistakes);
    names(config, mistakes);
    for attribute in function.attributes.iter().filter(|attribute| is_cache(attribute)) {
        mistakes.at(attribute, "`#[cache]` stands here twice; keep one");
    }
    if let Some(expression) = &config.cache_disable_if {
        condition::check(expression, mistakes);
    }
}

fn qualifiers(signature: &Signature, mistakes: &mut Mistakes) {
    if let Some(word) = &signature.constness {
        mistakes.at(word, "a cached function reads and writes when it runs, so it cannot be `const`; drop the word");
    }
    if let Some(word) = &signature.unsafety {
        mistakes.at(
            word,
            "an `unsafe` function cannot be cached: its callers' promises say nothing of stored \
             results; cache a safe function that calls it",
        );
    }
    if let Some(abi) = &signature.abi {
        mistakes.at(abi, "a function of a foreign ABI cannot be cached; cache a Rust function, and call that from this one");
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.at(variadic, "variadic arguments cannot be in a key; take a slice");
    }
}

/// Whether the function stands where the attribute says.
fn placement(function: &Function, config: &Config, mistakes: &mut Mistakes) {
    if config.in_impl.is_some() {
        return;
    }
    if let Some(receiver) = function.signature.receiver() {
        mistakes.at(
            receiver,
            "a method of a type needs `#[cache(in_impl)]`; one of a trait cannot be cached: put \
             `#[cache]` on a free function that it calls",
        );
    } else if let Some(word) = first_self_type(&function.signature, &function.body) {
        mistakes.at(
            word,
            "a function that names `Self` stands in an `impl`: it needs `#[cache(in_impl)]`",
        );
    }
}

fn names(config: &Config, mistakes: &mut Mistakes) {
    if let Some(namespace) = config.namespace.as_ref().filter(|text| text.value() == "_") {
        mistakes.at(namespace, "`_` stands for no namespace; leave the key out, or choose a name");
    }
    if let (Companion::None, Some(engine)) = (&config.companion, &config.engine) {
        mistakes.at(engine, "`engine` changes what `f::call(…)` returns, and `companion = none` leaves that out; keep one of them");
    }
}

fn is_cache(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let qualified = path.segments.iter().map(|segment| segment.ident.to_string());
    path.is_ident("cache") || qualified.eq(["nuthatch", "cache"])
}

/// The first `Self` that belongs to the function itself and not to an item inside it.
fn first_self_type(signature: &Signature, body: &TokenStream) -> Option<Ident> {
    #[derive(Default)]
    struct Finder(Option<Ident>);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_ident(&mut self, name: &'ast Ident) {
            if self.0.is_none() && name == "Self" {
                self.0 = Some(name.clone());
            }
        }
        fn visit_macro(&mut self, called: &'ast syn::Macro) {
            self.0 = self.0.take().or_else(|| self_in(called.tokens.clone()));
        }
        fn visit_item(&mut self, _: &'ast syn::Item) {}
    }
    let mut finder = Finder::default();
    finder.visit_signature(signature);
    if self_in(body.clone()).is_some() {
        // Bodies are read only where they may hold what is looked for: reading costs time.
        finder.visit_block(&syn::parse2(body.clone()).ok()?);
    }
    finder.0
}

fn self_in(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) => (name == "Self").then_some(name),
        TokenTree::Group(group) => self_in(group.stream()),
        _ => None,
    })
}
