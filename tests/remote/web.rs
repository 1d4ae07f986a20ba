//! A lake behind a web server, to be read by everyone.

use nuthatch::prelude::*;

use crate::front::Front;
use crate::told::Told;

const LARGE: usize = 64 * 1024;

#[cache]
fn small(number: u32) -> nuthatch::Result<u32> {
    Ok(2 * number)
}

#[cache]
fn large(number: u8) -> nuthatch::Result<Vec<u8>> {
    Ok(vec![number; LARGE])
}

/// A lake that holds `small(1)` and `large(1)`, behind a server, as this process's mirror.
fn mirror() -> (tempfile::TempDir, Front) {
    let folder = tempfile::tempdir().unwrap();
    nuthatch::set_parameter!("filesystem", folder.path().to_str().unwrap()).unwrap();
    small(1).unwrap();
    large(1).unwrap();
    let front = Front::of_folder(folder.path().to_owned());
    nuthatch::set_parameter!({
        "filesystem" => "memory://own",
        "mirror-public.filesystem" => front.url.as_str(),
    })
    .unwrap();
    nuthatch::reset_stats();
    (folder, front)
}

#[test]
fn results_are_recalled_from_it_and_nothing_is_written_there() {
    let (_folder, front) = mirror();
    assert_eq!(small(1).unwrap(), 2);
    assert_eq!(large(1).unwrap(), vec![1; LARGE]);
    assert_eq!(small(2).unwrap(), 4, "what is absent is computed, and stored in the root");
    let stats = nuthatch::stats();
    assert_eq!((stats.mirror_hits, stats.absent, stats.stored), (2, 1, 1), "{stats}");
    let asked = front.asked();
    assert!(asked.iter().all(|request| request.starts_with("GET ")), "{asked:?}");
    // nuthatch.json once, two manifests and one value, and a manifest that is absent.
    assert_eq!(asked.len(), 5, "{asked:?}");
}

#[test]
fn it_cannot_be_the_root() {
    let front = Front::saying(200, "");
    nuthatch::set_parameter!("filesystem", front.url.as_str()).unwrap();
    let told = Told::listen();
    assert_eq!(small(1).unwrap(), 2, "a cache that cannot be used costs no result");
    told.says(&["can only be read", "mirror.filesystem", &front.url]);
    assert_eq!(front.asked(), [""; 0]);
}

#[test]
fn one_full_of_garbage_costs_a_warning() {
    let front = Front::saying(200, "<html>welcome</html>");
    nuthatch::set_parameter!({
        "filesystem" => "memory://own",
        "mirror.filesystem" => front.url.as_str(),
    })
    .unwrap();
    let told = Told::listen();
    assert_eq!(small(1).unwrap(), 2);
    told.says(&["mirror", &front.url]);
    assert_eq!(small(1).unwrap(), 2);
    let stats = nuthatch::stats();
    assert_eq!((stats.absent, stats.root_hits), (1, 1), "{stats}");
}
