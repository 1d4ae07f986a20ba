//! The backend as its callers see it: values in, bytes, and the same values out.

mod conformance;
mod damage;
mod golden;
mod hostile;
mod large;
mod named;
mod oracle;
mod property;
mod skipped;
mod values;

use std::any::type_name;
use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::BASE64;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Basic;
use super::envelope::{BINCODE, NAMED};
use crate::backend::{Backend, Source, Stored, Target, Written};
use crate::config::Verify;
use crate::error::{Error, Result};

trait Value: Serialize + DeserializeOwned + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Value for T {}

const INLINE: usize = 32 * 1024;

fn target(store: &Arc<dyn ObjectStore>, inline_up_to: usize) -> Target {
    Target {
        store: Arc::clone(store),
        prefix: Path::from("data/aa/key/generation"),
        shown: "local (memory://lake/data/aa/key/generation)".into(),
        immediate: true,
        folder: None,
        inline_up_to,
        options: toml::Table::new(),
        arguments: std::collections::BTreeMap::new(),
    }
}

fn source<T: Value>(target: &Target, written: Written) -> Source {
    let Target { store, prefix, shown, immediate, folder, options, .. } = target.clone();
    let record = Arc::new(Stored {
        backend: Backend::<T>::name(&Basic).to_owned(),
        generation: "generation".to_owned(),
        path: prefix.to_string(),
        bytes: written.bytes,
        type_name: type_name::<T>().to_owned(),
        type_shape: Backend::<T>::type_shape(&Basic),
        inline: written.inline.map(|bytes| BASE64.encode(&bytes)),
        details: written.details,
        time_extent: None,
    });
    let (verify, is_alone) = (Verify::Full, true);
    Source { store, prefix, shown, immediate, folder, record, options, verify, is_alone }
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn store<T: Value>(value: &T, target: &Target) -> Result<Written> {
    pollster::block_on(Basic.write(value, target))
}

fn recall<T: Value>(source: &Source) -> Result<T> {
    pollster::block_on(Basic.read(source))
}

/// The envelope of a value.
#[track_caller]
fn envelope<T: Value>(value: &T) -> Vec<u8> {
    let written = store(value, &target(&memory(), usize::MAX)).expect("the value is stored");
    written.inline.expect("the value is inlined").to_vec()
}

/// The value in an envelope.
fn open<T: Value>(envelope: &[u8]) -> Result<T> {
    let (inline, bytes) = (Some(Bytes::copy_from_slice(envelope)), envelope.len() as u64);
    let written = Written { inline, bytes, ..Written::default() };
    recall(&source::<T>(&target(&memory(), INLINE), written))
}

fn codec(envelope: &[u8]) -> u8 {
    envelope[7]
}

/// Stores and recalls a value, inlined and as an object, and returns the number of its codec.
#[track_caller]
fn round_trip<T: Value + PartialEq + Debug>(value: &T) -> u8 {
    let bytes = envelope(value);
    assert_eq!(&open::<T>(&bytes).expect("the inlined value is recalled"), value);

    let target = target(&memory(), 0);
    let written = store(value, &target).expect("the object is stored");
    assert_eq!(written.inline, None);
    assert_eq!(written.bytes, bytes.len() as u64);
    let recalled: T = recall(&source::<T>(&target, written)).expect("the object is recalled");
    assert_eq!(&recalled, value);

    assert_eq!(Basic.weigh(value), bytes.len() as u64 - 80);
    codec(&bytes)
}

#[track_caller]
fn by_bincode<T: Value + PartialEq + Debug>(value: T) {
    assert_eq!(round_trip(&value), BINCODE, "{value:?}");
}

#[track_caller]
fn by_name<T: Value + PartialEq + Debug>(value: T) {
    assert_eq!(round_trip(&value), NAMED, "{value:?}");
}

/// The error of a value that cannot be stored. Nothing was written.
#[track_caller]
fn refused<T: Value>(value: T) -> String {
    let store_of_all = memory();
    let error = store(&value, &target(&store_of_all, 0)).expect_err("the value is refused");
    let Error::Backend { backend, doing: "encode", type_name: of, source } = error else {
        panic!("{error}")
    };
    assert_eq!((backend.as_str(), of), ("basic", type_name::<T>()));
    let left = pollster::block_on(store_of_all.list_with_delimiter(None)).expect("a listing");
    assert!(left.objects.is_empty() && left.common_prefixes.is_empty(), "{left:?}");
    source.to_string()
}
