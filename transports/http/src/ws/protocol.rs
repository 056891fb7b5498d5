//! What can run inside a WebSocket.

use finewire_core::machine::Protocol;

/// A protocol of messages, with the verbs of a protocol of bytes.
///
/// Inside a WebSocket each [`Received`](finewire_core::machine::ProtocolInput::Received) is exactly one whole message
/// (an empty one is not passed on), and each buffer of a [`Send`](finewire_core::machine::ProtocolOutput::Send)
/// becomes exactly one message. `Opened` comes when the WebSocket is open, with the identity that TLS
/// proved. `Secure` makes no sense here and ends the connection.
pub trait MessageProtocol: Protocol {
    /// The subprotocol (RFC 6455 §1.9) that both sides must agree on; `None`: none is named.
    fn subprotocol(&self) -> Option<&'static str> {
        None
    }

    /// Whether messages are binary; otherwise they are text, and UTF-8 is checked. A message of the other
    /// kind ends the connection with code 1003.
    fn is_binary(&self) -> bool {
        false
    }
}
