//! XMPP over a byte stream or in a WebSocket, client and server side of it, as sans-IO
//! [protocols](finewire_core::machine::Protocol).
//!
//! A [`Client`] logs in (STARTTLS where configured, SASL PLAIN, bind, presence), keeps the stream alive
//! and replays its subscriptions after each reconnect. A [`Server`] is the other end of one such stream;
//! it knows the mechanics and leaves every decision to its owner.
//!
//! ```text
//!   bytes --> Framer --> Element --> Client ---> Bound, Notified, Presence
//!         <-- Element::to_xml <----         <--- Subscribe, Disconnect
//! ```
//!
//! ```
//! use finewire_core::machine::{CommandId, Instant, Protocol, Random};
//! use finewire_core::machine::{ProtocolInput as Input, ProtocolOutput as Output};
//! use finewire_core::password::Secret;
//! use finewire_xmpp::{Client, ClientConfig, Server, ServerCommand, ServerConfig, ServerEvent};
//!
//! let now = Instant::START;
//! let mut config = ClientConfig::new("finesse.example", "1001001", "Passw0rd!".into(), "finewire");
//! config.allow_plaintext = true;
//! let mut client = Client::new(config);
//! let mut server = Server::new(ServerConfig::new("finesse.example"), Random::from_seed([0; 32]));
//! client.handle_input(now, Input::Opened(None));
//! server.handle_input(now, Input::Opened(None));
//!
//! for _ in 0..100 {
//!     if let Output::Send(bytes) = client.poll_output() {
//!         client.handle_input(now, Input::Sent);
//!         server.handle_input(now, Input::Received(&bytes.to_vec()));
//!     }
//!     match server.poll_output() {
//!         Output::Send(bytes) => {
//!             server.handle_input(now, Input::Sent);
//!             client.handle_input(now, Input::Received(&bytes.to_vec()));
//!         }
//!         Output::Event(ServerEvent::Authenticating { password, .. }) => {
//!             let accept = password == Secret::from("Passw0rd!");
//!             let verdict = ServerCommand::Authenticate { accept };
//!             server.handle_input(now, Input::Command(CommandId(1), verdict));
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(client.jid().unwrap().as_str(), "1001001@finesse.example/finewire");
//! ```
//!
//! Sources: RFC 6120 (core), RFC 6121 (presence, roster), XEP-0060 (publish-subscribe), XEP-0199 (ping),
//! XEP-0030 (discovery), RFC 7395 ([WebSocket](websocket)). What Cisco Finesse's notification service does differently is marked `Seen:`.
//!
//! Not here: what a notification means (`finewire-finesse`), server-to-server streams, stream
//! management, any SASL mechanism but PLAIN, BOSH (XEP-0124).

mod carried;
mod client;
mod element;
mod fault;
mod framer;
mod framing;
#[doc(hidden)]
pub mod fuzz;
mod jid;
mod limits;
mod reader;
mod server;
pub mod stanza;
mod trace;
pub mod websocket;
mod writer;

pub use carried::CarriedClient;
pub use client::{Client, ClientCommand, ClientConfig, ClientEvent, Item};
pub use element::{Attribute, Element, Node};
pub use fault::Fault;
pub use framer::{Frame, Framer};
pub use framing::Framing;
pub use jid::{Jid, JidFault};
pub use limits::Limits;
pub use reader::Namespaces;
pub use server::{PubSubRequest, Server, ServerCommand, ServerConfig, ServerEvent};
pub use stanza::{StanzaError, StreamError};
pub use websocket::{HttpOrXmpp, XmppOverWebSocket};

/// Namespaces by their usual short names.
pub mod ns {
    /// Stanzas between client and server.
    pub const CLIENT: &str = "jabber:client";
    /// The stream itself and its features and errors.
    pub const STREAM: &str = "http://etherx.jabber.org/streams";
    /// Conditions of stream errors.
    pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
    /// Conditions of stanza errors.
    pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
    /// The beginning and end of a stream in a WebSocket (RFC 7395).
    pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
    /// STARTTLS.
    pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
    /// SASL.
    pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
    /// Resource binding.
    pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
    /// Session establishment (RFC 3921, kept by RFC 6120's servers for old clients).
    pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
    /// The contact list.
    pub const ROSTER: &str = "jabber:iq:roster";
    /// XEP-0199.
    pub const PING: &str = "urn:xmpp:ping";
    /// XEP-0060, requests.
    pub const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
    /// XEP-0060, notifications.
    pub const PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";
    /// XEP-0030, entity information.
    pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
    /// XEP-0030, lists of items.
    pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
    /// The prefix `xml`.
    pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
}

#[cfg(test)]
mod tests;
