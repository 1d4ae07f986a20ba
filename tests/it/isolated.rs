//! Several configurations side by side: each call uses that of its context, and no other.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::Nuthatch;
use nuthatch::prelude::*;

use crate::lake::Lake;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(memoize)]
fn inner(number: u32) -> nuthatch::Result<u32> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(number)
}

#[cache]
async fn outer(number: u32) -> nuthatch::Result<u32> {
    inner(number)
}

fn runs() -> u32 {
    RUNS.swap(0, Ordering::SeqCst)
}

fn lake(name: &str) -> Nuthatch {
    Nuthatch::builder().set("filesystem", format!("memory://{name}")).build().unwrap()
}

#[test]
fn each_has_its_own_locations_memo_and_settings() {
    let process = Lake::new();
    let (summer, winter) = (lake("summer"), lake("winter"));
    for nuthatch in [&summer, &winter] {
        nuthatch.with(|| inner(1).unwrap());
        assert_eq!(runs(), 1, "neither entry nor memo of another");
        nuthatch.with(|| inner(1).unwrap());
        nuthatch.clear_memo();
        nuthatch.with(|| inner(1).unwrap());
        assert_eq!(runs(), 0);
    }
    assert!(process.requests("root").is_empty());
    inner(1).unwrap();
    assert_eq!(runs(), 1);
    let uri = |nuthatch: &Nuthatch| nuthatch.with(|| inner::uri(1).run()).unwrap().unwrap();
    assert!(uri(&summer).starts_with("memory://summer/"), "{}", uri(&summer));
    assert!(uri(&winter).starts_with("memory://winter/"), "{}", uri(&winter));
    let within = winter.with(|| nuthatch::config().unwrap());
    assert_eq!(within.root.as_ref().unwrap().filesystem, "memory://winter");
    assert_eq!(winter.config().unwrap().to_string(), within.to_string());
    let outside = nuthatch::config().unwrap();
    assert!(outside.root.as_ref().unwrap().filesystem.starts_with("file://"));
}

#[test]
fn nothing_of_the_process_reaches_one_and_nothing_of_it_the_process() {
    let process = Lake::new();
    nuthatch::set_parameter!("namespace", "theirs").unwrap();
    fs::write(process.path("nuthatch.toml"), "[nuthatch]\nmemoize = true\n").unwrap();
    let nuthatch = Nuthatch::builder().build().unwrap();
    let settings = nuthatch.config().unwrap();
    assert!(settings.root.is_none() && settings.local.is_none() && settings.mirrors.is_empty());
    assert_eq!((&settings.namespace, settings.memoize), (&None, false));
    assert!(!settings.to_string().contains("vault"), "{settings}");
    nuthatch::set_parameter!("namespace", "ours").unwrap();
    assert_eq!(nuthatch.config().unwrap().namespace, None);
    nuthatch.with(|| inner(1).unwrap());
    assert_eq!((runs(), process.requests("root").len()), (1, 0));
}

#[test]
fn what_is_recomputed_for_one_is_recomputed_for_another_too() {
    let _process = Lake::new();
    let (summer, winter) = (lake("summer"), lake("winter"));
    let both = || [&summer, &winter].map(|nuthatch| nuthatch.with(|| inner(1).unwrap()));
    both();
    assert_eq!(runs(), 2);
    let options = Options::new().recompute("inner").cache_mode(CacheMode::Overwrite);
    nuthatch::with(options, both);
    assert_eq!(runs(), 2, "within one outermost call, and in each of the two");
    both();
    assert_eq!(runs(), 0);
}

#[test]
fn it_has_files_variables_folders_and_code_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    fs::create_dir_all(path.join("project/.git")).unwrap();
    fs::write(path.join(".nuthatch.toml"), "[nuthatch]\nnamespace = 'of-the-user'\n").unwrap();
    fs::write(path.join("project/nuthatch.toml"), "[nuthatch]\nfilesystem = 'lake'\n").unwrap();
    let nuthatch = Nuthatch::builder()
        .home(&path)
        .folder(path.join("project"))
        .env("NUTHATCH_MEMO_SIZE", "3 MB")
        .set("durable", true)
        .build()
        .unwrap();
    let settings = nuthatch.config().unwrap();
    let root = settings.root.as_ref().unwrap();
    assert_eq!(root.filesystem, path.join("project/lake").to_str().unwrap());
    assert_eq!(settings.namespace.as_deref(), Some("of-the-user"));
    assert_eq!((settings.memo_size, settings.durable), (3_000_000, true));
    nuthatch.with(|| inner(1).unwrap());
    assert!(path.join("project/lake/of-the-user").is_dir());

    let wrong = Nuthatch::builder().set("filesytem", "/lake").set("memoize", true).build();
    assert!(wrong.unwrap_err().to_string().contains("the nearest known one is `filesystem`"));
    let wrong = Nuthatch::builder().env("NUTHATCH_MEMOIZE", "perhaps").build();
    assert!(wrong.unwrap_err().to_string().contains("NUTHATCH_MEMOIZE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_and_nested_calls_keep_to_theirs() {
    let _process = Lake::new();
    let all: Vec<Nuthatch> = (0..4).map(|number| lake(&format!("lake{number}"))).collect();
    let tasks = all.iter().map(|nuthatch| {
        let work = nuthatch.with_async(async {
            for number in 0..20 {
                outer(number).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        tokio::spawn(work)
    });
    futures::future::try_join_all(tasks).await.unwrap();
    assert_eq!(runs(), 80, "each has computed its own");
    for (number, nuthatch) in all.iter().enumerate() {
        let uris = nuthatch.with_async(async { (outer::uri(7).await, inner::uri(7).run()) }).await;
        for uri in [uris.0.unwrap().unwrap(), uris.1.unwrap().unwrap()] {
            assert!(uri.starts_with(&format!("memory://lake{number}/")), "{uri}");
        }
    }
    // One inside another, and back.
    let there = all[0].with(|| {
        let inside = all[1].with(|| nuthatch::config().unwrap());
        (inside, nuthatch::config().unwrap())
    });
    let filesystem = |s: &nuthatch::config::Settings| s.root.as_ref().unwrap().filesystem.clone();
    assert_eq!(filesystem(&there.0), "memory://lake1");
    assert_eq!(filesystem(&there.1), "memory://lake0");
}
