//! What stands between the parentheses of `#[config_parameter(…)]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, Token};

use crate::cache::Mistakes;

/// What may stand behind the name.
const KEYS: [&str; 4] = ["location", "backend", "secret", "crate"];

/// An attribute without mistakes.
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) backend: Option<String>,
    pub(crate) secret: bool,
    pub(crate) root: Option<Path>,
}

/// As it is written.
struct Written {
    name: LitStr,
    location: Option<LitStr>,
    backend: Option<LitStr>,
    secret: bool,
    root: Option<Path>,
}

impl Attribute {
    pub(crate) fn parse(tokens: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let written = mistakes.unless(Written::read.parse2(tokens))?;
        written.check(mistakes);
        Some(Self {
            name: written.name.value(),
            location: written.location.map_or_else(|| "root".to_owned(), |place| place.value()),
            backend: written.backend.map(|backend| backend.value()),
            secret: written.secret,
            root: written.root,
        })
    }
}

impl Written {
    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(LitStr) {
            let example = "name the parameter first, as text: `#[config_parameter(\"password\", \
                           location = \"root\", backend = \"sql\", secret)]`";
            return Err(input.error(example));
        }
        let name = input.parse()?;
        let (mut location, mut backend, mut secret, mut root) = (None, None, false, None);
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key = input.call(Ident::parse_any)?;
            let given = [location.is_some(), backend.is_some(), secret, root.is_some()];
            let known = KEYS.iter().position(|known| key == *known);
            if known.is_some_and(|known| given[known]) {
                let message = format!("`{key}` is given twice; keep one");
                return Err(syn::Error::new(key.span(), message));
            }
            match key.to_string().as_str() {
                "secret" if input.peek(Token![=]) => {
                    let message = "`secret` stands alone, without a value; leave it out where the \
                                   value may be shown";
                    return Err(input.error(message));
                }
                "secret" => secret = true,
                "location" => location = Some(text(input)?),
                "backend" => backend = Some(text(input)?),
                "crate" => {
                    input.parse::<Token![=]>()?;
                    root = Some(input.call(Path::parse_mod_style)?);
                }
                other => {
                    let message = format!(
                        "unknown key `{other}`; known are `location`, `backend`, `secret` and \
                         `crate`"
                    );
                    return Err(syn::Error::new(key.span(), message));
                }
            }
        }
        Ok(Self { name, location, backend, secret, root })
    }

    fn check(&self, mistakes: &mut Mistakes) {
        if let Some(location) = &self.location
            && !is_location(&location.value())
        {
            let known = "no location has this name; they are `root`, `local`, `mirror` and \
                         `mirror-NAME`";
            mistakes.at(location, known);
        }
        if let Some(backend) = &self.backend
            && !is_word(&backend.value())
        {
            mistakes.at(backend, "no backend has this name; one is named as `sql`");
        }
        let name = self.name.value();
        let parts: Vec<&str> = name.split('.').collect();
        match parts[..] {
            ["filesystem_options"] => {}
            ["filesystem_options", option] if is_word(option) => {}
            [option] if self.backend.is_some() && is_word(option) && option != "filesystem" => {}
            [option] if self.backend.is_none() && is_word(option) => {
                let message = format!(
                    "a function gives an option of a location or backend: \
                     `filesystem_options.{option}`, or `{option}` with `backend = \"…\"`; all else \
                     is set by `nuthatch::set_parameter!`"
                );
                mistakes.at(&self.name, message);
            }
            _ => {
                let message = "a function gives an option: `filesystem_options`, \
                               `filesystem_options.token`, or `password` with `backend = \"…\"`";
                mistakes.at(&self.name, message);
            }
        }
    }
}

fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let example = "write it as text: `location = \"local\"`, `backend = \"sql\"`";
    match input.parse::<Token![=]>() {
        Ok(_) if input.peek(LitStr) => input.parse(),
        _ => Err(input.error(example)),
    }
}

fn is_location(name: &str) -> bool {
    let mirror = name.strip_prefix("mirror-");
    matches!(name, "root" | "local" | "mirror") || mirror.is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.chars().all(legal)
}
