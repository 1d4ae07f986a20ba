//! Entries that several processes fill, each its own regions. Every test is a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use ndarray::{Array2, ArrayD};
use nuthatch::Ticket;
use nuthatch::array::{DType, Filling, Region, Values, Variable};
use nuthatch::prelude::*;

static RUNS: AtomicU32 = AtomicU32::new(0);

const ROWS: u64 = 60;

/// Ten rows an object, and the value of a row is its number plus a column's thousandth.
#[cache(backend_options(chunking(row = 10)))]
fn table(offset: i64) -> nuthatch::Result<Dataset> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Dataset::new().with_variable("x", Variable::new(["row", "column"], whole(offset)))
}

#[cache(backend_options(chunking(row = 10), zarr_format = 2))]
fn old_table() -> nuthatch::Result<DataArray> {
    Err(nuthatch::Error::other("other processes compute it"))
}

/// So many objects that a process is killed while it writes them.
#[cache(backend_options(chunking(row = 1, column = 1)))]
fn fine(side: u64) -> nuthatch::Result<DataArray> {
    Err(nuthatch::Error::other(format!("other processes compute it: {side}")))
}

fn part(offset: i64, region: &Region) -> ArrayD<f64> {
    let (rows, columns) = (&region.ranges()[0], &region.ranges()[1]);
    let shape = (region.shape()[0], region.shape()[1]);
    let value = |(row, column): (usize, usize)| {
        (rows.start + row as u64) as f64 + (columns.start + column as u64) as f64 / 1000.0
    };
    Array2::from_shape_fn(shape, value).into_dyn() + offset as f64
}

fn whole(offset: i64) -> ArrayD<f64> {
    part(offset, &Region::whole(&[ROWS, 3]))
}

fn template() -> Dataset {
    let rows: Vec<i64> = (0..ROWS as i64).collect();
    let x = DataArray::unfilled("x", ["row", "column"], &[ROWS, 3], DType::F64).unwrap();
    let x = x.with_attr("units", "m").with_coord("row", rows).unwrap();
    x.to_dataset("x").unwrap()
}

fn in_memory() {
    nuthatch::set_parameter!("filesystem", "memory://regions").unwrap();
}

fn rows(from: u64, to: u64) -> Region {
    Region::new(vec![from..to, 0..3])
}

fn fill(ticket: &Ticket, offset: i64, regions: &[Region]) {
    let filling = Filling::open(ticket).unwrap();
    for region in regions {
        filling.write_region_blocking("x", region, part(offset, region)).unwrap();
    }
}

fn told<T: std::fmt::Debug>(result: nuthatch::Result<T>, words: &[&str]) {
    let error = result.unwrap_err().to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{words:?} in {error}");
}

fn child(test: &str, folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", test, "--nocapture"]);
    command.env("CHILD_FOLDER", folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// The lake in a folder, and the ticket beside it.
fn lake(folder: &Path) -> PathBuf {
    let lake = folder.join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_str().unwrap()).unwrap();
    folder.join("ticket.json")
}

fn given() -> (PathBuf, Ticket) {
    let folder = PathBuf::from(std::env::var_os("CHILD_FOLDER").expect("run by another test"));
    let ticket = std::fs::read(lake(folder.parent().unwrap())).unwrap();
    (folder, serde_json::from_slice(&ticket).unwrap())
}

/// Fills the regions whose number modulo three is its folder's name.
#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_fills_a_third() {
    let (folder, ticket) = given();
    let own: usize = folder.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let regions = Filling::open(&ticket).unwrap().regions("x").unwrap();
    let own: Vec<Region> = regions.into_iter().skip(own).step_by(3).collect();
    fill(&ticket, 7, &own);
}

#[test]
#[ignore = "a child of the tests below, which run it"]
fn child_that_fills_all_at_once() {
    let (_, ticket) = given();
    let all = Region::whole(&[40, 40]);
    let filling = Filling::open(&ticket).unwrap();
    filling.write_region_blocking("x", &all, part(0, &all)).unwrap();
}

#[test]
fn processes_fill_disjoint_regions_and_one_commit_shows_them_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = lake(folder.path());
    let ticket = table::call(7).begin(template()).run().unwrap();
    std::fs::write(path, serde_json::to_vec(&ticket).unwrap()).unwrap();
    let run =
        |own: u32| child("regions::child_that_fills_a_third", &folder.path().join(own.to_string()));
    for mut child in [run(0), run(1)] {
        assert!(child.wait().unwrap().success());
    }
    told(table::call(7).commit(&ticket).run(), &["[20..30, 0..3]", "`x`", "2 of its 6 chunks"]);
    assert!(table::entry(7).run().unwrap().is_none(), "nothing is visible before the commit");
    assert!(run(2).wait().unwrap().success());

    let manifest = table::call(7).commit(&ticket).run().unwrap();
    assert_eq!(manifest.backends[0].generation, ticket.generation());
    let recalled = table::call(7).strict(true).run().unwrap();
    assert_eq!(recalled.array("x").unwrap().values::<f64>().unwrap(), whole(7).into_shared());
    assert_eq!(recalled.array("x").unwrap().attrs()["units"], "m");
    let generation = folder.path().join("lake").join(&manifest.backends[0].path);
    assert!(!generation.join(".regions").read_dir().is_ok_and(|mut left| left.next().is_some()));

    let again = table::call(7).commit(&ticket).run().unwrap();
    assert_eq!(again.write_id, manifest.write_id, "a second commit of the ticket changes nothing");
    let late = Filling::open(&ticket).unwrap();
    let late = late.write_region_blocking("x", &rows(0, 10), part(8, &rows(0, 10)));
    told(late, &["committed already"]);
    assert_eq!(RUNS.load(Ordering::Relaxed), 0, "no body has run");
}

#[test]
fn what_a_killed_process_left_is_named_and_done_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = lake(folder.path());
    let template = DataArray::unfilled("x", ["row", "column"], &[40, 40], DType::F64).unwrap();
    let ticket = fine::call(40).begin(template).run().unwrap();
    std::fs::write(path, serde_json::to_vec(&ticket).unwrap()).unwrap();
    let target = ticket.target().unwrap();
    let prefix = folder.path().join("lake").join(target.prefix.as_ref());
    let chunk = prefix.join("value.zarr/x/c/0/0");
    let mut killed = child("regions::child_that_fills_all_at_once", &folder.path().join("0"));
    while !chunk.exists() {
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it wrote a chunk");
    }
    killed.kill().unwrap();
    assert!(!killed.wait().unwrap().success(), "it was not killed in time");

    told(fine::call(40).commit(&ticket).run(), &["did not finish", "x/c/0/0", "1600 of its 1600"]);
    let filling = Filling::open(&ticket).unwrap();
    let left = futures::executor::block_on(filling.missing("x")).unwrap();
    assert_eq!(left.len(), 1600);
    let mut next = child("regions::child_that_fills_all_at_once", &folder.path().join("1"));
    assert!(next.wait().unwrap().success());
    assert!(futures::executor::block_on(filling.missing("x")).unwrap().is_empty());
    fine::call(40).commit(&ticket).run().unwrap();
    let recalled = fine::call(40).strict(true).run().unwrap();
    let all = part(0, &Region::whole(&[40, 40]));
    assert_eq!(recalled.values::<f64>().unwrap(), all.into_shared());
}

#[test]
fn regions_that_cut_chunks_are_told_the_nearest_that_do_not() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    let filling = Filling::open(&ticket).unwrap();
    let write = |region: &Region| filling.write_region_blocking("x", region, part(1, region));
    told(write(&rows(5, 12)), &["[5..12, 0..3]", "nearest", "[0..20, 0..3]"]);
    told(write(&rows(55, 60)), &["[50..60, 0..3]"]);
    told(write(&rows(50, 70)), &["no part", "[60, 3]"]);
    told(write(&rows(10, 10)), &["no part"]);
    let flat = Region::whole(&[10]);
    told(filling.write_region_blocking("x", &flat, vec![0.0; 10]), &["no part"]);
    let wrong = filling.write_region_blocking("x", &rows(0, 10), part(1, &rows(0, 20)));
    told(wrong, &["shape [10, 3]", "shape [20, 3]"]);
    let wrong = Values::from(Array2::<f32>::zeros((10, 3)));
    told(filling.write_region_blocking("x", &rows(0, 10), wrong), &["float64", "float32"]);
    told(filling.regions("row"), &["`row`", "[\"x\"]"]);
}

#[test]
fn a_chunk_is_written_once_and_anew_only_when_it_was_discarded() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    let filling = Filling::open(&ticket).unwrap();
    fill(&ticket, 1, &[rows(0, 20), rows(0, 20), rows(20, 60)]);
    let overlapping = filling.write_region_blocking("x", &rows(10, 30), part(2, &rows(10, 30)));
    told(overlapping, &["[10..20, 0..3]", "other content", "discard"]);
    let discard = |region| futures::executor::block_on(filling.discard("x", &region));
    told(discard(rows(0, 10)), &["[0..20, 0..3]"]);
    discard(rows(0, 20)).unwrap();
    told(table::call(1).commit(&ticket).run(), &["[0..10, 0..3]", "not written"]);
    fill(&ticket, 1, &[rows(0, 20)]);
    table::call(1).commit(&ticket).run().unwrap();
    told(discard(rows(0, 20)), &["committed already"]);
    assert_eq!(
        table(1).unwrap().array("x").unwrap().values::<f64>().unwrap(),
        whole(1).into_shared()
    );
    assert_eq!(RUNS.load(Ordering::Relaxed), 0);
}

#[test]
fn the_older_format_has_checksums_of_what_all_have_written() {
    in_memory();
    let template = DataArray::unfilled("x", ["row", "column"], &[ROWS, 3], DType::F64).unwrap();
    let ticket = old_table::call().begin(template).run().unwrap();
    fill(&ticket, 3, &[rows(30, 60)]);
    fill(&ticket, 3, &[rows(0, 30)]);
    let manifest = old_table::call().commit(&ticket).run().unwrap();
    let recalled = old_table().unwrap();
    assert_eq!(recalled.name(), Some("x"));
    assert_eq!(recalled.values::<f64>().unwrap(), whole(3).into_shared());
    change(&format!("{}/value.zarr/x/4.0", manifest.backends[0].path), |bytes| bytes[9] ^= 1);
    told(old_table().unwrap().values::<f64>(), &["damaged", "x/4.0"]);
}

/// Changes an object of the lake in memory.
fn change(path: &str, change: impl Fn(&mut Vec<u8>)) {
    use object_store::ObjectStoreExt as _;
    let store = nuthatch_core::store::open("memory://regions", &toml::Table::new()).unwrap().store;
    let path = object_store::path::Path::parse(path).unwrap();
    futures::executor::block_on(async {
        let mut bytes = store.get(&path).await.unwrap().bytes().await.unwrap().to_vec();
        change(&mut bytes);
        store.put(&path, bytes.into()).await.unwrap();
    });
}

#[test]
fn a_chunk_that_was_cut_short_is_told_before_the_commit() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    fill(&ticket, 1, &[rows(0, 60)]);
    let prefix = ticket.target().unwrap().prefix;
    change(&format!("{prefix}/value.zarr/x/c/3/0"), |bytes| bytes.truncate(5));
    told(table::call(1).commit(&ticket).run(), &["x/c/3/0", "5 bytes"]);
    assert!(table::entry(1).run().unwrap().is_none());
}

#[test]
fn another_value_that_was_first_stands_unless_it_is_to_be_replaced() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    fill(&ticket, 9, &[rows(0, 60)]);
    table(1).unwrap();
    let lost = table::call(1).commit(&ticket).run();
    assert!(matches!(lost, Err(nuthatch::Error::Conflict { .. })), "{lost:?}");
    told(table::call(1).begin(template()).run(), &["an entry already", "Overwrite"]);
    let over = || table::call(1).cache_mode(CacheMode::Overwrite);
    over().commit(&ticket).run().unwrap();
    assert_eq!(
        table(1).unwrap().array("x").unwrap().values::<f64>().unwrap(),
        whole(9).into_shared()
    );
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);

    // Where its entry was replaced in turn, the ticket is worth nothing any more.
    table::call(1).cache_mode(CacheMode::Overwrite).recompute(true).run().unwrap();
    told(over().commit(&ticket).run(), &["replaced"]);
    table::forget(1).run().unwrap();
    told(over().commit(&ticket).run(), &["forgotten"]);
}

#[test]
fn several_commits_of_one_ticket_are_one() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    fill(&ticket, 1, &[rows(0, 60)]);
    let ids = std::thread::scope(|scope| {
        let commit = || table::call(1).commit(&ticket).run().unwrap().write_id;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(commit)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<String>>()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(nuthatch::stats().stored, 1);
}

#[test]
fn a_ticket_serves_its_own_call_and_location_alone() {
    in_memory();
    let ticket = table::call(1).begin(template()).run().unwrap();
    told(table::call(2).commit(&ticket).run(), &["another call", "offset=1"]);
    let changed = |member: &str, value: serde_json::Value| -> Ticket {
        let mut json = serde_json::to_value(&ticket).unwrap();
        json[member] = value;
        serde_json::from_value(json).unwrap()
    };
    let opened = |ticket: Ticket| Filling::open(&ticket);
    told(opened(changed("format", 2.into())), &["format 2", "one release"]);
    told(opened(changed("key", "00".into())), &["key"]);
    told(opened(changed("generation", "../../x".into())), &["../../x"]);
    told(opened(changed("location", "mirror".into())), &["mirror", "configure"]);
    told(opened(changed("filesystem", "memory://other".into())), &["memory://other", "configure"]);
    told(opened(changed("layout", "?".into())), &["layout"]);
    let gone = changed("generation", "01ARZ3NDEKTSV4RRFFQ69G5FAV".into());
    told(table::call(1).commit(&gone).run(), &["nothing of what was begun"]);
}

#[test]
fn what_cannot_be_filled_by_several_is_told_at_the_beginning() {
    #[cache]
    fn number() -> nuthatch::Result<u32> {
        Ok(1)
    }
    in_memory();
    told(number::call().begin(1_u32).run(), &["basic", "one process"]);
    told(table::call(3).begin(1_u32).run(), &["u32", "Dataset"]);
    told(table::call(3).begin(table(1).unwrap()).run(), &["nothing to be filled"]);
    let labels = DataArray::unfilled("row", ["row"], &[3], DType::I64).unwrap();
    told(table::call(3).begin(labels.to_dataset("row").unwrap()).run(), &["`row`", "template"]);
    told(table::call(3).strict(true).begin(template()).run(), &["strict"]);
    let unwritten = table::call(3).cache_mode(CacheMode::ReadOnly).begin(template()).run();
    told(unwritten, &["mode that writes"]);
    let x = template().array("x").unwrap().values::<f64>();
    told(x, &["no values", "begin"]);
}
