//! Commits of filled entries that fail, are cancelled or are killed: the entry is whole, or not
//! there and committed by the next. Every test is a process of its own.

use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use ndarray::ArrayD;
use nuthatch::Ticket;
use nuthatch::array::{DType, Filling, Region};
use nuthatch::prelude::*;
use nuthatch_core::store::{Counting, Fault, Faulty, Trigger, intercept};
use object_store::ObjectStore;

const SHAPE: [u64; 2] = [40, 3];

#[cache(backend_options(chunking(row = 10)))]
fn table(number: u64) -> nuthatch::Result<DataArray> {
    Err(nuthatch::Error::other(format!("other processes compute it: {number}")))
}

fn values(number: u64) -> ArrayD<f64> {
    let value = |(row, column): (usize, usize)| (row * 3 + column) as f64 + number as f64;
    ndarray::Array2::from_shape_fn((40, 3), value).into_dyn()
}

/// An entry that is begun, and every region of it written.
fn filled(number: u64) -> Ticket {
    let template = DataArray::unfilled("x", ["row", "column"], &SHAPE, DType::F64).unwrap();
    let ticket = table::call(number).begin(template).run().unwrap();
    let filling = Filling::open(&ticket).unwrap();
    filling.write_region_blocking("x", &Region::whole(&SHAPE), values(number)).unwrap();
    ticket
}

fn assert_whole(number: u64) {
    let recalled = table::call(number).strict(true).run().unwrap();
    assert_eq!(recalled.values::<f64>().unwrap(), values(number).into_shared());
}

/// Whole, or not there; and the next commit makes it whole. Says which it was.
fn assert_left_well(number: u64, ticket: &Ticket) -> bool {
    let was_there = table::entry(number).run().unwrap().is_some();
    if was_there {
        assert_whole(number);
    }
    let manifest = table::call(number).commit(ticket).run().unwrap();
    assert_eq!(manifest.backends[0].generation, ticket.generation());
    assert_whole(number);
    was_there
}

fn faulty() -> Faulty {
    static FAULTY: OnceLock<Faulty> = OnceLock::new();
    intercept(|_: &str, store: Arc<dyn ObjectStore>| {
        Arc::new(FAULTY.get_or_init(|| Faulty::new(store)).clone())
    });
    nuthatch::set_parameter!("filesystem", "memory://committing").unwrap();
    filled(0);
    FAULTY.get().expect("a store was opened").clone()
}

#[test]
fn every_request_of_a_commit_may_fail() {
    let faulty = faulty();
    for (kind, fault) in [Fault::Fail, Fault::LoseReply, Fault::CutShort].into_iter().enumerate() {
        let mut failed = 0;
        for nth in 1.. {
            let number = 1000 * kind as u64 + nth;
            let ticket = filled(number);
            let before = faulty.struck();
            faulty.inject(Trigger::any().nth(nth), fault);
            let committed = table::call(number).commit(&ticket).run();
            faulty.heal();
            if faulty.struck() == before {
                committed.unwrap();
                break;
            }
            failed += u32::from(committed.is_err());
            let was_there = assert_left_well(number, &ticket);
            assert!(was_there || committed.is_err(), "{fault:?} of request {nth} went unnoticed");
        }
        assert!(failed > 3, "{fault:?} made {failed} commits fail");
    }
}

#[test]
fn the_chunks_of_a_region_are_written_at_once() {
    static STORES: OnceLock<(Counting, Faulty)> = OnceLock::new();
    intercept(|_: &str, store: Arc<dyn ObjectStore>| {
        let stores = STORES.get_or_init(|| {
            let counting = Counting::new(store);
            counting.log(true);
            (counting.clone(), Faulty::new(Arc::new(counting)))
        });
        Arc::new(stores.1.clone())
    });
    nuthatch::set_parameter!("filesystem", "memory://at-once").unwrap();
    let template = DataArray::unfilled("x", ["row", "column"], &SHAPE, DType::F64).unwrap();
    let ticket = table::call(1).begin(template).run().unwrap();
    let filling = Filling::open(&ticket).unwrap();
    let (counting, faulty) = STORES.get().expect("a store was opened");
    drop(counting.take_log());
    // The first chunk is held up, and the others do not wait for it.
    faulty.inject(Trigger::any().containing("/x/c/0/0"), Fault::Delay(Duration::from_secs(1)));
    filling.write_region_blocking("x", &Region::whole(&SHAPE), values(1)).unwrap();
    faulty.heal();
    let log = counting.take_log().into_iter().map(|(_, path)| path.to_string());
    let chunks: Vec<String> = log.filter(|path| path.contains("/x/c/")).collect();
    let place = chunks.iter().position(|path| path.ends_with("/x/c/0/0")).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!((chunks.len(), place > 0), (4, cores > 1), "{chunks:?}");
    table::call(1).commit(&ticket).run().unwrap();
    assert_whole(1);
}

/// A future that is dropped when it has waited so many times.
struct Dropped<F> {
    inner: Pin<Box<F>>,
    waits: u32,
}

impl<F: Future> Future for Dropped<F> {
    type Output = Option<F::Output>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.inner.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.waits <= 1 => Poll::Ready(None),
            Poll::Pending => {
                self.waits -= 1;
                Poll::Pending
            }
        }
    }
}

#[test]
fn a_commit_may_be_cancelled_wherever_it_waits() {
    let faulty = faulty();
    let mut cancelled = 0;
    for waits in 1.. {
        let number = u64::from(waits);
        let ticket = filled(number);
        faulty.inject(Trigger::any(), Fault::Delay(Duration::from_millis(1)));
        let commit = table::call(number).commit(&ticket).into_future();
        let cut = pin!(Dropped { inner: Box::pin(commit), waits });
        let ended = futures::executor::block_on(cut);
        faulty.heal();
        assert_left_well(number, &ticket);
        match ended {
            Some(committed) => {
                committed.unwrap();
                break;
            }
            None => cancelled += 1,
        }
    }
    assert!(cancelled > 0, "a commit waits for its store");
}

fn lake(folder: &Path) -> PathBuf {
    let lake = folder.join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_str().unwrap()).unwrap();
    lake
}

#[test]
#[ignore = "a child of the test below, which runs it"]
fn child_that_commits() {
    let folder = PathBuf::from(std::env::var_os("CHILD_FOLDER").expect("run by another test"));
    lake(&folder);
    let ticket = std::fs::read(folder.join("ticket.json")).unwrap();
    let (number, ticket): (u64, Ticket) = serde_json::from_slice(&ticket).unwrap();
    table::call(number).commit(&ticket).run().unwrap();
}

fn committer(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "committing::child_that_commits", "--nocapture"]);
    command.env("CHILD_FOLDER", folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a_committer_may_be_killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let (mut killed, mut there) = (0, 0);
    for round in 0..24 {
        let ticket = filled(round);
        let left = serde_json::to_vec(&(round, &ticket)).unwrap();
        std::fs::write(folder.path().join("ticket.json"), left).unwrap();
        let generation = lake.join(ticket.target().unwrap().prefix.as_ref());
        // From the first document that a commit writes to the last record that it removes.
        let signs = ["value.zarr/x/zarr.json", "value.zarr/zarr.json", "value.zarr/x/c/0/0"];
        let sign = generation.join(signs[round as usize % signs.len()]);
        let mut child = committer(folder.path());
        while !sign.exists() && child.try_wait().unwrap().is_none() {}
        // A little later in each round.
        for turn in 0..round * 20_000 {
            std::hint::black_box(turn);
        }
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        there += u32::from(assert_left_well(round, &ticket));
    }
    assert!(killed > 0, "no committer was killed in time; {there} had committed");
}
