//! The static description of the function; what was not said is left to core's defaults.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::LitStr;
use syn::ext::IdentExt;

use super::arguments::Role;
use super::emit::Plan;
use super::options::BackendOption;

/// `Definition { … }`.
pub(crate) fn emit(plan: &Plan<'_>) -> TokenStream {
    let private = &plan.private;
    let ident = plan.function.signature.ident.unraw().to_string();
    let fingerprint = &plan.function.fingerprint;
    let arguments = arguments(plan);
    let said = said(plan);
    let of_crate = plan.of_crate.emit(private);
    quote! {
        #private::Definition {
            package: ::core::env!("CARGO_PKG_NAME"),
            package_version: ::core::env!("CARGO_PKG_VERSION"),
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            module: ::core::module_path!(),
            ident: #ident,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            fingerprint: #fingerprint,
            arguments: #arguments,
            #said
            #of_crate
            ..#private::Definition::DEFAULT
        }
    }
}

fn arguments(plan: &Plan<'_>) -> TokenStream {
    let private = &plan.private;
    let arguments = plan.arguments.recorded().into_iter().map(|argument| {
        let (name, in_key) = (argument.text(), argument.role == Role::Key);
        quote!(#private::Argument { name: #name, in_key: #in_key })
    });
    quote!(&[#(#arguments),*])
}

/// The fields that the attribute sets.
fn said(plan: &Plan<'_>) -> TokenStream {
    let config = plan.config;
    let upsert_keys = &config.upsert_keys;
    let fields = [
        text("name", config.name.as_ref()),
        flag("in_impl", config.in_impl.is_some()),
        flag("sync", !plan.function.is_async()),
        config.cache.filter(|cache| !cache).map(|_| quote!(cache: false,)),
        text("namespace", config.namespace.as_ref()),
        text("version", config.version.as_ref()),
        text("backend", config.backend.as_ref()),
        options("backend_options", &config.backend_options, plan),
        text("storage_backend", config.storage_backend.as_ref()),
        options("storage_backend_options", &config.storage_backend_options, plan),
        flag("memoize", config.memoize),
        flag("strict", config.strict),
        config.lease.map(|lease| quote!(lease: ::core::option::Option::Some(#lease),)),
        (!upsert_keys.is_empty()).then(|| quote!(upsert_keys: &[#(#upsert_keys),*],)),
    ];
    fields.into_iter().flatten().collect()
}

fn text(field: &str, value: Option<&LitStr>) -> Option<TokenStream> {
    let (field, value) = (field_name(field), value?);
    Some(quote!(#field: ::core::option::Option::Some(#value),))
}

fn flag(field: &str, value: bool) -> Option<TokenStream> {
    let field = field_name(field);
    value.then(|| quote!(#field: true,))
}

fn options(field: &str, options: &[BackendOption], plan: &Plan<'_>) -> Option<TokenStream> {
    let field = field_name(field);
    let pairs = options.iter().map(|option| {
        let (name, value) = (&option.name, option.value.emit(&plan.private));
        quote!((#name, #value))
    });
    (!options.is_empty()).then(|| quote!(#field: &[#(#pairs),*],))
}

fn field_name(field: &str) -> TokenStream {
    proc_macro2::Ident::new(field, proc_macro2::Span::call_site()).into_token_stream()
}
