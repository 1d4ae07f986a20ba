//! An object read and hashed on a thread of its own, block by block.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::Error as StoreError;
use tokio::sync::mpsc as tokio_mpsc;

use super::background;
use super::envelope::TRAILER;
use super::output::BLOCK;
use crate::config::Verify;
use crate::error::Result;
use crate::runtime::{self, Spawned};

/// How many blocks may wait to be decoded.
const AHEAD: usize = 2;

/// Where blocks come from.
pub(super) enum Blocks {
    File(File, PathBuf),
    Stream(BoxStream<'static, object_store::Result<Bytes>>),
}

/// The checksum at the end of an object, and that of all before it.
pub(super) struct Digests {
    /// None where nothing was hashed.
    computed: Option<blake3::Hash>,
    stored: Vec<u8>,
}

impl Digests {
    pub(super) fn agree(&self) -> bool {
        self.computed.is_none_or(|computed| computed.as_bytes().as_slice() == self.stored)
    }

    /// Whether the object ends in this checksum.
    pub(super) fn are(&self, checksum: &[u8; TRAILER]) -> bool {
        self.stored == checksum
    }
}

/// An object that is being read.
pub(super) struct Reading {
    arriving: Option<tokio_mpsc::Receiver<Bytes>>,
    /// Where memory is wanted again: a file is read into it. What a store brings comes with its own.
    used: Option<mpsc::Sender<Bytes>>,
    reader: Spawned<Result<Digests, StoreError>>,
}

impl Reading {
    /// Begins to read an object of `total` bytes.
    pub(super) fn begin(blocks: Blocks, total: u64, verify: Verify) -> Result<Self> {
        let (ready, arriving) = tokio_mpsc::channel(AHEAD);
        let (used, empty) = mpsc::channel();
        let used = matches!(blocks, Blocks::File(..)).then_some(used);
        let hasher = (verify == Verify::Full).then(blake3::Hasher::new);
        let reader = Reader { blocks, empty, ready, hasher };
        let reader = background::spawn(move || reader.run(total))?;
        Ok(Self { arriving: Some(arriving), used, reader })
    }

    /// The next block, for one that is not needed any more. The last one ends in the checksum.
    pub(super) fn next(&mut self, used: Bytes) -> Option<Bytes> {
        if let Some(wanted) = &self.used {
            // The reader may be done, and want no memory any more.
            let _ = wanted.send(used);
        }
        let arriving = self.arriving.as_mut()?;
        runtime::block_on(arriving.recv())
    }

    /// What the object's checksum should be, and is. Blocks that nobody took are hashed as well.
    pub(super) fn finish(mut self) -> Result<Result<Digests, StoreError>> {
        self.arriving = None;
        runtime::block_on(self.reader)
    }
}

struct Reader {
    blocks: Blocks,
    empty: mpsc::Receiver<Bytes>,
    ready: tokio_mpsc::Sender<Bytes>,
    /// None where the store is trusted.
    hasher: Option<blake3::Hasher>,
}

impl Reader {
    fn run(mut self, total: u64) -> Result<Digests, StoreError> {
        let mut stored = Vec::with_capacity(TRAILER);
        let mut left = total;
        while left > 0 {
            let block = self.read(left)?;
            let after = left.saturating_sub(block.len() as u64);
            // How much of the checksum stands in this block: mostly nothing.
            let own = (TRAILER as u64).min(left) - (TRAILER as u64).min(after);
            let body = block.len() - usize::try_from(own).unwrap_or(TRAILER).min(block.len());
            let (body, trailer) = block.split_at(body);
            if let Some(hasher) = &mut self.hasher {
                hasher.update(body);
            }
            stored.extend_from_slice(trailer);
            left = after;
            // Nobody decodes any more where an error was found; the hash tells which.
            let _ = self.ready.blocking_send(block);
        }
        Ok(Digests { computed: self.hasher.map(|hasher| hasher.finalize()), stored })
    }

    fn read(&mut self, left: u64) -> Result<Bytes, StoreError> {
        match &mut self.blocks {
            Blocks::Stream(stream) => match background::wait(stream.next()) {
                Some(block) => block,
                None => Err(failed("the store", io::ErrorKind::UnexpectedEof.into())),
            },
            Blocks::File(file, path) => {
                let length = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
                let mut block = emptied(self.empty.try_recv().ok());
                block.resize(length, 0);
                let path = path.display();
                file.read_exact(&mut block).map_err(|error| failed(path, error))?;
                Ok(block.into())
            }
        }
    }
}

/// The memory of a block that was used, or new memory.
fn emptied(used: Option<Bytes>) -> Vec<u8> {
    let used = used.and_then(|block| block.try_into_mut().ok());
    used.map(Vec::from).filter(|block| block.capacity() >= BLOCK).unwrap_or_default()
}

fn failed(place: impl std::fmt::Display, error: io::Error) -> StoreError {
    let source = match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("{place} was cut short while it was read").into(),
        _ => error.into(),
    };
    StoreError::Generic { store: "basic", source }
}
