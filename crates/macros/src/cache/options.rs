//! `backend_options(…)`: literals for the backend, and lists of them.

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

/// A literal in `backend_options(…)`, or a list of them.
#[derive(Debug)]
pub(crate) enum OptionValue {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Str(String),
    List(Vec<OptionValue>),
}

/// `(name = literal, …)`.
pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Vec<BackendOption>> {
    let content;
    parenthesized!(content in input);
    let mut options: Vec<BackendOption> = Vec::new();
    for (name, value) in content.parse_terminated(option, Token![,])? {
        let text = name.unraw().to_string();
        if options.iter().any(|known| known.name == text) {
            return Err(Error::new(name.span(), format!("the option `{text}` stands here twice")));
        }
        options.push(BackendOption { name: text, value });
    }
    Ok(options)
}

fn option(input: ParseStream<'_>) -> syn::Result<(Ident, OptionValue)> {
    let name = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    Ok((name, input.parse()?))
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
        }
    }
}
