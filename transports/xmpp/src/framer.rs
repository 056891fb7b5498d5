//! Finds stanzas in a byte stream.

use bytes::Bytes;

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The stream header, from `<` to `>`.
    Open(Bytes),
    /// A complete stanza.
    Stanza(Bytes),
    /// The end of the stream.
    Close,
}

/// Cuts a byte stream into frames.
#[derive(Debug, Default)]
pub struct Framer {}
