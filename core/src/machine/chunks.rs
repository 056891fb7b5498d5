//! What one `Send` carries: a list of shared byte buffers.

use alloc::vec::Vec;
use bytes::Bytes;

/// Bytes to be written in order, as shared buffers, best with one vectored write.
///
/// A body that goes to many links is shared by them, not copied.
///
/// ```
/// use bytes::Bytes;
/// use finewire_core::machine::Chunks;
///
/// let mut chunks = Chunks::new();
/// chunks.push(Bytes::from_static(b"GET / "));
/// chunks.push(Bytes::from_static(b"HTTP/1.1"));
/// assert_eq!(chunks.len(), 14);
/// assert_eq!(chunks.to_vec(), b"GET / HTTP/1.1");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Chunks {
    list: Vec<Bytes>,
    len: usize,
}

impl Chunks {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            list: Vec::new(),
            len: 0,
        }
    }

    /// No bytes, with room for so many buffers.
    #[must_use]
    pub fn with_capacity(buffers: usize) -> Self {
        Self {
            list: Vec::with_capacity(buffers),
            len: 0,
        }
    }

    /// Appends a buffer; empty ones leave no trace.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.list.push(bytes);
        }
    }

    /// How many bytes in all.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The buffers in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Bytes] {
        &self.list
    }

    /// All bytes copied into one buffer.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len);
        for chunk in &self.list {
            all.extend_from_slice(chunk);
        }
        all
    }
}

impl core::fmt::Debug for Chunks {
    /// Shows how much, never what: bytes on their way may hold a password.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Chunks({} bytes)", self.len)
    }
}

impl From<Bytes> for Chunks {
    fn from(bytes: Bytes) -> Self {
        let mut chunks = Self::new();
        chunks.push(bytes);
        chunks
    }
}

impl IntoIterator for Chunks {
    type Item = Bytes;
    type IntoIter = alloc::vec::IntoIter<Bytes>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
