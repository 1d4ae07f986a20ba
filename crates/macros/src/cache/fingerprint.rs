//! The fingerprint of a function: a hash of its source tokens, without spacing and documentation.

use blake3::Hasher;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// 32 hexadecimal digits of blake3 over the tokens, each followed by a NUL.
pub(crate) fn of(tokens: TokenStream) -> String {
    let mut hasher = Hasher::new();
    feed(tokens, &mut hasher);
    hasher.finalize().to_hex().chars().take(32).collect()
}

fn feed(tokens: TokenStream, hasher: &mut Hasher) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let documentation = is_hash(&token)
            && tokens
                .next_if(|next| matches!(next, TokenTree::Group(group) if is_doc(group)))
                .is_some();
        if !documentation {
            feed_token(token, hasher);
        }
    }
}

fn feed_token(token: TokenTree, hasher: &mut Hasher) {
    let TokenTree::Group(group) = token else { return feed_text(&token.to_string(), hasher) };
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => return feed(group.stream(), hasher),
    };
    feed_text(open, hasher);
    feed(group.stream(), hasher);
    feed_text(close, hasher);
}

fn feed_text(text: &str, hasher: &mut Hasher) {
    hasher.update(text.as_bytes());
    hasher.update(&[0]);
}

fn is_hash(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')
}

/// `[doc = "…"]`, which is what a documentation comment has become.
fn is_doc(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(name)) if name == "doc")
}
