//! What is lost is told, and nothing else is.

use nuthatch_core::Error;

use super::*;

fn path(name: &str) -> Path {
    Path::parse(format!("{}/{name}", prefix())).expect("a path")
}

#[track_caller]
fn damaged(source: &Source, said: &str) {
    let error = read::<RecordBatch>(source).expect_err("it is damaged");
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn a_version_that_is_missing_from_the_log_is_damage() {
    let store = memory();
    let source = stored(&store, &weather(10), "").expect("it is held");
    block_on(store.delete(&path(&crate::log::version_name(0)))).expect("it is deleted");
    damaged(&source, "00000000000000000000.json");
}

#[test]
fn a_footer_that_is_cut_off_is_damage() {
    let store = memory();
    let source = stored(&store, &weather(10), "").expect("it is held");
    let file = names(&store).into_iter().find(|name| name.ends_with(".parquet")).expect("a file");
    let file = Path::parse(file).expect("a path");
    let content = block_on(async { store.get(&file).await?.bytes().await }).expect("it is read");
    block_on(store.put(&file, content.slice(..content.len() - 20).into())).expect("put");
    damaged(&source, "part-00000");
}

#[test]
fn a_version_beside_those_that_are_named_disturbs_nobody() {
    let store = memory();
    let source = stored(&store, &weather(10), "").expect("it is held");
    let beside = path(&crate::log::version_name(1));
    block_on(store.put(&beside, "{}".into())).expect("put");
    assert_eq!(read::<RecordBatch>(&source).expect("it is whole"), weather(10));
}
