//! The keys of `#[cache(…)]`, as a typed configuration.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, LitStr, Path, Token, Type};

use super::keys::Key;
use super::mistakes::{Mistakes, same};
use super::options::{self, BackendOption};
use super::values::{self, Companion};

/// What the attribute says. Everything that was not said is empty.
#[derive(Default)]
pub(crate) struct Config {
    pub(crate) cache: Option<bool>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    /// `None`: every argument makes the key; empty: none does.
    pub(crate) cache_args: Option<Vec<Ident>>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) cache_disable_if: Option<Expr>,
    pub(crate) backend: Option<LitStr>,
    pub(crate) backend_options: Vec<BackendOption>,
    pub(crate) storage_backend: Option<LitStr>,
    pub(crate) storage_backend_options: Vec<BackendOption>,
    pub(crate) engine: Option<Type>,
    pub(crate) memoize: bool,
    pub(crate) upsert_keys: Vec<LitStr>,
    pub(crate) strict: bool,
    pub(crate) lease: Option<bool>,
    pub(crate) name: Option<LitStr>,
    pub(crate) companion: Companion,
    /// The word itself: what cannot stand in a trait is said there.
    pub(crate) in_impl: Option<Ident>,
    pub(crate) root: Option<Path>,
}

impl Config {
    /// Reads what stands between the parentheses; a key that cannot be read costs that key alone.
    pub(crate) fn parse(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut config = Self::default();
        let read = |input: ParseStream<'_>| {
            config.read(input, mistakes);
            Ok(())
        };
        let parsed = read.parse2(tokens);
        // After a mistake in parentheses the rest of them is unread, which is no second mistake.
        if mistakes.is_empty() {
            mistakes.unless(parsed);
        }
        config
    }

    fn read(&mut self, input: ParseStream<'_>, mistakes: &mut Mistakes) {
        let mut seen = Vec::new();
        while !input.is_empty() {
            let entry = self.entry(input, &mut seen).and_then(|()| separator(input));
            if mistakes.unless(entry).is_none() {
                skip_past_comma(input);
            }
        }
    }

    fn entry(&mut self, input: ParseStream<'_>, seen: &mut Vec<Key>) -> syn::Result<()> {
        let word = input.call(Ident::parse_any).map_err(|error| {
            Error::new(error.span(), "expected a key of `#[cache]`, such as `version = \"0.1.0\"`")
        })?;
        let key = Key::of(&word)?;
        self.value(key, &word, input).map_err(|error| explain(error, key, &word, input))?;
        if seen.contains(&key) {
            return Err(Error::new(word.span(), format!("`{word}` stands here twice; keep one")));
        }
        seen.push(key);
        Ok(())
    }

    fn value(&mut self, key: Key, word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key {
            Key::Cache => self.cache = Some(values::flag(input)?),
            Key::Namespace => self.namespace = Some(values::text(input)?),
            Key::Version => self.version = Some(values::text(input)?),
            Key::CacheArgs => self.cache_args = Some(values::arguments(key, input)?),
            Key::Skip => self.skip = values::arguments(key, input)?,
            Key::CacheDisableIf => self.cache_disable_if = Some(after_equals(input)?),
            Key::Backend => self.backend = Some(values::backend(key, input)?),
            Key::BackendOptions => self.backend_options = options::parse(input)?,
            Key::StorageBackend => self.storage_backend = Some(values::backend(key, input)?),
            Key::StorageBackendOptions => self.storage_backend_options = options::parse(input)?,
            Key::Engine => self.engine = Some(values::engine(input)?),
            Key::Memoize => self.memoize = values::flag(input)?,
            Key::UpsertKeys => self.upsert_keys = values::texts(input)?,
            Key::Strict => self.strict = values::flag(input)?,
            Key::Lease => self.lease = Some(values::flag(input)?),
            Key::Name => self.name = Some(values::text(input)?),
            Key::Companion => self.companion = values::companion(input)?,
            Key::InImpl => self.in_impl = values::flag(input)?.then(|| word.clone()),
            Key::Crate => self.root = Some(values::root(input)?),
        }
        Ok(())
    }
}

/// `= value`, for any value that syn can read.
fn after_equals<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// What a parser found, with how the key is written; at the key where the value is missing.
fn explain(error: Error, key: Key, word: &Ident, input: ParseStream<'_>) -> Error {
    if error.to_string().contains('`') && error.to_string().contains(key.name()) {
        return error;
    }
    let missing = input.is_empty() || (input.peek(Token![,]) && same(input.span(), error.span()));
    let span = if missing { word.span() } else { error.span() };
    Error::new(span, format!("`{}` is written `{}` ({error})", key.name(), key.form()))
}

fn separator(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    match input.parse::<Token![,]>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(error.span(), "expected `,` between the keys of `#[cache]`")),
    }
}

fn skip_past_comma(input: ParseStream<'_>) {
    while let Ok(token) = input.parse::<TokenTree>() {
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
            return;
        }
    }
}
