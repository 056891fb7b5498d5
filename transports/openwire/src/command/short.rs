//! Short strings, kept in place.

use core::fmt;

/// A string of up to [`Short::CAPACITY`] bytes within the value itself.
///
/// Ids and names are short, and there are many of them in a command: copying one costs less than counting
/// its owners, which is an atomic operation at both ends of its life. What lies behind the string is filled
/// with one and the same byte, so that two of them compare and hash as wholes.
#[derive(Clone, Copy, Eq)]
pub(crate) struct Short {
    bytes: Words,
    #[expect(dead_code, reason = "its one value is what an `Option` looks at")]
    form: Form,
}

/// The string, what fills it up, and its length in the last byte.
///
/// Whole words, here and in [`Form`], so that a copy is not made in pieces that overlap: to load what was
/// just stored in other pieces stalls the processor.
#[derive(Clone, Copy, Eq, PartialEq)]
#[repr(align(8))]
struct Words([u8; SIZE]);

/// Has one value where a word has many: the others tell, without room of their own, that there is something
/// else in place of the string, or nothing.
#[derive(Clone, Copy, Eq, PartialEq)]
#[repr(u64)]
enum Form {
    Short,
}

const SIZE: usize = 56;

/// Words of eight bytes that a string has.
pub(crate) const WORDS: usize = SIZE / 8;

/// Fills up what the string leaves free: a byte that is plain by itself.
const FILL: u8 = b' ';

const FILLED: u64 = ONES * FILL as u64;
const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// For each length the words with all bits set that belong to the string.
static MASKS: [[u64; WORDS]; Short::CAPACITY + 1] = masks();

#[expect(clippy::indexing_slicing, reason = "it is done by the compiler")]
const fn masks() -> [[u64; WORDS]; Short::CAPACITY + 1] {
    let mut masks = [[0; WORDS]; Short::CAPACITY + 1];
    let mut length = 0;
    while length <= Short::CAPACITY {
        let mut place = 0;
        while place < length {
            masks[length][place / 8] |= 0xFF << (place % 8 * 8);
            place += 1;
        }
        length += 1;
    }
    masks
}

#[inline(always)]
fn words(bytes: &[u8; SIZE]) -> [u64; WORDS] {
    let word = |at: usize| {
        let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
        u64::from_le_bytes(word.unwrap_or_default())
    };
    [
        word(0),
        word(8),
        word(16),
        word(24),
        word(32),
        word(40),
        word(48),
    ]
}

impl Short {
    /// Holds ids of a host name of up to 27 bytes, in a value of 64 bytes.
    pub(crate) const CAPACITY: usize = SIZE - 1;

    /// The empty string.
    pub(crate) const EMPTY: Self = {
        let mut bytes = [FILL; SIZE];
        bytes[Self::CAPACITY] = 0;
        Self {
            bytes: Words(bytes),
            form: Form::Short,
        }
    };

    /// A copy of the bytes, if they fit.
    #[inline(always)]
    pub(crate) fn copy(from: &[u8]) -> Option<Self> {
        let mut short = Self::EMPTY;
        let (last, bytes) = short.bytes.0.split_last_mut()?;
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        *last = u8::try_from(from.len()).ok()?;
        Some(short)
    }

    /// The first `length` bytes of `from`, unless they do not fit, or are not all in 1..=127, or are
    /// followed by so little that words could not be taken without looking where the string ends.
    #[inline(always)]
    pub(crate) fn take(from: &[u8], length: usize) -> Option<Self> {
        let mut words = words(from.first_chunk()?);
        let mut odd = 0;
        for (word, mask) in words.iter_mut().zip(MASKS.get(length)?) {
            *word = (*word & mask) | (FILLED & !mask);
            // A byte that is 0 borrows from its neighbour, which changes nothing: it is odd itself.
            odd |= *word | word.wrapping_sub(ONES);
        }
        if odd & HIGH != 0 {
            return None;
        }
        let mut bytes = Words([0; SIZE]);
        let (chunks, _) = bytes.0.as_chunks_mut::<8>();
        for (chunk, word) in chunks.iter_mut().zip(words) {
            *chunk = word.to_le_bytes();
        }
        bytes.0[Self::CAPACITY] = u8::try_from(length).ok()?;
        Some(Self {
            bytes,
            form: Form::Short,
        })
    }

    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.0.get(..self.len()).unwrap_or(&self.bytes.0)
    }

    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.bytes.0[Self::CAPACITY] as usize
    }

    /// All of it, what was filled up and the length included.
    #[inline(always)]
    pub(crate) fn words(&self) -> [u64; WORDS] {
        words(&self.bytes.0)
    }

    /// Whether every byte is below 128.
    #[inline(always)]
    pub(crate) fn is_ascii(&self) -> bool {
        self.words().iter().fold(0, |seen, word| seen | word) & HIGH == 0
    }
}

impl PartialEq for Short {
    /// Without a branch: most often it is asked whether something is what it was before.
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.words().into_iter().zip(other.words());
        pairs.fold(0, |seen, (ours, theirs)| seen | (ours ^ theirs)) == 0
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Short(<{} bytes>)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_strings_of_bytes_in_1_to_127_are_taken_and_nothing_behind_them() {
        for length in 0..=Short::CAPACITY {
            for behind in [0, b'z', 0xFF] {
                let mut bytes = vec![b'a'; length];
                bytes.resize(SIZE, behind);
                let short = Short::take(&bytes, length).expect("it fits");
                assert_eq!(short.as_slice(), &bytes[..length]);
                assert!(short == Short::copy(&bytes[..length]).unwrap());
                for place in 0..length {
                    for byte in [0, 1, 2, 0x7E, 0x7F, 0x80, 0x81, 0xC0, 0xFF] {
                        bytes[place] = byte;
                        let plain = (1..=127).contains(&byte);
                        let taken = Short::take(&bytes, length);
                        assert_eq!(taken.is_some(), plain, "{byte} at {place} of {length}");
                        let copy = Short::copy(&bytes[..length]).unwrap();
                        assert_eq!(copy.is_ascii(), byte < 128, "{byte} at {place}");
                        assert_eq!(copy.as_slice(), &bytes[..length]);
                    }
                    bytes[place] = b'a';
                }
            }
        }
        let long = [b'a'; Short::CAPACITY + 1];
        assert!(Short::copy(&long).is_none());
        assert!(Short::take(&long, long.len()).is_none());
        assert!(
            Short::take(&long[..10], 10).is_none(),
            "too near to the end"
        );
    }
}
