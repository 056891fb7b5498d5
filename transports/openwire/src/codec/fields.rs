//! What a declaration is made of: the kinds of fields, as methods of a reader and a writer.

use bytes::Bytes;

use super::{CacheEntry, DecodeError, EncodeError};
use crate::command::{Elements, Magic, Text, Throwable};

/// A structure that can stand in an object field.
pub(crate) trait Object: Sized {
    /// The declared type, for errors.
    const EXPECTED: &'static str;

    /// The type code of this value.
    fn type_code(&self) -> u8;

    /// Reads the structure whose type code was read.
    fn read<R: Reader>(reader: &mut R, code: u8) -> Result<Self, DecodeError>;

    /// The same, into an empty place.
    #[inline(always)]
    fn read_into<R: Reader>(
        place: &mut Option<Self>,
        reader: &mut R,
        code: u8,
    ) -> Result<(), DecodeError> {
        put(place, Self::read(reader, code)?);
        Ok(())
    }

    /// Writes the fields.
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError>;
}

impl<T: Object> Object for Box<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn type_code(&self) -> u8 {
        (**self).type_code()
    }

    fn read<R: Reader>(reader: &mut R, code: u8) -> Result<Self, DecodeError> {
        T::read(reader, code).map(Self::new)
    }

    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), EncodeError> {
        (**self).write(writer)
    }
}

/// Whether a nested structure of this type has one more bit in tight encoding: all messages and the
/// `WireFormatInfo`.
pub(crate) const fn is_marshal_aware(code: u8) -> bool {
    matches!(code, 1 | 23..=29)
}

/// A structure that can stand in a cached field.
pub(crate) trait Cacheable: Object {
    /// Where the writing cache notes which value of this type it met last.
    const KIND: usize;

    /// A hash of type and content.
    fn digest(&self) -> u64;

    /// Whether the entry is of this type and content.
    fn is(&self, entry: &CacheEntry) -> bool;

    /// A copy for the cache, which does not keep a received frame alive.
    fn to_entry(&self) -> CacheEntry;

    /// A copy of the entry into an empty place, which stays empty if the entry is of another type.
    fn from_entry(entry: &CacheEntry, to: &mut Option<Self>);
}

impl<T: Cacheable> Cacheable for Box<T> {
    const KIND: usize = T::KIND;

    fn digest(&self) -> u64 {
        (**self).digest()
    }

    fn is(&self, entry: &CacheEntry) -> bool {
        (**self).is(entry)
    }

    fn to_entry(&self) -> CacheEntry {
        (**self).to_entry()
    }

    fn from_entry(entry: &CacheEntry, to: &mut Option<Self>) {
        let mut value = None;
        T::from_entry(entry, &mut value);
        *to = value.map(Self::new);
    }
}

/// A structure whose fields are read one after the other into a value that has none yet: moving it
/// about would cost more than reading some of them.
pub(crate) trait Fill: Object + Default {
    /// Reads the fields of the structure whose type code was read.
    fn fill<R: Reader>(&mut self, reader: &mut R, code: u8) -> Result<(), DecodeError>;
}

/// The fields of a structure.
pub(crate) trait Fields {
    /// Reads them; to be compiled in line.
    fn read_fields<R: Reader>(&mut self, reader: &mut R) -> Result<(), DecodeError>;
}

/// Puts a value into a place that is known to be empty, as all are that a reader is given: nothing in it is
/// looked for that would have to be freed.
#[inline(always)]
pub(crate) fn put<T>(place: &mut Option<T>, value: T) {
    debug_assert!(place.is_none(), "a field is read once");
    #[expect(clippy::mem_forget, reason = "it is `None`")]
    core::mem::forget(place.replace(value));
}

/// How such a structure is read as an object.
macro_rules! read_by_filling {
    () => {
        fn read<R: $crate::codec::Reader>(
            reader: &mut R,
            code: u8,
        ) -> Result<Self, $crate::codec::DecodeError> {
            let mut value = Self::default();
            $crate::codec::Fill::fill(&mut value, reader, code)?;
            Ok(value)
        }

        #[inline(always)]
        fn read_into<R: $crate::codec::Reader>(
            place: &mut Option<Self>,
            reader: &mut R,
            code: u8,
        ) -> Result<(), $crate::codec::DecodeError> {
            $crate::codec::put(place, Self::default());
            match place {
                Some(value) => $crate::codec::Fill::fill(value, reader, code),
                None => Ok(()),
            }
        }
    };
}

pub(crate) use read_by_filling;

/// Takes fields from somewhere into fresh places, one method for each kind.
pub(crate) trait Reader: Sized {
    /// The negotiated version, 1..=12.
    fn version(&self) -> i32;
    /// Reads the fields of one structure, whereby the reader may be another one that keeps its state in
    /// registers.
    #[inline(always)]
    fn together(&mut self, value: &mut impl Fields) -> Result<(), DecodeError> {
        value.read_fields(self)
    }
    fn boolean(&mut self, to: &mut bool) -> Result<(), DecodeError>;
    fn byte<T: From<i8>>(&mut self, to: &mut T) -> Result<(), DecodeError>;
    fn int(&mut self, to: &mut i32) -> Result<(), DecodeError>;
    fn long(&mut self, to: &mut i64) -> Result<(), DecodeError>;
    fn text(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError>;
    fn secret(&mut self, to: &mut Option<Text>) -> Result<(), DecodeError> {
        self.text(to)
    }
    fn sequence(&mut self, to: &mut Option<Bytes>) -> Result<(), DecodeError>;
    fn magic(&mut self, to: &mut Magic) -> Result<(), DecodeError>;
    fn object<T: Object>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError>;
    fn cached<T: Cacheable>(&mut self, to: &mut Option<T>) -> Result<(), DecodeError>;
    fn array<T: Object>(&mut self, to: &mut Elements<T>) -> Result<(), DecodeError>;
    fn throwable(&mut self, to: &mut Option<Box<Throwable>>) -> Result<(), DecodeError>;

    /// The error for a structure of another type than declared.
    fn wrong_type(&self, expected: &'static str, code: u8) -> DecodeError;
    /// The error for a type code that the version does not have.
    fn unknown_type(&self, code: u8) -> DecodeError;
}

/// Puts fields somewhere, one method for each kind.
pub(crate) trait Writer: Sized {
    /// The negotiated version, 1..=12.
    fn version(&self) -> i32;
    fn boolean(&mut self, value: &bool) -> Result<(), EncodeError>;
    fn byte<T: Copy + Into<i8>>(&mut self, value: &T) -> Result<(), EncodeError>;
    fn int(&mut self, value: &i32) -> Result<(), EncodeError>;
    fn long(&mut self, value: &i64) -> Result<(), EncodeError>;
    fn text(&mut self, value: &Option<Text>) -> Result<(), EncodeError>;
    fn secret(&mut self, value: &Option<Text>) -> Result<(), EncodeError> {
        self.text(value)
    }
    fn sequence(&mut self, value: &Option<Bytes>) -> Result<(), EncodeError>;
    fn magic(&mut self, value: &Magic) -> Result<(), EncodeError>;
    fn object<T: Object>(&mut self, value: &Option<T>) -> Result<(), EncodeError>;
    fn cached<T: Cacheable>(&mut self, value: &Option<T>) -> Result<(), EncodeError>;
    fn array<T: Object>(&mut self, value: &Elements<T>) -> Result<(), EncodeError>;
    fn throwable(&mut self, value: &Option<Box<Throwable>>) -> Result<(), EncodeError>;
}
