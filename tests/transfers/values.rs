//! Values of any type, which go and come in parts.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use nuthatch::prelude::*;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gauge::Gauge;
use crate::{MB, configure, noise, peak_of};

/// 320 MB, of which a value of this type holds none: it makes and adds up numbers.
const COUNT: u64 = 40_000_000;

static RUNS: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Numbers {
    count: u64,
    sum: u64,
}

fn number(at: u64) -> f64 {
    noise(at) as u32 as f64
}

fn all() -> Numbers {
    Numbers { count: COUNT, sum: (0..COUNT).map(|at| number(at) as u64).sum() }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers = serializer.serialize_seq(usize::try_from(self.count).ok())?;
        for at in 0..self.count {
            numbers.serialize_element(&number(at))?;
        }
        numbers.end()
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Adding;
        impl<'de> Visitor<'de> for Adding {
            type Value = Numbers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Numbers, A::Error> {
                let mut added = Numbers { count: 0, sum: 0 };
                while let Some(number) = numbers.next_element::<f64>()? {
                    added.count += 1;
                    added.sum = added.sum.wrapping_add(number as u64);
                }
                Ok(added)
            }
        }
        deserializer.deserialize_seq(Adding)
    }
}

#[cache]
fn numbers() -> nuthatch::Result<Numbers> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    Ok(all())
}

#[test]
fn a_large_value_goes_up_and_comes_down_a_few_parts_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let gauge = Gauge::before(folder.path());
    configure(folder.path());
    let (stored, value) = peak_of(|| numbers().unwrap());
    let (most, requests) = gauge.take();
    // Of 8 MiB; beside them the marker, the manifest, the probe, and the frame of the upload.
    assert!((38..60).contains(&requests), "{requests}");
    assert!((2..=4).contains(&most), "{most} requests at once to store");
    assert!(stored < 64 * MB, "{stored} bytes to store 320 MB");

    configure(folder.path());
    let (recalled, again) = peak_of(|| numbers().unwrap());
    let (most, requests) = gauge.take();
    assert_eq!((again, RUNS.load(Ordering::SeqCst)), (value, 1));
    // Of 4 MiB; beside them the marker and the manifest.
    assert!((76..90).contains(&requests), "{requests}");
    assert!((2..=4).contains(&most), "{most} requests at once to recall");
    assert!(recalled < 48 * MB, "{recalled} bytes to recall 320 MB");
}

#[test]
fn a_large_value_is_copied_a_few_parts_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let gauge = Gauge::before(folder.path());
    configure(folder.path());
    let value = numbers().unwrap();
    configure(folder.path());
    gauge.take();
    let copy = || numbers::call().cache_mode(CacheMode::Local).run().unwrap();
    let (copied, again) = peak_of(copy);
    assert_eq!((again, RUNS.load(Ordering::SeqCst)), (value, 1));
    assert_eq!(gauge.take().1, 3, "the marker, the manifest and the value");
    assert!(copied < 48 * MB, "{copied} bytes to copy 320 MB");
    let here = numbers::call().cache_mode(CacheMode::Offline).strict(true).run().unwrap();
    assert_eq!(here, value);
}
