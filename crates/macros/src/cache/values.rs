//! What may stand behind a key of `#[cache(…)]`.

use proc_macro2::Ident;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Lit, LitBool, LitStr, Path, Token, Type, parenthesized};

use super::keys::Key;
use super::suggest::nearest;

/// `companion = …`.
#[derive(Debug, Default)]
pub(crate) enum Companion {
    /// It bears the function's name.
    #[default]
    SameName,
    Named(Ident),
    None,
}

/// Nothing, or `= true`, or `= false`.
pub(crate) fn flag(input: ParseStream<'_>) -> syn::Result<bool> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(true);
    }
    input.parse::<Token![=]>()?;
    Ok(input.parse::<LitBool>()?.value)
}

/// `= "text"`, which must not be empty.
pub(crate) fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    let text = input.parse::<LitStr>()?;
    if text.value().trim().is_empty() {
        return Err(Error::new(text.span(), "it must not be empty"));
    }
    Ok(text)
}

/// The backends that nuthatch brings along or reserves. Programs may bring others.
const BACKENDS: [&str; 5] = ["basic", "zarr", "parquet", "delta", "sql"];

/// Other words for them.
const OTHER_BACKENDS: [(&str, &str); 5] = [
    ("pickle", "basic"),
    ("deltalake", "delta"),
    ("sqlite", "sql"),
    ("postgres", "sql"),
    ("mysql", "sql"),
];

/// `= "text"`, which must not be one of nuthatch's backends misspelt.
pub(crate) fn backend(key: Key, input: ParseStream<'_>) -> syn::Result<LitStr> {
    let text = text(input)?;
    let Some(name) = meant(&text.value()) else { return Ok(text) };
    let message = format!("no such backend; did you mean `{} = \"{name}\"`?", key.name());
    Err(Error::new(text.span(), message))
}

/// The backend of nuthatch that an unknown name is taken for. A name with a digit may well be that
/// of another release of the same format: `zarr3`.
fn meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let other = OTHER_BACKENDS.into_iter().find(|(word, _)| *word == lower);
    let other = other.map(|(_, backend)| backend);
    let near = || nearest(&lower, BACKENDS).filter(|_| !name.contains(|c: char| c.is_numeric()));
    other.or_else(near).filter(|near| *near != name)
}

/// `("a", "b")`.
pub(crate) fn texts(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let content;
    parenthesized!(content in input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(texts.into_iter().collect())
}

/// `(a, self)`. The list of another language, `= ["a"]`, is answered with the form that is meant.
pub(crate) fn arguments(key: Key, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    if input.peek(Token![=]) {
        return Err(list_instead_of_arguments(key, input)?);
    }
    let content;
    parenthesized!(content in input);
    if content.peek(LitStr) {
        let text = content.parse::<LitStr>()?;
        let message = format!("`{}` takes names: `{}`", key.name(), text.value());
        return Err(Error::new(text.span(), message));
    }
    let names = content.parse_terminated(Ident::parse_any, Token![,])?;
    Ok(names.into_iter().collect())
}

fn list_instead_of_arguments(key: Key, input: ParseStream<'_>) -> syn::Result<Error> {
    input.parse::<Token![=]>()?;
    let value = input.parse::<Expr>()?;
    let name = key.name();
    let elements: Vec<&Expr> = match &value {
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        Expr::Paren(paren) => vec![&paren.expr],
        other => vec![other],
    };
    let names: Vec<String> = elements.into_iter().map(element_name).collect();
    let message = format!("the arguments are names in parentheses: `{name}({})`", names.join(", "));
    Ok(Error::new_spanned(value, message))
}

fn element_name(element: &Expr) -> String {
    match element {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => text.value(),
            Lit::Char(letter) => letter.value().to_string(),
            other => quote!(#other).to_string(),
        },
        other => quote!(#other).to_string(),
    }
}

/// `= a::Type`.
pub(crate) fn engine(input: ParseStream<'_>) -> syn::Result<Type> {
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        let text = input.parse::<LitStr>()?;
        let message = "`engine` is a Rust type: `engine = polars::DataFrame`";
        return Err(Error::new(text.span(), message));
    }
    input.parse()
}

/// `= Name` or `= none`.
pub(crate) fn companion(input: ParseStream<'_>) -> syn::Result<Companion> {
    input.parse::<Token![=]>()?;
    let name = input.parse::<Ident>()?;
    Ok(if name == "none" { Companion::None } else { Companion::Named(name) })
}

/// `= a::path`, or the same as a string, as serde writes it.
pub(crate) fn root(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        return input.parse::<LitStr>()?.parse_with(Path::parse_mod_style);
    }
    input.call(Path::parse_mod_style)
}
