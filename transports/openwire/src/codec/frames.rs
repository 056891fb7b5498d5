//! Encoded frames on their way out: own bytes, and contents that other streams share.

use bytes::{Bytes, BytesMut};
use finewire_core::machine::Chunks;

/// Gathered bytes behind which the next frame begins a buffer of its own.
const ENOUGH: usize = 32 * 1024;

/// What [`Encoder::encode_shared`](super::Encoder::encode_shared) writes to: small bytes are gathered,
/// large contents are held as they are, so that a message to many connections is in memory once.
///
/// ```
/// use bytes::Bytes;
/// use finewire_openwire::codec::{Encoder, Frames, WireFormat};
/// use finewire_openwire::command::Message;
///
/// let content = Bytes::from(vec![7; 100_000]);
/// let message = Message::bytes(content.clone()).into();
/// let mut sent = 0;
/// for _ in 0..3 {
///     let mut frames = Frames::new();
///     Encoder::new(&WireFormat::default()).encode_shared(&message, &mut frames)?;
///     let chunks = frames.take();
///     assert_eq!(chunks.as_slice()[1].as_ptr(), content.as_ptr(), "it is the very same");
///     sent += chunks.len();
/// }
/// assert!(sent > 300_000);
/// # Ok::<(), finewire_openwire::codec::EncodeError>(())
/// ```
#[derive(Default)]
pub struct Frames {
    /// What is complete, in order.
    chunks: Chunks,
    /// What comes behind it and may still grow.
    open: BytesMut,
}

impl Frames {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of all frames, shared ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.len() + self.open.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes everything out, to be written in order, best with one vectored write.
    #[must_use]
    pub fn take(&mut self) -> Chunks {
        self.close();
        core::mem::take(&mut self.chunks)
    }

    /// Where own bytes go.
    pub(super) const fn open(&mut self) -> &mut BytesMut {
        &mut self.open
    }

    /// A frame begins: what is there already is not moved to larger and larger places.
    pub(super) fn begin(&mut self) {
        if self.open.len() >= ENOUGH {
            self.close();
        }
    }

    /// Adds bytes that are shared.
    pub(super) fn share(&mut self, bytes: Bytes) {
        self.close();
        self.chunks.push(bytes);
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.chunks.push(self.open.split().freeze());
        }
    }
}

impl core::fmt::Debug for Frames {
    /// Shows how much, never what: bytes on their way may hold a password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frames({} bytes)", self.len())
    }
}
