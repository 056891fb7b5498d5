//! What can be wrong with a stream.

use core::fmt;
use finewire_core::machine::{CloseReason, Reason};

/// What a peer's stream did wrong, or which limit of ours it met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Not well-formed XML.
    RemoteXml,
    /// Not UTF-8, or a character that XML does not allow.
    RemoteCharacter,
    /// A document type, a processing instruction or a comment (RFC 6120 §11.1).
    RemoteRestricted,
    /// A reference other than the five predefined ones and character numbers (RFC 6120 §11.1).
    RemoteEntity,
    /// A prefix that is not declared.
    RemotePrefix,
    /// The stream header is not one of XMPP 1.0.
    RemoteStreamHeader,
    /// Text between the stanzas.
    RemoteText,
    /// Something after the end of the stream.
    RemoteAfterEnd,
    /// Legal XML that makes no sense here.
    RemoteUnexpected,
    /// A stanza that is too long.
    LimitStanza,
    /// Elements too deep inside one another.
    LimitDepth,
    /// An element with too many attributes.
    LimitAttributes,
    /// A tag that is too long.
    LimitTag,
    /// A stanza with too many elements.
    LimitElements,
}

impl Fault {
    /// Why the stream is closed for it.
    #[must_use]
    pub fn close_reason(self) -> CloseReason {
        match self.reason() {
            Reason::Limit => CloseReason::Limit(self.to_string()),
            _ => CloseReason::Remote(self.to_string()),
        }
    }

    /// Whose turn it is to mend it: `Remote` or `Limit`.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::LimitStanza
            | Self::LimitDepth
            | Self::LimitAttributes
            | Self::LimitTag
            | Self::LimitElements => Reason::Limit,
            _ => Reason::Remote,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RemoteXml => "XML is not well-formed",
            Self::RemoteCharacter => "character not allowed in XML",
            Self::RemoteRestricted => "document type, processing instruction or comment",
            Self::RemoteEntity => "undefined entity",
            Self::RemotePrefix => "undeclared namespace prefix",
            Self::RemoteStreamHeader => "no XMPP stream header",
            Self::RemoteText => "text between stanzas",
            Self::RemoteAfterEnd => "data after the end of the stream",
            Self::RemoteUnexpected => "unexpected element",
            Self::LimitStanza => "stanza too long",
            Self::LimitDepth => "elements nested too deeply",
            Self::LimitAttributes => "too many attributes",
            Self::LimitTag => "tag too long",
            Self::LimitElements => "too many elements in a stanza",
        })
    }
}

impl core::error::Error for Fault {}
