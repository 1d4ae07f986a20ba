use super::{expand, mistake, mistakes};

#[test]
fn only_functions_are_cached() {
    let cases = [
        ("struct S;", "`#[cache]` belongs on a function"),
        ("impl S { fn f() {} }", "on each method"),
        ("trait T { fn f(); }", "on a free function"),
        ("fn f(&self);", "without a body"),
        ("mod m {}", "`#[cache]` belongs on a function"),
    ];
    for (item, expected) in cases {
        let found = mistake("", item);
        assert!(found.contains(expected), "{item}: {found}");
        assert!(expand("", item).starts_with(&super::tokens(item).to_string()), "{item}");
    }
}

#[test]
fn what_stands_in_an_impl_says_so() {
    let cases = [
        "fn f(&self) {}",
        "fn f() -> Self { Self::new() }",
        "fn f() { let made = vec![]; Self::new(made); }",
        "fn f() { println!(\"{}\", Self::new()); }",
    ];
    for item in cases {
        assert!(mistake("", item).contains("#[cache(in_impl)]"), "{item}");
        assert_eq!(mistakes("in_impl", item), Vec::<String>::new(), "{item}");
    }
    let nested = "fn f() { struct S; impl S { fn new() -> Self { Self } } }";
    assert_eq!(mistakes("", nested), Vec::<String>::new());
}

#[test]
fn a_method_has_associated_functions_and_no_struct() {
    let emitted = expand("in_impl", "pub fn f(&self, a: &str) -> i64 { 1 }");
    for name in ["f_call", "f_original", "f_key", "f_entry", "f_uri", "f_forget"] {
        assert!(emitted.contains(&format!("pub fn {name}")), "{name}: {emitted}");
    }
    assert!(emitted.contains("where Self : 'call"), "{emitted}");
    assert!(!emitted.contains("struct"), "{emitted}");
}

#[test]
fn a_companion_that_is_none_cannot_be_reached() {
    let emitted = expand("companion = none", "pub fn f() -> i64 { 1 }");
    assert!(emitted.contains("struct __nuthatch_f"), "{emitted}");
    assert!(!emitted.contains("fn key"), "{emitted}");
    assert!(mistake("companion = none, engine = T", "fn f() {}").contains("keep one of them"));
}

#[test]
fn an_engine_changes_the_call_and_not_the_function() {
    let emitted = expand("engine = Frame", "pub fn f() -> Result<Batch> { make() }");
    assert!(emitted.contains("f :: call_as_written () . run ()"), "{emitted}");
    assert!(emitted.contains("Self :: call_as_written () . engine :: < Frame > ()"), "{emitted}");
}

#[test]
fn attributes_go_where_they_belong() {
    let item = "/// What it does.\n#[must_use] #[cfg(x)] #[allow(a)] #[expect(b)] #[inline] \
                #[cfg_attr(y, doc = \"d\", cold)] fn f() -> i64 { 1 }";
    let emitted = expand("", item);
    let place = |name: &str| emitted.find(name).unwrap_or(emitted.len());
    let function = &emitted[..place("fn f (")];
    let body = &emitted[place("impl f")..place("fn original (")];
    for kept in ["What it does", "must_use", "cfg (x)", "allow (a)", "allow (b)"] {
        assert!(function.contains(kept), "{kept}: {function}");
    }
    assert!(function.contains("cfg_attr (y , doc = \"d\")"), "{function}");
    for moved in ["allow (a)", "expect (b)", "inline", "cfg_attr (y , cold)"] {
        assert!(body.contains(moved), "{moved}: {body}");
    }
    assert!(!function.contains("inline") && !body.contains("must_use"), "{emitted}");
    assert_eq!(emitted.matches("cfg (x)").count(), 4, "{emitted}");
}
