//! What the documents of a Zarr group say of its arrays: versions 2 and 3, consolidated or not.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use nuthatch_core::{Error, Result};
use object_store::ObjectStore as _;
use serde_json::{Map, Value};
use zarrs::metadata::ArrayMetadata;

use crate::attribute::Attributes;
use crate::calendar::Calendar;
use crate::dtype::{DType, TimeUnit};

use super::files::{Files, REQUESTS};
use super::{codecs, json};

/// A group: its attributes, and its arrays by name.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) attrs: Attributes,
    pub(crate) arrays: BTreeMap<String, Described>,
    /// The arrays that cannot be read, and why.
    pub(crate) left_out: BTreeMap<String, String>,
}

/// An array as its documents describe it.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) metadata: ArrayMetadata,
    pub(crate) stored: StoredType,
    pub(crate) dims: Vec<String>,
    pub(crate) attrs: Attributes,
    /// The inner chunks of a sharded array.
    pub(crate) inner: Option<Vec<u64>>,
    /// Whether the elements are bytes of texts, which lie along the last dimension.
    pub(crate) characters: bool,
}

/// The type of the elements in the store, where it is one of nuthatch's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredType {
    /// As in memory.
    Plain(DType),
    /// Text of a fixed number of characters, four bytes each.
    Utf32 { characters: usize },
    /// Text of a fixed number of bytes, which is UTF-8.
    Utf8 { bytes: usize },
    /// Points or spans of time, as numpy has them: a multiple of a unit.
    Numpy { of: DType, times: i64 },
}

impl StoredType {
    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::Plain(dtype) | Self::Numpy { of: dtype, .. } => dtype,
            Self::Utf32 { .. } | Self::Utf8 { .. } => DType::String,
        }
    }
}

impl Group {
    /// Reads the group's documents: one where they are consolidated.
    ///
    /// `check` sees the bytes of the first document.
    pub(crate) async fn read(
        files: &Files,
        check: impl FnOnce(&str, &[u8]) -> Result<()>,
    ) -> Result<Self> {
        if let Some(bytes) = files.get("zarr.json").await? {
            check("zarr.json", &bytes)?;
            return Self::of_v3(files, &json::document(&files.show("zarr.json"), &bytes)?).await;
        }
        if let Some(bytes) = files.get(".zmetadata").await? {
            check(".zmetadata", &bytes)?;
            let document = json::document(&files.show(".zmetadata"), &bytes)?;
            let metadata = document.get("metadata").and_then(Value::as_object).cloned();
            return Ok(Self::of_v2(metadata.unwrap_or_default()));
        }
        if files.get(".zgroup").await?.is_some() {
            let metadata = listed_v2(files).await?;
            return Ok(Self::of_v2(metadata));
        }
        Err(Error::Damaged {
            object: files.shown.to_string(),
            why: "there is no Zarr group: neither zarr.json nor .zgroup".to_owned(),
        })
    }

    async fn of_v3(files: &Files, root: &Map<String, Value>) -> Result<Self> {
        let attrs = object(root.get("attributes"));
        if root.get("node_type").and_then(Value::as_str) == Some("array") {
            return Err(Error::Damaged {
                object: files.show("zarr.json"),
                why: "it is an array, and a group of arrays is asked for".to_owned(),
            });
        }
        let consolidated = root
            .get("consolidated_metadata")
            .and_then(|consolidated| consolidated.get("metadata"))
            .and_then(Value::as_object);
        let documents = match consolidated {
            Some(documents) => documents.clone(),
            None => listed_v3(files).await?,
        };
        let (mut arrays, mut left_out) = (BTreeMap::new(), BTreeMap::new());
        for (name, document) in documents {
            let is_array = document.get("node_type").and_then(Value::as_str) == Some("array");
            if !is_array || name.contains('/') {
                continue;
            }
            match described_v3(document) {
                Ok(described) => drop(arrays.insert(name, described)),
                Err(why) => drop(left_out.insert(name, why)),
            }
        }
        Ok(Self { attrs, arrays, left_out })
    }

    fn of_v2(mut metadata: Map<String, Value>) -> Self {
        let attrs = object(metadata.get(".zattrs"));
        let names: Vec<String> = metadata
            .keys()
            .filter_map(|key| key.strip_suffix("/.zarray").map(str::to_owned))
            .filter(|name| !name.contains('/'))
            .collect();
        let (mut arrays, mut left_out) = (BTreeMap::new(), BTreeMap::new());
        for name in names {
            let attrs = object(metadata.get(&format!("{name}/.zattrs")));
            let array = metadata.remove(&format!("{name}/.zarray")).unwrap_or_default();
            match described_v2(array, attrs) {
                Ok(described) => drop(arrays.insert(name, described)),
                Err(why) => drop(left_out.insert(name, why)),
            }
        }
        Self { attrs, arrays, left_out }
    }
}

async fn listed_v3(files: &Files) -> Result<Map<String, Value>> {
    documents(files, &["zarr.json"], |name, _| name.to_owned()).await
}

async fn listed_v2(files: &Files) -> Result<Map<String, Value>> {
    let mut all =
        documents(files, &[".zarray", ".zattrs"], |name, kind| format!("{name}/{kind}")).await?;
    if let Some(bytes) = files.get(".zattrs").await? {
        let attrs = json::document(&files.show(".zattrs"), &bytes)?;
        all.insert(".zattrs".to_owned(), attrs.into());
    }
    Ok(all)
}

/// The documents in the folders of a group that is not consolidated.
async fn documents(
    files: &Files,
    kinds: &[&str],
    key: impl Fn(&str, &str) -> String,
) -> Result<Map<String, Value>> {
    let prefix = (!files.prefix.is_root()).then_some(&files.prefix);
    let listed = files.store.list_with_delimiter(prefix).await;
    let listed = listed.map_err(|error| files.failed("its folders", error))?;
    let names: Vec<String> = listed
        .common_prefixes
        .iter()
        .filter_map(|folder| folder.filename().map(str::to_owned))
        .collect();
    let wanted: Vec<(String, String, String)> = names
        .iter()
        .flat_map(|name| kinds.iter().map(move |kind| (name, *kind)))
        .map(|(name, kind)| (key(name, kind), name.clone(), kind.to_owned()))
        .collect();
    let read = stream::iter(wanted).map(|(key, name, kind)| async move {
        let path = format!("{name}/{kind}");
        match files.get(&path).await? {
            Some(bytes) => {
                let document = json::document(&files.show(&path), &bytes)?;
                Ok::<_, Error>(Some((key, Value::Object(document))))
            }
            None => Ok(None),
        }
    });
    let found: Vec<Option<(String, Value)>> = read.buffered(REQUESTS).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

fn object(value: Option<&Value>) -> Attributes {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn described_v3(mut document: Value) -> Result<Described, String> {
    let attrs = object(document.get("attributes"));
    let data_type = document.get("data_type").cloned().unwrap_or_default();
    let stored = type_v3(&data_type).ok_or_else(|| format!("its data type is {data_type}"))?;
    let rank = rank(&document)?;
    let inner = inner_chunks(&document);
    let characters = are_characters(stored, rank);
    let dims = names(document.get("dimension_names"), rank)
        .or_else(|| names(attrs.get(DIMENSIONS), rank))
        .unwrap_or_else(|| unnamed(rank));
    // `zarrs` needs none of it, and refuses what it does not know.
    if let Some(members) = document.as_object_mut() {
        members.get_mut("codecs").into_iter().for_each(codecs::known);
        if characters {
            members.insert("data_type".to_owned(), "uint8".into());
            members.insert("fill_value".to_owned(), 0.into());
        } else if let StoredType::Utf8 { bytes } = stored {
            members.insert("data_type".to_owned(), format!("r{}", 8 * bytes).into());
            as_raw_bits(members, bytes)?;
        }
        members.remove("attributes");
        members.remove("consolidated_metadata");
    }
    let metadata = serde_json::from_value(document).map_err(|error| error.to_string())?;
    Ok(Described {
        metadata: ArrayMetadata::V3(metadata),
        stored: if characters { StoredType::Plain(DType::U8) } else { stored },
        dims,
        attrs: cleaned(attrs),
        inner,
        characters,
    })
}

fn described_v2(mut document: Value, mut attrs: Attributes) -> Result<Described, String> {
    let name = document.get("dtype").and_then(Value::as_str).unwrap_or_default().to_owned();
    let stored = type_v2(&name).ok_or_else(|| format!("its data type is {name:?}"))?;
    let rank = rank(&document)?;
    let dims = names(attrs.get(DIMENSIONS), rank).unwrap_or_else(|| unnamed(rank));
    // As xarray has it: the fill value of version 2 stands for what is missing.
    let fill = document.get("fill_value").filter(|fill| !fill.is_null()).cloned();
    if let (Some(fill), true) = (&fill, stored.dtype().is_number()) {
        attrs.entry("_FillValue").or_insert(fill.clone());
    }
    if let (StoredType::Utf32 { .. }, None, Some(members)) =
        (stored, fill, document.as_object_mut())
    {
        // xarray says nothing, and `zarrs` needs a text.
        members.insert("fill_value".to_owned(), "".into());
    }
    let characters = are_characters(stored, rank);
    if let (true, Some(members)) = (characters, document.as_object_mut()) {
        members.insert("dtype".to_owned(), "|u1".into());
        members.insert("fill_value".to_owned(), 0.into());
    } else if let (StoredType::Utf8 { bytes }, Some(members)) = (stored, document.as_object_mut()) {
        members.insert("dtype".to_owned(), format!("|V{bytes}").into());
        as_raw_bits(members, bytes)?;
    }
    let metadata = ArrayMetadata::V3(codecs::as_version_3(document)?);
    let stored = if characters { StoredType::Plain(DType::U8) } else { stored };
    Ok(Described { metadata, stored, dims, attrs: cleaned(attrs), inner: None, characters })
}

/// Whether elements of a byte each are joined along the last dimension, as xarray joins them.
fn are_characters(stored: StoredType, rank: usize) -> bool {
    rank > 0 && stored == (StoredType::Utf8 { bytes: 1 })
}

/// `zarrs` knows text of a fixed number of bytes as bits that mean nothing to it. The fill value is
/// base64, and may be shorter.
fn as_raw_bits(members: &mut Map<String, Value>, bytes: usize) -> Result<(), String> {
    let said = members.get("fill_value").and_then(Value::as_str).unwrap_or_default();
    let mut fill = BASE64.decode(said.as_bytes()).map_err(|error| error.to_string())?;
    if fill.len() > bytes {
        return Err(format!("its fill value is longer than its elements: {said}"));
    }
    fill.resize(bytes, 0);
    members.insert("fill_value".to_owned(), fill.into());
    Ok(())
}

const DIMENSIONS: &str = "_ARRAY_DIMENSIONS";

fn cleaned(mut attrs: Attributes) -> Attributes {
    attrs.remove(DIMENSIONS);
    attrs.remove("_zarrs");
    attrs
}

fn rank(document: &Value) -> Result<usize, String> {
    let shape = document.get("shape").and_then(Value::as_array);
    Ok(shape.ok_or_else(|| "it has no shape".to_owned())?.len())
}

fn names(value: Option<&Value>, rank: usize) -> Option<Vec<String>> {
    let names: Option<Vec<String>> =
        value?.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| names.len() == rank)
}

fn unnamed(rank: usize) -> Vec<String> {
    (0..rank).map(|axis| format!("dim_{axis}")).collect()
}

fn inner_chunks(document: &Value) -> Option<Vec<u64>> {
    let codecs = document.get("codecs")?.as_array()?;
    let sharding = codecs
        .iter()
        .find(|codec| codec.get("name").and_then(Value::as_str) == Some("sharding_indexed"))?;
    let shape = sharding.get("configuration")?.get("chunk_shape")?.as_array()?;
    shape.iter().map(Value::as_u64).collect()
}

fn type_v3(data_type: &Value) -> Option<StoredType> {
    let (name, configuration) = match data_type {
        Value::String(name) => (name.as_str(), None),
        other => (other.get("name")?.as_str()?, other.get("configuration")),
    };
    let number = |key: &str| configuration?.get(key)?.as_u64();
    Some(match name {
        "fixed_length_utf32" => {
            fixed_characters(usize::try_from(number("length_bytes")? / 4).ok()?)?
        }
        "null_terminated_bytes" => fixed_bytes(usize::try_from(number("length_bytes")?).ok()?)?,
        "numpy.datetime64" | "numpy.timedelta64" => {
            let unit = configuration?.get("unit")?.as_str()?;
            numpy(name == "numpy.datetime64", unit, i64::try_from(number("scale_factor")?).ok()?)?
        }
        name => StoredType::Plain(plain(name)?),
    })
}

fn type_v2(name: &str) -> Option<StoredType> {
    if name == "|O" {
        return Some(StoredType::Plain(DType::String));
    }
    let kind = name.get(1..2)?;
    let rest = name.get(2..)?;
    Some(match (kind, rest) {
        ("M" | "m", rest) => {
            let unit = rest.strip_prefix("8[")?.strip_suffix(']')?;
            let digits = unit.find(|c: char| !c.is_ascii_digit())?;
            let (times, unit) = unit.split_at(digits);
            numpy(kind == "M", unit, if times.is_empty() { 1 } else { times.parse().ok()? })?
        }
        ("U", characters) => fixed_characters(characters.parse().ok()?)?,
        ("S", bytes) => fixed_bytes(bytes.parse().ok()?)?,
        ("b", "1") => StoredType::Plain(DType::Bool),
        ("i", bytes) => StoredType::Plain(plain(&format!("int{}", bits(bytes)?))?),
        ("u", bytes) => StoredType::Plain(plain(&format!("uint{}", bits(bytes)?))?),
        ("f", bytes) => StoredType::Plain(plain(&format!("float{}", bits(bytes)?))?),
        _ => return None,
    })
}

/// A type of numbers as numpy writes it, whose order of bytes may be left out.
pub(super) fn number_of_numpy(name: &str) -> Option<DType> {
    let name = name.strip_prefix(['<', '>', '|', '=']).unwrap_or(name);
    match type_v2(&format!("|{name}"))? {
        StoredType::Plain(dtype) => Some(dtype).filter(|dtype| dtype.is_number()),
        _ => None,
    }
}

/// No element takes more than a MiB.
fn fixed_characters(characters: usize) -> Option<StoredType> {
    (characters <= 1 << 18).then_some(StoredType::Utf32 { characters })
}

fn fixed_bytes(bytes: usize) -> Option<StoredType> {
    (1..=1 << 20).contains(&bytes).then_some(StoredType::Utf8 { bytes })
}

fn bits(bytes: &str) -> Option<u32> {
    bytes.parse::<u32>().ok()?.checked_mul(8)
}

fn numpy(is_date: bool, unit: &str, times: i64) -> Option<StoredType> {
    let (unit, factor) = match unit {
        "W" => (TimeUnit::Second, 604_800),
        "D" => (TimeUnit::Second, 86_400),
        "h" => (TimeUnit::Second, 3_600),
        "m" => (TimeUnit::Second, 60),
        "s" => (TimeUnit::Second, 1),
        "ms" => (TimeUnit::Millisecond, 1),
        "us" | "μs" => (TimeUnit::Microsecond, 1),
        "ns" => (TimeUnit::Nanosecond, 1),
        _ => return None,
    };
    let calendar = Calendar::ProlepticGregorian;
    let of = if is_date { DType::Datetime { unit, calendar } } else { DType::Timedelta { unit } };
    Some(StoredType::Numpy { of, times: times.checked_mul(factor)? })
}

fn plain(name: &str) -> Option<DType> {
    Some(match name {
        "bool" => DType::Bool,
        "int8" => DType::I8,
        "int16" => DType::I16,
        "int32" => DType::I32,
        "int64" => DType::I64,
        "uint8" => DType::U8,
        "uint16" => DType::U16,
        "uint32" => DType::U32,
        "uint64" => DType::U64,
        "float32" => DType::F32,
        "float64" => DType::F64,
        "string" => DType::String,
        _ => return None,
    })
}
