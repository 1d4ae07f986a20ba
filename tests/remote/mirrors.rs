//! Mirrors that are slow, wrong, full of garbage or gone: one warning a process, a bounded number of
//! requests, and every value is right.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::Response;
use nuthatch::prelude::*;

use crate::front::Front;
use crate::proxy::{Proxy, Trouble};
use crate::told::Told;

const LARGE: usize = 64 * 1024;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[cache(name = "mirrored_small")]
fn small(number: u32) -> nuthatch::Result<u32> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(2 * number)
}

#[cache(name = "mirrored_large")]
fn large(number: u8) -> nuthatch::Result<Vec<u8>> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(vec![number; LARGE])
}

/// A lake that has `small(1)` and `large` of 1 and 2.
fn lake() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    small(1).unwrap();
    large(1).unwrap();
    large(2).unwrap();
    folder
}

/// Makes what is at a URL the only mirror, beside an empty root.
fn mirror(url: &str, options: &str) {
    nuthatch::set_parameter!({
        "filesystem" => "memory://own",
        "mirror-public.filesystem" => url,
        "mirror-public.filesystem_options" => options.parse::<toml::Table>().unwrap(),
    })
    .unwrap();
    nuthatch::reset_stats();
    RUNS.store(0, Ordering::SeqCst);
}

/// What the mirror costs three calls that it has no values for.
fn costs(told: &Told, url: &str, options: &str) -> String {
    mirror(url, options);
    for number in 1..4 {
        assert_eq!(small(number).unwrap(), 2 * number);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
    for number in 1..4 {
        assert_eq!(small(number).unwrap(), 2 * number, "from the root by now");
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
    let stats = nuthatch::stats();
    assert_eq!((stats.stored, stats.store_failures, stats.mirror_hits), (3, 0, 0), "{stats}");
    told.take()
}

fn is_one_warning(told: &str, words: &[&str]) {
    assert_eq!(told.matches("WARN").count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told}");
    }
}

#[test]
fn one_whose_server_is_gone() {
    let told = Told::listen();
    let front = Front::saying(200, "");
    let url = front.url.clone();
    drop(front);
    let heard = costs(&told, &url, "max_retries = 0");
    is_one_warning(&heard, &["out of reach", "mirror-public", &url]);
    assert_eq!(nuthatch::stats().unreachable, 1);
}

#[test]
fn one_that_many_threads_find_gone_at_once() {
    let told = Told::listen();
    let front = Front::answering(|_| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Response::builder().status(500).body(Full::default()).unwrap()
    });
    mirror(&front.url, "max_retries = 0");
    std::thread::scope(|scope| {
        for number in 0..16 {
            scope.spawn(move || assert_eq!(small(number).unwrap(), 2 * number));
        }
    });
    is_one_warning(&told.take(), &["out of reach", "mirror-public"]);
    assert!(front.asked().len() <= 16);
}

#[test]
fn one_whose_files_are_gone() {
    let told = Told::listen();
    let front = Front::saying(404, "not found");
    let heard = costs(&told, &front.url, "");
    assert_eq!(heard, "", "an empty mirror is no mistake");
    let asked = front.asked();
    assert_eq!(asked.len(), 4, "nuthatch.json and three manifests: {asked:?}");
}

#[test]
fn one_that_lets_nobody_in() {
    let told = Told::listen();
    let front = Front::saying(403, "forbidden");
    let heard = costs(&told, &front.url, "");
    is_one_warning(&heard, &["out of reach", "mirror-public", &front.url]);
    assert_eq!(front.asked(), ["GET /nuthatch.json"]);
}

#[test]
fn one_whose_server_fails() {
    let told = Told::listen();
    let front = Front::saying(500, "oh no");
    let heard = costs(&told, &front.url, "max_retries = 1\nretry_timeout = '5s'");
    is_one_warning(&heard, &["out of reach", "mirror-public", &front.url]);
    assert_eq!(front.asked().len(), 2, "once, and once again");
}

#[test]
fn one_that_answers_anything_with_a_page() {
    let told = Told::listen();
    let front = Front::saying(200, "<html>welcome</html>");
    let heard = costs(&told, &front.url, "");
    is_one_warning(&heard, &["mirror-public", &front.url, "damaged, or not nuthatch's"]);
    assert_eq!(front.asked(), ["GET /nuthatch.json"]);
}

/// Serves the marker of a lake, and a text in the place of all else.
fn with_marker(folder: &tempfile::TempDir, other: Vec<u8>) -> Front {
    let marker = std::fs::read(folder.path().join("nuthatch.json")).unwrap();
    Front::answering(move |request| {
        let is_marker = request.uri().path() == "/nuthatch.json";
        let body = if is_marker { marker.clone() } else { other.clone() };
        async move { Response::new(Full::from(body)) }
    })
}

#[test]
fn one_that_answers_what_it_has_not_with_a_page() {
    let told = Told::listen();
    let front = with_marker(&lake(), b"<html>not found, sorry</html>".to_vec());
    let heard = costs(&told, &front.url, "");
    is_one_warning(&heard, &["an entry cannot be used", "mirror-public", "`debug`"]);
    let asked = front.asked();
    assert_eq!(asked.len(), 4, "nuthatch.json and three manifests: {asked:?}");
}

#[test]
fn one_that_gives_another_calls_entry() {
    let told = Told::listen();
    let folder = lake();
    let manifest = crate::files::manifests(folder.path()).remove(0);
    let front = with_marker(&folder, std::fs::read(manifest).unwrap());
    mirror(&front.url, "");
    for number in 7..10 {
        assert_eq!(small(number).unwrap(), 2 * number);
    }
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
    is_one_warning(&told.take(), &["another whole key", "mirror-public"]);
    assert_eq!(front.asked().len(), 4);
}

#[test]
fn one_of_a_newer_release() {
    let told = Told::listen();
    let front = Front::saying(200, "{\"layout\": 99}");
    let heard = costs(&told, &front.url, "");
    is_one_warning(&heard, &["mirror-public", "layout 99"]);
    // Whoever may not compute is told why.
    let error = small::call(7).strict(true).run().unwrap_err();
    assert!(matches!(error, nuthatch::Error::NewerLayout { found: 99, .. }), "{error}");
}

#[test]
fn one_that_does_not_answer_in_time() {
    let told = Told::listen();
    let front = Front::answering(|_| async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Response::new(Full::default())
    });
    nuthatch::set_parameter!("timeout", "300ms").unwrap();
    let heard = costs(&told, &front.url, "");
    is_one_warning(
        &heard,
        &["no answer within", "300ms", "mirror-public", "`skipped_filesystems`"],
    );
    assert_eq!(front.asked(), ["GET /nuthatch.json"]);
}

#[test]
fn one_that_is_slow_and_within_its_time_serves() {
    let told = Told::listen();
    let folder = lake();
    let front = Front::of_folder(folder.path().to_owned());
    let proxy = Proxy::before(&front.url);
    proxy.slow(Duration::from_millis(150), 4 * LARGE as u64);
    mirror(&proxy.url, "");
    assert_eq!(large(1).unwrap(), vec![1; LARGE]);
    assert_eq!(small(1).unwrap(), 2);
    assert_eq!((RUNS.load(Ordering::SeqCst), nuthatch::stats().mirror_hits), (0, 2));
    told.is_silent();
}

#[test]
fn one_that_stalls_in_the_midst_of_a_value() {
    let told = Told::listen();
    let folder = lake();
    let front = Front::of_folder(folder.path().to_owned());
    let proxy = Proxy::before(&front.url);
    mirror(&proxy.url, "timeout = '300ms'\nmax_retries = 2\nretry_timeout = '3s'");
    let stalled = std::iter::repeat_n(Trouble::Stall(LARGE / 2), 100);
    proxy.expect([Trouble::None, Trouble::None].into_iter().chain(stalled));
    assert_eq!(large(1).unwrap(), vec![1; LARGE]);
    is_one_warning(&told.take(), &["out of reach", "mirror-public"]);
    let asked = front.asked().len();
    assert!((3..8).contains(&asked), "{asked}");
    assert_eq!(large(2).unwrap(), vec![2; LARGE]);
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
    assert_eq!(front.asked(), [""; 0], "it is not asked again");
    told.is_silent();
}

#[test]
fn one_that_is_damaged_on_the_way() {
    let told = Told::listen();
    let folder = lake();
    for data in crate::files::data(folder.path()) {
        let mut bytes = std::fs::read(&data).unwrap();
        bytes[LARGE / 2] ^= 1;
        std::fs::write(&data, bytes).unwrap();
    }
    let front = Front::of_folder(folder.path().to_owned());
    mirror(&front.url, "");
    let values = [1, 2].map(|number| large(number).unwrap());
    assert!(values.iter().zip([1, 2]).all(|(value, number)| *value == vec![number; LARGE]));
    is_one_warning(&told.take(), &["damaged", "mirror-public", "`debug`"]);
    assert_eq!(small(1).unwrap(), 2, "what is not damaged serves");
    assert_eq!((RUNS.load(Ordering::SeqCst), nuthatch::stats().mirror_hits), (2, 1));
}

#[test]
fn one_that_cannot_be_opened() {
    let told = Told::listen();
    let heard = costs(&told, "http://127.0.0.1:1", "no_such_option = true");
    is_one_warning(&heard, &["cannot be opened", "no_such_option"]);
    assert_eq!(nuthatch::stats().unreachable, 1);
}
