//! What stands beside the function: `call` with its options, the body, and the shortcuts.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Visibility;

use super::call;
use super::emit::Plan;

/// The companion: a struct with its functions, or the functions alone, for an `impl`.
pub(crate) fn emit(plan: &Plan<'_>) -> TokenStream {
    let conditions = &plan.routed.conditions;
    let Some(structure) = plan.names.structure() else { return in_impl(plan) };
    let visibility = &plan.function.visibility;
    let lints = lints();
    let (original, functions) = (original(plan), functions(plan));
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(dead_code, non_camel_case_types, missing_debug_implementations)]
        #visibility struct #structure {}

        #(#conditions)*
        impl #structure {
            #original
        }

        #(#conditions)*
        #lints
        impl #structure {
            #(#functions)*
        }
    }
}

fn in_impl(plan: &Plan<'_>) -> TokenStream {
    let conditions = &plan.routed.conditions;
    let lints = lints();
    let original = original(plan);
    let functions = functions(plan)
        .into_iter()
        .map(|function| quote!(#(#conditions)* #[doc(hidden)] #lints #function));
    let placed = no_method_of_a_trait(plan);
    quote! {
        #placed
        #(#conditions)*
        #[doc(hidden)]
        #original
        #(#functions)*
    }
}

/// What no trait's items may be, with the fix in its name: a macro cannot see what it stands in,
/// and the compiler says that name, at the word `in_impl`, where it is an `impl` of a trait. Two
/// traits could give one type two functions of one identity.
///
/// In a trait itself the compiler says only that `pub(self)`, which is what private means, may not
/// stand there. A method with a visibility of its own is no trait's.
fn no_method_of_a_trait(plan: &Plan<'_>) -> Option<TokenStream> {
    let word = plan.config.in_impl.as_ref()?;
    let Visibility::Inherited = plan.function.visibility else { return None };
    let conditions = &plan.routed.conditions;
    let span = Span::call_site().located_at(word.span());
    let mut name = plan.names.of("cannot_be_cached_in_a_trait__cache_a_free_function_and_call_it");
    name.set_span(span);
    Some(quote_spanned! {span=>
        #(#conditions)*
        #[doc(hidden)]
        #[allow(dead_code, non_upper_case_globals)]
        pub(self) const #name: () = ();
    })
}

/// Nobody calls all of what is emitted, and its shape is nobody's choice.
fn lints() -> TokenStream {
    quote!(#[allow(dead_code, clippy::all, clippy::pedantic)])
}

/// The body, in a function of its own, untouched.
fn original(plan: &Plan<'_>) -> TokenStream {
    let (attributes, visibility) = (&plan.routed.body, &plan.function.visibility);
    let mut signature = plan.function.signature.clone();
    signature.ident = plan.names.of("original");
    let body = &plan.function.body;
    let taken: Vec<_> =
        plan.arguments.processors.iter().flat_map(|around| around.takes()).collect();
    if taken.is_empty() {
        return quote!(#(#attributes)* #visibility #signature #body);
    }
    // What a processor takes is used, also where the body leaves it alone.
    quote! {
        #(#attributes)* #visibility #signature {
            #(let _ = &#taken;)*
            #body
        }
    }
}

fn functions(plan: &Plan<'_>) -> Vec<TokenStream> {
    let mut functions = vec![call::emit(plan)];
    if plan.config.engine.is_some() {
        functions.push(call::emit_engined(plan));
    }
    if plan.names.reachable {
        functions.extend(shortcuts(plan));
    }
    functions
}

fn shortcuts(plan: &Plan<'_>) -> [TokenStream; 4] {
    let (private, lifetime) = (&plan.private, &plan.signature.lifetime);
    let query = |of: TokenStream| quote!(#private::Query<#lifetime, #of>);
    [
        shortcut(plan, "key", quote!(#private::KeyResult)),
        shortcut(plan, "entry", query(quote!(::core::option::Option<#private::Manifest>))),
        shortcut(plan, "uri", query(quote!(::core::option::Option<::std::string::String>))),
        shortcut(plan, "forget", query(quote!(bool))),
    ]
}

fn shortcut(plan: &Plan<'_>, action: &str, returned: TokenStream) -> TokenStream {
    let (name, call) = (plan.names.of(action), plan.names.un_engined(plan.config));
    let end = proc_macro2::Ident::new(action, Span::call_site());
    let (generics, _, conditions) = plan.signature.generics.split_for_impl();
    let (inputs, turbofish) = (&plan.signature.inputs, plan.signature.turbofish());
    let (visibility, passed) = (&plan.function.visibility, plan.passed());
    quote! {
        #visibility fn #name #generics (#(#inputs),*) -> #returned #conditions {
            Self::#call #turbofish (#passed).#end()
        }
    }
}
