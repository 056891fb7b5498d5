//! A quick hash for the writing cache.

/// Folds bytes and numbers into 64 bits by multiplication. Not keyed, not for secrets.
pub(crate) struct Digest(u64);

const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
const SECOND: u64 = 0xD6E8_FEB8_6659_FD93;

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
        let (blocks, rest) = bytes.as_chunks::<16>();
        for block in blocks {
            let whole = u128::from_le_bytes(*block);
            #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
            self.fold(whole as u64, (whole >> 64) as u64);
        }
        let mut last = [0; 16];
        for (place, byte) in last.iter_mut().zip(rest) {
            *place = *byte;
        }
        let whole = u128::from_le_bytes(last);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        self.fold(whole as u64 ^ bytes.len() as u64, (whole >> 64) as u64);
    }

    pub(crate) const fn number(&mut self, number: i64) {
        self.fold(number.cast_unsigned(), 0);
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
