//! Arguments and namespaces that could lead a path astray, or look like one another in one.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use nuthatch::prelude::*;

use super::{VALUE, plain, runs, small, value};
use crate::files;
use crate::lake::Lake;
use crate::told::Told;

#[cache(name = "bad_input_text")]
fn of_text(text: &str) -> nuthatch::Result<String> {
    value();
    Ok(text.to_owned())
}

/// Texts that a path could be led astray by, or that look like one another in a path.
fn nasty() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        ".",
        "..",
        "../..",
        "../../x",
        "/",
        "//",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a b",
        "a_b",
        "a",
        "A",
        "ä",
        "a\0b",
        "\0",
        "~",
        "~root",
        "$HOME",
        "%2e%2e%2f",
        "..%2f",
        "C:\\x",
        "con",
        "nul",
        "aux.json",
        "x.",
        "x ",
        "x",
        "🦜",
        "🦜🦜",
        "👩‍👩‍👧",
        "\u{202e}txt",
        "\n",
        "a\nb",
        "nuthatch.json",
        ".locks",
        ".tmp~x",
        "entries",
        "data",
        "__",
        "_.",
        "?",
        "*",
        "[",
        "'\"`",
    ]
    .map(str::to_owned)
    .into();
    for long in ["a", "..", "/", "🦜", "../"] {
        texts.push(long.repeat(10_000));
        // Alike as far as a path can show them.
        texts.push(long.repeat(10_000) + "b");
    }
    texts
}

/// Everything below the folder of the lake lies in the root, under names that are safe.
fn nothing_outside_the_root(lake: &Lake) {
    let root = lake.path("root");
    let all = files::under(root.parent().unwrap());
    for path in all.keys() {
        assert!(path.starts_with("root/"), "{path}");
        let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-~/".contains(c);
        assert!(path.chars().all(safe), "{path}");
    }
}

#[test]
fn no_argument_leads_out_of_the_root_or_to_another_ones_entry() {
    let lake = Lake::new();
    let told = Told::listen();
    let texts = nasty();
    for text in &texts {
        assert_eq!(of_text(text).unwrap(), *text);
    }
    assert_eq!(runs() as usize, texts.len());
    for text in &texts {
        assert_eq!(of_text(text).unwrap(), *text);
    }
    assert_eq!(runs(), 0);
    assert_eq!(files::manifests(&lake.path("root")).len(), texts.len());
    nothing_outside_the_root(&lake);
    told.is_silent();
}

#[test]
fn no_namespace_leads_out_of_the_root_or_to_another_ones_entry() {
    let lake = Lake::new();
    let told = Told::listen();
    let namespaces = nasty();
    small(1).unwrap();
    for (number, namespace) in (2..).zip(&namespaces) {
        VALUE.store(number, Ordering::SeqCst);
        assert_eq!(small::call(1).namespace(namespace).run().unwrap(), 1_000 + number);
    }
    assert_eq!(runs() as usize, namespaces.len() + 1);
    for (number, namespace) in (2..).zip(&namespaces) {
        assert_eq!(small::call(1).namespace(namespace).run().unwrap(), 1_000 + number);
    }
    assert_eq!(small(1).unwrap(), 1_001);
    assert_eq!(runs(), 0);
    assert_eq!(files::manifests(&lake.path("root")).len(), namespaces.len() + 1);
    nothing_outside_the_root(&lake);
    told.is_silent();
}

#[test]
fn names_and_versions_and_arguments_are_never_taken_for_one_another() {
    let lake = Lake::new();
    let mut values = HashSet::new();
    let parts = ["k", "v", "k/v", "k,v", "k=v", "text=k", ""];
    for (number, (namespace, text)) in
        (1..).zip(parts.iter().flat_map(|n| parts.iter().map(move |t| (*n, *t))))
    {
        VALUE.store(number, Ordering::SeqCst);
        of_text::call(text).namespace(namespace).run().unwrap();
        values.insert(of_text::call(text).namespace(namespace).key().unwrap().to_string());
    }
    assert_eq!(values.len(), parts.len() * parts.len());
    assert_eq!(runs() as usize, parts.len() * parts.len());
    assert_eq!(files::manifests(&lake.path("root")).len(), parts.len() * parts.len());
}

#[test]
fn the_namespace_of_no_namespace_is_refused() {
    let lake = Lake::new();
    let told = Told::listen();
    let refusal = "`_` stands for no namespace and cannot be one; choose another name";
    for mode in CacheMode::ALL {
        for recompute in [false, true] {
            let call = small::call(1).namespace("_").cache_mode(mode).recompute(recompute);
            let error = call.run().unwrap_err().to_string();
            assert!(error.contains(refusal), "{error}");
        }
    }
    let options = nuthatch::Options::new().namespace("_");
    assert!(nuthatch::with(options, || small(1)).unwrap_err().to_string().contains(refusal));
    assert!(small::call(1).namespace("_").key().is_err());
    assert!(small::call(1).namespace("_").entry().run().is_err());
    assert!(small::call(1).namespace("_").forget().run().is_err());
    assert_eq!(runs(), 0, "refused before the body runs");
    told.is_silent();
    assert_eq!(plain::call(1).namespace("_").run(), 2, "no place for an error: it computes");
    told.says(&["WARN", refusal]);
    assert_eq!(runs(), 1);
    let error = nuthatch::set_parameter!("namespace", "_").unwrap_err();
    assert!(error.to_string().contains("namespace"), "{error}");
    assert!(!lake.path("root").exists());
}
