use super::{expand, mistake, mistakes, tokens};
use crate::cache::attribute::Config;
use crate::cache::mistakes::Mistakes;

const ITEM: &str = "fn f(a: i64, station: &str) -> i64 { a }";

#[test]
fn every_key_reaches_the_definition() {
    let attribute = r#"
        cache = false, namespace = "n", version = "1", cache_args(a), skip(station),
        backend = "basic", backend_options(chunk = 3, codec = "zstd", flag = true, list = ["a", -1]),
        storage_backend = "zarr", storage_backend_options(ratio = 0.5), memoize, strict = true, lease,
        upsert_keys("time", "id"), name = "g", companion = Named, crate = a::b
    "#;
    let emitted = expand(attribute, ITEM);
    let expected = r#"
        name: ::core::option::Option::Some("g"),
        sync: true,
        cache: false,
        namespace: ::core::option::Option::Some("n"),
        version: ::core::option::Option::Some("1"),
        backend: ::core::option::Option::Some("basic"),
        backend_options: &[
            ("chunk", a::b::__private::OptionValue::Integer(3)),
            ("codec", a::b::__private::OptionValue::Str("zstd")),
            ("flag", a::b::__private::OptionValue::Bool(true)),
            ("list", a::b::__private::OptionValue::List(&[
                a::b::__private::OptionValue::Str("a"), a::b::__private::OptionValue::Integer(-1)
            ]))
        ],
        storage_backend: ::core::option::Option::Some("zarr"),
        storage_backend_options: &[("ratio", a::b::__private::OptionValue::Float(0.5))],
        memoize: true,
        strict: true,
        lease: ::core::option::Option::Some(true),
        upsert_keys: &["time", "id"],
        ..a::b::__private::Definition::DEFAULT
    "#;
    let squeezed = |text: &str| text.replace(char::is_whitespace, "");
    assert!(squeezed(&emitted).contains(&squeezed(expected)), "{emitted}");
    assert!(emitted.contains("struct Named"), "{emitted}");
}

#[test]
fn flags_may_be_said_to_be_off() {
    let mut mistakes = Mistakes::default();
    let config = Config::parse(tokens("memoize = false, strict, cache = true"), &mut mistakes);
    assert_eq!((config.memoize, config.strict, config.cache), (false, true, Some(true)));
    assert!(mistakes.is_empty());
}

#[test]
fn an_unknown_key_names_the_right_one() {
    let cases = [
        ("cache_arg(a)", "did you mean `cache_args`?"),
        ("verison = \"1\"", "did you mean `version`?"),
        ("memoise", "did you mean `memoize`?"),
        ("backend_kwargs = 3", "write `backend_options(chunk = 3)`"),
        ("timeseries = \"time\"", "above `#[cache]`"),
        ("recompute = true", "an option of one call: `f::call(…).recompute(…)`"),
        ("validate_data = true", "`f::call(…).validate(…)`"),
        ("ttl = 3", "entries do not expire"),
        ("colour = 3", "its keys are `cache`, `namespace`"),
    ];
    for (attribute, expected) in cases {
        let found = mistake(attribute, ITEM);
        assert!(found.contains(expected), "{attribute}: {found}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_shows_how_the_key_is_written() {
    let cases = [
        ("version = 1", "`version` is written `version = \"0.1.0\"`"),
        ("version", "`version` is written `version = \"0.1.0\"`"),
        ("version = \"\"", "it must not be empty"),
        ("namespace = \"_\"", "`_` stands for no namespace"),
        ("memoize = \"yes\"", "`memoize` is written `memoize`"),
        ("cache_args = [\"a\", \"station\"]", "`cache_args(a, station)`"),
        ("cache_args = 'a'", "`cache_args(a)`"),
        ("cache_args(\"a\")", "takes names: `a`"),
        ("upsert_keys(time)", "`upsert_keys(\"time\")`"),
        ("engine = \"pandas\"", "`engine = polars::DataFrame`"),
        ("backend_options(chunk = f(3))", "expected a literal"),
        ("backend_options(chunk = 1e999)", "too large"),
        ("backend_options(a = 1, a = 2)", "`a` stands here twice"),
        ("backend_options = 3", "`backend_options(chunk = 3"),
        ("cache_disable_if", "`cache_disable_if = *window > 3`"),
        ("\"version\"", "expected a key of `#[cache]`"),
        ("version = \"1\" memoize", "expected `,`"),
    ];
    for (attribute, expected) in cases {
        let found = mistake(attribute, ITEM);
        assert!(found.contains(expected), "{attribute}: {found}");
    }
}

#[test]
fn every_mistake_is_found_at_once_and_the_function_is_emitted() {
    let attribute = "cache_arg(a), version = 1, skip(b), memoize, memoize, cache_args(statoin)";
    let found = mistakes(attribute, "const fn f(a: i64, station: &str) -> &str { station }");
    assert_eq!(found.len(), 7, "{found:#?}");
    let emitted = expand(attribute, ITEM);
    assert!(emitted.starts_with("fn f (a : i64 , station : & str) -> i64 { a }"), "{emitted}");
    assert_eq!(emitted.matches("compile_error").count(), 5, "{emitted}");
    assert!(!emitted.contains("struct"), "{emitted}");
}

#[test]
fn lists_of_arguments_name_arguments() {
    let cases = [
        ("cache_args(statoin)", "did you mean `station`?"),
        ("skip(window)", "its arguments are `a` and `station`"),
        ("skip(self)", "takes no `self`"),
        ("cache_args(a), skip(a)", "`a` is both skipped and in `cache_args`"),
        ("cache_args(a, a)", "`a` stands twice in `cache_args`"),
    ];
    for (attribute, expected) in cases {
        let found = mistake(attribute, ITEM);
        assert!(found.contains(expected), "{attribute}: {found}");
    }
    assert!(mistake("skip(a)", "fn f() {}").contains("has no arguments"));
}

#[test]
fn a_condition_gives_its_value_and_nothing_else() {
    let cases = ["a.await", "a?", "return true", "{ if a { return true } false }"];
    for condition in cases {
        let found = mistake(&format!("cache_disable_if = {condition}"), ITEM);
        assert!(found.contains("cannot stand in `cache_disable_if`"), "{condition}: {found}");
    }
    let closure = "cache_disable_if = station.chars().any(|c| { return c == 'x'; })";
    assert_eq!(mistakes(closure, ITEM), Vec::<String>::new());
}
