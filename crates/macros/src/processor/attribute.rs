//! What the attributes say.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Lit, LitStr, Token, bracketed, parenthesized};

/// One processor of a function.
pub(crate) enum Processor {
    Timeseries(Timeseries),
    Custom(Custom),
}

/// `#[timeseries(dim = "time")]`.
pub(crate) struct Timeseries {
    dims: Vec<LitStr>,
    start: Ident,
    end: Ident,
    tolerance: Option<u32>,
}

/// `#[processor(Head::new(*count), takes(count))]`.
pub(crate) struct Custom {
    made: Expr,
    takes: Vec<Ident>,
}

impl Processor {
    pub(crate) fn parse(name: &str, tokens: TokenStream, path: TokenStream) -> syn::Result<Self> {
        if name == "timeseries" {
            let read = |input: ParseStream<'_>| Timeseries::read(input, &path);
            return read.parse2(tokens).map(Self::Timeseries);
        }
        Custom::read.parse2(tokens).map(Self::Custom)
    }

    /// The arguments that it takes out of the key.
    pub(crate) fn takes(&self) -> Vec<&Ident> {
        match self {
            Self::Timeseries(timeseries) => vec![&timeseries.start, &timeseries.end],
            Self::Custom(custom) => custom.takes.iter().collect(),
        }
    }

    /// An argument that is taken and is not there.
    pub(crate) fn missing(&self, names: &[Ident], function: &Ident) -> Option<Error> {
        let taken = self.takes();
        let name = taken.into_iter().find(|name| !names.contains(name))?;
        let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let has = match known.as_slice() {
            [] => "has no arguments".to_owned(),
            known => format!("has {}", known.join(", ")),
        };
        let fix = match self {
            Self::Timeseries(_) => {
                "a time series takes its bounds from two arguments: add them, or name others with \
                 `start = …, end = …`"
            }
            Self::Custom(_) => "`takes(…)` names arguments of the function",
        };
        Some(Error::new(
            name.span(),
            format!("`{function}` has no argument `{name}`, it {has}; {fix}"),
        ))
    }

    /// The processor, as an expression that may use `?`.
    pub(crate) fn emit(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Timeseries(Timeseries { dims, start, end, tolerance }) => {
                let tolerance = match tolerance {
                    Some(days) => quote!(::core::option::Option::Some(#days)),
                    None => quote!(::core::option::Option::None),
                };
                quote!(#private::Timeseries::new(&[#(#dims),*], &#start, &#end, #tolerance)?)
            }
            Self::Custom(Custom { made, takes }) => {
                quote!({
                    #(let #takes = &#takes;)*
                    #made
                })
            }
        }
    }
}

/// The answers about a return type with the processors around it. A time series can fail on any
/// call, so the return type must have a place for its errors: `returned` is where that is said.
pub(crate) fn around(
    processors: &[Processor],
    answers: &TokenStream,
    returned: Span,
    private: &TokenStream,
) -> TokenStream {
    let made = emit_all(processors, private);
    let can_fail = processors.iter().any(|one| matches!(one, Processor::Timeseries(_)));
    let answers = match can_fail {
        true => {
            let located = private.clone().into_iter().map(|mut token| {
                token.set_span(token.span().located_at(returned));
                token
            });
            let private = located.collect::<TokenStream>();
            quote_spanned!(returned=> #private::holding_errors(#answers))
        }
        false => answers.clone(),
    };
    quote!(#private::Processed::new(#answers, #made))
}

/// All of them, as the processors of one call: those nearest to the function run first.
fn emit_all(processors: &[Processor], private: &TokenStream) -> TokenStream {
    let made = processors.iter().map(|processor| processor.emit(private));
    quote! {
        (|| -> ::core::result::Result<#private::Processors<_>, #private::Error> {
            ::core::result::Result::Ok(#private::Processors::new()#(.with(#made))*)
        })()
    }
}

impl Timeseries {
    fn read(input: ParseStream<'_>, path: &TokenStream) -> syn::Result<Self> {
        let named = |name: &str| Ident::new(name, Span::call_site().located_at(span_of(path)));
        let mut read = Self {
            dims: Vec::new(),
            start: named("start_time"),
            end: named("end_time"),
            tolerance: None,
        };
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "dim" => read.dims = texts(input)?,
                "start" => read.start = input.call(Ident::parse_any)?,
                "end" => read.end = input.call(Ident::parse_any)?,
                "tolerance" => read.tolerance = Some(days(input)?),
                other => {
                    let message = format!(
                        "`#[timeseries]` has no `{other}`; it takes `dim`, `start`, `end` and \
                         `tolerance`"
                    );
                    return Err(Error::new(key.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        match read.dims.is_empty() {
            true => Err(Error::new(
                span_of(path),
                "`#[timeseries]` needs the dimension or column of time: `#[timeseries(dim = \"time\")]`",
            )),
            false => Ok(read),
        }
    }
}

impl Custom {
    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(input.error("`#[processor]` needs one: `#[processor(Head::new(10))]`"));
        }
        let made = input.parse()?;
        let mut takes = Vec::new();
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if !input.is_empty() {
            let word = input.call(Ident::parse_any)?;
            if word != "takes" {
                return Err(Error::new(word.span(), "expected `takes(argument, …)`"));
            }
            let content;
            parenthesized!(content in input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            takes.extend(names);
        }
        Ok(Self { made, takes })
    }
}

/// `"time"` or `["time", "date"]`.
fn texts(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    if !input.peek(syn::token::Bracket) {
        return Ok(vec![input.parse()?]);
    }
    let content;
    bracketed!(content in input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(texts.into_iter().collect())
}

/// `30` or `"30 days"`.
fn days(input: ParseStream<'_>) -> syn::Result<u32> {
    let literal = input.parse::<Lit>()?;
    let days = match &literal {
        Lit::Int(days) => days.base10_parse().ok(),
        Lit::Str(text) => {
            let text = text.value();
            let number =
                text.trim().trim_end_matches("days").trim_end_matches("day").trim_end_matches('d');
            number.trim().parse().ok()
        }
        _ => None,
    };
    days.ok_or_else(|| Error::new_spanned(literal, "expected days: `tolerance = \"30 days\"`"))
}

fn span_of(tokens: &TokenStream) -> Span {
    tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}
