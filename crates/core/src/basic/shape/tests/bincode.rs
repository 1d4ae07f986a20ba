//! What a complete shape promises: bincode carries the type, and reads what it was asked for.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::complete;

#[track_caller]
fn carries<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    complete::<T>();
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(value, config).expect("encodes");
    let (back, read) = bincode::serde::decode_from_slice::<T, _>(&bytes, config).expect("decodes");
    assert_eq!((&back, read), (value, bytes.len()));
}

#[test]
fn complete_types_come_back_from_bincode() {
    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    enum Reading {
        Missing,
        Rain(f32),
        Wind { speed: f64, gusts: Vec<(u8, Reading)> },
        Both(Box<Reading>, Option<Box<Reading>>),
    }
    carries(&vec![
        Reading::Missing,
        Reading::Rain(0.5),
        Reading::Wind { speed: 3.0, gusts: vec![(1, Reading::Missing)] },
        Reading::Both(Box::new(Reading::Rain(1.0)), None),
    ]);
    carries(&BTreeMap::from([("a".to_owned(), Some(Duration::from_nanos(7)))]));
    carries(&(SystemTime::UNIX_EPOCH, std::net::IpAddr::from([127, 0, 0, 1]), 'x', i128::MIN));
    carries(&(std::num::NonZeroU8::MAX, std::path::PathBuf::from("/tmp"), [7_u8; 32]));
    carries(&chrono::NaiveDate::from_ymd_opt(2024, 2, 29));
    carries(&chrono::DateTime::<chrono::Utc>::from_timestamp(1_700_000_000, 5));
    carries(&(uuid::Uuid::from_u128(7), uuid::Uuid::nil()));
}
