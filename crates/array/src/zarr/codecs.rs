//! Codecs that other programs name or describe otherwise than `zarrs` knows them, where what is
//! stored is the same.

use serde_json::{Map, Value, json};

use super::checked;

/// The codecs of version 3, those within shards too.
pub(super) fn known(codecs: &mut Value) {
    let Some(codecs) = codecs.as_array_mut() else { return };
    codecs.retain(|codec| !is_lossy(codec, "name"));
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

/// The filters of version 2.
pub(super) fn known_filters(filters: &mut Value) {
    if let Some(filters) = filters.as_array_mut() {
        filters.retain(|filter| !is_lossy(filter, "id"));
    }
}

/// Whether a codec took precision away when it wrote, and does nothing when it is read.
fn is_lossy(codec: &Value, member: &str) -> bool {
    let name = codec.get(member).and_then(Value::as_str).unwrap_or_default();
    let said = match member {
        "id" => codec.as_object().cloned().unwrap_or_default(),
        _ => configuration(codec),
    };
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
        "crc32c" if said.get("location").is_none_or(|place| place == "end") => {
            json!({"name": checked::name()})
        }
        _ => return None,
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
        let start = json!({"name": "numcodecs.crc32c", "configuration": {"location": "start"}});
        let gzip = json!({"name": "gzip", "configuration": {"level": 1}});
        let checked = json!({"name": "nuthatch.crc32c"});
        let codecs = json!([{"name": "numcodecs.gzip"}, {"name": "numcodecs.crc32c"}, start]);
        assert_eq!(of(codecs), json!([gzip, checked, start]));
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
        let narrow = json!({"id": "quantize", "digits": 2, "dtype": "<f8", "astype": "<f4"});
        let mut filters = json!([
            {"id": "bitround", "keepbits": 3},
            {"id": "quantize", "digits": 2, "dtype": "<f8", "astype": "<f8"},
            narrow,
        ]);
        known_filters(&mut filters);
        assert_eq!(filters, json!([narrow]));
        assert_eq!(of(json!([{"name": "numcodecs.bitround"}])), json!([]));
    }
}
