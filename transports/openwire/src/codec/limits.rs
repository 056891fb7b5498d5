//! How much a peer may make this side hold.

/// Bounds on what is decoded; the defaults are meant to stay on.
///
/// Every length is compared with the bytes that are left before anything is allocated for it; these
/// bounds come on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a frame, without its size prefix; the negotiated size counts if it is less.
    pub frame: usize,
    /// Bytes of a string in a field.
    pub text: usize,
    /// Array elements and stack frames in one command, all arrays together.
    pub elements: usize,
    /// Objects in objects; a top-level command has depth 0.
    pub depth: usize,
    /// Causes of causes of a throwable.
    pub causes: usize,
    /// Bytes of the values in the command cache, all together.
    pub cache: usize,
    /// Bytes of one string or byte array in a property map or body.
    pub value: usize,
    /// Entries and list elements in one property map or body, all levels together.
    pub entries: usize,
    /// Maps and lists in maps and lists.
    pub map_depth: usize,
    /// Bytes that compressed content may inflate to.
    pub inflated: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: 100 * 1024 * 1024,
            text: 65535,
            elements: 32767,
            depth: 8,
            causes: 32,
            cache: 4 * 1024 * 1024,
            value: 100 * 1024 * 1024,
            entries: 65536,
            map_depth: 32,
            inflated: 100 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// For what comes before authentication: a `WireFormatInfo` has 64 flat properties and a few
    /// kilobytes at most.
    #[must_use]
    pub fn greeting() -> Self {
        Self {
            frame: 64 * 1024,
            value: 512,
            entries: 64,
            map_depth: 0,
            ..Self::default()
        }
    }
}
