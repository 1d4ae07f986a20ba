//! The function, with its signature as it was written and a body that makes one call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::arguments::Arguments;
use super::attribute::Config;
use super::companion;
use super::function::Function;
use super::routing::Routed;
use super::signature::CallSignature;
use super::values::Companion;
use crate::embed::Crate;

/// All that is emitted follows from this: a function and attribute without mistakes.
pub(crate) struct Plan<'a> {
    pub(crate) function: &'a Function,
    pub(crate) config: &'a Config,
    pub(crate) arguments: Arguments,
    pub(crate) signature: CallSignature,
    pub(crate) routed: Routed,
    pub(crate) names: Names,
    /// `::nuthatch::__private`, or where `crate = …` says.
    pub(crate) private: TokenStream,
    /// The crate that the function stands in.
    pub(crate) of_crate: Crate,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        function: &'a Function,
        config: &'a Config,
        arguments: Arguments,
        of_crate: Crate,
    ) -> Self {
        let plain = function.signature_without_mut();
        let private = match &config.root {
            Some(root) => quote!(#root::__private),
            None => quote!(::nuthatch::__private),
        };
        Self {
            signature: CallSignature::new(&plain, &arguments, config.in_impl.is_some()),
            routed: Routed::new(&function.attributes),
            names: Names::new(&function.signature.ident, config),
            function,
            config,
            arguments,
            private,
            of_crate,
        }
    }

    /// The arguments as a call passes them on.
    pub(crate) fn passed(&self) -> TokenStream {
        let names = self.arguments.names();
        quote!(#(#names),*)
    }
}

pub(crate) fn emit(plan: &Plan<'_>) -> TokenStream {
    let function = function(plan);
    let companion = companion::emit(plan);
    quote!(#function #companion)
}

fn function(plan: &Plan<'_>) -> TokenStream {
    let Plan { function, names, .. } = plan;
    let signature = function.signature_without_mut();
    let (attributes, visibility) = (&plan.routed.function, &function.visibility);
    let (owner, call) = (names.owner(), names.un_engined(plan.config));
    let turbofish = plan.signature.turbofish_inferring(&signature.generics);
    let passed = plan.passed();
    let end = if function.is_async() { quote!(local().await) } else { quote!(run()) };
    // Arguments that the body leaves alone are passed on all the same.
    let underscored = plan.arguments.names().any(|name| name.to_string().starts_with('_'));
    let lints = underscored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    quote! {
        #(#attributes)*
        #lints
        #visibility #signature {
            #owner::#call #turbofish (#passed).#end
        }
    }
}

/// Where a type or module has the name already, the compiler says so at `#[cache]`, whose
/// documentation says what to do, and not at a function whose name is free.
fn at_the_attribute(function: &Ident) -> Ident {
    let mut name = function.clone();
    name.set_span(Span::call_site().resolved_at(function.span()));
    name
}

/// What the companion and its functions are called.
#[derive(Debug)]
pub(crate) struct Names {
    /// The struct beside the function; none in an `impl`.
    structure: Option<Ident>,
    /// `f_` in an `impl`.
    prefix: String,
    /// Whether the user can reach it: not with `companion = none`.
    pub(crate) reachable: bool,
}

impl Names {
    fn new(function: &Ident, config: &Config) -> Self {
        let name = match &config.companion {
            Companion::SameName => at_the_attribute(function),
            Companion::Named(name) => name.clone(),
            Companion::None => format_ident!("__nuthatch_{function}"),
        };
        let reachable = !matches!(config.companion, Companion::None);
        if config.in_impl.is_some() {
            Self { structure: None, prefix: format_ident!("{name}_").to_string(), reachable }
        } else {
            Self { structure: Some(name), prefix: String::new(), reachable }
        }
    }

    pub(crate) fn structure(&self) -> Option<&Ident> {
        self.structure.as_ref()
    }

    /// Where the companion's functions are found from the function.
    fn owner(&self) -> TokenStream {
        match &self.structure {
            Some(structure) => quote!(#structure),
            None => quote!(Self),
        }
    }

    /// `call`, or `f_call` in an `impl`.
    pub(crate) fn of(&self, action: &str) -> Ident {
        Ident::new(&format!("{}{action}", self.prefix), Span::call_site())
    }

    /// The call that returns what the function returns: `call`, unless that reads by an engine.
    pub(crate) fn un_engined(&self, config: &Config) -> Ident {
        self.of(if config.engine.is_some() { "call_as_written" } else { "call" })
    }
}
