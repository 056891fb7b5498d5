//! Bytes waiting for their link: coalesced, one write in flight, bounded.

use super::Chunks;
use bytes::Bytes;

/// The sending half of a protocol: gathers buffers until the write in flight is done.
///
/// ```
/// use bytes::Bytes;
/// use finewire_core::machine::Outbox;
///
/// let mut outbox = Outbox::new();
/// outbox.push(Bytes::from_static(b"a"));
/// assert_eq!(outbox.take().unwrap().to_vec(), b"a");
/// outbox.push(Bytes::from_static(b"b"));
/// outbox.push(Bytes::from_static(b"c"));
/// assert!(outbox.take().is_none(), "a write is in flight");
/// outbox.on_sent();
/// assert_eq!(outbox.take().unwrap().to_vec(), b"bc");
/// ```
#[derive(Debug, Default)]
pub struct Outbox {
    pending: Chunks,
    in_flight: usize,
}

impl Outbox {
    /// Nothing pending, nothing in flight.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pending: Chunks::new(),
            in_flight: 0,
        }
    }

    /// Adds bytes behind what is pending.
    pub fn push(&mut self, bytes: Bytes) {
        self.pending.push(bytes);
    }

    /// Everything pending, unless a write is in flight or there is nothing.
    pub fn take(&mut self) -> Option<Chunks> {
        if self.in_flight > 0 || self.pending.is_empty() {
            return None;
        }
        let chunks = core::mem::take(&mut self.pending);
        self.in_flight = chunks.len();
        Some(chunks)
    }

    /// The write in flight is done.
    pub fn on_sent(&mut self) {
        self.in_flight = 0;
    }

    /// Whether bytes wait for [`Outbox::take`]. A protocol that wants to close gracefully says
    /// `Close(Flush)` only once this is false, for the close covers the write in flight alone.
    #[must_use]
    pub const fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Forgets everything: the stream is gone.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Bytes not yet known to be written: pending ones and those in flight. Compare it with a
    /// limit before taking on work.
    #[must_use]
    pub const fn backlog(&self) -> usize {
        self.pending.len() + self.in_flight
    }

    /// Whether everything that was pushed has been written.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.backlog() == 0
    }
}
