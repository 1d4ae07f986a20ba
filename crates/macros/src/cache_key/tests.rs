//! What the derive writes, and what it refuses. That the keys are right is tested in core.

use proc_macro2::TokenStream;
use quote::quote;

use super::derive;

#[track_caller]
fn writes(item: TokenStream, expected: TokenStream) {
    assert_eq!(derive(item).to_string(), expected.to_string());
}

/// The mistakes' messages, in order.
fn mistakes(item: TokenStream) -> Vec<String> {
    let parsed = syn::parse2(item).and_then(|item| super::parse::parse(&item));
    parsed.err().into_iter().flatten().map(|mistake| mistake.to_string()).collect()
}

#[test]
fn a_struct_becomes_a_map_of_its_fields() {
    writes(
        quote! {
            struct Station<T> {
                id: T,
                r#type: u8,
                #[cache_key(skip)]
                pool: Pool,
            }
        },
        quote! {
            #[automatically_derived]
            impl<T: ::nuthatch::__private::CacheKey> ::nuthatch::__private::CacheKey
                for Station<T>
            {
                fn encode_key(
                    &self,
                    __out: &mut ::nuthatch::__private::KeyEncoder,
                ) -> ::core::result::Result<(), ::nuthatch::__private::KeyError> {
                    #[allow(unused_imports)]
                    use ::nuthatch::__private::probe::{
                        ViaCacheKey as _, ViaNothing as _, ViaSerialize as _
                    };
                    __out.map(|__out| {
                        __out.str("id")?;
                        (&&&::nuthatch::__private::probe::Argument(&self.id)).encode(__out)?;
                        __out.str("type")?;
                        (&&&::nuthatch::__private::probe::Argument(&self.r#type)).encode(__out)?;
                        ::core::result::Result::Ok(())
                    })
                }
            }
        },
    );
}

#[test]
fn an_enum_becomes_its_variants_by_name() {
    writes(
        quote! {
            #[cache_key(crate = other, bound = "")]
            enum Shape {
                Point,
                Circle(f64),
                #[cache_key(rename = "Box")]
                Rect { width: f64 },
            }
        },
        quote! {
            #[automatically_derived]
            impl other::__private::CacheKey for Shape {
                fn encode_key(
                    &self,
                    __out: &mut other::__private::KeyEncoder,
                ) -> ::core::result::Result<(), other::__private::KeyError> {
                    #[allow(unused_imports)]
                    use other::__private::probe::{
                        ViaCacheKey as _, ViaNothing as _, ViaSerialize as _
                    };
                    match self {
                        Self::Point => __out.unit_variant("Point"),
                        Self::Circle { 0: __field_0, .. } => __out.variant("Circle", |__out|
                            (&&&other::__private::probe::Argument(__field_0)).encode(__out)),
                        Self::Rect { width: __field_width, .. } => __out.variant("Box", |__out|
                            __out.map(|__out| {
                                __out.str("width")?;
                                (&&&other::__private::probe::Argument(__field_width))
                                    .encode(__out)?;
                                ::core::result::Result::Ok(())
                            })),
                    }
                }
            }
        },
    );
}

#[test]
fn what_serde_skips_must_be_said_again() {
    for attribute in [
        quote!(#[serde(skip)]),
        quote!(#[serde(skip_serializing)]),
        quote!(#[serde(default, skip, rename = "b")]),
    ] {
        let found = mistakes(quote!(struct S { #attribute a: u8 }));
        assert_eq!(found.len(), 1, "{attribute}");
        assert!(found[0].contains("#[cache_key(skip)]"), "{}", found[0]);
        let found = mistakes(quote!(struct S { #attribute #[cache_key(skip)] a: u8 }));
        assert_eq!(found, [""; 0]);
        let found = mistakes(quote!(enum E { V(#attribute u8) }));
        assert_eq!(found.len(), 1, "{attribute}");
    }
}

#[test]
fn what_serde_does_not_hide_is_no_mistake() {
    let found = mistakes(quote! {
        #[serde(rename_all = "camelCase")]
        struct S {
            #[serde(skip_deserializing)]
            a: u8,
            #[serde(skip_serializing_if = "Option::is_none", default)]
            b: Option<u8>,
            #[doc = "skip"]
            c: u8,
        }
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = mistakes(quote! {
        #[cache_key(skip)]
        #[cache_key(name = "x")]
        enum E {
            #[cache_key(skip)]
            A,
            #[cache_key(rename = "A", other)]
            B(#[cache_key(rename = "x")] u8),
            C {
                #[serde(skip)]
                a: u8,
                #[cache_key(rename = "a")]
                b: u8,
            },
        }
    });
    let parts = [
        "stands on a field",
        "is unknown; on the type",
        "a variant cannot be left out",
        "is unknown; on a variant",
        "this field has no name",
        "serde leaves this field out",
        "the name `a` is taken",
        "the name `A` is taken",
    ];
    assert_eq!(found.len(), parts.len(), "{found:#?}");
    for (found, part) in found.iter().zip(parts) {
        assert!(found.contains(part), "{found}");
    }
}

#[test]
fn unions_are_refused() {
    let found = mistakes(quote!(union U { a: u8, b: u16 }));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("implement `CacheKey` by hand"));
}
