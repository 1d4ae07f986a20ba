//! Where a decoder takes its bytes from: one block in memory, or one block after another.

use std::borrow::Cow;

use bytes::Bytes;

use super::failure::Failure;

/// Gives the next block for one that was read; nothing, where there is none or reading failed.
pub(super) type Refill<'r> = dyn FnMut(Bytes) -> Option<Bytes> + 'r;

/// Bytes on their way in.
///
/// One type serves memory and blocks, so that a user's `Deserialize` is compiled once for both.
pub(super) struct Input<'r> {
    block: Bytes,
    /// How much of the block was taken, and where what may be taken ends.
    position: usize,
    end: usize,
    /// How much stands in blocks after this one.
    beyond: u64,
    refill: Option<&'r mut Refill<'r>>,
}

impl<'r> Input<'r> {
    /// `length` bytes, of which `block` holds the first, or all where nothing gives more.
    pub(super) fn new(block: Bytes, length: u64, refill: Option<&'r mut Refill<'r>>) -> Self {
        let mut input = Self { block: Bytes::new(), position: 0, end: 0, beyond: length, refill };
        input.enter(block);
        input
    }

    /// How much was not taken yet.
    pub(super) fn remaining(&self) -> u64 {
        self.beyond + (self.end - self.position) as u64
    }

    /// Inlined into loops over millions of numbers.
    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let rest = self.block.get(self.position..self.end).unwrap_or_default();
        if let Some(array) = rest.first_chunk::<N>() {
            self.position += N;
            return Ok(*array);
        }
        self.array_across()
    }

    /// The next `length` bytes: in place, unless they stand in several blocks. A length that
    /// nothing stands behind is an error before anything is allocated for it.
    pub(super) fn slice(&mut self, length: u64) -> Result<Cow<'_, [u8]>, Failure> {
        let length = self.announced(length)?;
        if length > self.end - self.position {
            return self.vec(length).map(Cow::Owned);
        }
        let from = self.position;
        self.position += length;
        Ok(Cow::Borrowed(self.block.get(from..self.position).unwrap_or_default()))
    }

    /// The next `length` bytes as a vector of their own.
    pub(super) fn owned(&mut self, length: u64) -> Result<Vec<u8>, Failure> {
        self.slice(length).map(Cow::into_owned)
    }

    /// All that is left, in one piece.
    pub(super) fn rest(&mut self) -> Result<Cow<'_, [u8]>, Failure> {
        self.slice(self.remaining())
    }

    /// All must be used up: what is left over was written for something else.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(Failure::new(format!("{left} bytes are left over behind the value"))),
        }
    }

    fn announced(&self, length: u64) -> Result<usize, Failure> {
        let length = usize::try_from(length).ok().filter(|_| length <= self.remaining());
        length.ok_or_else(Failure::cut_short)
    }

    #[cold]
    fn array_across<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        self.announced(N as u64)?;
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    fn vec(&mut self, length: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, mut into: &mut [u8]) -> Result<(), Failure> {
        loop {
            let here = self.block.get(self.position..self.end).unwrap_or_default();
            let fits = here.len().min(into.len());
            let (now, later) = into.split_at_mut(fits);
            now.copy_from_slice(here.get(..fits).unwrap_or_default());
            self.position += fits;
            if later.is_empty() {
                return Ok(());
            }
            into = later;
            let used = std::mem::take(&mut self.block);
            let next = self.refill.as_mut().and_then(|refill| refill(used));
            self.enter(next.ok_or_else(Failure::stopped)?);
        }
    }

    fn enter(&mut self, block: Bytes) {
        let all = block.len();
        self.position = 0;
        self.end = usize::try_from(self.beyond).map_or(all, |beyond| beyond.min(all));
        self.beyond -= self.end as u64;
        self.block = block;
    }
}
