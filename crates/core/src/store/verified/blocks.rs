//! A byte stream, cut into blocks and checked, one block in memory at a time.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, GetResultPayload, Result};

use super::{Damage, ObjectSums};
use crate::config::Verify;

/// Which blocks of which object are read, and which of their bytes are wanted.
pub(super) struct Plan {
    pub(super) location: Path,
    pub(super) sums: Arc<ObjectSums>,
    /// The size of a block.
    pub(super) size: u64,
    /// The bytes that are wanted; not empty.
    pub(super) wanted: Range<u64>,
    pub(super) verify: Verify,
}

impl Plan {
    /// The wanted bytes, widened to whole blocks where these are checked.
    pub(super) fn widened(&self) -> Range<u64> {
        let blocks = self.blocks();
        self.span(blocks.start).start..self.span(blocks.end.saturating_sub(1)).end
    }

    /// What is read of a block.
    fn span(&self, block: u64) -> Range<u64> {
        let span = self.sums.span(block, self.size);
        match self.verify {
            Verify::Full => span,
            Verify::Off => span.start.max(self.wanted.start)..span.end.min(self.wanted.end),
        }
    }

    /// The wanted bytes of a payload that holds the widened ones.
    pub(super) fn check(
        self,
        payload: GetResultPayload,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let source = Source::new(payload, &self)?;
        let blocks = self.blocks();
        let state = (self, source, blocks);
        let next = |(plan, mut source, mut blocks): (Self, Source, Range<u64>)| async move {
            let Some(block) = blocks.next() else {
                plan.end(&mut source).await?;
                return Ok(None);
            };
            let data = plan.block(&mut source, block).await?;
            Ok(Some((data, (plan, source, blocks))))
        };
        Ok(stream::try_unfold(state, next).boxed())
    }

    fn blocks(&self) -> Range<u64> {
        self.wanted.start / self.size..self.wanted.end.div_ceil(self.size)
    }

    async fn block(&self, source: &mut Source, block: u64) -> Result<Bytes> {
        let span = self.span(block);
        let length = span.end - span.start;
        let data = source.take(length, self.size).await?;
        if data.len() as u64 != length {
            let why = format!("it ends after {} of the block's {length} bytes", data.len());
            return Err(Damage::in_block(&self.location, block, why));
        }
        // `blake3::Hash` compares in constant time, which costs nothing here.
        if self.verify == Verify::Full && self.sums.hash_of(block) != Some(blake3::hash(&data)) {
            let why = "its hash is not the one that was written".to_owned();
            return Err(Damage::in_block(&self.location, block, why));
        }
        let from = self.wanted.start.max(span.start) - span.start;
        let to = self.wanted.end.min(span.end) - span.start;
        Ok(data.slice(from as usize..to as usize))
    }

    async fn end(&self, source: &mut Source) -> Result<()> {
        match source.more().await? {
            false => Ok(()),
            true => {
                let last = self.blocks().end.saturating_sub(1);
                let why = "the store sends more than was asked for".to_owned();
                Err(Damage::in_block(&self.location, last, why))
            }
        }
    }
}

/// Where the bytes come from.
enum Source {
    /// Read on this thread: `object_store` would read 8 KiB a hop to another thread.
    File {
        file: File,
        path: std::path::PathBuf,
    },
    Stream {
        stream: BoxStream<'static, Result<Bytes>>,
        left: Bytes,
    },
}

impl Source {
    fn new(payload: GetResultPayload, plan: &Plan) -> Result<Self> {
        match payload {
            GetResultPayload::Stream(stream) => Ok(Self::Stream { stream, left: Bytes::new() }),
            GetResultPayload::File(mut file, path) => {
                file.seek(SeekFrom::Start(plan.widened().start))
                    .map_err(|error| failed(&path, &error))?;
                Ok(Self::File { file, path })
            }
        }
    }

    /// The next `length` bytes, at most a block; fewer where there are no more.
    async fn take(&mut self, length: u64, block: u64) -> Result<Bytes> {
        let length = length.min(block) as usize;
        match self {
            Self::File { file, path } => {
                let mut data = Vec::with_capacity(length);
                file.take(length as u64)
                    .read_to_end(&mut data)
                    .map_err(|error| failed(path, &error))?;
                Ok(data.into())
            }
            Self::Stream { stream, left } => {
                if left.is_empty() {
                    *left = next_chunk(stream).await?;
                }
                // The usual case: a whole block in one chunk, which is not copied.
                if left.len() >= length {
                    return Ok(left.split_to(length));
                }
                let mut data = BytesMut::with_capacity(length);
                while data.len() < length && !left.is_empty() {
                    let now = left.len().min(length - data.len());
                    data.extend_from_slice(&left.split_to(now));
                    if left.is_empty() {
                        *left = next_chunk(stream).await?;
                    }
                }
                Ok(data.freeze())
            }
        }
    }

    /// Whether a stream holds more. The length of a file was compared when it was opened.
    async fn more(&mut self) -> Result<bool> {
        match self {
            Self::File { .. } => Ok(false),
            Self::Stream { left, .. } if left.has_remaining() => Ok(true),
            Self::Stream { stream, .. } => Ok(!next_chunk(stream).await?.is_empty()),
        }
    }
}

/// The next chunk that is not empty; an empty one at the end.
async fn next_chunk(stream: &mut BoxStream<'static, Result<Bytes>>) -> Result<Bytes> {
    while let Some(chunk) = stream.try_next().await? {
        if !chunk.is_empty() {
            return Ok(chunk);
        }
    }
    Ok(Bytes::new())
}

fn failed(path: &std::path::Path, error: &io::Error) -> Error {
    let source = format!("cannot read {}: {error}", path.display()).into();
    match error.kind() {
        ErrorKind::PermissionDenied => {
            Error::PermissionDenied { path: path.display().to_string(), source }
        }
        _ => Error::Generic { store: "Verified", source },
    }
}
