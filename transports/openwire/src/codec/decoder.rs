//! Frames to commands.

use core::borrow::Borrow;

use bytes::Bytes;

use super::{DecodeError, Flaw, Limits, WireFormat, cache::ReadCache, read::read_command};
use crate::command::Command;

/// Decodes the commands of one direction of one connection.
///
/// It keeps the command cache of that direction: every frame must go through it, in order. **After an
/// error the connection must be closed**: entries that the bad frame should have brought are missing, so
/// that later frames could decode to wrong ids without any sign of it.
#[derive(Debug)]
pub struct Decoder {
    format: WireFormat,
    limits: Limits,
    cache: Option<ReadCache>,
}

/// What [`Decoder::decode_unprefixed`] found.
#[derive(Debug)]
pub enum Unprefixed {
    /// A command, and the number of bytes that it took.
    Whole(Command, usize),
    /// A part of one: it has at least this many bytes.
    Partial(usize),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(&WireFormat::greeting(), Limits::default())
    }
}

impl Decoder {
    /// A decoder of a format: [`WireFormat::greeting`] until both sides have spoken.
    #[must_use]
    pub fn new(format: &WireFormat, limits: Limits) -> Self {
        Self {
            format: format.clone(),
            limits,
            cache: format.cache.then(|| ReadCache::new(format.entries())),
        }
    }

    /// The format that it reads.
    #[must_use]
    pub const fn format(&self) -> &WireFormat {
        &self.format
    }

    /// The bounds that it keeps.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Goes over to another format, with an empty cache: when the `WireFormatInfo`s have been exchanged.
    pub fn switch(&mut self, format: &WireFormat) {
        *self = Self::new(format, self.limits);
    }

    /// The largest frame that is taken, in bytes without the size prefix.
    #[must_use]
    pub fn largest_frame(&self) -> usize {
        self.limits.frame.min(self.format.largest_frame())
    }

    /// Decodes one frame: the bytes from the type code on, without the size prefix, as
    /// [`FrameSplitter`](super::FrameSplitter) gives them. Texts and contents share these bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if the frame is not exactly one command within the limits; then close the
    /// connection.
    pub fn decode(&mut self, frame: impl Borrow<Bytes>) -> Result<Command, DecodeError> {
        let mut command = Command::Null;
        self.decode_into(frame, &mut command)?;
        Ok(command)
    }

    /// The same into a place that is there: a command is some two hundred bytes, and moving it costs as
    /// much as reading some of its fields.
    ///
    /// # Errors
    /// As [`Decoder::decode`]; `command` is then [`Command::Null`].
    pub fn decode_into(
        &mut self,
        frame: impl Borrow<Bytes>,
        command: &mut Command,
    ) -> Result<(), DecodeError> {
        *command = Command::Null;
        let read = self.whole(frame.borrow(), command);
        if read.is_err() {
            *command = Command::Null;
        }
        read
    }

    /// Reads one command that takes all of the frame.
    fn whole(&mut self, frame: &Bytes, command: &mut Command) -> Result<(), DecodeError> {
        let limit = self.largest_frame();
        if frame.len() > limit {
            let size = frame.len();
            return Err(DecodeError::new(Flaw::LimitFrame { size, limit }, 0));
        }
        let used = self.run(frame, command)?;
        let left = frame.len() - used;
        if left > 0 {
            return Err(DecodeError::new(Flaw::RemoteTrailing { left }, used));
        }
        Ok(())
    }

    /// Decodes the command at the start of `bytes`, where size prefixes were negotiated away: only
    /// reading it tells where it ends. If it is not all there, the call can be repeated with more.
    ///
    /// # Errors
    /// [`DecodeError`] if no further bytes could make it a command within the limits; then close the
    /// connection.
    pub fn decode_unprefixed(&mut self, bytes: &Bytes) -> Result<Unprefixed, DecodeError> {
        let limit = self.largest_frame();
        if let Some(cache) = &mut self.cache {
            cache.begin();
        }
        let too_large = |size| DecodeError::new(Flaw::LimitFrame { size, limit }, 0);
        let mut command = Command::Null;
        match self.run(bytes, &mut command) {
            Ok(size) if size > limit => Err(too_large(size)),
            Ok(size) => {
                if let Some(cache) = &mut self.cache {
                    cache.commit();
                }
                Ok(Unprefixed::Whole(command, size))
            }
            Err(error) => match error.wanted() {
                Some(size) if size > limit => Err(too_large(size)),
                Some(size) => {
                    if let Some(cache) = &mut self.cache {
                        cache.roll_back();
                    }
                    Ok(Unprefixed::Partial(size))
                }
                None => Err(error),
            },
        }
    }

    /// Reads one command; the bytes that it took.
    fn run(&mut self, frame: &Bytes, command: &mut Command) -> Result<usize, DecodeError> {
        let settings = (self.format.version, self.format.stack_trace);
        let cache = self.cache.as_mut();
        if self.format.tight {
            read_command::<true, _>(frame, settings, cache, &self.limits, command)
        } else {
            read_command::<false, _>(frame, settings, cache, &self.limits, command)
        }
    }
}
