//! A quick hash for the writing cache.

use crate::command::short::WORDS;

/// Folds bytes and numbers into 64 bits by multiplication. Not keyed, not for secrets.
pub(crate) struct Digest(u64);

const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;

#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
const fn halves(block: [u8; 16]) -> (u64, u64) {
    let whole = u128::from_le_bytes(block);
    (whole as u64, (whole >> 64) as u64)
}

impl Digest {
    pub(crate) const fn new(code: u8) -> Self {
        Self((code as u64).wrapping_mul(FIRST))
    }

    const fn fold(&mut self, left: u64, right: u64) {
        let product = ((left ^ FIRST) as u128) * ((right ^ SECOND ^ self.0) as u128);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = product as u64 ^ (product >> 64) as u64;
        self.0 = folded;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        // The last block overlaps the one before, the two halves of a short text each other.
        let (left, right) = if let Some(last) = bytes.last_chunk::<16>() {
            let (blocks, _) = bytes.as_chunks::<16>();
            for block in blocks.iter().take((bytes.len() - 1) / 16) {
                let (left, right) = halves(*block);
                self.fold(left, right);
            }
            halves(*last)
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else {
            let shift = |all, byte: &u8| all << 8 | u64::from(*byte);
            (bytes.iter().fold(0, shift), 0)
        };
        self.fold(left ^ bytes.len() as u64, right);
    }

    /// The words of a short string, among which is its length.
    #[inline(always)]
    pub(crate) const fn words(&mut self, [a, b, c, d, e, f, g]: [u64; WORDS]) {
        self.fold(a, b);
        self.fold(c, d);
        self.fold(e, f);
        self.fold(g, 0);
    }

    pub(crate) const fn numbers(&mut self, first: i64, second: i64) {
        self.fold(first.cast_unsigned(), second.cast_unsigned());
    }

    pub(crate) const fn finish(&self) -> u64 {
        self.0
    }

    /// Where in a table of `mask + 1` places to look first.
    #[expect(clippy::cast_possible_truncation, reason = "only low bits are used")]
    pub(crate) const fn position(digest: u64, mask: usize) -> usize {
        (digest ^ (digest >> 32)) as usize & mask
    }
}
