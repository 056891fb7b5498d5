//! What goes wrong in encoding and decoding, where, and by whose fault.

use core::fmt;

use crate::command::TextFlaw;

/// Why bytes could not be decoded, and where.
///
/// After any of these the connection must be closed: the command cache of this side may have missed
/// entries, and every later reference would go wrong silently.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Place>);

#[derive(Clone, PartialEq, Eq)]
struct Place {
    flaw: Flaw,
    offset: usize,
    /// Innermost first.
    path: Vec<(&'static str, &'static str)>,
}

/// What is wrong with bytes from the peer. `Remote…`: the peer broke the protocol. `Limit…`: it may be
/// right, but more than [`Limits`](super::Limits) allows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The frame, or the map or body, ends too early.
    RemoteTruncated {
        /// Bytes that are needed at this place.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// The frame holds more than its command.
    RemoteTrailing {
        /// Bytes left over.
        left: usize,
    },
    /// No such data type in the negotiated version.
    RemoteUnknownType {
        /// The type code.
        code: u8,
    },
    /// A structure of another type than the field declares.
    RemoteWrongType {
        /// The declared type.
        expected: &'static str,
        /// The type code that came.
        code: u8,
    },
    /// A string that is no modified UTF-8.
    RemoteText(TextFlaw),
    /// A negative length or count.
    RemoteNegative {
        /// The length.
        length: i64,
    },
    /// The boolean stream is shorter than its command needs.
    RemoteBitsMissing,
    /// The boolean stream is longer than its command needs.
    RemoteBitsLeft {
        /// Whole bytes left over.
        left: usize,
    },
    /// A cache index that was never set or lies outside the cache, or whose entry is of another type.
    RemoteCacheIndex {
        /// The index.
        index: i16,
    },
    /// The marshal-aware bit is set; nobody has written that form for twenty years.
    RemoteMarshalAware,
    /// A `WireFormatInfo` that does not say `ActiveMQ`: the peer speaks another protocol.
    RemoteMagic,
    /// A value with a tag that is none.
    RemoteTag {
        /// The tag.
        tag: u8,
    },
    /// Compressed content that is not zlib.
    RemoteCompression,
    /// A frame size below 1.
    RemoteFrameSize {
        /// The size.
        size: i32,
    },
    /// A negotiation in which the peer offers what cannot work.
    RemoteOffer {
        /// The property.
        property: &'static str,
    },
    /// A frame above the limit.
    LimitFrame {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A string above the limit.
    LimitText {
        /// The limit in bytes.
        limit: usize,
    },
    /// More array elements and stack frames in one command than the limit.
    LimitElements {
        /// The limit.
        limit: usize,
    },
    /// Objects nested deeper than the limit.
    LimitDepth {
        /// The limit.
        limit: usize,
    },
    /// A chain of causes longer than the limit.
    LimitCauses {
        /// The limit.
        limit: usize,
    },
    /// Values in the command cache that are larger than the limit, all together.
    LimitCache {
        /// The limit in bytes.
        limit: usize,
    },
    /// A string or byte array in a map or body above the limit.
    LimitValue {
        /// The limit in bytes.
        limit: usize,
    },
    /// More entries and list elements in one map or body than the limit.
    LimitEntries {
        /// The limit.
        limit: usize,
    },
    /// Maps and lists nested deeper than the limit.
    LimitMapDepth {
        /// The limit.
        limit: usize,
    },
    /// Content that inflates to more than the limit.
    LimitInflated {
        /// The limit in bytes.
        limit: usize,
    },
}

impl DecodeError {
    #[cold]
    pub(crate) fn new(flaw: Flaw, offset: usize) -> Self {
        Self(Box::new(Place {
            flaw,
            offset,
            path: Vec::new(),
        }))
    }

    /// Where `needed` bytes are needed, `left` are left.
    #[cold]
    #[inline(never)]
    pub(super) fn truncated(offset: usize, needed: usize, left: usize) -> Self {
        Self::new(Flaw::RemoteTruncated { needed, left }, offset)
    }

    /// The same error as seen from the structure around it.
    #[cold]
    pub(crate) fn within(mut self, structure: &'static str, field: &'static str) -> Self {
        self.0.path.push((structure, field));
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn flaw(&self) -> &Flaw {
        &self.0.flaw
    }

    /// Bytes from the start of the frame (without its size prefix), map or body to where it went wrong.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.0.offset
    }

    /// The innermost structure and field, by their wire names, if it got that far.
    #[must_use]
    pub fn field(&self) -> Option<(&'static str, &'static str)> {
        self.0.path.first().copied()
    }

    /// The least number of bytes that could cure it, from the start of the frame.
    pub(crate) const fn wanted(&self) -> Option<usize> {
        match self.0.flaw {
            Flaw::RemoteTruncated { needed, .. } => Some(self.0.offset.saturating_add(needed)),
            _ => None,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoteTruncated { needed, left } => {
                write!(f, "{needed} bytes are needed where {left} are left")
            }
            Self::RemoteTrailing { left } => write!(f, "{left} bytes are left over"),
            Self::RemoteUnknownType { code } => write!(f, "there is no data type {code}"),
            Self::RemoteWrongType { expected, code } => {
                write!(f, "data type {code} stands where {expected} belongs")
            }
            Self::RemoteText(flaw) => write!(f, "no modified UTF-8: {flaw}"),
            Self::RemoteNegative { length } => write!(f, "negative length {length}"),
            Self::RemoteBitsMissing => f.write_str("the boolean stream is too short"),
            Self::RemoteBitsLeft { left } => {
                write!(f, "{left} bytes of the boolean stream are left over")
            }
            Self::RemoteCacheIndex { index } => {
                write!(f, "cache index {index} has no fitting entry")
            }
            Self::RemoteMarshalAware => f.write_str("the marshal-aware bit is set"),
            Self::RemoteMagic => f.write_str("the peer does not speak OpenWire"),
            Self::RemoteTag { tag } => write!(f, "there is no value tag {tag}"),
            Self::RemoteCompression => f.write_str("the compressed content is damaged"),
            Self::RemoteFrameSize { size } => write!(f, "frame size {size}"),
            Self::RemoteOffer { property } => write!(f, "the offered {property} cannot work"),
            Self::LimitFrame { size, limit } => {
                write!(f, "a frame of {size} bytes is above the limit of {limit}")
            }
            Self::LimitText { limit } => write!(f, "a string is above the limit of {limit} bytes"),
            Self::LimitElements { limit } => write!(f, "more than {limit} array elements"),
            Self::LimitDepth { limit } => write!(f, "objects are nested deeper than {limit}"),
            Self::LimitCauses { limit } => write!(f, "more than {limit} causes"),
            Self::LimitCache { limit } => write!(f, "more than {limit} bytes in the cache"),
            Self::LimitValue { limit } => write!(f, "a value is above the limit of {limit} bytes"),
            Self::LimitEntries { limit } => write!(f, "more than {limit} map entries"),
            Self::LimitMapDepth { limit } => {
                write!(f, "maps and lists are nested deeper than {limit}")
            }
            Self::LimitInflated { limit } => {
                write!(f, "the content inflates to more than {limit} bytes")
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.flaw, self.0.offset)?;
        write_path(f, &self.0.path)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self})")
    }
}

impl core::error::Error for DecodeError {}

fn write_path(f: &mut fmt::Formatter<'_>, path: &[(&'static str, &'static str)]) -> fmt::Result {
    if let Some((structure, _)) = path.last() {
        write!(f, " in {structure}")?;
    }
    for (_, field) in path.iter().rev() {
        write!(f, ".{field}")?;
    }
    Ok(())
}

/// Why a command could not be encoded. The fault is always local.
///
/// Nothing was written and the cache is as before, so that other commands can follow.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodeError(Box<Unfit>);

#[derive(Clone, PartialEq, Eq)]
struct Unfit {
    reason: Misfit,
    /// Innermost first.
    path: Vec<(&'static str, &'static str)>,
}

/// What is wrong with a command that cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// The negotiated version has no such type.
    LocalUnsupported {
        /// The type.
        name: &'static str,
        /// The version.
        version: i32,
    },
    /// A string above what the encoding holds.
    LocalText {
        /// Its length in bytes.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
    /// More than 32767 elements, or a byte sequence of 2 GiB.
    LocalLength {
        /// The number of elements or bytes.
        length: usize,
    },
    /// Objects or causes nested so deeply that a careful peer refuses them.
    LocalDepth {
        /// The limit.
        limit: usize,
    },
    /// A frame above the negotiated size.
    LocalFrame {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

impl EncodeError {
    #[cold]
    pub(crate) fn new(reason: Misfit) -> Self {
        Self(Box::new(Unfit {
            reason,
            path: Vec::new(),
        }))
    }

    #[cold]
    pub(crate) fn unsupported(name: &'static str, version: i32) -> Self {
        Self::new(Misfit::LocalUnsupported { name, version })
    }

    #[cold]
    pub(crate) fn within(mut self, structure: &'static str, field: &'static str) -> Self {
        self.0.path.push((structure, field));
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn misfit(&self) -> &Misfit {
        &self.0.reason
    }

    /// The innermost structure and field, by their wire names.
    #[must_use]
    pub fn field(&self) -> Option<(&'static str, &'static str)> {
        self.0.path.first().copied()
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reason {
            Misfit::LocalUnsupported { name, version } => {
                write!(f, "version {version} has no {name}")?;
            }
            Misfit::LocalText { length, limit } => {
                write!(f, "a string of {length} bytes, {limit} fit")?;
            }
            Misfit::LocalLength { length } => write!(f, "{length} elements do not fit")?,
            Misfit::LocalDepth { limit } => write!(f, "nested deeper than {limit}")?,
            Misfit::LocalFrame { size, limit } => {
                write!(f, "a frame of {size} bytes, the peer takes {limit}")?;
            }
        }
        write_path(f, &self.0.path)
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodeError({self})")
    }
}

impl core::error::Error for EncodeError {}
