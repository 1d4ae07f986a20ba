//! Where an encoder puts its bytes: into memory, or block by block into whatever takes them.

use super::failure::Failure;

/// The blocks that large values are encoded, hashed and moved in: small enough to stay in a
/// core's cache, large enough that handing one over costs nothing.
pub(super) const BLOCK: usize = 1024 * 1024;

/// What takes a full block and gives another one of the same length to fill; nothing, where it
/// has failed.
pub(super) type Spill<'s> = dyn FnMut(Vec<u8>) -> Option<Vec<u8>> + 's;

/// Bytes on their way out.
///
/// One type serves memory and blocks, so that a user's `Serialize` is compiled once for both.
pub(super) struct Output<'s> {
    /// Filled up to `at`. Its length is its room: to grow a vector by each number takes longer.
    block: Vec<u8>,
    at: usize,
    /// How much went out in blocks before this one.
    gone: u64,
    spill: Option<&'s mut Spill<'s>>,
}

impl<'s> Output<'s> {
    /// Keeps everything, in one block that grows beyond `room` where it must.
    pub(super) fn memory(room: usize) -> Self {
        Self { block: vec![0; room], at: 0, gone: 0, spill: None }
    }

    /// Hands out blocks of `room` bytes.
    pub(super) fn blocks(room: usize, spill: &'s mut Spill<'s>) -> Self {
        Self { block: vec![0; room], at: 0, gone: 0, spill: Some(spill) }
    }

    /// Inlined into loops over millions of numbers.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: &[u8; N]) -> Result<(), Failure> {
        let room = self.block.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut::<N>());
        if let Some(room) = room {
            *room = *bytes;
            self.at += N;
            return Ok(());
        }
        self.put_slice(bytes)
    }

    pub(super) fn put_slice(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        loop {
            let room = self.block.get_mut(self.at..).unwrap_or_default();
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            copy(room, now);
            self.at += now.len();
            if later.is_empty() {
                return Ok(());
            }
            bytes = later;
            self.make_room(bytes.len())?;
        }
    }

    /// How much was put.
    pub(super) fn length(&self) -> u64 {
        self.gone + self.at as u64
    }

    /// The last block: everything, where it was kept.
    pub(super) fn into_block(mut self) -> Vec<u8> {
        self.block.truncate(self.at);
        self.block
    }

    fn make_room(&mut self, least: usize) -> Result<(), Failure> {
        let Some(spill) = &mut self.spill else {
            let room = self.block.len().saturating_mul(2).max(self.at.saturating_add(least));
            self.block.resize(room, 0);
            return Ok(());
        };
        let full = std::mem::take(&mut self.block);
        self.gone += full.len() as u64;
        self.at = 0;
        self.block = spill(full).ok_or_else(Failure::stopped)?;
        Ok(())
    }
}

fn copy(room: &mut [u8], bytes: &[u8]) {
    if let Some(room) = room.get_mut(..bytes.len()) {
        room.copy_from_slice(bytes);
    }
}
