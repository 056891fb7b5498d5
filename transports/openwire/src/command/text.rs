//! Wire strings: modified UTF-8, in place or shared.

use core::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};
use std::borrow::Cow;

use bytes::Bytes;

use super::short::Short;
use crate::codec::{Digest, put};

/// A string as OpenWire carries it: modified UTF-8 of UTF-16 code units.
///
/// Up to 55 bytes are in the value itself, more are shared: neither cloning nor decoding allocates. A
/// longer decoded text is a slice of the received frame; [`Text::detach`] copies it out when it is to
/// outlive the frame. Equality, order and hash are those of the canonical bytes.
/// Unlike a Rust string it can hold unpaired surrogates, which Java can send; [`Text::to_str`] shows
/// them as U+FFFD.
///
/// ```
/// use finewire_openwire::command::Text;
///
/// let text = Text::from("queue \u{1F600}");
/// assert_eq!(text.to_str(), "queue \u{1F600}");
/// assert_eq!(text.as_wire().len(), 12, "a supplementary character is two surrogates, 6 bytes");
/// ```
#[derive(PartialEq, Eq)]
pub struct Text(Form);

/// Short is exactly what fits: then texts are equal only if their forms are.
#[derive(PartialEq, Eq)]
enum Form {
    Short(Short),
    Shared(Bytes),
}

/// What is wrong with bytes that should be modified UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextFlaw {
    /// A sequence stops at the end of the string.
    Cut,
    /// A continuation byte stands where a character should begin.
    StrayContinuation,
    /// A byte within a sequence is no continuation byte.
    MissingContinuation,
    /// A character is written with more bytes than it needs.
    Overlong,
    /// A four-byte sequence: UTF-8, but not modified UTF-8.
    FourBytes,
}

impl fmt::Display for TextFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "a character is cut off at the end",
            Self::StrayContinuation => "a stray continuation byte",
            Self::MissingContinuation => "a continuation byte is missing",
            Self::Overlong => "an overlong form",
            Self::FourBytes => "a four-byte form",
        })
    }
}

/// Whether every byte is in 1..=127, so that the text is the same in ASCII and in modified UTF-8.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an early exit the compiler checks many bytes at a time.
    let high = bytes
        .iter()
        .fold(0u8, |seen, &byte| seen | byte | byte.wrapping_sub(1));
    high & 0x80 == 0
}

impl Clone for Text {
    #[inline(always)]
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Form::Short(short) => Form::Short(*short),
            Form::Shared(bytes) => Form::Shared(bytes.clone()),
        })
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_wire().hash(state);
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_wire().cmp(other.as_wire())
    }
}

impl Text {
    /// The empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self(Form::Short(Short::EMPTY))
    }

    /// A text of canonical bytes: a copy of few, the very bytes of many.
    #[inline(always)]
    fn canonical(bytes: impl AsRef<[u8]> + Into<Bytes>) -> Self {
        match Short::copy(bytes.as_ref()) {
            Some(short) => Self(Form::Short(short)),
            None => Self(Form::Shared(bytes.into())),
        }
    }

    /// A text of a string literal, which it shares if it is long.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        match encode(text) {
            Cow::Borrowed(bytes) => Self::canonical(bytes),
            Cow::Owned(bytes) => Self::canonical(bytes),
        }
    }

    /// The bytes on the wire: canonical modified UTF-8.
    #[must_use]
    #[inline]
    pub fn as_wire(&self) -> &[u8] {
        match &self.0 {
            Form::Short(short) => short.as_slice(),
            Form::Shared(bytes) => bytes,
        }
    }

    /// The number of bytes on the wire.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.0 {
            Form::Short(short) => short.len(),
            Form::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether there are no characters.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all code units are in 1..=127 (also true of the empty text).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        // Canonical bytes never hold a raw NUL.
        match &self.0 {
            Form::Short(short) => short.is_ascii(),
            Form::Shared(bytes) => bytes.is_ascii(),
        }
    }

    /// The text as a string slice, without copying; `None` if it holds U+0000, supplementary
    /// characters or unpaired surrogates, whose bytes differ from UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        let bytes = self.as_wire();
        if bytes.contains(&0xC0) {
            return None;
        }
        core::str::from_utf8(bytes).ok()
    }

    /// The text as a string; unpaired surrogates become U+FFFD.
    #[must_use]
    pub fn to_str(&self) -> Cow<'_, str> {
        self.as_str().map_or_else(
            || Cow::Owned(String::from_utf16_lossy(&self.to_utf16())),
            Cow::Borrowed,
        )
    }

    /// The UTF-16 code units, unpaired surrogates included.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        units(self.as_wire()).collect()
    }

    /// The number of UTF-16 code units, which is Java's idea of a string's length.
    #[must_use]
    pub fn utf16_len(&self) -> usize {
        // Every code unit has exactly one byte that is no continuation byte.
        let starts = |byte: &&u8| **byte & 0xC0 != 0x80;
        self.as_wire().iter().filter(starts).count()
    }

    /// A copy that does not keep the received frame alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match &self.0 {
            Form::Short(_) => self.clone(),
            Form::Shared(bytes) => Self(Form::Shared(Bytes::copy_from_slice(bytes))),
        }
    }

    /// The first `count` code units, followed by `tail`.
    pub(crate) fn cut(&self, count: usize, tail: &str) -> Self {
        let mut kept: Vec<u8> = Vec::with_capacity(self.len());
        let mut seen = 0;
        for &byte in self.as_wire() {
            seen += usize::from(byte & 0xC0 != 0x80);
            if seen > count {
                break;
            }
            kept.push(byte);
        }
        kept.extend_from_slice(&encode(tail));
        Self::canonical(kept)
    }

    /// Folds the text into a hash.
    #[inline(always)]
    pub(crate) fn digest(&self, digest: &mut Digest) {
        match &self.0 {
            Form::Short(short) => digest.words(short.words()),
            Form::Shared(bytes) => digest.bytes(bytes),
        }
    }

    /// Puts a text of the first `length` bytes into an empty place; whether it did. It does not if they are
    /// many, or not plain, or near the end.
    #[inline(always)]
    pub(crate) fn take(place: &mut Option<Self>, bytes: &[u8], length: usize) -> bool {
        let Some(short) = Short::take(bytes, length) else {
            return false;
        };
        put(place, Self(Form::Short(short)));
        true
    }

    /// Puts a copy of a text into an empty place.
    #[inline(always)]
    pub(crate) fn repeat(from: &Option<Self>, place: &mut Option<Self>) {
        match from {
            // Straight from there to here, not by way of a value that could have either form.
            Some(Self(Form::Short(short))) => put(place, Self(Form::Short(*short))),
            Some(Self(Form::Shared(bytes))) => put(place, Self(Form::Shared(bytes.clone()))),
            None => {}
        }
    }

    /// A text of `bytes`, which are a slice of a frame.
    ///
    /// A raw NUL is taken for U+0000, as Java does; overlong forms are refused, as they let one
    /// name have two spellings.
    ///
    /// # Errors
    /// The flaw that makes the bytes no modified UTF-8.
    pub fn from_wire(bytes: Bytes) -> Result<Self, TextFlaw> {
        if is_plain(&bytes) {
            return Ok(Self::canonical(bytes));
        }
        Self::from_unusual(bytes, false)
    }

    /// Like [`Text::from_wire`], but four-byte UTF-8 is taken too: some writers of properties and
    /// map bodies send it.
    ///
    /// # Errors
    /// The flaw that makes the bytes neither form of UTF-8.
    pub fn from_wire_lenient(bytes: Bytes) -> Result<Self, TextFlaw> {
        if is_plain(&bytes) {
            return Ok(Self::canonical(bytes));
        }
        Self::from_unusual(bytes, true)
    }

    /// A text of bytes that were marked ASCII: each byte is a code unit.
    pub(crate) fn from_latin1(bytes: Bytes) -> Self {
        if is_plain(&bytes) {
            return Self::canonical(bytes);
        }
        let string: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        Self::from(string)
    }

    #[cold]
    fn from_unusual(bytes: Bytes, four: bool) -> Result<Self, TextFlaw> {
        let mut canonical = true;
        let mut rest: &[u8] = &bytes;
        while let Some((&first, tail)) = rest.split_first() {
            let more = match first {
                0 => {
                    canonical = false;
                    0
                }
                0x01..=0x7F => 0,
                0x80..=0xBF => return Err(TextFlaw::StrayContinuation),
                0xC0 => match tail.first() {
                    Some(0x80) => 1,
                    Some(_) => return Err(TextFlaw::Overlong),
                    None => return Err(TextFlaw::Cut),
                },
                0xC1 => return Err(TextFlaw::Overlong),
                0xC2..=0xDF => 1,
                0xE0 if tail.first().is_some_and(|next| *next < 0xA0) => {
                    return Err(TextFlaw::Overlong);
                }
                0xE0..=0xEF => 2,
                0xF0..=0xF4 if four => {
                    canonical = false;
                    3
                }
                _ => return Err(TextFlaw::FourBytes),
            };
            let (continuation, after) = tail.split_at_checked(more).ok_or(TextFlaw::Cut)?;
            if continuation.iter().any(|byte| byte & 0xC0 != 0x80) {
                return Err(TextFlaw::MissingContinuation);
            }
            rest = after;
        }
        if canonical {
            return Ok(Self::canonical(bytes));
        }
        // A raw NUL or a four-byte form: bring it into the canonical spelling.
        let mut owned = Vec::with_capacity(bytes.len() + 8);
        let mut rest: &[u8] = &bytes;
        while let Some((&first, tail)) = rest.split_first() {
            match first {
                0 => {
                    owned.extend_from_slice(&[0xC0, 0x80]);
                    rest = tail;
                }
                0xF0..=0xF4 => {
                    let (sequence, after) = rest.split_at_checked(4).ok_or(TextFlaw::Cut)?;
                    let text = core::str::from_utf8(sequence).map_err(|_| TextFlaw::Overlong)?;
                    owned.extend_from_slice(&encode(text));
                    rest = after;
                }
                _ => {
                    owned.push(first);
                    rest = tail;
                }
            }
        }
        Ok(Self::canonical(owned))
    }
}

/// The UTF-16 code units of canonical modified UTF-8.
fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    let mut bytes = bytes.iter().copied();
    core::iter::from_fn(move || {
        let first = bytes.next()?;
        let mut next = || u16::from(bytes.next().unwrap_or_default() & 0x3F);
        Some(match first {
            0..=0x7F => u16::from(first),
            0x80..=0xDF => (u16::from(first & 0x1F) << 6) | next(),
            _ => (u16::from(first & 0x0F) << 12) | (next() << 6) | next(),
        })
    })
}

/// The modified UTF-8 of a string; borrowed where it is the same as UTF-8.
fn encode(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|&byte| byte == 0 || byte >= 0xF0) {
        return Cow::Borrowed(bytes);
    }
    let mut wire = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    let mut utf8 = [0; 4];
    for character in text.chars() {
        match character {
            '\0' => wire.extend_from_slice(&[0xC0, 0x80]),
            '\u{10000}'.. => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let [high, low] = unit.to_be_bytes();
                    wire.push(0xE0 | (high >> 4));
                    wire.push(0x80 | ((high & 0x0F) << 2) | (low >> 6));
                    wire.push(0x80 | (low & 0x3F));
                }
            }
            _ => wire.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes()),
        }
    }
    Cow::Owned(wire)
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let bytes = encode(text);
        Short::copy(&bytes).map_or_else(
            || Self(Form::Shared(Bytes::copy_from_slice(&bytes))),
            |short| Self(Form::Short(short)),
        )
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match encode(&text) {
            Cow::Owned(bytes) => Self::canonical(bytes),
            Cow::Borrowed(_) => Self::canonical(text.into_bytes()),
        }
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<&Self> for Text {
    fn from(text: &Self) -> Self {
        text.clone()
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_wire() == &*encode(other)
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_str(), f)
    }
}
