//! What a client is configured with, asked for, and says.

use super::Item;
use crate::{Framing, Jid, Limits, StanzaError};
use core::time::Duration;
use finewire_core::machine::{Party, TlsId};
use finewire_core::password::Secret;
use std::sync::Arc;

/// How a [`Client`](super::Client) logs in and stays alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The server's XMPP domain, the `to` of the stream.
    pub domain: Arc<str>,
    /// The local part of the address; at Finesse the login id.
    pub user: Arc<str>,
    /// The password; sent once for each connection.
    pub password: Secret,
    /// The resource to ask for.
    pub resource: Arc<str>,
    /// The `xml:lang` of the stream.
    pub lang: Option<Arc<str>>,
    /// The priority of our presence (0). Negative: Finesse sends no events.
    pub priority: i8,
    /// Time between pings (10 s).
    pub ping_every: Duration,
    /// How long an answer to a ping may take (10 s).
    pub ping_timeout: Duration,
    /// How many pings may be repeated before the stream counts as dead (2).
    pub ping_retries: u32,
    /// How long an answer to a request may take (20 s).
    pub reply_timeout: Duration,
    /// How stanzas are carried (as one stream).
    pub framing: Framing,
    /// The TLS profile for STARTTLS; with it, a server that does not offer STARTTLS is left. `None`
    /// where the endpoint has TLS from the first byte.
    pub starttls: Option<TlsId>,
    /// Whether the password may go over a stream without TLS.
    pub allow_plaintext: bool,
    /// Commands and subscriptions held at once, at most (1000).
    pub most_pending: usize,
    /// Bounds for what the server sends.
    pub limits: Limits,
    /// Who we are in traces.
    pub us: Party,
    /// Whom we talk to in traces.
    pub peer: Party,
}

impl ClientConfig {
    /// A client that logs `user` in at `domain`, with the defaults named with the fields, never in
    /// plain text, as the connector in traces.
    #[must_use]
    pub fn new(domain: &str, user: &str, password: Secret, resource: &str) -> Self {
        Self {
            domain: domain.into(),
            user: user.into(),
            password,
            resource: resource.into(),
            lang: None,
            priority: 0,
            ping_every: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(10),
            ping_retries: 2,
            reply_timeout: Duration::from_secs(20),
            framing: Framing::Stream,
            starttls: None,
            allow_plaintext: false,
            most_pending: 1000,
            limits: Limits::default(),
            us: Party::Connector,
            peer: Party::Finesse,
        }
    }
}

/// What a [`Client`](super::Client) can be asked for.
///
/// A subscription is a state: once its command is done, it is made again on every new stream until it
/// is taken back. A command given while the stream is down waits for it, at most `reply_timeout`, and is then
/// refused; one that was sent and not answered in that time, or before the stream was lost, has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCommand {
    /// Subscribes our full address to a node (XEP-0060 §6.1). Refused as denied, with the
    /// condition, when the service says no; then it is not made again.
    Subscribe {
        /// The publish-subscribe service.
        service: Jid,
        /// The node.
        node: String,
    },
    /// Takes a subscription back (XEP-0060 §6.2).
    Unsubscribe {
        /// The publish-subscribe service.
        service: Jid,
        /// The node.
        node: String,
    },
    /// Asks to see somebody's presence (RFC 6121 §3.1). Ends as done when the request is sent; the
    /// presence comes as [`ClientEvent::Presence`].
    SubscribePresence {
        /// Whose.
        jid: Jid,
    },
    /// Says unavailable, ends the stream and does not come back. Forgets all subscriptions (at a service
    /// that keeps them they should be taken back before) and ends all other commands.
    Disconnect,
}

/// What a [`Client`](super::Client) says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// Logged in under this full address; presence has been sent.
    Bound {
        /// The address that the server gave us.
        jid: Jid,
    },
    /// Items of a node came (XEP-0060 §7.1.2).
    Notified {
        /// Who sent it: the service, or (Seen:) the bare address of the user.
        from: Option<Jid>,
        /// To whom: our full address for explicit subscriptions, the bare one for implicit ones.
        to: Option<Jid>,
        /// The node.
        node: String,
        /// The items, in order.
        items: Vec<Item>,
    },
    /// A presence came; servers send us our own, too.
    Presence {
        /// Whose.
        from: Jid,
        /// Whether it is there. A presence of type `error` is none: it is ignored.
        available: bool,
        /// The priority, 0 where not said.
        priority: i8,
    },
    /// A subscription that held before could not be made again on the new stream; it is forgotten.
    SubscriptionLost {
        /// The publish-subscribe service.
        service: Jid,
        /// The node.
        node: String,
        /// Why; `remote-server-timeout` if no answer came.
        error: StanzaError,
    },
}
