//! A byte stream to frames.

use bytes::{Buf, Bytes, BytesMut};

use super::{DecodeError, Decoder, Flaw, Unprefixed};
use crate::command::Command;

/// Gathers received bytes, in whatever pieces they come, and cuts them into frames.
///
/// It holds what was fed and not yet taken: at most one unfinished frame, which the limit bounds, if
/// frames are taken after each feeding. Nothing is allocated on the word of a size prefix.
#[derive(Debug, Default)]
pub struct FrameSplitter {
    /// What was received.
    buffer: BytesMut,
    /// Without size prefixes: what precedes the buffer, with commands cut off its front.
    front: Bytes,
    /// Without size prefixes: the least number of bytes that the next command has.
    wanted: usize,
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
        self.front.len() + self.buffer.len()
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
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// The next whole command, by a decoder whose format says whether there are size prefixes. Take one at
    /// a time: a `WireFormatInfo` changes how the bytes behind it are read.
    ///
    /// # Errors
    /// [`DecodeError`]; then close the connection.
    pub fn next_command(&mut self, decoder: &mut Decoder) -> Result<Option<Command>, DecodeError> {
        let mut command = Command::Null;
        let is_whole = self.next_command_into(decoder, &mut command)?;
        Ok(is_whole.then_some(command))
    }

    /// The same into a place that is there, see [`Decoder::decode_into`]; whether there was one. The place
    /// holds [`Command::Null`] if not.
    ///
    /// # Errors
    /// As [`FrameSplitter::next_command`].
    pub fn next_command_into(
        &mut self,
        decoder: &mut Decoder,
        command: &mut Command,
    ) -> Result<bool, DecodeError> {
        if decoder.format().size_prefix {
            let Some(frame) = self.next_frame(decoder.largest_frame())? else {
                *command = Command::Null;
                return Ok(false);
            };
            decoder.decode_into(frame, command)?;
            return Ok(true);
        }
        let next = self.next_unprefixed(decoder)?;
        let is_whole = next.is_some();
        *command = next.unwrap_or(Command::Null);
        Ok(is_whole)
    }

    fn next_unprefixed(&mut self, decoder: &mut Decoder) -> Result<Option<Command>, DecodeError> {
        if self.buffered() < self.wanted.max(1) {
            return Ok(None);
        }
        if self.front.is_empty() {
            self.front = self.buffer.split().freeze();
        } else if !self.buffer.is_empty() {
            let mut joined = BytesMut::from(&*self.front);
            joined.unsplit(self.buffer.split());
            self.front = joined.freeze();
        }
        match decoder.decode_unprefixed(&self.front)? {
            Unprefixed::Whole(command, used) => {
                let _ = self.front.split_to(used);
                self.wanted = 0;
                Ok(Some(command))
            }
            Unprefixed::Partial(wanted) => {
                self.wanted = wanted;
                // Copied only if a command still shares the bytes, so that growing it stays cheap.
                self.buffer = core::mem::take(&mut self.front)
                    .try_into_mut()
                    .unwrap_or_else(|shared| BytesMut::from(&*shared));
                Ok(None)
            }
        }
    }
}
