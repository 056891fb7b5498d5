//! A byte stream to frames.

use bytes::{Bytes, BytesMut};

use super::{DecodeError, Decoder, Flaw};
use crate::command::Command;

/// Gathers received bytes, in whatever pieces they come, and cuts them into frames.
///
/// It holds what was fed and not yet taken: at most one unfinished frame, which the limit bounds, if
/// frames are taken after each feeding. Nothing is allocated on the word of a size prefix.
#[derive(Debug, Default)]
pub struct FrameSplitter {
    buffer: BytesMut,
}

impl FrameSplitter {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds received bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole frame, from the type code on; `None` until all of it is there. `limit` bounds its
    /// size, and is applied as soon as the size prefix is there.
    ///
    /// # Errors
    /// A size below 1 or above the limit; then close the connection.
    pub fn next_frame(&mut self, limit: usize) -> Result<Option<Bytes>, DecodeError> {
        let Some((prefix, rest)) = self.buffer.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let size = i32::from_be_bytes(*prefix);
        let Ok(length @ 1..) = usize::try_from(size) else {
            return Err(DecodeError::new(Flaw::RemoteFrameSize { size }, 0));
        };
        if length > limit {
            let size = length;
            return Err(DecodeError::new(Flaw::LimitFrame { size, limit }, 0));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(4 + length);
        let _ = frame.split_to(4);
        Ok(Some(frame.freeze()))
    }

    /// The next whole command, by a decoder whose format says whether there are size prefixes. Take one at
    /// a time: a `WireFormatInfo` changes how the bytes behind it are read.
    ///
    /// # Errors
    /// [`DecodeError`]; then close the connection.
    pub fn next_command(&mut self, decoder: &mut Decoder) -> Result<Option<Command>, DecodeError> {
        if decoder.format().size_prefix {
            return match self.next_frame(decoder.largest_frame())? {
                Some(frame) => decoder.decode(frame).map(Some),
                None => Ok(None),
            };
        }
        let bytes = self.buffer.split().freeze();
        let result = decoder.decode_unprefixed(&bytes);
        let used = match &result {
            Ok(Some((_, used))) => *used,
            _ => 0,
        };
        // The bytes that are kept are copied only while a command shares them.
        let rest = bytes.slice(used..);
        drop(bytes);
        self.buffer = rest
            .try_into_mut()
            .unwrap_or_else(|rest| BytesMut::from(&*rest));
        result.map(|done| done.map(|(command, _)| command))
    }
}
