//! What can be wrong with a WebSocket.

use super::CloseCode;
use core::fmt;
use finewire_core::machine::{CloseReason, Reason};

/// What a peer's frames or handshake did wrong, or which limit of ours they met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A reserved bit is set although no extension was agreed on (RFC 6455 §5.2).
    RemoteReservedBits,
    /// An opcode without meaning.
    RemoteOpcode,
    /// A client's frame without mask, or a server's with one (RFC 6455 §5.1).
    RemoteMask,
    /// A length that is not in its shortest form, or beyond 63 bits (RFC 6455 §5.2).
    RemoteLength,
    /// A control frame that is fragmented or longer than 125 bytes (RFC 6455 §5.5).
    RemoteControl,
    /// A continuation of nothing, or a new message inside another (RFC 6455 §5.4).
    RemoteFragment,
    /// Text that is not UTF-8 (RFC 6455 §8.1).
    RemoteText,
    /// A Close frame with a broken body or a code that may not be sent (RFC 6455 §7.4).
    RemoteCloseFrame,
    /// A message of the kind that the protocol inside does not have.
    RemoteKind,
    /// The answer to our handshake is no acceptance of it (RFC 6455 §4.1).
    RemoteHandshake,
    /// A frame longer than allowed.
    LimitFrame,
    /// A message longer than allowed.
    LimitMessage,
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
            Self::LimitFrame | Self::LimitMessage => Reason::Limit,
            _ => Reason::Remote,
        }
    }

    /// The code that tells it to the peer.
    #[must_use]
    pub const fn code(self) -> CloseCode {
        match self {
            Self::RemoteText => CloseCode::INVALID_DATA,
            Self::RemoteKind => CloseCode::UNSUPPORTED,
            Self::LimitFrame | Self::LimitMessage => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RemoteReservedBits => "websocket frame with reserved bits",
            Self::RemoteOpcode => "websocket frame with an unknown opcode",
            Self::RemoteMask => "websocket frame masked wrongly",
            Self::RemoteLength => "malformed length of a websocket frame",
            Self::RemoteControl => "malformed websocket control frame",
            Self::RemoteFragment => "websocket fragments out of order",
            Self::RemoteText => "websocket text that is not UTF-8",
            Self::RemoteCloseFrame => "malformed websocket close frame",
            Self::RemoteKind => "websocket message of the wrong kind",
            Self::RemoteHandshake => "websocket handshake answered wrongly",
            Self::LimitFrame => "websocket frame too long",
            Self::LimitMessage => "websocket message too long",
        })
    }
}

impl core::error::Error for Fault {}
