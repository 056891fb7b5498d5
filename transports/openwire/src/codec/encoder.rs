//! Commands to frames.

use bytes::{BufMut, BytesMut};

use super::{
    EncodeError, Misfit, Object, WireFormat,
    cache::WriteCache,
    write::{BitsOut, Encoding},
};
use crate::command::Command;

/// Encodes the commands of one direction of one connection.
///
/// It keeps the command cache of that direction: every command that was encoded must be sent, in the
/// order of encoding, over the one connection. A new connection needs a new encoder.
#[derive(Debug)]
pub struct Encoder {
    format: WireFormat,
    cache: Option<WriteCache>,
    body: Vec<u8>,
    bits: BitsOut,
}

/// Room that a scratch buffer keeps between commands, in bytes.
const KEPT: usize = 64 * 1024;

impl Default for Encoder {
    fn default() -> Self {
        Self::new(&WireFormat::greeting())
    }
}

impl Encoder {
    /// An encoder of a format: [`WireFormat::greeting`] until both sides have spoken.
    #[must_use]
    pub fn new(format: &WireFormat) -> Self {
        Self {
            format: format.clone(),
            cache: format.cache.then(|| WriteCache::new(format.entries())),
            body: Vec::new(),
            bits: BitsOut::default(),
        }
    }

    /// The format that it writes.
    #[must_use]
    pub const fn format(&self) -> &WireFormat {
        &self.format
    }

    /// Goes over to another format, with an empty cache: when the `WireFormatInfo`s have been exchanged.
    pub fn switch(&mut self, format: &WireFormat) {
        *self = Self::new(format);
    }

    /// Appends the whole frame, its size prefix included if the format has one.
    ///
    /// # Errors
    /// [`EncodeError`] if the command does not fit the version or its limits. Then nothing is appended,
    /// the cache is as before, and other commands may follow.
    pub fn encode(&mut self, command: &Command, out: &mut BytesMut) -> Result<(), EncodeError> {
        let result = self.try_encode(command, out);
        if result.is_err()
            && let Some(cache) = &mut self.cache
        {
            cache.roll_back();
        }
        if self.body.capacity() > KEPT {
            self.body = Vec::new();
        }
        result
    }

    fn try_encode(&mut self, command: &Command, out: &mut BytesMut) -> Result<(), EncodeError> {
        let Self {
            format,
            cache,
            body,
            bits,
        } = self;
        body.clear();
        bits.clear();
        if let Some(cache) = cache {
            cache.begin();
        }
        let tight = format.tight && !matches!(command, Command::Null);
        let settings = (format.version, format.stack_trace);
        if tight {
            command.write(&mut Encoding::<true>::new(
                body,
                bits,
                settings,
                cache.as_mut(),
            ))?;
            if !bits.fits() {
                let length = bits.len();
                return Err(EncodeError::new(Misfit::LocalLength { length }));
            }
        } else {
            command.write(&mut Encoding::<false>::new(
                body,
                bits,
                settings,
                cache.as_mut(),
            ))?;
        }
        let mut flags = 0;
        if tight {
            bits.write(|bytes| flags += bytes.len());
        }
        let size = 1 + flags + body.len();
        let limit = format.largest_frame();
        let prefix = match i32::try_from(size) {
            Ok(prefix) if size <= limit => prefix,
            _ => return Err(EncodeError::new(Misfit::LocalFrame { size, limit })),
        };
        out.reserve(4 + size);
        if format.size_prefix {
            out.put_i32(prefix);
        }
        out.put_u8(command.type_code());
        if tight {
            bits.write(|bytes| out.put_slice(bytes));
        }
        out.put_slice(body);
        Ok(())
    }
}
