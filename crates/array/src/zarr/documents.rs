//! The documents of a group that nuthatch writes, in either version of the format.

use std::collections::BTreeMap;

use nuthatch_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zarrs::metadata::ArrayMetadata;

use crate::attribute::Attributes;
use crate::dtype::DType;
use crate::variable::Variable;

use super::chunks::Shapes;

/// A fast level: what is gained above it is little, and time grows several times.
const ZSTD_LEVEL: i64 = 1;

/// The version of Zarr that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Format {
    V2,
    #[default]
    V3,
}

/// An array as its documents will describe it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Document {
    /// Without its attributes.
    array: Value,
    attrs: Attributes,
}

impl Format {
    /// Reads `zarr_format`.
    pub(super) fn read(options: &toml::Table) -> Result<Self> {
        match options.get("zarr_format").map(|format| (format, format.as_integer())) {
            None | Some((_, Some(3))) => Ok(Self::V3),
            Some((_, Some(2))) => Ok(Self::V2),
            Some((other, _)) => Err(Error::Config {
                message: format!("`zarr_format` is 2 or 3, not {other}"),
                origin: "the options of backend zarr".to_owned(),
            }),
        }
    }

    /// The path in the group of an array's object: as the documents below have `zarrs` name it.
    pub(super) fn object(self, array: &str, index: &[u64]) -> String {
        let along = |separator: &str| {
            index.iter().map(u64::to_string).collect::<Vec<String>>().join(separator)
        };
        match (self, index) {
            (Self::V3, []) => format!("{array}/c"),
            (Self::V3, _) => format!("{array}/c/{}", along("/")),
            (Self::V2, []) => format!("{array}/0"),
            (Self::V2, _) => format!("{array}/{}", along(".")),
        }
    }

    /// Describes an array.
    pub(super) fn array(
        self,
        variable: &Variable,
        dtype: DType,
        shapes: &Shapes,
        mut attrs: Attributes,
    ) -> Document {
        let array = match self {
            Self::V3 => array_v3(variable, dtype, shapes),
            Self::V2 => {
                attrs.insert("_ARRAY_DIMENSIONS".to_owned(), json!(variable.dims()));
                array_v2(variable, dtype, shapes)
            }
        };
        Document { array, attrs }
    }

    /// The documents of a group, by name. The last one describes all of it.
    pub(super) fn group(
        self,
        attrs: &Attributes,
        arrays: BTreeMap<String, Document>,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let mut documents = Vec::new();
        let mut add = |name: String, document: &Value| -> Result<()> {
            let bytes = serde_json::to_vec_pretty(document).map_err(Error::other)?;
            documents.push((name, bytes));
            Ok(())
        };
        match self {
            Self::V3 => {
                let mut metadata = Map::new();
                for (name, Document { mut array, attrs }) in arrays {
                    if let Some(members) = array.as_object_mut() {
                        members.insert("attributes".to_owned(), attrs.into());
                    }
                    add(format!("{name}/zarr.json"), &array)?;
                    metadata.insert(name, array);
                }
                let consolidated = json!({
                    "zarr_format": 3,
                    "node_type": "group",
                    "attributes": attrs,
                    "consolidated_metadata":
                        {"kind": "inline", "must_understand": false, "metadata": metadata},
                });
                add("zarr.json".to_owned(), &consolidated)?;
            }
            Self::V2 => {
                let mut metadata = Map::new();
                for (name, Document { array, attrs }) in arrays {
                    metadata.insert(format!("{name}/.zarray"), array);
                    metadata.insert(format!("{name}/.zattrs"), attrs.into());
                }
                metadata.insert(".zgroup".to_owned(), json!({"zarr_format": 2}));
                metadata.insert(".zattrs".to_owned(), attrs.clone().into());
                for (name, document) in &metadata {
                    add(name.clone(), document)?;
                }
                let consolidated = json!({"zarr_consolidated_format": 1, "metadata": metadata});
                add(".zmetadata".to_owned(), &consolidated)?;
            }
        }
        Ok(documents)
    }
}

impl Document {
    /// As `zarrs` has it.
    pub(super) fn metadata(&self, format: Format) -> Result<ArrayMetadata> {
        let array = self.array.clone();
        Ok(match format {
            Format::V3 => ArrayMetadata::V3(serde_json::from_value(array).map_err(Error::other)?),
            Format::V2 => ArrayMetadata::V2(serde_json::from_value(array).map_err(Error::other)?),
        })
    }
}

fn array_v3(variable: &Variable, dtype: DType, shapes: &Shapes) -> Value {
    let fill = match dtype {
        DType::F32 | DType::F64 => json!("NaN"),
        DType::Bool => json!(false),
        DType::String => json!(""),
        _ => json!(0),
    };
    let elements = match dtype {
        DType::String => json!({"name": "vlen-utf8"}),
        DType::Bool | DType::I8 | DType::U8 => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    };
    let zstd = json!({"name": "zstd", "configuration": {"level": ZSTD_LEVEL, "checksum": false}});
    let crc32c = json!({"name": "crc32c"});
    let codecs = match &shapes.read {
        None => json!([elements, zstd, crc32c]),
        Some(read) => json!([{
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": read,
                "codecs": [elements, zstd, crc32c],
                "index_codecs": [
                    {"name": "bytes", "configuration": {"endian": "little"}},
                    {"name": "crc32c"},
                ],
                "index_location": "end",
            },
        }]),
    };
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": variable.shape(),
        "data_type": dtype.to_string(),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shapes.object}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "dimension_names": variable.dims(),
        "storage_transformers": [],
    })
}

/// Version 2 has no shards and no checksums: what is read at once is an object, and the entry's
/// manifest holds checksums of all objects.
fn array_v2(variable: &Variable, dtype: DType, shapes: &Shapes) -> Value {
    let name = match dtype {
        DType::Bool => "|b1".to_owned(),
        DType::I8 => "|i1".to_owned(),
        DType::U8 => "|u1".to_owned(),
        DType::I16 | DType::I32 | DType::I64 => format!("<i{}", dtype.size()),
        DType::U16 | DType::U32 | DType::U64 => format!("<u{}", dtype.size()),
        DType::F32 | DType::F64 => format!("<f{}", dtype.size()),
        _ => "|O".to_owned(),
    };
    let is_text = dtype == DType::String;
    json!({
        "zarr_format": 2,
        "shape": variable.shape(),
        "chunks": shapes.object,
        "dtype": name,
        "compressor": {"id": "zstd", "level": ZSTD_LEVEL},
        // Nothing stands for what is missing: xarray would read it as that.
        "fill_value": Value::Null,
        "order": "C",
        "filters": if is_text { json!([{"id": "vlen-utf8"}]) } else { Value::Null },
        "dimension_separator": ".",
    })
}
