//! The type as the derive sees it.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Generics, Ident, Member, Path, WherePredicate};

use super::attributes::{Mistakes, on_field, on_type, on_variant};

/// A type to be keyed.
pub(super) struct Parsed {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    /// `crate = path`.
    pub(super) krate: Option<Path>,
    /// `bound = "…"`.
    pub(super) bound: Option<Vec<WherePredicate>>,
    pub(super) body: Body,
}

pub(super) enum Body {
    Struct(Fields),
    Enum(Vec<Variant>),
}

pub(super) struct Variant {
    pub(super) ident: Ident,
    pub(super) name: String,
    pub(super) fields: Fields,
}

pub(super) struct Fields {
    pub(super) shape: Shape,
    /// Without those that are skipped.
    pub(super) kept: Vec<Field>,
}

/// How the fields are keyed. What is skipped changes no shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Unit,
    /// One field without a name: keyed as what it holds.
    Newtype,
    Tuple,
    Named,
}

pub(super) struct Field {
    pub(super) member: Member,
    /// The name in keys; empty for fields without a name.
    pub(super) name: String,
    pub(super) type_span: Span,
}

/// Reads the type, or reports every mistake at the word that made it.
pub(super) fn parse(item: &DeriveInput) -> syn::Result<Parsed> {
    let mut mistakes = Mistakes::default();
    let settings = on_type(&item.attrs, &mut mistakes);
    let body = match &item.data {
        Data::Struct(data) => Body::Struct(fields(&data.fields, &mut mistakes)),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|v| variant(v, &mut mistakes)).collect();
            Body::Enum(variants)
        }
        Data::Union(data) => {
            mistakes.add(Error::new(
                data.union_token.span,
                "a union does not say which of its fields it holds; implement `CacheKey` by hand",
            ));
            Body::Enum(Vec::new())
        }
    };
    distinct_names(&body, &mut mistakes);
    mistakes.or(Parsed {
        ident: item.ident.clone(),
        generics: item.generics.clone(),
        krate: settings.krate,
        bound: settings.bound,
        body,
    })
}

fn variant(variant: &syn::Variant, mistakes: &mut Mistakes) -> Variant {
    let found = on_variant(&variant.attrs, mistakes);
    Variant {
        ident: variant.ident.clone(),
        name: found.rename.unwrap_or_else(|| variant.ident.unraw().to_string()),
        fields: fields(&variant.fields, mistakes),
    }
}

fn fields(fields: &syn::Fields, mistakes: &mut Mistakes) -> Fields {
    let shape = match fields {
        syn::Fields::Unit => Shape::Unit,
        syn::Fields::Named(_) => Shape::Named,
        syn::Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Shape::Newtype,
        syn::Fields::Unnamed(_) => Shape::Tuple,
    };
    let mut kept = Vec::new();
    for (field, member) in fields.iter().zip(fields.members()) {
        let found = on_field(&field.attrs, mistakes);
        if found.rename.is_some() && field.ident.is_none() {
            mistakes.add(Error::new_spanned(field, "this field has no name in the key to change"));
        }
        if found.skip.is_none() {
            let ident = field.ident.as_ref().map(|ident| ident.unraw().to_string());
            let name = found.rename.or(ident).unwrap_or_default();
            kept.push(Field { member, name, type_span: field.ty.span() });
        }
    }
    Fields { shape, kept }
}

/// Two fields or two variants of one name would be told apart by nothing, or by their order.
fn distinct_names(body: &Body, mistakes: &mut Mistakes) {
    let mut check = |names: Vec<(&str, &dyn quote::ToTokens)>| {
        for (index, (name, place)) in names.iter().enumerate() {
            if names.iter().take(index).any(|(earlier, _)| earlier == name) {
                let message = format!("the name `{name}` is taken; rename one of the two");
                mistakes.add(Error::new_spanned(place, message));
            }
        }
    };
    let mut check_fields = |fields: &Fields| {
        if fields.shape == Shape::Named {
            check(fields.kept.iter().map(|f| (&*f.name, &f.member as _)).collect());
        }
    };
    match body {
        Body::Struct(fields) => check_fields(fields),
        Body::Enum(variants) => {
            variants.iter().for_each(|variant| check_fields(&variant.fields));
            check(variants.iter().map(|v| (&*v.name, &v.ident as _)).collect());
        }
    }
}
