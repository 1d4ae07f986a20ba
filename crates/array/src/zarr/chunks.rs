//! How arrays are cut: into objects, and these into what is read at once.

use nuthatch_core::{Error, Result};

use crate::variable::Variable;

use super::documents::Format;
use super::files::REQUESTS;

/// The member of a variable's encoding that says how it was cut into objects.
pub(super) const CHUNKS: &str = "chunks";

/// What one object holds, unless options say otherwise.
const OBJECT: u64 = 100_000_000;

/// Outside of these, an object is told to be small or large.
const USUAL: std::ops::RangeInclusive<u64> = 30_000_000..=300_000_000;

/// What is read at once, within an object.
const READ: u64 = 2_000_000;

/// What a lazy array is gone through by, unless options say otherwise: enough for all cores.
pub(super) const READ_CHUNK: u64 = 32_000_000;

/// What `backend_options(…)` says of chunks.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunking {
    /// Sizes by dimension; a dimension that is not named is whole.
    sizes: Option<Vec<(String, u64)>>,
    /// Whether objects are cut further.
    sharding: bool,
}

/// The shape of objects, and of what is read at once where they are cut further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shapes {
    pub(super) object: Vec<u64>,
    pub(super) read: Option<Vec<u64>>,
}

impl Chunking {
    /// Reads `chunking`, `chunk_by_arg` and `sharding`.
    pub(super) fn read(
        options: &toml::Table,
        argument: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let mut chunking = match options.get("chunking") {
            Some(table) => Some(sizes("chunking", table)?),
            None => None,
        };
        if let Some(by_argument) = options.get("chunk_by_arg") {
            for (name, choices) in table("chunk_by_arg", by_argument)? {
                let Some(value) = argument(name) else {
                    return Err(wrong(format!(
                        "`chunk_by_arg` names `{name}`, which is no key argument of the function"
                    )));
                };
                if let Some(chosen) = table("chunk_by_arg", choices)?.get(value.trim_matches('"')) {
                    chunking.get_or_insert_default().extend(sizes("chunk_by_arg", chosen)?);
                }
            }
        }
        if let Some(other) = options.get("auto_rechunk").filter(|said| !said.is_bool()) {
            return Err(wrong(format!("`auto_rechunk` is true or false, not {other}")));
        }
        let sharding = match options.get("sharding") {
            None => true,
            Some(toml::Value::Boolean(sharding)) => *sharding,
            Some(other) => return Err(wrong(format!("`sharding` is true or false, not {other}"))),
        };
        Ok(Self { sizes: chunking, sharding })
    }

    /// How a variable is cut in a version of the format. Objects of an odd size are told.
    pub(super) fn shapes(&self, name: &str, variable: &Variable, format: Format) -> Shapes {
        let (mut shapes, is_whole) = self.cut(name, variable);
        let bytes = product(&shapes.object).saturating_mul(variable.dtype().size() as u64);
        if !is_whole && !USUAL.contains(&bytes) {
            tracing::warn!(
                target: "nuthatch",
                variable = name,
                bytes,
                chunk = ?shapes.object,
                "chunks are best between 30 and 300 MB: fewer are slow to find, larger to read"
            );
        }
        if format == Format::V2
            && let Some(read) = shapes.read.take()
        {
            // Version 2 has no shards: what is read at once is an object.
            shapes.object = read;
        }
        shapes
    }

    /// Whether a variable that was read lies in the objects that the options name.
    pub(super) fn is_followed(&self, name: &str, variable: &Variable) -> bool {
        if self.sizes.is_none() || variable.is_index(name) || variable.shape().contains(&0) {
            return true;
        }
        let Some(stored) = variable.encoding.get(CHUNKS) else { return true };
        let (Shapes { object, read }, _) = self.cut(name, variable);
        *stored == serde_json::json!(object)
            || read.is_some_and(|read| *stored == serde_json::json!(read))
    }

    /// The objects, what is read at once in them, and whether all is one object.
    fn cut(&self, name: &str, variable: &Variable) -> (Shapes, bool) {
        let element = variable.dtype().size() as u64;
        let shape: Vec<u64> = variable.shape().iter().map(|size| (*size).max(1)).collect();
        let object = match &self.sizes {
            // Coordinates along dimensions are read whole when an entry is opened.
            Some(sizes) if !variable.is_index(name) => variable
                .dims()
                .iter()
                .zip(&shape)
                .map(|(dim, size)| {
                    // The last one said counts: `chunk_by_arg` is read after `chunking`.
                    let said = sizes.iter().rev().find(|(name, _)| name == dim);
                    said.map_or(*size, |(_, said)| (*said).min(*size))
                })
                .collect(),
            _ => automatic(variable, &shape, element),
        };
        let bytes = product(&object).saturating_mul(element);
        let read = (self.sharding && bytes > 2 * READ).then(|| within(&object, element));
        let is_whole = object == shape;
        (Shapes { read: read.filter(|read| *read != object), object }, is_whole)
    }
}

/// Reads `auto_rechunk`.
pub(super) fn rechunks(options: &toml::Table) -> bool {
    options.get("auto_rechunk").and_then(toml::Value::as_bool).unwrap_or(false)
}

/// Reads `read_chunk`: the bytes that a lazy array is gone through by.
pub(super) fn read_chunk(options: &toml::Table) -> Result<u64> {
    let Some(said) = options.get("read_chunk") else { return Ok(READ_CHUNK) };
    let bytes = said.as_integer().and_then(|bytes| u64::try_from(bytes).ok());
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| wrong(format!("`read_chunk` is a number of bytes over 0, not {said}")))
}

/// Reads `requests`: how many are on their way at once.
pub(super) fn requests(options: &toml::Table) -> Result<usize> {
    let Some(said) = options.get("requests") else { return Ok(REQUESTS) };
    let requests = said.as_integer().and_then(|requests| usize::try_from(requests).ok());
    requests
        .filter(|requests| (1..=10_000).contains(requests))
        .ok_or_else(|| wrong(format!("`requests` is a number from 1 to 10000, not {said}")))
}

/// Boxes of whole chunks near so many bytes, grown from the last dimension to the first: what lies
/// side by side is read together.
pub(super) fn grown(chunk: &[u64], shape: &[u64], element: u64, bytes: u64) -> Vec<u64> {
    let mut grown = chunk.to_vec();
    for axis in (0..grown.len()).rev() {
        let whole = shape[axis].div_ceil(chunk[axis].max(1)).max(1);
        let have = product(&grown).saturating_mul(element).max(1);
        let times = (bytes / have).clamp(1, whole);
        grown[axis] = grown[axis].saturating_mul(times);
        if times < whole {
            break;
        }
    }
    grown
}

/// Near [`OBJECT`] bytes: the chunks that the elements come in, joined or cut along the first
/// dimensions.
fn automatic(variable: &Variable, shape: &[u64], element: u64) -> Vec<u64> {
    if let (true, Some(chunk)) = (variable.data().is_computed(), variable.data().chunk_shape()) {
        // A producer's chunks are made once each.
        return chunk.iter().zip(shape).map(|(chunk, size)| (*chunk).clamp(1, *size)).collect();
    }
    let mut object = shape.to_vec();
    for axis in 0..object.len() {
        let bytes = product(&object).saturating_mul(element);
        if bytes <= OBJECT {
            break;
        }
        let parts = bytes.div_ceil(OBJECT).min(object[axis]);
        object[axis] = object[axis].div_ceil(parts).max(1);
    }
    object
}

/// What is read at once: near [`READ`] bytes, and a whole number of times in an object.
fn within(object: &[u64], element: u64) -> Vec<u64> {
    let mut read = object.to_vec();
    for axis in 0..read.len() {
        let bytes = product(&read).saturating_mul(element);
        if bytes <= READ {
            break;
        }
        let rest = bytes / read[axis].max(1);
        let most = (READ / rest.max(1)).max(1);
        read[axis] = (1..=most.min(read[axis]))
            .rev()
            .find(|size| read[axis].is_multiple_of(*size))
            .unwrap_or(1);
    }
    read
}

pub(super) fn product(shape: &[u64]) -> u64 {
    shape.iter().fold(1, |product, size| product.saturating_mul(*size))
}

fn sizes(option: &str, value: &toml::Value) -> Result<Vec<(String, u64)>> {
    let sizes = table(option, value)?.iter().map(|(dim, size)| {
        let size = size.as_integer().and_then(|size| u64::try_from(size).ok());
        match size.filter(|size| *size > 0) {
            Some(size) => Ok((dim.clone(), size)),
            None => Err(wrong(format!("`{option}({dim} = …)` must be a whole number over 0"))),
        }
    });
    sizes.collect()
}

fn table<'a>(option: &str, value: &'a toml::Value) -> Result<&'a toml::Table> {
    value.as_table().ok_or_else(|| {
        wrong(format!("`{option}` names dimensions and sizes: `{option}(time = 365, lat = 50)`"))
    })
}

fn wrong(message: String) -> Error {
    Error::Config { message, origin: "the options of backend zarr".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::values::Values;

    fn shapes(options: &str, shape: &[u64]) -> Shapes {
        let options: toml::Table = options.parse().expect("TOML");
        let argument = |name: &str| (name == "window").then(|| "3".to_owned());
        let chunking = Chunking::read(&options, argument).expect("the options are right");
        let shape: Vec<usize> = shape.iter().map(|size| *size as usize).collect();
        let zeros = Values::blank(DType::F32, &shape);
        let variable = Variable::new(["time", "lat", "lon"], zeros);
        chunking.shapes("sst", &variable, Format::V3)
    }

    #[test]
    fn what_is_said_is_done_and_dimensions_that_are_not_there_are_dropped() {
        let cut = shapes("chunking = { time = 31, lat = 50, depth = 3 }", &[365, 181, 360]);
        assert_eq!(cut.object, [31, 50, 360]);
        let all = shapes("chunking = { time = 9999 }", &[365, 181, 360]);
        assert_eq!(all.object, [365, 181, 360]);
    }

    #[test]
    fn chunks_may_depend_on_an_argument() {
        let by = "chunking = { time = 31 }\nchunk_by_arg.window = { 3 = { time = 7 }, 9 = { time = 90 } }";
        assert_eq!(shapes(by, &[365, 181, 360]).object, [7, 181, 360]);
    }

    #[test]
    fn objects_are_cut_into_what_is_read_at_once() {
        let cut = shapes("", &[365, 181, 360]);
        assert_eq!(cut.object, [365, 181, 360]);
        let read = cut.read.expect("95 MB are cut further");
        assert!(cut.object.iter().zip(&read).all(|(object, read)| object % read == 0), "{read:?}");
        assert!(product(&read) * 4 <= READ, "{read:?}");
        assert_eq!(shapes("sharding = false", &[365, 181, 360]).read, None);
        assert_eq!(shapes("", &[10, 10, 10]).read, None);
    }

    #[test]
    fn boxes_of_whole_chunks_grow_along_what_lies_side_by_side() {
        assert_eq!(grown(&[1, 10, 10], &[100, 100, 100], 4, 4_000), [1, 10, 100]);
        assert_eq!(grown(&[1, 10, 10], &[100, 100, 100], 4, 400_000), [10, 100, 100]);
        assert_eq!(grown(&[1, 10, 10], &[100, 95, 100], 4, u64::MAX), [100, 100, 100]);
        assert_eq!(grown(&[7, 7], &[10, 10], 8, 1), [7, 7], "a chunk at least");
        assert_eq!(grown(&[], &[], 8, 1000), [0_u64; 0]);
        let read = |options: &str| read_chunk(&options.parse().expect("TOML"));
        assert_eq!(read("read_chunk = 5").expect("it is read"), 5);
        assert_eq!(read("").expect("it is read"), READ_CHUNK);
        assert!(read("read_chunk = 0").is_err() && read("read_chunk = 'x'").is_err());
        let asked = |options: &str| requests(&options.parse().expect("TOML"));
        assert_eq!(asked("requests = 64").expect("it is read"), 64);
        assert_eq!(asked("").expect("it is read"), REQUESTS);
        assert!(asked("requests = 0").is_err() && asked("requests = -1").is_err());
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        let texts = [
            "chunking = 3",
            "chunking = { time = 0 }",
            "chunking = { time = 'x' }",
            "sharding = 1",
            "auto_rechunk = 'yes'",
            "chunk_by_arg = { depth = { 1 = { time = 1 } } }",
        ];
        for text in texts {
            let options: toml::Table = text.parse().expect("TOML");
            assert!(Chunking::read(&options, |_| None).is_err(), "{text}");
        }
    }
}
