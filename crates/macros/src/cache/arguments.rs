//! The arguments: their names, and what each is to the key.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::{FnArg, Pat, PatType};

use super::argument_types;
use super::attribute::Config;
use super::function::Function;
use super::mistakes::Mistakes;
use super::suggest::{enumerate, nearest};
use crate::processor::{self, Processor};

/// What an argument is to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Part of every key.
    Key,
    /// Recorded, and part of the local level's key alone: what `cache_args` leaves out, and what a
    /// processor takes.
    Recorded,
    /// In no key and no record.
    Skipped,
}

/// An argument of a cached function, in the order of its declaration.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) role: Role,
}

impl Argument {
    /// The name as people write it: `type` for `r#type`.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }
}

/// The arguments of one function.
#[derive(Default)]
pub(crate) struct Arguments {
    all: Vec<Argument>,
    /// What stands around the function, and takes some of them.
    pub(crate) processors: Vec<Processor>,
}

impl Arguments {
    /// Names and roles, with every mistake in the lists that name arguments.
    pub(crate) fn collect(function: &Function, config: &Config, mistakes: &mut Mistakes) -> Self {
        let inputs = function.signature.inputs.iter();
        let names: Vec<Ident> =
            inputs.filter_map(|input| mistakes.unless(name_of(input))).collect();
        let key = config.cache_args.as_deref();
        check_list("cache_args", key.unwrap_or_default(), &names, function, mistakes);
        check_list("skip", &config.skip, &names, function, mistakes);
        let in_key = |name: &&Ident| key.unwrap_or_default().contains(name);
        for name in config.skip.iter().filter(in_key) {
            let message = format!("`{name}` is both skipped and in `cache_args`; keep one of them");
            mistakes.at(name, message);
        }
        let processors = processors(function, &names, &config.skip, mistakes);
        let taken = |name: &Ident| processors.iter().any(|around| around.takes().contains(&name));
        let argument = |name: Ident| Argument { role: role_of(&name, config, taken(&name)), name };
        let all = names.into_iter().map(argument).collect();
        let arguments = Self { all, processors };
        argument_types::check(function, &arguments, mistakes);
        arguments
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Ident> {
        self.all.iter().map(|argument| &argument.name)
    }

    pub(crate) fn is_skipped(&self, name: &Ident) -> bool {
        self.all.iter().any(|argument| argument.name == *name && argument.role == Role::Skipped)
    }

    /// What goes into records and keys, sorted by name: keys must not depend on positions.
    pub(crate) fn recorded(&self) -> Vec<&Argument> {
        let recorded = self.all.iter().filter(|argument| argument.role != Role::Skipped);
        let mut recorded: Vec<&Argument> = recorded.collect();
        recorded.sort_by_key(|argument| argument.text());
        recorded
    }
}

/// What stands around the function, with every mistake in it.
fn processors(
    function: &Function,
    names: &[Ident],
    skip: &[Ident],
    mistakes: &mut Mistakes,
) -> Vec<Processor> {
    let mut processors = Vec::new();
    for attribute in &function.processors {
        let Some(around) = mistakes.unless(processor::read(attribute)) else { continue };
        match around.missing(names, &function.signature.ident) {
            Some(missing) => mistakes.record(missing),
            None => processors.push(around),
        }
    }
    for name in processors.iter().flat_map(Processor::takes) {
        if skip.contains(name) {
            let message = format!(
                "a processor takes `{name}`, so what it makes depends on it; take it out of `skip`: \
                 it is in no key of the root"
            );
            mistakes.at(skip.iter().find(|skipped| *skipped == name), message);
        }
    }
    processors
}

fn role_of(name: &Ident, config: &Config, taken: bool) -> Role {
    match &config.cache_args {
        _ if config.skip.contains(name) => Role::Skipped,
        Some(key) if !key.contains(name) => Role::Recorded,
        None if taken => Role::Recorded,
        _ => Role::Key,
    }
}

/// The name under which callers and records know an argument.
pub(crate) fn name_of(input: &FnArg) -> syn::Result<Ident> {
    match input {
        FnArg::Receiver(receiver) => Ok(Ident::new("self", receiver.self_token.span)),
        FnArg::Typed(PatType { pat, ty, .. }) => match &**pat {
            Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {
                Ok(name.ident.clone())
            }
            Pat::Wild(underscore) => Err(syn::Error::new_spanned(
                underscore,
                "an argument needs a name to be in a key or to be skipped: write `_unused: T`, \
                 with `skip(_unused)` if it is not to be in the key",
            )),
            pattern => Err(pattern_without_name(pattern, ty)),
        },
    }
}

fn pattern_without_name(pattern: &Pat, ty: &syn::Type) -> syn::Error {
    let (pattern_text, ty_text) = (source(pattern), source(ty));
    let message = format!(
        "an argument needs a name to be in a key: write `value: {ty_text}`, and \
         `let {pattern_text} = value;` in the body"
    );
    syn::Error::new_spanned(pattern, message)
}

/// Tokens as they were written, where the compiler still knows; else as tokens print.
pub(crate) fn source(tokens: &impl quote::ToTokens) -> String {
    let tokens = tokens.to_token_stream();
    let span = tokens.clone().into_iter().fold(None, |span: Option<Span>, token| match span {
        Some(span) => span.join(token.span()),
        None => Some(token.span()),
    });
    span.and_then(|span| span.source_text()).unwrap_or_else(|| tokens.to_string())
}

fn check_list(
    list: &str,
    listed: &[Ident],
    names: &[Ident],
    function: &Function,
    mistakes: &mut Mistakes,
) {
    for (index, name) in listed.iter().enumerate() {
        if listed.iter().take(index).any(|earlier| earlier == name) {
            mistakes.at(name, format!("`{name}` stands twice in `{list}`; keep one"));
        }
        let text = name.to_string();
        if !names.contains(name) && !function.absent.contains(&text) {
            mistakes.at(name, unknown(list, &text, names, function));
        }
    }
}

fn unknown(list: &str, name: &str, names: &[Ident], function: &Function) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let known = || names.iter().map(String::as_str);
    let ident = &function.signature.ident;
    if name == "self" {
        return format!("`{ident}` takes no `self`; take it out of `{list}`");
    }
    match nearest(name, known()) {
        Some(near) => format!("`{ident}` has no argument `{name}`; did you mean `{near}`?"),
        None if names.is_empty() => {
            format!("`{ident}` has no arguments; take `{name}` out of `{list}`")
        }
        None => {
            format!("`{ident}` has no argument `{name}`; its arguments are {}", enumerate(known()))
        }
    }
}
