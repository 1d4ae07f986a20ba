//! `call`: the arguments encoded, and one value that can be awaited.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::definition;
use super::emit::Plan;
use super::returned;
use super::signature::{KeyParameter, turbofish_declared};
use crate::processor;

/// The call that returns what the function returns.
pub(crate) fn emit(plan: &Plan<'_>) -> TokenStream {
    let lifetime = &plan.signature.lifetime;
    let returned = plan.function.returned();
    let (span, private) = shown_at(&returned, &plan.private);
    let call = quote_spanned! {span=>
        #private::Call<
            #lifetime,
            #returned,
            impl ::core::future::Future<Output = #returned>,
            impl #private::Returns<#returned, Body = #returned>,
        >
    };
    let visibility = visibility(plan);
    let body = body(plan);
    with_signature(plan, &visibility, &plan.names.un_engined(plan.config), &call, &body)
}

/// That of the function; under `engine = T` nobody calls this but the function.
fn visibility(plan: &Plan<'_>) -> TokenStream {
    match plan.config.engine {
        Some(_) => TokenStream::new(),
        None => plan.function.visibility.to_token_stream(),
    }
}

/// `call` under `engine = T`: what is stored is read as `T`.
pub(crate) fn emit_engined(plan: &Plan<'_>) -> TokenStream {
    let lifetime = &plan.signature.lifetime;
    let (returned, engine) = (plan.function.returned(), &plan.config.engine);
    let (span, private) = shown_at(engine, &plan.private);
    let read = quote_spanned!(span=> <#returned as #private::WithEngine<#engine>>::Output);
    let call = quote_spanned! {span=>
        #private::Call<
            #lifetime,
            #read,
            impl ::core::future::Future<Output = #returned>,
            impl #private::Returns<#read, Body = #returned>,
        >
    };
    let (as_written, turbofish) = (plan.names.un_engined(plan.config), plan.signature.turbofish());
    let passed = plan.passed();
    let body = quote!(Self::#as_written #turbofish (#passed).engine::<#engine>());
    let visibility = plan.function.visibility.to_token_stream();
    with_signature(plan, &visibility, &plan.names.of("call"), &call, &body)
}

fn with_signature(
    plan: &Plan<'_>,
    visibility: &TokenStream,
    name: &Ident,
    returned: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let (generics, _, conditions) = plan.signature.generics.split_for_impl();
    let inputs = &plan.signature.inputs;
    quote! {
        #visibility fn #name #generics (#(#inputs),*) -> #returned #conditions {
            #body
        }
    }
}

fn body(plan: &Plan<'_>) -> TokenStream {
    let private = &plan.private;
    let definition = definition::emit(plan);
    let returned = plan.function.returned();
    // Hygienic: an argument of this name is another.
    let arguments = Ident::new("arguments", Span::mixed_site());
    let encoded = encoded(plan, &arguments);
    let in_impl = plan.config.in_impl.is_some().then(|| quote!(#arguments.impl_parameters();));
    let mutable = (!encoded.is_empty() || in_impl.is_some()).then(|| quote!(mut));
    let original = original(plan);
    let (disabled, chained) = disabled(plan).unzip();
    let (span, shown) = shown_at(&returned, private);
    let asked = asked(plan, &returned);
    let mut returns = quote_spanned!(span=> #shown::returns!(#returned #asked));
    if !plan.arguments.processors.is_empty() {
        returns = processor::around(&plan.arguments.processors, &returns, span, private);
    }
    let call = quote_spanned! {span=>
        #shown::Call::new(#arguments, #returns, #original)
    };
    quote! {
        static FUNCTION: #private::Function = #private::Function::new(#definition);
        let #mutable #arguments =
            #private::Arguments::new(&FUNCTION, ::core::any::type_name::<Self>);
        #in_impl
        #encoded
        #disabled
        #call #chained
    }
}

/// What `returns!` is told beside the type, where it is not what it takes for granted.
fn asked(plan: &Plan<'_>, returned: &Type) -> Option<TokenStream> {
    let known = returned::known(returned);
    let is_named = plan.config.backend.is_some() || plan.config.storage_backend.is_some();
    let by = if is_named { "named" } else { "default" };
    let word = |word| Ident::new(word, Span::call_site());
    let (module, by) = (word(known), word(by));
    (known != "any" || is_named).then(|| quote!(, #module, #by))
}

/// Type and const parameters, then the arguments in the order of `FUNCTION`.
fn encoded(plan: &Plan<'_>, arguments: &Ident) -> TokenStream {
    let private = &plan.private;
    let parameters = plan.signature.key_parameters.iter().map(|parameter| {
        let KeyParameter { name, ident, is_type } = parameter;
        if *is_type {
            quote!(#arguments.type_parameter::<#ident>(#name);)
        } else {
            quote!(#arguments.const_parameter(#name, &#ident);)
        }
    });
    let recorded = plan.arguments.recorded().into_iter().map(|argument| {
        let name = &argument.name;
        let (span, private) = shown_at(name, private);
        quote_spanned!(span=> #private::argument!(#arguments, #name);)
    });
    parameters.chain(recorded).collect()
}

/// Names of the expansion that are shown where `tokens` stand: what is wrong with an argument or
/// with the returned type is said there.
fn shown_at(tokens: &impl ToTokens, private: &TokenStream) -> (Span, TokenStream) {
    let span = Span::call_site().located_at(syn::spanned::Spanned::span(tokens));
    let shown = private.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    (span, shown.collect())
}

/// The body as a future, which starts when it is awaited.
fn original(plan: &Plan<'_>) -> TokenStream {
    let (name, passed) = (plan.names.of("original"), plan.passed());
    let turbofish = turbofish_declared(&plan.function.signature.generics);
    let call = quote!(Self::#name #turbofish (#passed));
    if plan.function.is_async() { call } else { quote!(async move { #call }) }
}

/// The condition, before the arguments go to the body; and what tells the call.
fn disabled(plan: &Plan<'_>) -> Option<(TokenStream, TokenStream)> {
    let condition = plan.config.cache_disable_if.as_ref()?;
    let disabled = Ident::new("disabled", Span::mixed_site());
    let used = |name: &&Ident| *name != "self" && mentions(condition.to_token_stream(), name);
    let names = plan.arguments.names().filter(used);
    let evaluated = quote! {
        let #disabled: bool = {
            #(let #names = &#names;)*
            #condition
        };
    };
    Some((evaluated, quote!(.cache_disabled_if(#disabled))))
}

/// Whether an expression names an argument; also where a format string does.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            text.contains(&format!("{{{name}}}")) || text.contains(&format!("{{{name}:"))
        }
        TokenTree::Punct(_) => false,
    })
}
