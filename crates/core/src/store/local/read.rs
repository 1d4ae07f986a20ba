//! Get, head, ranges, and what tells one version of an object from another.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, Result,
};
use xxhash_rust::xxh3::Xxh3;

use super::{LocalFiles, failure};

/// What is asked for is handed out as one chunk up to this many bytes, and as an open file beyond.
const ONE_CHUNK: u64 = 1024 * 1024;

/// The etag of an object of up to this many bytes is a hash of its content. Manifests are of that
/// size, and are what is updated conditionally; hashing them takes a microsecond or a few. At
/// 1 MiB it would take four times as long as reading.
pub(super) const HASHED: u64 = 64 * 1024;

impl LocalFiles {
    /// Opens, stats, reads and closes: nothing else, for most recalls are just this.
    pub(super) fn read(&self, location: &Path, options: &GetOptions) -> Result<GetResult> {
        if options.version.is_some() {
            let why = format!("{location} was asked for by version, and files have none");
            return Err(failure::unsupported(why));
        }
        let object = self.open(location)?;
        let content = object.content_if_needed(location, options)?;
        let meta = object.meta(location, content.as_deref());
        options.check_preconditions(&meta)?;

        let range = match &options.range {
            _ if options.head => 0..0,
            Some(range) => within(range, object.size)?,
            None => 0..object.size,
        };
        let payload = match content {
            Some(content) => one_chunk(slice(&content, &range)),
            None if range.end - range.start <= ONE_CHUNK => {
                one_chunk(object.read_range(location, &range)?)
            }
            None => GetResultPayload::File(object.file, object.path),
        };
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    pub(super) fn read_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let object = self.open(location)?;
        let read = |range: &Range<u64>| {
            let range = within(&GetRange::Bounded(range.clone()), object.size)?;
            object.read_range(location, &range)
        };
        ranges.iter().map(read).collect()
    }

    /// The etag of what is there now.
    pub(super) fn current_etag(&self, location: &Path) -> Result<String> {
        self.open(location)?.etag(location)
    }

    pub(super) fn open(&self, location: &Path) -> Result<Object> {
        let path = self.file_to_read(location)?;
        let failed = |error| failure::reading("read", location, &path, &error);
        let file = File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            // A folder is what other objects lie in. As an object it does not exist.
            return Err(failure::not_found(location, &path, "a folder, not an object"));
        }
        if !metadata.is_file() {
            let why = format!("cannot read {}: neither a file nor a folder", path.display());
            return Err(failure::generic(why));
        }
        Ok(Object { file, path, size: metadata.len(), metadata })
    }
}

/// A file that was opened to be read.
pub(super) struct Object {
    pub(super) file: File,
    pub(super) path: PathBuf,
    size: u64,
    metadata: Metadata,
}

impl Object {
    /// The whole content, where the reply is made of it or the condition is about it.
    fn content_if_needed(&self, location: &Path, options: &GetOptions) -> Result<Option<Bytes>> {
        let conditional = options.if_match.is_some() || options.if_none_match.is_some();
        let needed = self.size <= HASHED && (conditional || options.range.is_none());
        needed.then(|| self.read_range(location, &(0..self.size))).transpose()
    }

    /// The etag is left out where it would take reading a file that nobody asked to be read.
    fn meta(&self, location: &Path, content: Option<&[u8]>) -> ObjectMeta {
        ObjectMeta {
            location: location.clone(),
            last_modified: modified(&self.metadata),
            size: self.size,
            e_tag: content
                .map(|content| content_etag([content]))
                .or_else(|| identity_etag(&self.metadata)),
            version: None,
        }
    }

    fn etag(&self, location: &Path) -> Result<String> {
        match identity_etag(&self.metadata) {
            Some(etag) => Ok(etag),
            None => Ok(content_etag([&*self.read_range(location, &(0..self.size))?])),
        }
    }

    fn read_range(&self, location: &Path, range: &Range<u64>) -> Result<Bytes> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let path = self.path.display();
                failure::generic(format!("{path} was cut short while it was read"))
            }
            _ => failure::reading("read", location, &self.path, &error),
        };
        let length = usize::try_from(range.end - range.start)
            .map_err(|error| failure::generic(format!("cannot read {location}: {error}")))?;
        let mut content = vec![0; length];
        read_exact_at(&self.file, &mut content, range.start).map_err(failed)?;
        Ok(content.into())
    }
}

/// The etag of an object of this content, where it is hashed.
///
/// It is a hash because nothing in the metadata tells a replaced file from the old one for sure:
/// an inode number is free again once its file is replaced, and the file system's clock moves in
/// ticks of some milliseconds. Two updates within a tick can give a new file the inode, the time
/// and the size of the one before the last, and an update against that would be lost.
///
/// It tells versions of one object apart, and proves nothing about them: a fast hash of 128 bits
/// does, of which every recall makes one.
pub(super) fn content_etag<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Xxh3::new();
    for chunk in chunks {
        hasher.update(chunk);
    }
    format!("{:032x}", hasher.digest128())
}

/// The etag of an object that is too large to be hashed, else `None`.
///
/// Here the time can be relied on, as far as the file system holds nanoseconds: writers set it by
/// the system's clock, which does not move in ticks (see `Temporary::seal`).
pub(super) fn identity_etag(metadata: &Metadata) -> Option<String> {
    let size = metadata.len();
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let nanoseconds = modified.unwrap_or_default().as_nanos();
    (size > HASHED).then(|| format!("{:x}-{nanoseconds:x}-{size:x}", inode(metadata)))
}

/// When the file was last modified; 1970 where the system does not say, or says nonsense.
pub(super) fn modified(metadata: &Metadata) -> DateTime<Utc> {
    let since = |at: SystemTime| at.duration_since(UNIX_EPOCH).ok();
    let seconds_and_nanoseconds = metadata
        .modified()
        .ok()
        .and_then(since)
        .and_then(|since| Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())));
    seconds_and_nanoseconds
        .and_then(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds))
        .unwrap_or_default()
}

fn one_chunk(content: Bytes) -> GetResultPayload {
    GetResultPayload::Stream(stream::once(std::future::ready(Ok(content))).boxed())
}

fn within(range: &GetRange, size: u64) -> Result<Range<u64>> {
    range.as_range(size).map_err(failure::generic)
}

/// `range` lies within `content`, whose length fits a `usize`.
fn slice(content: &Bytes, range: &Range<u64>) -> Bytes {
    content.slice(range.start as usize..range.end as usize)
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}
