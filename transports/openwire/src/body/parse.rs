//! Reading the primitive encoding within limits.

use bytes::Bytes;

use crate::codec::{DecodeError, Flaw, Limits, source::Source};
use crate::command::Text;

/// A map or body being read.
pub(super) struct Parser<'a> {
    pub(super) source: Source<'a>,
    limits: &'a Limits,
    entries: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(bytes: &'a Bytes, limits: &'a Limits) -> Self {
        Self {
            source: Source::new(bytes),
            limits,
            entries: limits.entries,
            depth: 0,
        }
    }

    /// The end has to be here.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        match self.source.left() {
            0 => Ok(()),
            left => Err(self.source.fail(Flaw::RemoteTrailing { left })),
        }
    }

    /// Takes entries of at least `least` bytes off what the map or body may bring; negative counts none.
    pub(super) fn claim(&mut self, count: i32, least: usize) -> Result<usize, DecodeError> {
        let count = usize::try_from(count).unwrap_or_default();
        match self.entries.checked_sub(count) {
            Some(entries) => self.entries = entries,
            None => {
                return Err(self.source.fail(Flaw::LimitEntries {
                    limit: self.limits.entries,
                }));
            }
        }
        let (needed, left) = (count.saturating_mul(least), self.source.left());
        if needed > left {
            return Err(self.source.fail(Flaw::RemoteTruncated { needed, left }));
        }
        Ok(count)
    }

    /// The next `length` bytes, shared, if that is within the limit.
    pub(super) fn bytes(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        if length > self.limits.value {
            return Err(self.source.fail(Flaw::LimitValue {
                limit: self.limits.value,
            }));
        }
        self.source.slice(length)
    }

    pub(super) fn text(&mut self, length: usize) -> Result<Text, DecodeError> {
        let offset = self.source.offset();
        let bytes = self.bytes(length)?;
        // Some writers use plain UTF-8 here.
        Text::from_wire_lenient(bytes)
            .map_err(|flaw| DecodeError::new(Flaw::RemoteText(flaw), offset))
    }

    pub(super) fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.depth >= self.limits.map_depth {
            return Err(self.source.fail(Flaw::LimitMapDepth {
                limit: self.limits.map_depth,
            }));
        }
        self.depth += 1;
        let value = parse(self)?;
        self.depth -= 1;
        Ok(value)
    }
}
