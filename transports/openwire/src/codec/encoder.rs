//! Commands to frames.

use bytes::{BufMut, BytesMut};

use super::{
    EncodeError, Misfit, Object, WireFormat,
    cache::WriteCache,
    frames::Frames,
    write::{BitsOut, BodyOut, Encoding},
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
    body: BodyOut,
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
    /// Bytes of content from which [`Encoder::encode_shared`] shares it. Below, copying costs less than a
    /// further buffer does here and in the vectored write.
    pub const SHARE_FROM: usize = 4096;

    /// An encoder of a format: [`WireFormat::greeting`] until both sides have spoken.
    #[must_use]
    pub fn new(format: &WireFormat) -> Self {
        Self {
            format: format.clone(),
            cache: format.cache.then(|| WriteCache::new(format.entries())),
            body: BodyOut::new(),
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
        let size = self.compose(command, usize::MAX)?;
        out.reserve(4 + size);
        self.put_head(command, size, out);
        out.put_slice(&self.body.bytes);
        self.release();
        Ok(())
    }

    /// The same frame, byte for byte, but contents and properties of [`Encoder::SHARE_FROM`] bytes and
    /// more are not copied: `out` shares them with the command. For messages that go to many connections.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_shared(
        &mut self,
        command: &Command,
        out: &mut Frames,
    ) -> Result<(), EncodeError> {
        self.encode_sharing(command, Self::SHARE_FROM, out)
    }

    /// The same for contents of `share_from` bytes and more, and for the object of any command: a message
    /// need not become one to be sent.
    pub(crate) fn encode_sharing(
        &mut self,
        command: &impl Object,
        share_from: usize,
        out: &mut Frames,
    ) -> Result<(), EncodeError> {
        let size = self.compose(command, share_from)?;
        out.begin();
        out.open()
            .reserve(4 + size.min(self.body.bytes.len() + KEPT));
        self.put_head(command, size, out.open());
        let mut rest = self.body.bytes.as_slice();
        let mut done = 0;
        for (place, shared) in self.body.shared.drain(..) {
            if let Some((before, behind)) = rest.split_at_checked(place - done) {
                out.open().put_slice(before);
                rest = behind;
            }
            done = place;
            out.share(shared);
        }
        out.open().put_slice(rest);
        self.release();
        Ok(())
    }

    /// Leaves no large buffer behind.
    fn release(&mut self) {
        if self.body.bytes.capacity() > KEPT {
            self.body.bytes = Vec::new();
        }
    }

    /// Writes the fields into the scratch buffers; the size of the frame. After an error everything is as
    /// it was.
    fn compose(&mut self, command: &impl Object, share_from: usize) -> Result<usize, EncodeError> {
        self.body.clear(share_from);
        self.bits.clear();
        let result = self.try_compose(command);
        if result.is_err() {
            if let Some(cache) = &mut self.cache {
                cache.roll_back();
            }
            self.release();
        }
        result
    }

    fn is_tight(&self, command: &impl Object) -> bool {
        self.format.tight && command.type_code() != Command::Null.type_code()
    }

    fn try_compose(&mut self, command: &impl Object) -> Result<usize, EncodeError> {
        let tight = self.is_tight(command);
        let Self {
            format,
            cache,
            body,
            bits,
        } = self;
        if let Some(cache) = cache {
            cache.begin();
        }
        let settings = (format.version, format.stack_trace);
        let mut flags = 0;
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
            flags = bits.written();
        } else {
            command.write(&mut Encoding::<false>::new(
                body,
                bits,
                settings,
                cache.as_mut(),
            ))?;
        }
        let size = 1 + flags + body.len();
        let limit = format.largest_frame();
        if size > limit || i32::try_from(size).is_err() {
            return Err(EncodeError::new(Misfit::LocalFrame { size, limit }));
        }
        Ok(size)
    }

    /// What stands in front of the fields.
    fn put_head(&self, command: &impl Object, size: usize, out: &mut BytesMut) {
        // It was found to fit.
        let [a, b, c, d] = i32::try_from(size).unwrap_or(i32::MAX).to_be_bytes();
        let code = command.type_code();
        let tight = self.is_tight(command);
        if let (true, true, Some((length, [e, f, g, h, i, j, k, l]))) =
            (self.format.size_prefix, tight, self.bits.short())
        {
            let head = [a, b, c, d, code, length, e, f, g, h, i, j, k, l];
            let end = 6 + usize::from(length);
            out.put_slice(head.get(..end).unwrap_or(&head));
            return;
        }
        if self.format.size_prefix {
            out.put_slice(&[a, b, c, d]);
        }
        out.put_u8(code);
        if tight {
            self.bits.write(|bytes| out.put_slice(bytes));
        }
    }
}
