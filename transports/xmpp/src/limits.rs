//! How much of a peer's XML is taken.

/// Bounds for what one stream may hold; exceeding one is a typed limit fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one stanza, of the stream header, or of the white space between stanzas that come in
    /// one piece (1 MiB). RFC 6120 §13.12 asks for at least 10 000.
    pub stanza_bytes: usize,
    /// Elements inside one another within the stream (64).
    pub depth: usize,
    /// Attributes of one element, namespace declarations included (64).
    pub attributes: usize,
    /// Bytes of one tag (64 KiB).
    pub tag_bytes: usize,
    /// Elements of one stanza (100 000).
    pub elements: usize,
}

impl Default for Limits {
    /// Far above the largest notification seen (a list of dialogs with all call variables).
    fn default() -> Self {
        Self {
            stanza_bytes: 1024 * 1024,
            depth: 64,
            attributes: 64,
            tag_bytes: 64 * 1024,
            elements: 100_000,
        }
    }
}
