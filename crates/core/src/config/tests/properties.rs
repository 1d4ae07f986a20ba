use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use crate::config::layer::{
    BackendLayer, Filesystem, Globals, Layer, LocationLayer, Options, Said,
};
use crate::config::origin::{Origin, Tracked};
use crate::config::values::{
    CommitPolicy, ManifestIdentity, OnBusy, OnStoreFailure, Progress, Verify, bytes, shown_bytes,
    shown_span, span,
};
use crate::mode::CacheMode;

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Default),
        "[A-Z]{1,3}".prop_map(Origin::Variable),
        (1..9_usize)
            .prop_map(|line| Origin::File { path: std::path::Path::new("/f").into(), line }),
    ]
}

fn said<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<Tracked<T>>> {
    of((value, origin()).prop_map(|(value, origin)| Tracked::new(value, origin))).boxed()
}

fn options() -> impl Strategy<Value = Options> {
    let value = (any::<i64>().prop_map(toml::Value::Integer), origin());
    let tracked = value.prop_map(|(value, origin)| Tracked::new(Said::Value(value), origin));
    btree_map("[a-c]", tracked, 0..3).prop_map(Options)
}

fn filesystem() -> BoxedStrategy<Option<Tracked<Filesystem>>> {
    said("[a-c]{1,2}".prop_map(|text| Filesystem { text, base: None }))
}

fn backend() -> impl Strategy<Value = BackendLayer> {
    (filesystem(), options(), options()).prop_map(|(filesystem, filesystem_options, options)| {
        BackendLayer { filesystem, filesystem_options, options }
    })
}

fn location() -> impl Strategy<Value = LocationLayer> {
    (of(origin()), filesystem(), options(), btree_map("[x-z]", backend(), 0..3)).prop_map(
        |(named, filesystem, filesystem_options, backends)| LocationLayer {
            named,
            filesystem,
            filesystem_options,
            backends,
        },
    )
}

fn globals() -> impl Strategy<Value = Globals> {
    let flags = (said(any::<bool>()), said(any::<bool>()), said(any::<bool>()));
    let words = (
        said(prop_oneof![Just(OnStoreFailure::Warn), Just(OnStoreFailure::Error)]),
        said(prop_oneof![Just(ManifestIdentity::Full), Just(ManifestIdentity::None)]),
        said(prop_oneof![Just(CommitPolicy::Conditional), Just(CommitPolicy::LastWriterWins)]),
        said(prop_oneof![Just(Verify::Full), Just(Verify::Off)]),
        said(prop_oneof![Just(Progress::On), Just(Progress::Off)]),
        said(prop_oneof![Just(OnBusy::Compute), Just(OnBusy::Error)]),
    );
    let mode = said((0..CacheMode::ALL.len()).prop_map(|index| CacheMode::ALL[index]));
    let spans = || said((0..9_u64).prop_map(Duration::from_secs));
    let sizes = (said(any::<u64>()), spans(), said(vec("[a-z]", 0..3)), spans());
    let leases = (spans(), spans());
    (mode, said("[a-z]"), flags, words, sizes, leases).prop_map(
        |(cache_mode, namespace, flags, words, sizes, leases)| Globals {
            cache_mode,
            namespace,
            memoize: flags.0,
            memo_size: sizes.0,
            durable: flags.1,
            on_store_failure: words.0,
            manifest_identity: words.1,
            commit: words.2,
            grace: sizes.1,
            skipped_filesystems: sizes.2,
            timeout: sizes.3,
            lease: flags.2,
            lease_ttl: leases.0,
            lease_wait: leases.1,
            on_busy: words.5,
            verify: words.3,
            progress: words.4,
        },
    )
}

fn layer() -> impl Strategy<Value = Layer> {
    let mirrors = vec(("mirror-[a-d]", location()), 0..4).prop_map(|mut mirrors| {
        let mut seen = std::collections::BTreeSet::new();
        mirrors.retain(|(name, _)| seen.insert(name.clone()));
        mirrors
    });
    (globals(), location(), location(), mirrors).prop_map(|(globals, root, local, mirrors)| Layer {
        globals,
        root,
        local,
        mirrors,
    })
}

/// What is said of one option by the strongest of two that says anything.
fn stronger<'a, T>(a: &'a Option<T>, b: &'a Option<T>) -> &'a Option<T> {
    if a.is_some() { a } else { b }
}

fn assert_per_parameter(all: &LocationLayer, a: &LocationLayer, b: &LocationLayer) {
    assert_eq!(&all.filesystem, stronger(&a.filesystem, &b.filesystem));
    for name in ["a", "b", "c"] {
        let of = |options: &Options| options.0.get(name).cloned();
        let (of_a, of_b) = (of(&a.filesystem_options), of(&b.filesystem_options));
        assert_eq!(&of(&all.filesystem_options), stronger(&of_a, &of_b));
        for backend in ["x", "y", "z"] {
            let of = |layer: &LocationLayer| of(&layer.backends.get(backend)?.options);
            assert_eq!(&of(all), stronger(&of(a), &of(b)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn combining_is_associative(a in layer(), b in layer(), c in layer()) {
        let left = a.clone().combine(b.clone()).combine(c.clone());
        prop_assert_eq!(left, a.combine(b.combine(c)));
    }

    #[test]
    fn an_empty_layer_changes_nothing(a in layer()) {
        prop_assert_eq!(Layer::default().combine(a.clone()), a.clone());
        prop_assert_eq!(a.clone().combine(Layer::default()), a);
    }

    #[test]
    fn each_parameter_is_that_of_the_strongest_layer_that_says_it(a in layer(), b in layer()) {
        let all = a.clone().combine(b.clone());
        prop_assert_eq!(&all.globals.cache_mode, stronger(&a.globals.cache_mode, &b.globals.cache_mode));
        prop_assert_eq!(&all.globals.namespace, stronger(&a.globals.namespace, &b.globals.namespace));
        prop_assert_eq!(&all.globals.memo_size, stronger(&a.globals.memo_size, &b.globals.memo_size));
        prop_assert_eq!(&all.globals.commit, stronger(&a.globals.commit, &b.globals.commit));
        prop_assert_eq!(&all.globals.timeout, stronger(&a.globals.timeout, &b.globals.timeout));
        prop_assert_eq!(&all.globals.verify, stronger(&a.globals.verify, &b.globals.verify));
        prop_assert_eq!(&all.globals.progress, stronger(&a.globals.progress, &b.globals.progress));
        prop_assert_eq!(&all.globals.grace, stronger(&a.globals.grace, &b.globals.grace));
        assert_per_parameter(&all.root, &a.root, &b.root);
        assert_per_parameter(&all.local, &a.local, &b.local);
        for (name, mirror) in &all.mirrors {
            let of = |layer: &Layer| {
                let found = layer.mirrors.iter().find(|(known, _)| known == name);
                found.map(|(_, mirror)| mirror.clone()).unwrap_or_default()
            };
            assert_per_parameter(mirror, &of(&a), &of(&b));
        }
    }

    #[test]
    fn sizes_and_spans_are_read_as_they_are_shown(size in any::<u32>(), millis in any::<u32>()) {
        let size = u64::from(size);
        let text: toml::Table = toml::from_str(&format!("v = {}", shown_bytes(size))).unwrap();
        prop_assert_eq!(bytes(&text["v"]), Ok(size));
        let time = Duration::from_millis(u64::from(millis));
        let text: toml::Table = toml::from_str(&format!("v = {}", shown_span(time))).unwrap();
        prop_assert_eq!(span(&text["v"]), Ok(time));
    }

    #[test]
    fn no_file_text_panics(text in "\\PC{0,80}", keys in "(nuthatch|tool|root|zarr|mirror|[.\\[\\]='\"{} \n0-9])*") {
        for text in [&text, &keys] {
            let path = std::path::Path::new("/nuthatch.toml");
            if let Ok(items) = crate::config::document::nuthatch_toml(path, text) {
                let _ = crate::config::reader::layer(items, None);
            }
        }
    }

    #[test]
    fn no_variable_panics(name in "(NUTHATCH|MIRROR|ZARR|FILESYSTEM|_|[A-Za-zé])*", value in "\\PC{0,20}") {
        let variables = [(format!("NUTHATCH_{name}").into(), value.into())];
        let _ = crate::config::environment::environment(&variables, []);
    }
}
