//! Damage is told with its place, and never read as values.

use nuthatch_core::runtime::block_on;
use nuthatch_core::{Error, Result};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::{Lake, small};
use crate::Dataset;

fn load(lake: &Lake, source: &nuthatch_core::backend::Source) -> Result<Dataset> {
    let opened: Dataset = lake.read(source)?;
    block_on(opened.load())
}

fn change(lake: &Lake, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let read = async { lake.store.get(path).await?.bytes().await };
    let mut bytes = block_on(read).unwrap().to_vec();
    change(&mut bytes);
    block_on(lake.store.put(path, bytes.into())).unwrap();
}

#[test]
fn a_chunk_that_is_gone_is_damage_and_no_fill_value() {
    let lake = Lake::new();
    let source = lake.write(&small());
    let chunk = Path::from("generation/value.zarr/rain/c/0/0");
    block_on(lake.store.delete(&chunk)).unwrap();
    let error = load(&lake, &source).unwrap_err();
    assert!(
        matches!(&error, Error::Damaged { object, .. } if object.contains("rain/c/0/0")),
        "{error}"
    );
}

#[test]
fn every_byte_flipped_in_any_object_is_damage_or_changes_nothing() {
    flip_every_byte(&Lake::new());
}

#[test]
fn every_byte_flipped_in_any_object_of_version_2_is_damage() {
    flip_every_byte(&Lake::with("zarr_format = 2"));
}

/// The documents of single arrays are for others; one describes all.
fn is_document(path: &Path) -> bool {
    path.filename().is_some_and(|name| name == "zarr.json" || name.starts_with(".z"))
}

fn flip_every_byte(lake: &Lake) {
    let whole = small();
    let source = lake.write(&whole);
    let mut told = 0;
    for path in lake.objects() {
        let size = block_on(lake.store.head(&path)).unwrap().size;
        for at in 0..usize::try_from(size).unwrap() {
            change(lake, &path, |bytes| bytes[at] ^= 0x10);
            match load(lake, &source) {
                Err(Error::Damaged { .. }) => told += 1,
                Err(other) => panic!("{path} at {at}: {other}"),
                Ok(read) => {
                    assert!(is_document(&path) && read.identical(&whole).unwrap(), "{path} at {at}")
                }
            }
            change(lake, &path, |bytes| bytes[at] ^= 0x10);
        }
    }
    assert!(told > 500, "{told}");
    assert!(load(lake, &source).unwrap().identical(&whole).unwrap());
}

#[test]
fn an_object_cut_short_anywhere_is_damage() {
    let lake = Lake::new();
    let source = lake.write(&small());
    for path in lake.objects().iter().filter(|path| path.as_ref().contains("/c/")) {
        let size = block_on(lake.store.head(path)).unwrap().size;
        let read = async { lake.store.get(path).await?.bytes().await };
        let before = block_on(read).unwrap();
        for length in 0..usize::try_from(size).unwrap() {
            change(&lake, path, |bytes| bytes.truncate(length));
            let error = load(&lake, &source).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{path} at {length}: {error}");
            block_on(lake.store.put(path, before.clone().into())).unwrap();
        }
    }
}

#[test]
fn a_foreign_store_that_lies_is_an_error_and_no_panic() {
    let document = |member: &str, value: serde_json::Value| {
        let lake = Lake::new();
        lake.write(&small());
        let path = Path::from("generation/value.zarr/zarr.json");
        change(&lake, &path, |bytes| {
            let mut root: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            root["consolidated_metadata"]["metadata"]["rain"][member] = value;
            *bytes = serde_json::to_vec(&root).unwrap();
        });
        let files = super::super::zarr::foreign(&lake.store, "generation/value.zarr");
        block_on(async { files.await?.load().await })
    };
    use serde_json::json;
    // A shape that no memory holds, and one of other dimensions.
    assert!(document("shape", json!([1_u64 << 60, 2])).is_err());
    let flat = document("shape", json!([3]));
    assert!(flat.is_err() || !flat.unwrap().variables().contains_key("rain"));
    // What is not known is left out, with a warning, and hides nothing else.
    for (member, value) in [
        ("data_type", json!("quaternion")),
        ("codecs", json!([{"name": "nobody.knows"}])),
        ("shape", json!("three")),
        ("chunk_grid", json!(null)),
    ] {
        let read = document(member, value).unwrap_or_else(|error| panic!("{member}: {error}"));
        assert!(!read.variables().contains_key("rain") && read.variables().contains_key("day"));
    }
}

#[test]
fn a_codec_that_is_not_known_is_told_by_its_name_and_hides_nothing_else() {
    use serde_json::json;
    let machine_code = json!({"format": 3, "filters": [{"id": 4}, {"id": 33}]});
    let of_numcodecs = [
        ("pcodec", json!({"level": 8})),
        ("zfpy", json!({"mode": 4})),
        ("pickle", json!({"protocol": 5})),
        ("msgpack2", json!({})),
        ("json2", json!({"encoding": "utf-8"})),
        ("categorize", json!({"labels": ["a"], "dtype": "<f8", "astype": "|u1"})),
        ("lzma", machine_code),
        ("jenkins_lookup3", json!({"prefix": [1, 2]})),
        ("nobody_knows", json!({})),
    ];
    for (name, said) in of_numcodecs {
        let lake = Lake::new();
        let put = |path: &str, document: serde_json::Value| {
            let path = Path::from(format!("foreign/{path}"));
            block_on(lake.store.put(&path, document.to_string().into())).unwrap();
        };
        let mut codec = said;
        codec["id"] = name.into();
        put(".zgroup", json!({"zarr_format": 2}));
        for (array, compressor) in [("x", codec), ("y", json!(null))] {
            let document = json!({
                "zarr_format": 2, "shape": [3], "chunks": [3], "dtype": "<f8", "fill_value": 0.5,
                "order": "C", "filters": null, "compressor": compressor,
            });
            put(&format!("{array}/.zarray"), document);
        }
        let read = block_on(super::super::zarr::foreign(&lake.store, "foreign")).unwrap();
        let error = read.array("x").unwrap_err().to_string();
        assert!(error.contains("`x` cannot be read") && error.contains(name), "{error}");
        // Its chunk is absent, and fill values are what is missing.
        assert!(read.array("y").unwrap().values::<f64>().unwrap()[1].is_nan());
        assert_eq!(read.left_out().map(|(array, _)| array).collect::<Vec<_>>(), ["x"]);
    }
}

#[test]
fn chunks_that_no_memory_holds_are_an_error_and_no_abort() {
    use serde_json::json;
    let regular =
        |shape: u64| json!({"name": "regular", "configuration": {"chunk_shape": [shape]}});
    let bytes = json!({"name": "bytes", "configuration": {"endian": "little"}});
    let zstd = json!({"name": "zstd", "configuration": {"level": 0, "checksum": false}});
    let delta = json!({"name": "numcodecs.delta", "configuration": {"dtype": "<f8"}});
    let shard = json!({"name": "sharding_indexed", "configuration": {
        "chunk_shape": [1], "codecs": [bytes], "index_codecs": [bytes, {"name": "crc32c"}],
    }});
    let several = [
        json!([bytes]),
        json!([bytes, zstd]),
        json!([delta, bytes, zstd]),
        json!([bytes, {"name": "crc32c"}]),
        json!([bytes, {"name": "numcodecs.lzma"}]),
        json!([{"name": "transpose", "configuration": {"order": [0]}}, bytes, {"name": "gzip", "configuration": {"level": 1}}]),
        json!([shard]),
    ];
    let stored = [zstd::bulk::compress(&[7; 24], 1).unwrap(), vec![0; 24]].concat();
    for codecs in &several {
        for chunk in [1 << 31, 1 << 40, 1 << 60, u64::MAX] {
            let lake = Lake::new();
            let array = json!({
                "zarr_format": 3, "node_type": "array", "shape": [3], "data_type": "float64",
                "chunk_grid": regular(chunk), "codecs": codecs, "fill_value": 0.5,
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            });
            let group = json!({
                "zarr_format": 3, "node_type": "group",
                "consolidated_metadata": {"metadata": {"x": array}},
            });
            let put = |path: &str, bytes: Vec<u8>| {
                let path = Path::from(format!("foreign/{path}"));
                block_on(lake.store.put(&path, bytes.into())).unwrap();
            };
            put("zarr.json", group.to_string().into());
            put("x/c/0", stored.clone());
            let files = super::super::zarr::foreign(&lake.store, "foreign");
            let read = block_on(async { files.await?.array("x")?.load().await });
            // What is there may be read, where a part is.
            let Ok(read) = read else { continue };
            assert!(codecs == &several[0] || codecs == &several[1], "{codecs} by {chunk}: {read}");
            let content = if codecs == &several[0] { &stored[..24] } else { &[7; 24] };
            let values = read.values::<f64>().unwrap();
            assert_eq!(bytemuck::cast_slice::<f64, u8>(values.as_slice().unwrap()), content);
        }
    }
}

#[test]
fn every_byte_flipped_is_damage_to_whoever_reads_a_part_of_its_chunk() {
    let text = |(i, j): (usize, usize)| ((i * 31 + j / 5_000) % 251) as u8;
    let large = ndarray::Array2::from_shape_fn((5, 1_000_000), text);
    let small = ndarray::Array2::from_shape_fn((5, 40), text);
    flip_and_read_parts("", large);
    // Chunks of their own, of which the array's edges cut some off.
    flip_and_read_parts("sharding = false\nchunking = { day = 3, x = 30 }", small);
}

fn flip_and_read_parts(options: &str, bytes: ndarray::Array2<u8>) {
    let array = crate::DataArray::new("rain", ["day", "x"], bytes).unwrap();
    let lake = Lake::with(options);
    let source = lake.write(&array);
    let part = |array: &crate::DataArray, day: usize| {
        array.isel("day", day).and_then(|row| row.isel("x", 35)?.values::<u8>())
    };
    let mut told = 0;
    for path in lake.objects().iter().filter(|path| path.as_ref().contains("/c/")) {
        let size = usize::try_from(block_on(lake.store.head(path)).unwrap().size).unwrap();
        for at in (0..size).step_by(size.div_ceil(60)) {
            change(&lake, path, |bytes| bytes[at] ^= 0x10);
            for day in [0, 4] {
                match part(&lake.read(&source).unwrap(), day) {
                    Err(Error::Damaged { .. }) => told += 1,
                    Err(other) => panic!("{path} at {at}: {other}"),
                    // The byte lies in a chunk that is not read.
                    Ok(read) => assert_eq!(read, part(&array, day).unwrap(), "{path} at {at}"),
                }
            }
            change(&lake, path, |bytes| bytes[at] ^= 0x10);
        }
    }
    assert!(told > 10, "{told}");
}
