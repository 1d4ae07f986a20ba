use quote::quote;

use super::attribute::Attribute;
use crate::cache::Mistakes;

fn mistakes(attribute: proc_macro2::TokenStream) -> Vec<String> {
    let mut mistakes = Mistakes::default();
    Attribute::parse(attribute, &mut mistakes);
    mistakes.messages()
}

#[test]
fn an_attribute_is_read_with_the_root_where_no_location_is_named() {
    let mut none = Mistakes::default();
    let read = Attribute::parse(quote!("password", backend = "sql", secret), &mut none).unwrap();
    assert!(none.is_empty() && read.secret && read.root.is_none());
    assert_eq!((read.name.as_str(), read.location.as_str()), ("password", "root"));
    assert_eq!(read.backend.as_deref(), Some("sql"));
    for right in [
        quote!("filesystem_options"),
        quote!("filesystem_options.token", location = "mirror-east", secret,),
        quote!("filesystem_options", location = "local", backend = "zarr", crate = my::nuthatch),
    ] {
        assert_eq!(mistakes(right.clone()), [""; 0], "{right}");
    }
}

#[test]
fn each_mistake_says_what_to_write() {
    for (wrong, words) in [
        (quote!(), "name the parameter first"),
        (quote!(secret), "name the parameter first"),
        (quote!("password", secret), "`password` with `backend"),
        (quote!("memo_size"), "set_parameter!"),
        (quote!("filesystem", backend = "zarr"), "a function gives an option"),
        (quote!("a.b.c"), "a function gives an option"),
        (quote!("filesystem_options.token", location = "roof"), "no location has this name"),
        (quote!("filesystem_options.token", location = "mirror-"), "no location has this name"),
        (quote!("password", backend = "s q l"), "no backend has this name"),
        (quote!("password", backend = "sql", secrets), "unknown key `secrets`"),
        (quote!("password", backend = "sql", backend = "zarr"), "`backend` is given twice"),
        (quote!("password", backend = "sql", secret, secret), "`secret` is given twice"),
        (quote!("password", backend = "sql", secret = true), "stands alone"),
        (quote!("password", backend = sql), "write it as text"),
        (quote!("password", backend), "write it as text"),
    ] {
        let told = mistakes(wrong.clone());
        assert!(told.len() == 1 && told[0].contains(words), "{wrong}: {told:?}");
    }
}

#[test]
fn functions_that_cannot_be_called_are_mistakes_and_still_emitted() {
    for (wrong, words) in [
        (
            quote!(
                fn f(n: u32) -> u32 {
                    n
                }
            ),
            "without arguments",
        ),
        (
            quote!(
                fn f<T: Default>() -> T {
                    T::default()
                }
            ),
            "generic",
        ),
        (
            quote!(
                unsafe fn f() -> u32 {
                    1
                }
            ),
            "unsafe",
        ),
        (
            quote!(
                async fn f() {}
            ),
            "it gives no value",
        ),
        (
            quote!(
                struct F;
            ),
            "stands on a function",
        ),
    ] {
        let expanded = super::expand(quote!("password", backend = "sql"), wrong.clone());
        let (expanded, item) = (expanded.to_string(), wrong.to_string());
        assert!(expanded.contains("compile_error") && expanded.contains(words), "{expanded}");
        assert!(expanded.contains(&item) && !expanded.contains("submit"), "{expanded}");
    }
}
