//! What a client is told at its start.

use core::time::Duration;

use finewire_core::machine::Party;
use finewire_core::password::Secret;

use crate::codec::{Limits, WireFormat};

use super::uri::BrokerUri;

/// Who a client is, what it offers and what it bears.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The user name, where the broker asks for one.
    pub user: Option<String>,
    /// The user's password. It goes over the wire in clear: use TLS.
    pub password: Option<Secret>,
    /// The client id of JMS, unique at the broker; `None`: the connection id.
    pub client_id: Option<String>,
    /// Our offer in the negotiation.
    pub offer: WireFormat,
    /// Bounds on what is decoded.
    pub decode: Limits,
    /// What the owner and the broker may make the client hold.
    pub limits: ClientLimits,
    /// How long the broker may take to make its offer.
    pub greet_within: Duration,
    /// How long the broker may take to answer a request.
    pub answer_within: Duration,
    /// How long a [`Send`](super::Send) may wait for a broker while none is connected. Zero: it is refused
    /// at once. [`Duration::MAX`]: for ever, as ActiveMQ does by default.
    pub hold_sends: Duration,
    /// How often a delivery is given again after a rollback before it goes to the dead-letter queue;
    /// `None`: for ever.
    pub redeliveries_at_most: Option<u32>,
    /// Who this client is in traces; `None`: no traces are made.
    pub trace_as: Option<Party>,
}

/// `maximumRedeliveries` of ActiveMQ's redelivery policy.
const MAXIMUM_REDELIVERIES: u32 = 6;

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            client_id: None,
            offer: WireFormat::default(),
            decode: Limits::default(),
            limits: ClientLimits::default(),
            greet_within: Duration::from_secs(10),
            answer_within: Duration::from_secs(15),
            hold_sends: Duration::ZERO,
            redeliveries_at_most: Some(MAXIMUM_REDELIVERIES),
            trace_as: None,
        }
    }
}

impl ClientConfig {
    /// Takes over what the URI says about the connection: `jms.` options, how long a send may wait for a
    /// broker (`timeout` of `failover:`; a plain URI does not change it), and the `wireFormat.` options of
    /// its first broker. (A link has one protocol for all its brokers; `nested.` sets an option for each.)
    pub fn apply(&mut self, uri: &BrokerUri) {
        let jms = &uri.jms;
        if jms.user_name.is_some() {
            self.user.clone_from(&jms.user_name);
        }
        if jms.password.is_some() {
            self.password.clone_from(&jms.password);
        }
        if jms.client_id.is_some() {
            self.client_id.clone_from(&jms.client_id);
        }
        self.answer_within = jms.send_timeout.unwrap_or(self.answer_within);
        if let Some(redeliveries) = jms.maximum_redeliveries {
            self.redeliveries_at_most = redeliveries;
        }
        if let Some(failover) = &uri.failover {
            self.hold_sends = failover.timeout.unwrap_or(Duration::MAX);
        }
        let Some(server) = uri.servers.first() else {
            return;
        };
        let (options, offer) = (&server.options, &mut self.offer);
        offer.version = options.version.unwrap_or(offer.version);
        offer.tight = options.tight_encoding.unwrap_or(offer.tight);
        offer.cache = options.cache.unwrap_or(offer.cache);
        offer.cache_size = options.cache_size.unwrap_or(offer.cache_size);
        offer.stack_trace = options.stack_trace.unwrap_or(offer.stack_trace);
        offer.max_frame_size = options.max_frame_size.unwrap_or(offer.max_frame_size);
        offer.max_inactivity = options.max_inactivity.unwrap_or(offer.max_inactivity);
        let delay = options.max_inactivity_initial_delay;
        offer.initial_delay = delay.unwrap_or(offer.initial_delay);
    }
}

/// What the owner and the broker may make a client hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Bytes not yet written above which a publish is refused.
    pub outbox_bytes: usize,
    /// Requests that the broker has not answered yet.
    pub requests: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Temporary destinations.
    pub temporaries: usize,
    /// Sessions.
    pub sessions: usize,
    /// Producers.
    pub producers: usize,
    /// Sends that wait for a window, for the outbox or for a broker; more are refused.
    pub waiting_sends: usize,
    /// Bytes of their messages.
    pub waiting_bytes: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            outbox_bytes: 16 * 1024 * 1024,
            requests: 10_000,
            subscriptions: 1024,
            temporaries: 1024,
            sessions: 1024,
            producers: 1024,
            waiting_sends: 10_000,
            waiting_bytes: 64 * 1024 * 1024,
        }
    }
}
