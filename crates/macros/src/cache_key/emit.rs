//! The implementation that the derive writes. Its names start with `__`, since a pattern such as
//! `|out|` would mean the user's constant of that name where there is one.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Ident, Path, parse_quote};

use super::parse::{Body, Field, Fields, Parsed, Shape, Variant};

pub(super) fn emit(parsed: &Parsed) -> TokenStream {
    let ident = &parsed.ident;
    let private = private(parsed.krate.as_ref());
    let generics = bounded(parsed, &private);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let body = match &parsed.body {
        Body::Struct(fields) => structure(fields, &private),
        Body::Enum(variants) => enumeration(variants, &private),
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::CacheKey for #ident #type_generics #where_clause {
            fn encode_key(
                &self,
                __out: &mut #private::KeyEncoder,
            ) -> ::core::result::Result<(), #private::KeyError> {
                #[allow(unused_imports)]
                use #private::probe::{ViaCacheKey as _, ViaNothing as _, ViaSerialize as _};
                #body
            }
        }
    }
}

fn private(krate: Option<&Path>) -> Path {
    match krate {
        Some(krate) => parse_quote!(#krate::__private),
        None => parse_quote!(::nuthatch::__private),
    }
}

fn bounded(parsed: &Parsed, private: &Path) -> Generics {
    let mut generics = parsed.generics.clone();
    match &parsed.bound {
        Some(bound) => generics.make_where_clause().predicates.extend(bound.iter().cloned()),
        None => {
            for parameter in generics.type_params_mut() {
                parameter.bounds.push(parse_quote!(#private::CacheKey));
            }
        }
    }
    generics
}

fn structure(fields: &Fields, private: &Path) -> TokenStream {
    let held = contents(fields, private, |field| {
        let member = &field.member;
        quote!(&self.#member)
    });
    match (fields.shape, held) {
        (Shape::Newtype, Some(value)) => quote!(__out.newtype(|__out| #value)),
        (_, Some(value)) => value,
        (_, None) => quote!(__out.unit()),
    }
}

fn enumeration(variants: &[Variant], private: &Path) -> TokenStream {
    if variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = variants.iter().map(|variant| {
        let Variant { ident, name, fields } = variant;
        let members = fields.kept.iter().map(|field| &field.member);
        let locals = fields.kept.iter().map(local);
        let pattern = match fields.shape {
            Shape::Unit => quote!(Self::#ident),
            _ => quote!(Self::#ident { #(#members: #locals,)* .. }),
        };
        match contents(fields, private, |field| {
            let local = local(field);
            quote!(#local)
        }) {
            Some(value) => quote!(#pattern => __out.variant(#name, |__out| #value)),
            None => quote!(#pattern => __out.unit_variant(#name)),
        }
    });
    quote! {
        match self {
            #(#arms,)*
        }
    }
}

/// The one value that the fields are; none where there are no fields to speak of.
fn contents(
    fields: &Fields,
    private: &Path,
    reference: impl Fn(&Field) -> TokenStream,
) -> Option<TokenStream> {
    let encode = |field: &Field| {
        let reference = reference(field);
        // Where the type has no key, the error points at it.
        let span = Span::call_site().located_at(field.type_span);
        quote_spanned!(span=> (&&&#private::probe::Argument(#reference)).encode(__out))
    };
    match (fields.shape, &*fields.kept) {
        (Shape::Unit, _) => None,
        (Shape::Newtype, [field]) => Some(encode(field)),
        (Shape::Newtype | Shape::Tuple, kept) => {
            let values = kept.iter().map(encode);
            Some(quote! {
                __out.seq(|__out| {
                    #(#values?;)*
                    ::core::result::Result::Ok(())
                })
            })
        }
        (Shape::Named, kept) => {
            let names = kept.iter().map(|field| &field.name);
            let values = kept.iter().map(encode);
            Some(quote! {
                __out.map(|__out| {
                    #(
                        __out.str(#names)?;
                        #values?;
                    )*
                    ::core::result::Result::Ok(())
                })
            })
        }
    }
}

/// What a variant's field is bound to.
fn local(field: &Field) -> Ident {
    match &field.member {
        syn::Member::Named(ident) => format_ident!("__field_{ident}"),
        syn::Member::Unnamed(index) => format_ident!("__field_{}", index.index),
    }
}
