//! An upload whose parts are hashed and sent beside the thread that encodes them.

use std::collections::VecDeque;
use std::sync::mpsc;

use bytes::Bytes;
use object_store::{MultipartUpload, PutPayload};

use super::background;
use crate::error::{Error, Result};
use crate::runtime::{self, Spawned};

/// How many parts are hashed or sent while the next one is encoded.
const UNDER_WAY: usize = 3;

/// Why a part could not be sent: the store refused it, or no thread could be had.
pub(super) enum Unsent {
    Store(object_store::Error),
    Other(Error),
}

/// An upload, and its parts on their way: the oldest first, each with the memory it lies in.
pub(super) struct Parts {
    upload: Box<dyn MultipartUpload>,
    under_way: VecDeque<(Spawned<object_store::Result<()>>, Bytes)>,
}

impl Parts {
    pub(super) fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload, under_way: VecDeque::new() }
    }

    /// Sends a part, and gives a block of the same length to fill.
    pub(super) fn send(&mut self, block: Bytes) -> Result<Vec<u8>, Unsent> {
        let length = block.len();
        let part = self.upload.put_part(PutPayload::from(block.clone()));
        let sending = background::spawn(move || background::wait(part)).map_err(Unsent::Other)?;
        self.under_way.push_back((sending, block));
        let oldest = match self.under_way.len() > UNDER_WAY {
            true => self.wait()?,
            false => Bytes::new(),
        };
        let mut block = oldest.try_into_mut().map(Vec::from).unwrap_or_default();
        block.resize(length, 0);
        Ok(block)
    }

    /// Makes an object of the parts.
    pub(super) fn complete(&mut self) -> Result<(), Unsent> {
        while !self.under_way.is_empty() {
            self.wait()?;
        }
        runtime::block_on(self.upload.complete()).map(drop).map_err(Unsent::Store)
    }

    /// Gives the upload up, once nothing is sent any more.
    pub(super) fn abort(&mut self) -> object_store::Result<()> {
        while !self.under_way.is_empty() {
            let _not_the_first_failure = self.wait();
        }
        runtime::block_on(self.upload.abort())
    }

    /// Waits for the oldest part.
    fn wait(&mut self) -> Result<Bytes, Unsent> {
        let Some((sending, block)) = self.under_way.pop_front() else { return Ok(Bytes::new()) };
        let sent = runtime::block_on(sending).map_err(Unsent::Other)?;
        sent.map(|()| block).map_err(Unsent::Store)
    }
}

/// Hashes blocks in their order.
pub(super) struct Hashing {
    blocks: mpsc::SyncSender<Bytes>,
    hasher: Spawned<blake3::Hasher>,
}

impl Hashing {
    pub(super) fn begin() -> Result<Self> {
        // A block that is sent must have been hashed when its memory is wanted again.
        let (blocks, arriving) = mpsc::sync_channel::<Bytes>(UNDER_WAY - 2);
        let hasher = background::spawn(move || {
            let mut hasher = blake3::Hasher::new();
            for block in arriving {
                hasher.update(&block);
            }
            hasher
        })?;
        Ok(Self { blocks, hasher })
    }

    pub(super) fn add(&self, block: Vec<u8>) -> Bytes {
        let block = Bytes::from(block);
        // It fails only where the hasher has panicked, which `finish` goes on with.
        let _ = self.blocks.send(block.clone());
        block
    }

    /// The hash of all blocks, and of the last one.
    pub(super) fn finish(self, last: &[u8]) -> Result<blake3::Hash> {
        drop(self.blocks);
        let mut hasher = runtime::block_on(self.hasher)?;
        Ok(hasher.update(last).finalize())
    }
}
