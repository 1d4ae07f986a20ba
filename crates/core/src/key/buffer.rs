//! Bytes that start on the stack.
//!
//! A `SmallVec` does the same at twice the cost and more (measured for an `i64` and a `&str`): keys
//! are made of many writes of a few bytes each, and appending a slice to it is two calls of
//! `memcpy`, whatever the length. Here a write of a known length is a store or two.

use std::fmt;

/// Bytes held without allocating: enough for the arguments of most calls.
const INLINE: usize = 128;

/// Bytes that start on the stack, and move to the heap as a whole when there are too many.
#[derive(Clone)]
pub(super) struct Buffer {
    inline: [u8; INLINE],
    inline_len: usize,
    /// Everything, as soon as it is not empty.
    heap: Vec<u8>,
}

impl Buffer {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { inline: [0; INLINE], inline_len: 0, heap: Vec::new() }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        if self.heap.is_empty() {
            self.inline.get(..self.inline_len).unwrap_or_default()
        } else {
            &self.heap
        }
    }

    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        if self.heap.is_empty() {
            self.inline.get_mut(..self.inline_len).unwrap_or_default()
        } else {
            &mut self.heap
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        if self.heap.is_empty() { self.inline_len } else { self.heap.len() }
    }

    /// Appends bytes.
    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self.room(bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.inline_len += bytes.len();
            }
            None => self.push_to_heap(bytes),
        }
    }

    /// Appends the first `len` bytes: all are copied, which is cheaper than counting them out,
    /// and those beyond `len` are overwritten by what comes next.
    #[inline]
    pub(super) fn push_first<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        match self.room(N) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.inline_len += len.min(N);
            }
            None => self.push_to_heap(bytes.get(..len).unwrap_or(bytes)),
        }
    }

    /// Drops what stands after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.heap.truncate(len);
        self.inline_len = self.inline_len.min(len);
    }

    #[inline]
    fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        if !self.heap.is_empty() {
            return None;
        }
        self.inline.get_mut(self.inline_len..)?.get_mut(..len)
    }

    fn push_to_heap(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            self.heap.extend_from_slice(self.inline.get(..self.inline_len).unwrap_or_default());
        }
        self.heap.extend_from_slice(bytes);
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_slice(), f)
    }
}
