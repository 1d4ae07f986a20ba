//! The stages on tokens. That the expansion compiles and runs is tested in the face and in
//! `tests/`; that messages point to the right words, by the cases in `crates/nuthatch/tests/ui`.

mod expansion;
mod fingerprint;
mod keys;
mod placement;
mod signatures;

use proc_macro2::TokenStream;

use super::attribute::Config;
use super::mistakes::Mistakes;

fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// What is emitted, as text with single spaces.
fn expand(attribute: &str, item: &str) -> String {
    super::expand(tokens(attribute), tokens(item)).to_string()
}

/// Every mistake that is found.
fn mistakes(attribute: &str, item: &str) -> Vec<String> {
    let mut mistakes = Mistakes::default();
    let config = Config::parse(tokens(attribute), &mut mistakes);
    for function in super::functions(&tokens(item), &mut mistakes) {
        super::expand_one(&function, &config, &mut mistakes);
    }
    mistakes.messages()
}

/// The only mistake that is found.
fn mistake(attribute: &str, item: &str) -> String {
    let found = mistakes(attribute, item);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.concat()
}
