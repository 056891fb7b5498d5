//! WebSocket (RFC 6455), both sides: messages for another protocol out of a byte stream.
//!
//! A [`MessageProtocol`] is a [`Protocol`](finewire_core::machine::Protocol) whose `Received` is one whole message and
//! whose every sent buffer is one. A [`Client`] asks a server for a WebSocket and runs such a protocol in it; a
//! [`Server`] is an HTTP server of which a connection becomes a WebSocket when its owner accepts that.
//!
//! ```text
//!   Client:  GET + Upgrade --> 101 --> open --> Close frames --> end
//!   Server:  Requested --> Accept(protocol) --> 101 --> open --> Close frames --> end
//!                     `--> Answer (any HTTP answer)
//!
//!   bytes --> Decoder --> whole messages --> the protocol
//!         <-- frames  <------------------ <--
//! ```
//!
//! No extension is offered or accepted, so the reserved bits are always refused. Pings are answered here; nothing
//! else that the frames do reaches the protocol inside.
//!
//! ```
//! use finewire_http::ws::{Decoder, Incoming, Limits, Opcode, Side, write_frame};
//!
//! let mut wire = Vec::new();
//! write_frame(&mut wire, true, Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
//! let mut decoder = Decoder::new(Side::Server, Limits::default());
//! assert_eq!(decoder.read(&wire), Ok((11, Some(Incoming::Text("Hello".into())))));
//! ```
//!
//! Not here: extensions (RFC 7692), WebSocket over HTTP/2 (RFC 8441), proxies.

mod client;
mod close;
mod decode;
mod encode;
mod fault;
mod handshake;
mod protocol;
mod server;
mod socket;
mod utf8;

pub use client::{Client, ClientConfig};
pub use close::CloseCode;
pub use decode::{Decoder, Incoming, Limits, Side};
pub use encode::{Opcode, write_frame};
pub use fault::Fault;
pub(crate) use handshake::asks_for_websocket;
pub use handshake::{Handshake, Refusal, accept_key};
pub use protocol::MessageProtocol;
pub use server::{Server, ServerCommand, ServerEvent};

#[cfg(test)]
mod tests;
