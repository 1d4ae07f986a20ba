//! What `#[cache_key(…)]` and `#[serde(…)]` say.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, LitStr, Meta, Path, Token, WherePredicate};

/// Every mistake found so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Option<Error>);

impl Mistakes {
    pub(super) fn add(&mut self, mistake: Error) {
        match &mut self.0 {
            Some(all) => all.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    pub(super) fn or<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

/// What stands on the type.
#[derive(Default)]
pub(super) struct OnType {
    pub(super) krate: Option<Path>,
    pub(super) bound: Option<Vec<WherePredicate>>,
}

/// What stands on a field or variant.
#[derive(Debug, Default)]
pub(super) struct OnPart {
    pub(super) skip: Option<Span>,
    pub(super) rename: Option<String>,
}

pub(super) fn on_type(attributes: &[Attribute], mistakes: &mut Mistakes) -> OnType {
    let mut found = OnType::default();
    each(attributes, mistakes, |meta| {
        if meta.path.is_ident("crate") {
            found.krate = Some(meta.value()?.call(Path::parse_mod_style)?);
        } else if meta.path.is_ident("bound") {
            let text: LitStr = meta.value()?.parse()?;
            let bounds =
                text.parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated)?;
            found.bound = Some(bounds.into_iter().collect());
        } else if meta.path.is_ident("skip") || meta.path.is_ident("rename") {
            let message = "stands on a field; on the type there are `crate` and `bound`";
            return Err(at_word(&meta, message));
        } else {
            return Err(at_word(&meta, "is unknown; on the type there are `crate` and `bound`"));
        }
        Ok(())
    });
    found
}

pub(super) fn on_field(attributes: &[Attribute], mistakes: &mut Mistakes) -> OnPart {
    let mut found = OnPart::default();
    each(attributes, mistakes, |meta| {
        if meta.path.is_ident("skip") {
            found.skip = Some(meta.path.span());
        } else if meta.path.is_ident("rename") {
            found.rename = Some(meta.value()?.parse::<LitStr>()?.value());
        } else {
            return Err(at_word(&meta, "is unknown; on a field there are `skip` and `rename`"));
        }
        Ok(())
    });
    if let (None, Some(hidden)) = (found.skip, hidden_from_serde(attributes)) {
        mistakes.add(Error::new(
            hidden,
            "serde leaves this field out, and the key would hold it; say `#[cache_key(skip)]` \
             too if values that differ in it alone are the same argument, or else take it out of \
             serde's `skip`",
        ));
    }
    found
}

pub(super) fn on_variant(attributes: &[Attribute], mistakes: &mut Mistakes) -> OnPart {
    let mut found = OnPart::default();
    each(attributes, mistakes, |meta| {
        if meta.path.is_ident("rename") {
            found.rename = Some(meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        } else if meta.path.is_ident("skip") {
            Err(meta.error("a variant cannot be left out of a key; say it on its fields"))
        } else {
            Err(at_word(&meta, "is unknown; on a variant there is `rename`"))
        }
    });
    found
}

/// What is wrong with an entry, after the word itself: `` `cache_key(name)` is unknown ``.
fn at_word(meta: &ParseNestedMeta<'_>, wrong: &str) -> Error {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    meta.error(format!("`cache_key({word})` {wrong}"))
}

/// Hands on every entry of every `#[cache_key(…)]`.
fn each(
    attributes: &[Attribute],
    mistakes: &mut Mistakes,
    mut entry: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("cache_key")) {
        if let Err(mistake) = attribute.parse_nested_meta(&mut entry) {
            mistakes.add(mistake);
        }
    }
}

/// Where serde is told to leave a field out. `skip_deserializing` hides nothing, and
/// `skip_serializing_if` depends on the value, which the key always holds.
fn hidden_from_serde(attributes: &[Attribute]) -> Option<Span> {
    let entries = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("serde") => {
            // What is no list of entries is for serde's own derive to complain about.
            Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).ok()
        }
        _ => None,
    });
    let mut entries = entries.flatten();
    entries
        .find(|e| e.path().is_ident("skip") || e.path().is_ident("skip_serializing"))
        .map(|entry| entry.span())
}
