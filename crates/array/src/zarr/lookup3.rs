//! Bob Jenkins' hash `lookup3`, which HDF5 and numcodecs close chunks with.
//!
//! After his description, which is in the public domain:
//! <https://burtleburtle.net/bob/c/lookup3.c>.

/// The hash of bytes, with what it begins from.
pub(super) fn lookup3(bytes: &[u8], initial: u32) -> u32 {
    let length = bytes.len() as u32;
    let mut state = [0xdead_beef_u32.wrapping_add(length).wrapping_add(initial); 3];
    let mut blocks = bytes.chunks(12).peekable();
    while let Some(block) = blocks.next() {
        // What is missing of the last one is zeros.
        let mut whole = [0; 12];
        whole[..block.len()].copy_from_slice(block);
        let (words, _) = whole.as_chunks();
        for (part, word) in state.iter_mut().zip(words) {
            *part = part.wrapping_add(u32::from_le_bytes(*word));
        }
        match blocks.peek() {
            Some(_) => mix(&mut state),
            None => last(&mut state),
        }
    }
    state[2]
}

fn mix([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, y: &mut u32, z: &mut u32, bits| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(bits);
        *z = z.wrapping_add(*y);
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
}

fn last([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, y: &u32, bits| *x = (*x ^ *y).wrapping_sub(y.rotate_left(bits));
    step(c, b, 14);
    step(a, c, 11);
    step(b, a, 25);
    step(c, b, 16);
    step(a, c, 4);
    step(b, a, 14);
    step(c, b, 24);
}

#[cfg(test)]
mod tests {
    use super::lookup3;

    #[test]
    fn hashes_are_those_of_the_description() {
        assert_eq!(lookup3(b"", 0), 0xdead_beef);
        assert_eq!(lookup3(b"", 0xdead_beef), 0xbd5b_7dde);
        assert_eq!(lookup3(b"Four score and seven years ago", 0), 0x1777_0551);
        assert_eq!(lookup3(b"Four score and seven years ago", 1), 0xcd62_8161);
    }
}
