//! `backend_options(…)`: literals for the backend, lists of them, and options in options.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Lit, LitFloat, LitStr, Token, UnOp, bracketed, parenthesized};

/// `chunk = 3` in `backend_options(…)`.
#[derive(Debug)]
pub(crate) struct BackendOption {
    pub(crate) name: String,
    pub(crate) value: OptionValue,
}

/// A literal in `backend_options(…)`, a list of them, or options in parentheses.
#[derive(Debug)]
pub(crate) enum OptionValue {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Str(String),
    List(Vec<OptionValue>),
    Table(Vec<BackendOption>),
}

/// `(name = literal, …)`.
pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Vec<BackendOption>> {
    let content;
    parenthesized!(content in input);
    let mut options: Vec<BackendOption> = Vec::new();
    for (span, option) in content.parse_terminated(option, Token![,])? {
        let text = &option.name;
        if options.iter().any(|known| known.name == *text) {
            return Err(Error::new(span, format!("the option `{text}` stands here twice")));
        }
        options.push(option);
    }
    Ok(options)
}

/// `chunk = 3`, or `chunking(time = 365)`. A name may be text or a number: the values that an
/// argument may have.
fn option(input: ParseStream<'_>) -> syn::Result<(Span, BackendOption)> {
    let (span, name) = match input.peek(Lit) {
        true => match input.parse::<Lit>()? {
            Lit::Str(text) => (text.span(), text.value()),
            Lit::Int(number) => (number.span(), number.base10_digits().to_owned()),
            other => return Err(Error::new_spanned(other, "expected a name")),
        },
        false => {
            let name = input.call(Ident::parse_any)?;
            (name.span(), name.unraw().to_string())
        }
    };
    if input.peek(syn::token::Paren) {
        return Ok((span, BackendOption { name, value: OptionValue::Table(parse(input)?) }));
    }
    input.parse::<Token![=]>()?;
    Ok((span, BackendOption { name, value: input.parse()? }))
}

impl Parse for OptionValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::token::Bracket) {
            let content;
            bracketed!(content in input);
            let values = Punctuated::<Self, Token![,]>::parse_terminated(&content)?;
            return Ok(Self::List(values.into_iter().collect()));
        }
        let value = input.parse::<Expr>()?;
        literal(&value).unwrap_or_else(|| {
            Err(Error::new_spanned(
                &value,
                "expected a literal: `3`, `0.5`, `\"zstd\"`, `true` or `[\"a\"]`",
            ))
        })
    }
}

fn literal(value: &Expr) -> Option<syn::Result<OptionValue>> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Bool(value) => Some(Ok(OptionValue::Bool(value.value))),
            Lit::Int(value) => Some(value.base10_parse().map(OptionValue::Integer)),
            Lit::Float(value) => Some(finite(value).map(OptionValue::Float)),
            Lit::Str(value) => Some(Ok(OptionValue::Str(value.value()))),
            _ => None,
        },
        Expr::Unary(negative) if matches!(negative.op, UnOp::Neg(_)) => {
            match literal(&negative.expr)? {
                Ok(OptionValue::Integer(value)) => Some(Ok(OptionValue::Integer(-value))),
                Ok(OptionValue::Float(value)) => Some(Ok(OptionValue::Float(-value))),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            }
        }
        _ => None,
    }
}

fn finite(literal: &LitFloat) -> syn::Result<f64> {
    let value = literal.base10_parse::<f64>()?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Error::new(literal.span(), "the number is too large for an `f64`"))
    }
}

impl OptionValue {
    /// The value as an expression of core's `OptionValue`.
    pub(crate) fn emit(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Bool(value) => quote!(#private::OptionValue::Bool(#value)),
            Self::Integer(value) => {
                let value = Literal::i64_unsuffixed(*value);
                quote!(#private::OptionValue::Integer(#value))
            }
            Self::Float(value) => {
                let value = Literal::f64_unsuffixed(*value);
                quote!(#private::OptionValue::Float(#value))
            }
            Self::Str(value) => {
                let value = LitStr::new(value, Span::call_site());
                quote!(#private::OptionValue::Str(#value))
            }
            Self::List(values) => {
                let values = values.iter().map(|value| value.emit(private));
                quote!(#private::OptionValue::List(&[#(#values),*]))
            }
            Self::Table(members) => {
                let members = members.iter().map(|member| {
                    let (name, value) = (&member.name, member.value.emit(private));
                    quote!((#name, #value))
                });
                quote!(#private::OptionValue::Table(&[#(#members),*]))
            }
        }
    }
}
