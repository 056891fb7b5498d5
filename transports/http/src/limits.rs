//! How much of a peer's message is taken.

/// Bounds for one message; what exceeds them ends the connection with a typed limit fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the start line and the header fields together, with all line ends (32 KiB). Also
    /// bounds the trailer section and the chunk extensions of one message.
    pub head_bytes: usize,
    /// Header fields of one message (100, at most [`Limits::MOST_HEADERS`]).
    pub headers: usize,
    /// Bytes of one body, chunk framing removed (8 MiB).
    pub body_bytes: usize,
}

impl Limits {
    /// The header fields that fit into the parser's table; a greater [`Limits::headers`] counts as this.
    pub const MOST_HEADERS: usize = 100;
}

impl Default for Limits {
    /// Far above what Finesse sends: its largest answers (phone books, reason codes) have some
    /// hundred kilobytes.
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            headers: Self::MOST_HEADERS,
            body_bytes: 8 * 1024 * 1024,
        }
    }
}
