//! The bytes of a frame, taken from the front.

use bytes::Bytes;

use super::{DecodeError, Flaw};

/// Bytes of a frame, taken from the front.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(super) frame: &'a Bytes,
    pub(super) rest: &'a [u8],
}

impl<'a> Source<'a> {
    pub(crate) fn new(frame: &'a Bytes) -> Self {
        Self { frame, rest: frame }
    }

    #[inline(always)]
    pub(crate) const fn offset(&self) -> usize {
        self.frame.len() - self.rest.len()
    }

    #[inline(always)]
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    // In line, here and below: a reader whose address is taken is no longer kept in registers.
    #[inline(always)]
    pub(crate) fn fail(self, flaw: Flaw) -> DecodeError {
        DecodeError::new(flaw, self.offset())
    }

    #[inline(always)]
    pub(super) fn truncated(self, needed: usize) -> DecodeError {
        DecodeError::truncated(self.offset(), needed, self.left())
    }

    #[inline(always)]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk() {
            Some((chunk, rest)) => {
                self.rest = rest;
                Ok(*chunk)
            }
            None => Err(self.truncated(N)),
        }
    }

    #[inline(always)]
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    #[inline(always)]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length that counts bytes to come: not negative, and not more than are left.
    #[inline(always)]
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        let length = self.i32()?;
        let Ok(length) = usize::try_from(length) else {
            return Err(self.fail(Flaw::RemoteNegative {
                length: length.into(),
            }));
        };
        Ok(length)
    }

    #[inline(always)]
    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.truncated(length)),
        }
    }

    /// The next `length` bytes, shared with the frame.
    #[inline(always)]
    pub(crate) fn slice(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        let begin = self.offset();
        self.raw(length)?;
        Ok(self.frame.slice(begin..begin + length))
    }
}
