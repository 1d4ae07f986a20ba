//! Codecs that other programs name or describe otherwise than `zarrs` knows them, where what is
//! stored is the same.

use serde_json::{Map, Value, json};
use zarrs::convert::array_metadata_v2_to_v3;
use zarrs::metadata::v2::ArrayMetadataV2;
use zarrs::metadata::v3::ArrayMetadataV3;

use super::{checked, numcodecs};

/// The codecs of version 3, those within shards too.
pub(super) fn known(codecs: &mut Value) {
    let Some(codecs) = codecs.as_array_mut() else { return };
    codecs.retain(|codec| !is_lossy(codec));
    for codec in codecs {
        let name = codec.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut said = configuration(codec);
        if name == "sharding_indexed" {
            for inner in ["codecs", "index_codecs"] {
                said.get_mut(inner).into_iter().for_each(known);
            }
            *codec = json!({"name": name, "configuration": said});
        } else if let Some(native) = native(&name, said) {
            *codec = native;
        }
    }
}

/// An array of version 2 as one of version 3, where numcodecs has the same codecs by other names.
pub(super) fn as_version_3(mut document: Value) -> Result<ArrayMetadataV3, String> {
    let filters = document.get_mut("filters").map(Value::take).unwrap_or_default();
    let compressor = document.get_mut("compressor").map(Value::take).unwrap_or_default();
    let bare: ArrayMetadataV2 = serde_json::from_value(document).map_err(|e| e.to_string())?;
    let mut array = array_metadata_v2_to_v3(&bare).map_err(|error| error.to_string())?;
    let mut codecs = serde_json::to_value(&array.codecs).map_err(|error| error.to_string())?;
    let several = codecs.as_array_mut().ok_or("it has no codecs")?;
    let filters = filters.as_array().cloned().unwrap_or_default();
    for mut codec in filters.into_iter().chain([compressor]).filter(|codec| !codec.is_null()) {
        let id = codec.as_object_mut().and_then(|codec| codec.remove("id")).unwrap_or_default();
        let id = id.as_str().ok_or_else(|| format!("a codec without a name: {codec}"))?;
        let bytes = several.iter_mut().find(|codec| codec["name"] == "bytes");
        if let (Some(bytes), true) = (bytes, id.starts_with("vlen-")) {
            *bytes = json!({"name": id});
            continue;
        }
        several.push(json!({"name": format!("numcodecs.{id}"), "configuration": codec}));
    }
    endianness(several);
    known(&mut codecs);
    array.codecs = serde_json::from_value(codecs).map_err(|error| error.to_string())?;
    Ok(array)
}

/// The order of bytes is that of the numbers which the last filter has made.
fn endianness(codecs: &mut [Value]) {
    let stored = codecs.iter().rev().find_map(|codec| {
        let said = codec.get("configuration")?;
        let named = ["astype", "encode_dtype", "dtype"].into_iter();
        named.filter_map(|key| said.get(key)?.as_str()).next()
    });
    let endian = match stored.and_then(|stored| stored.chars().next()) {
        Some('<') => "little",
        Some('>') => "big",
        _ => return,
    };
    if let Some(bytes) = codecs.iter_mut().find(|codec| codec["name"] == "bytes") {
        bytes["configuration"] = json!({"endian": endian});
    }
}

/// Whether a codec took precision away when it wrote, and does nothing when it is read.
fn is_lossy(codec: &Value) -> bool {
    let name = codec.get("name").and_then(Value::as_str).unwrap_or_default();
    let said = configuration(codec);
    match name.strip_prefix("numcodecs.").unwrap_or(name) {
        "bitround" => true,
        "quantize" => said.get("astype").is_none_or(|stored| Some(stored) == said.get("dtype")),
        _ => false,
    }
}

/// numcodecs in version 3: the names are its own, and what only matters for writing is left out.
/// And the checksum, which is looked at whatever is read.
fn native(name: &str, mut said: Map<String, Value>) -> Option<Value> {
    if name == "crc32c" {
        return Some(json!({"name": checked::name()}));
    }
    let name = name.strip_prefix("numcodecs.")?;
    Some(match name {
        "zlib" | "bz2" => {
            said.entry("level").or_insert(json!(1));
            json!({"name": format!("numcodecs.{name}"), "configuration": said})
        }
        "gzip" => json!({"name": name, "configuration": {"level": 1}}),
        "zstd" => json!({"name": name, "configuration": {"level": 0, "checksum": false}}),
        "blosc" => json!({"name": name, "configuration": {
            "cname": said.get("cname").cloned().unwrap_or(json!("lz4")),
            "clevel": 5,
            "shuffle": "noshuffle",
            "typesize": 1,
            "blocksize": 0,
        }}),
        "crc32c" if said.get("location").is_none_or(|place| place == "end" || place.is_null()) => {
            json!({"name": checked::name()})
        }
        name => return numcodecs::known(name, &said),
    })
}

fn configuration(codec: &Value) -> Map<String, Value> {
    codec.get("configuration").and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mut codecs: Value) -> Value {
        known(&mut codecs);
        codecs
    }

    #[test]
    fn names_of_numcodecs_become_those_of_the_format() {
        let start = json!({"location": "start"});
        let own = json!({"id": "crc32c", "said": start});
        let own = json!({"name": "nuthatch.numcodecs", "configuration": own});
        let start = json!({"name": "numcodecs.crc32c", "configuration": start});
        let gzip = json!({"name": "gzip", "configuration": {"level": 1}});
        let checked = json!({"name": "nuthatch.crc32c"});
        let codecs = json!([{"name": "numcodecs.gzip"}, {"name": "numcodecs.crc32c"}, start]);
        assert_eq!(of(codecs), json!([gzip, checked, own]));
        let shard = |inner: &Value, index: &Value| {
            let said = json!({"chunk_shape": [1], "codecs": [inner], "index_codecs": [index]});
            json!([{"name": "sharding_indexed", "configuration": said}])
        };
        let said = shard(&json!({"name": "numcodecs.gzip"}), &json!({"name": "crc32c"}));
        assert_eq!(of(said), shard(&gzip, &checked));
        let zlib = of(json!([{"name": "numcodecs.zlib", "configuration": {"level": 9}}]));
        assert_eq!(zlib[0]["configuration"], json!({"level": 9}));
        assert_eq!(of(json!("lies")), json!("lies"));
        assert_eq!(of(json!([7, {"name": 3}])), json!([7, {"name": 3}]));
    }

    #[test]
    fn what_only_took_precision_away_is_left_out() {
        let quantize = |astype: &str| {
            let said = json!({"digits": 2, "dtype": "<f8", "astype": astype});
            json!({"name": "numcodecs.quantize", "configuration": said})
        };
        assert_eq!(of(json!([quantize("<f8")])), json!([]));
        assert_eq!(of(json!([quantize("<f4")])).as_array().map(Vec::len), Some(1));
        assert_eq!(of(json!([{"name": "numcodecs.bitround"}])), json!([]));
    }

    #[test]
    fn version_2_has_the_codecs_of_version_3_by_other_names() {
        let document = |filters: Value, compressor: Value| {
            json!({
                "zarr_format": 2, "shape": [4], "chunks": [2], "dtype": ">i4", "fill_value": 0,
                "order": "C", "filters": filters, "compressor": compressor,
            })
        };
        let codecs = |filters: Value, compressor: Value| {
            let array = as_version_3(document(filters, compressor)).expect("it is known");
            serde_json::to_value(array.codecs).expect("it is JSON")
        };
        let bytes = |endian: &str| json!({"name": "bytes", "configuration": {"endian": endian}});
        let zstd = json!({"name": "zstd", "configuration": {"level": 0, "checksum": false}});
        assert_eq!(codecs(Value::Null, Value::Null), json!([bytes("big")]));
        assert_eq!(
            codecs(json!([]), json!({"id": "zstd", "level": 3})),
            json!([bytes("big"), zstd])
        );
        let delta = json!({"id": "delta", "dtype": ">i4", "astype": "<i2"});
        let found = codecs(json!([delta]), json!({"id": "zstd", "level": 3}));
        assert_eq!((&found[0], &found[2]), (&bytes("little"), &zstd));
        assert_eq!(found[1]["name"], "nuthatch.numcodecs");
        let unknown = as_version_3(document(json!([{"id": "msgpack2"}]), Value::Null));
        assert_eq!(unknown.expect("zarrs says it").codecs[1].name(), "numcodecs.msgpack2");
        assert!(as_version_3(document(json!([{"level": 1}]), Value::Null)).is_err());
        assert!(as_version_3(json!(7)).is_err());
    }
}
