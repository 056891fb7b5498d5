//! What a server side is configured with, asked for, and says.

use crate::{Element, Framing, Jid, Limits, StanzaError, StreamError};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{Party, TlsId};
use finewire_core::password::Secret;
use std::sync::Arc;

/// How a [`Server`](super::Server) behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// The domain served; a stream to another one is ended with `host-unknown`.
    pub domain: Arc<str>,
    /// How stanzas are carried (as one stream).
    pub framing: Framing,
    /// The TLS profile for STARTTLS, offered on plain streams; `None`: not offered, as Finesse does.
    pub starttls: Option<TlsId>,
    /// Whether to list the old `iq-auth` and `iq-register` features before login. Seen: UCCX 10.5 does.
    /// They are not served.
    pub legacy_features: bool,
    /// Whether to offer session establishment after login (true, as Finesse does).
    pub session: bool,
    /// The longest time from the connection to the binding of a resource (30 s).
    pub login_within: Duration,
    /// How long a client may say nothing before its stream is ended; after half of it, it is pinged
    /// (6 min, as Openfire's `xmpp.client.idle`). `None`: for ever.
    pub silence: Option<Duration>,
    /// Requests handed out and not yet answered, at most (100); more are turned down.
    pub most_pending: usize,
    /// Bytes waiting to be written, at most (8 MiB); a reader that is slower is thrown out.
    pub most_backlog: usize,
    /// Bounds for what the client sends.
    pub limits: Limits,
    /// Who we are in traces.
    pub us: Party,
    /// Whom we talk to in traces.
    pub peer: Party,
}

impl ServerConfig {
    /// A server for `domain` with the defaults named with the fields, as Finesse in traces.
    #[must_use]
    pub fn new(domain: &str) -> Self {
        Self {
            domain: domain.into(),
            framing: Framing::Stream,
            starttls: None,
            legacy_features: true,
            session: true,
            login_within: Duration::from_secs(30),
            silence: Some(Duration::from_secs(360)),
            most_pending: 100,
            most_backlog: 8 * 1024 * 1024,
            limits: Limits::default(),
            us: Party::Finesse,
            peer: Party::Connector,
        }
    }
}

/// What a [`Server`](super::Server) can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerCommand {
    /// Answers [`ServerEvent::Authenticating`].
    Authenticate {
        /// Whether user and password are right.
        accept: bool,
    },
    /// Answers [`ServerEvent::PubSub`].
    Reply {
        /// The number that the event gave.
        request: u64,
        /// The payload of the result, or why not. `Ok(None)` makes the standard answer: the
        /// subscription for a subscribe request, an empty result for the others.
        result: Result<Option<Element>, StanzaError>,
    },
    /// Sends a stanza, or several, already in their XML form with `jabber:client` as default namespace (as
    /// [`Element::to_xml`] makes it for [`ns::CLIENT`](crate::ns::CLIENT)). The bytes are shared, not copied;
    /// in a WebSocket each stanza becomes a message of its own, and what is not well-formed is refused.
    /// Ends as done when they are queued behind what was sent before.
    Send {
        /// The XML.
        stanza: Bytes,
    },
    /// Ends the stream, with an error or in good order.
    Close {
        /// The condition to give; `Conflict` for a resource that was taken over.
        error: Option<StreamError>,
    },
}

/// What a [`Server`](super::Server) says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// Somebody wants to log in; to be answered by [`ServerCommand::Authenticate`].
    Authenticating {
        /// The user name (SASL authentication identity).
        user: String,
        /// The password.
        password: Secret,
    },
    /// A resource is bound; whether another stream has the same address is for the owner to see.
    Bound {
        /// The full address.
        jid: Jid,
    },
    /// The client's own presence changed. Comes also, as unavailable, when a bound stream ends without
    /// having said so.
    PresenceChanged {
        /// Whether it is there.
        available: bool,
        /// The priority, 0 where not said.
        priority: i8,
    },
    /// The client wants to see somebody's presence, or no longer.
    PresenceSubscription {
        /// Whose.
        to: Jid,
        /// `true` for `subscribe`, `false` for `unsubscribe`.
        subscribe: bool,
    },
    /// A request to a publish-subscribe service; to be answered by [`ServerCommand::Reply`].
    PubSub {
        /// Its number on this stream.
        request: u64,
        /// The service it is for.
        service: Jid,
        /// What it wants.
        what: PubSubRequest,
    },
}

/// A publish-subscribe request (XEP-0060 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PubSubRequest {
    /// Subscribe an address to a node.
    Subscribe {
        /// The node.
        node: String,
        /// The address, of the client itself, bare or full.
        jid: Jid,
    },
    /// Take a subscription back.
    Unsubscribe {
        /// The node.
        node: String,
        /// The address, of the client itself, bare or full.
        jid: Jid,
    },
}
