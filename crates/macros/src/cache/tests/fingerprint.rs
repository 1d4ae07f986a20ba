use super::tokens;
use crate::cache::fingerprint::of;

const PLAIN: &str = "fn f(a: i64) -> i64 { a + 1 }";

#[test]
fn it_is_frozen() {
    assert_eq!(of(tokens(PLAIN)), "f4cb6078e1fea42427bc92976cfe67b9");
}

#[test]
fn spacing_and_documentation_are_not_in_it() {
    let spaced = "/// What it does.\n fn f( a:i64 )->i64 {\n /* why */ a+1 // end\n}";
    assert_eq!(of(tokens(spaced)), of(tokens(PLAIN)));
    let inside = "fn f() { /// inner\n fn g() {} }";
    assert_eq!(of(tokens(inside)), of(tokens("fn f() { fn g() {} }")));
}

#[test]
fn name_signature_body_and_attributes_are_in_it() {
    let changed = [
        "fn g(a: i64) -> i64 { a + 1 }",
        "fn f(a: i32) -> i64 { a + 1 }",
        "fn f(a: i64) -> i64 { a + 2 }",
        "fn f(a: i64) -> i64 { (a + 1) }",
        "#[inline] fn f(a: i64) -> i64 { a + 1 }",
    ];
    for changed in changed {
        assert_ne!(of(tokens(changed)), of(tokens(PLAIN)), "{changed}");
    }
}

#[test]
fn neighbouring_tokens_do_not_run_together() {
    assert_ne!(of(tokens("{ a b }")), of(tokens("{ ab }")));
    assert_ne!(of(tokens("{ \"a\" \"b\" }")), of(tokens("{ \"a b\" }")));
}
