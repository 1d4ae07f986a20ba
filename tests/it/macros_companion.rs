//! The companion: its name, its functions, where it may stand, and where attributes go.

use std::sync::atomic::{AtomicUsize, Ordering};

use nuthatch::prelude::*;

mod lake {
    use nuthatch::prelude::*;

    /// A function that is used from another module.
    #[cache]
    pub(crate) fn depth(metres: i64) -> i64 {
        metres * 10
    }

    #[cfg(any())]
    #[cache]
    pub(crate) fn never(this_type_does_not_exist: Missing) -> i64 {
        0
    }

    #[cache]
    #[cfg(any())]
    pub(crate) fn never(this_type_does_not_exist: Missing) -> i64 {
        0
    }
}

use lake::depth;

#[test]
fn one_import_brings_the_function_and_its_companion() {
    assert_eq!((depth(2), depth::call(2).run(), depth::original(2)), (20, 20, 20));
    assert_eq!(depth::key(2).ok(), depth::call(2).key().ok());
    assert_ne!(depth::key(2).ok(), depth::key(3).ok());
}

#[test]
fn functions_of_one_name_in_two_blocks_are_two_functions() {
    let first = {
        #[cache]
        fn value(of: i64) -> i64 {
            of + 1
        }
        (value(1), format!("{:?}", value::key(1)))
    };
    mod other {
        use nuthatch::prelude::*;

        #[cache]
        pub(super) fn value(of: i64) -> i64 {
            of + 2
        }
    }
    assert_eq!((first.0, other::value(1)), (2, 3));
    assert_ne!(first.1, format!("{:?}", other::value::key(1)));
}

#[test]
fn a_clash_of_names_is_avoided_by_another_or_by_none() {
    #[allow(dead_code)]
    mod named {}
    #[allow(dead_code)]
    mod bare {}

    #[cache(companion = Named)]
    fn named(value: i64) -> i64 {
        value + 1
    }

    #[cache(companion = none)]
    fn bare<T>(value: i64, _other: T) -> i64
    where
        T: Clone + CacheKey,
    {
        value + 2
    }

    assert_eq!((named(1), Named::call(1).run(), bare(1, "x")), (2, 2, 3));
}

#[test]
fn the_crate_can_be_named_where_it_is_re_exported() {
    mod vendored {
        pub(super) use nuthatch as other_name;
    }

    #[cache(crate = vendored::other_name)]
    fn value() -> i64 {
        3
    }

    assert_eq!(value(), 3);
}

#[test]
fn attributes_below_go_to_the_body_and_lint_levels_to_both() {
    #[cache]
    #[must_use]
    #[inline(never)]
    #[expect(unused_variables)]
    #[deny(unused_must_use)]
    #[cfg_attr(all(), cfg(all()), must_use)]
    fn value(argument: i64) -> i64 {
        let unused = 1;
        argument
    }

    assert_eq!(value(3), 3);
}

#[test]
fn the_original_is_never_cached() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cache(memoize)]
    fn value() -> usize {
        RUNS.fetch_add(1, Ordering::Relaxed)
    }

    assert_eq!((value(), value(), value::original(), value::original()), (0, 0, 1, 2));
}

#[test]
fn a_function_made_by_a_macro_is_cached() {
    macro_rules! cached {
        ($name:ident, $argument:ident: $ty:ty => $body:expr) => {
            #[cache(cache_args($argument))]
            fn $name($argument: $ty) -> i64 {
                $body
            }
        };
    }
    cached!(tripled, value: i64 => value * 3);

    assert_eq!((tripled(2), tripled::call(3).run()), (6, 9));
}
