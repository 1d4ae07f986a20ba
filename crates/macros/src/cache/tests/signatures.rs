use super::{expand, mistake, mistakes};

/// The declaration of `call` in what is emitted, without spaces.
fn call(attribute: &str, item: &str) -> String {
    let emitted = expand(attribute, item).replace(char::is_whitespace, "");
    let start = emitted.find("fncall").unwrap_or_else(|| panic!("no call in {emitted}"));
    let end = emitted[start..].find("->").unwrap_or_default();
    emitted[start..start + end].to_owned()
}

#[test]
fn lifetimes_that_may_shrink_share_one_name() {
    assert_eq!(
        call("skip(c)", "fn f(a: &str, b: &[(&str, &i64)], c: &mut i64) {}"),
        "fncall<'call>(a:&'callstr,b:&'call[(&'callstr,&'calli64)],c:&'callmuti64)",
    );
}

#[test]
fn lifetimes_that_may_not_shrink_have_a_name_each() {
    assert_eq!(
        call("skip(a)", "fn f(a: &mut Vec<&str>, b: Cow<'_, str>) {}"),
        "fncall<'call,'call_1:'call,'call_2:'call>\
         (a:&'callmutVec<&'call_1str>,b:Cow<'call_2,str>)",
    );
}

#[test]
fn declared_parameters_keep_their_names_and_outlive_the_call() {
    assert_eq!(
        call("", "fn f<'a, 'b: 'a, T: Key, const N: usize>(a: &'a T, b: &'b [u8; N]) {}"),
        "fncall<'call,'a:'call,'b:'a+'call,T:Key+'call,constN:usize>(a:&'aT,b:&'b[u8;N])",
    );
    assert_eq!(
        call("", "fn f<'call>(a: &'call str, b: &str) {}"),
        "fncall<'cached,'call:'cached>(a:&'callstr,b:&'cachedstr)",
    );
}

#[test]
fn impl_trait_becomes_a_type_parameter() {
    assert_eq!(
        call("", "fn f(a: impl Key, b: &impl Iterator<Item = impl Key>, c: impl Fn(&str)) {}"),
        "fncall<'call,Impl1:Key+'call,Impl2:Key+'call,Impl3:Iterator<Item=Impl2>+'call,\
         Impl4:Fn(&str)+'call>(a:Impl1,b:&'callImpl3,c:Impl4)",
    );
}

#[test]
fn parameters_go_into_the_key_in_the_declared_order_unless_their_argument_is_skipped() {
    let emitted = expand("skip(b)", "fn f<T, const N: usize>(c: T, b: impl Fn(), a: impl Key) {}");
    let order = ["\"T\"", "\"N\"", "\"impl a\"", "arguments , a", "arguments , c"];
    let places: Vec<_> = order.iter().map(|part| emitted.rfind(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {emitted}");
    assert!(!emitted.contains("\"impl b\""), "{emitted}");
}

#[test]
fn what_cannot_be_cached_is_refused_with_the_fix() {
    let cases = [
        ("const fn f() {}", "drop the word"),
        ("unsafe fn f() {}", "cache a safe function that calls it"),
        ("extern \"C\" fn f() {}", "cache a Rust function"),
        ("unsafe extern \"C\" fn f(a: i64, ...) {}", "take a slice"),
        ("fn f() -> impl Iterator<Item = i64> { 0..1 }", "write the type"),
        ("fn f() -> ! { loop {} }", "drop `#[cache]`"),
        ("fn f(a: &str) -> &str { a }", "return `String`"),
        ("fn f() -> Option<&'static [i64]> { None }", "return `Vec<i64>`"),
        ("fn f() -> Result<&'static str, E> { }", "return `String`"),
        ("fn f(a: &str) -> Cow<'_, str> { }", "a type without lifetimes"),
        ("fn f((a, b): (i64, i64)) {}", "`let (a , b) = value;`"),
        ("fn f(_: i64) {}", "write `_unused: T`"),
        ("fn f(ref a: i64) {}", "needs a name"),
        ("fn f(a: &mut i64) {}", "with `skip(a)`"),
        ("fn f(a: Option<&mut i64>) {}", "with `skip(a)`"),
        ("fn f(a: Cow<str>) {}", "write `Cow<'_, str>`"),
        ("#[cache] fn f() {}", "`#[cache]` stands here twice"),
    ];
    for (item, expected) in cases {
        let found = mistakes("", item).concat();
        assert!(found.contains(expected), "{item}: {found}");
    }
}

#[test]
fn what_can_be_cached_is_taken() {
    let cases = [
        "fn f() -> Result<i64, &'static str> { Ok(1) }",
        "fn f() -> Cow<'static, str> { }",
        "fn f(visit: fn(&mut i64)) {}",
        "fn f(visit: impl Fn(&mut i64) -> i64) {}",
        "fn f() -> Result<(), Box<dyn Error>> { Ok(()) }",
        "pub(crate) async fn f<T>(mut a: T) -> T where T: Key { a }",
    ];
    for item in cases {
        assert_eq!(mistakes("", item), Vec::<String>::new(), "{item}");
    }
}

#[test]
fn arguments_under_cfg_make_variants_of_the_function() {
    let item = "fn f(a: i64, #[cfg(x)] b: i64, #[cfg(y)] #[allow(z)] c: i64) -> i64 { a }";
    let emitted = expand("cache_args(a, b)", item);
    assert_eq!(emitted.matches("fn f (").count(), 4, "{emitted}");
    assert_eq!(emitted.matches("fn f (a : i64) ").count(), 1, "{emitted}");
    assert_eq!(emitted.matches("fn f (a : i64 , b : i64) ").count(), 1, "{emitted}");
    let five = "fn f(#[cfg(a)] a: i64, #[cfg(a)] b: i64, #[cfg(a)] c: i64, #[cfg(a)] d: i64, \
                #[cfg(a)] e: i64) {}";
    assert!(mistake("", five).contains("more than 4 arguments under `cfg`"));
}

#[test]
fn a_mistake_in_every_variant_is_told_once() {
    let item = "const fn f(#[cfg(x)] a: i64) {}";
    assert!(mistake("", item).contains("drop the word"));
}
