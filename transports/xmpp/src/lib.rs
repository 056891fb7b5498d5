//! XMPP over a byte stream, client and server side of it, as sans-IO
//! [protocols](finewire_core::machine::Protocol).
//!
//! A [`Client`] logs in (STARTTLS where configured, SASL PLAIN, bind, presence), keeps the stream alive
//! and replays its subscriptions after each reconnect. A [`Server`] is the other end of one such stream;
//! it knows the mechanics and leaves every decision to its owner.
//!
//! Sources: RFC 6120 (core), RFC 6121 (presence, roster), XEP-0060 (publish-subscribe), XEP-0199 (ping),
//! XEP-0030 (discovery). What Cisco Finesse's notification service does differently is marked `Seen:`.
//!
//! Not here: what a notification means (`finewire-finesse`), server-to-server streams, stream
//! management, any SASL mechanism but PLAIN, the WebSocket framing.

mod client;
mod element;
mod fault;
mod framer;
#[doc(hidden)]
pub mod fuzz;
mod jid;
mod limits;
mod reader;
mod server;
pub mod stanza;
mod trace;
mod writer;

pub use client::{Client, ClientCommand, ClientConfig, ClientEvent, Item};
pub use element::{Attribute, Element, Node};
pub use fault::Fault;
pub use framer::{Frame, Framer};
pub use jid::{Jid, JidFault};
pub use limits::Limits;
pub use reader::Namespaces;
pub use server::{PubSubRequest, Server, ServerCommand, ServerConfig, ServerEvent};
pub use stanza::{StanzaError, StreamError};

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
