//! The golden expansions, in `crates/nuthatch/tests/expand`. `NUTHATCH_BLESS=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, File, ImplItem, Item, Meta};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../nuthatch/tests/expand")
}

#[test]
fn the_expansion_of_a_function_is_the_one_that_is_shown() {
    compare("smoothed");
}

#[test]
fn the_expansion_of_a_generic_method_is_the_one_that_is_shown() {
    compare("generic_method");
}

#[test]
fn the_expansion_of_a_clipped_function_is_the_one_that_is_shown() {
    compare("clipped");
}

fn compare(name: &str) {
    let read = |file: &Path| {
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    let written = read(&folder().join(format!("{name}.rs")));
    let parsed: File = syn::parse_str(&written).expect("the case is Rust");
    let expanded = parsed.items.into_iter().map(expand_item).collect::<TokenStream>();
    let expanded: File = syn::parse2(expanded).expect("the expansion is Rust");
    let shown = prettyplease::unparse(&expanded);
    let golden = folder().join(format!("{name}.expanded.rs"));
    if std::env::var_os("NUTHATCH_BLESS").is_some() {
        fs::write(&golden, &shown).expect("the golden file can be written");
    }
    assert_eq!(shown, read(&golden), "{} differs", golden.display());
}

fn expand_item(item: Item) -> TokenStream {
    match item {
        Item::Fn(mut function) => {
            let attribute = take_cache(&mut function.attrs).expect("the function is cached");
            crate::cache::expand(attribute, function.into_token_stream())
        }
        Item::Impl(mut block) => {
            block.items = block.items.into_iter().flat_map(expand_method).collect();
            block.into_token_stream()
        }
        other => other.into_token_stream(),
    }
}

fn expand_method(item: ImplItem) -> Vec<ImplItem> {
    let ImplItem::Fn(mut method) = item else { return vec![item] };
    let attribute = take_cache(&mut method.attrs).expect("the method is cached");
    let expanded = crate::cache::expand(attribute, method.into_token_stream());
    let block: syn::ItemImpl =
        syn::parse2(quote!(impl Block { #expanded })).expect("the expansion is Rust");
    block.items
}

fn take_cache(attributes: &mut Vec<Attribute>) -> Option<TokenStream> {
    let position = attributes.iter().position(|attribute| attribute.path().is_ident("cache"))?;
    match attributes.remove(position).meta {
        Meta::List(list) => Some(list.tokens),
        _ => Some(TokenStream::new()),
    }
}
