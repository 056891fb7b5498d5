//! What the connector is told before it starts.

use core::time::Duration;
use std::sync::Arc;

use finewire_core::connector;
use finewire_core::machine::{Endpoint, LinkConfig, TlsId};
use finewire_openwire::client::ClientConfig;

/// Settings of the whole connector.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where drivers are.
    pub drivers: DriverSide,
    /// The Finesse servers, in order of preference.
    pub nodes: Vec<NodeConfig>,
    /// How the decisions are made; `nodes` and the layout's command queues are set from here.
    pub decisions: connector::Config,
    /// HTTP connections to one Finesse server at a time (8).
    pub pool: usize,
    /// Requests that may wait for one of them (4096).
    pub waiting: usize,
    /// Whether what the links trace byte by byte is passed on too; the decisions' own traces say
    /// the same in fewer words.
    pub traces_wire: bool,
    /// How many of the last messages are kept for the monitor (200).
    pub recent: usize,
    /// How long the links may take to close at the end.
    pub farewell: Duration,
}

impl Config {
    /// Settings with default sizes.
    #[must_use]
    pub fn new(
        drivers: impl Into<DriverSide>,
        nodes: Vec<NodeConfig>,
        decisions: connector::Config,
    ) -> Self {
        Self {
            drivers: drivers.into(),
            nodes,
            decisions,
            pool: 8,
            waiting: 4096,
            traces_wire: false,
            recent: 200,
            farewell: Duration::from_secs(2),
        }
    }
}

/// Where commands come from and events go to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DriverSide {
    /// Drivers are behind a broker and speak OpenWire.
    Broker(Box<BrokerConfig>),
    /// The connector's owner carries both, on whatever transport: commands come as
    /// [`Command::Hear`](crate::Command::Hear), events go as [`Event::Told`](crate::Event::Told). No broker is reached
    /// for, and [`Status::broker`](crate::Status::broker) stays idle.
    Owner,
}

impl From<BrokerConfig> for DriverSide {
    fn from(broker: BrokerConfig) -> Self {
        Self::Broker(Box::new(broker))
    }
}

/// The broker and the queue that commands come from.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// The brokers and how to keep to them.
    pub link: LinkConfig,
    /// The client's own settings.
    pub client: ClientConfig,
    /// The command queue, such as `Connector1`.
    pub queue: String,
    /// Be the only consumer that is served (`consumer.exclusive`).
    pub exclusive: bool,
    /// Among exclusive ones the highest is served: 127 for a primary, 100 for a secondary.
    pub priority: i8,
    /// Commands that the broker hands out before they are acknowledged (100).
    pub prefetch: u16,
    /// How long to wait before a lost subscription of the queue is asked for again (5 s).
    pub resubscribe: Duration,
}

impl BrokerConfig {
    /// The primary, exclusive consumer of `queue`.
    #[must_use]
    pub fn new(link: LinkConfig, queue: &str) -> Self {
        Self {
            link,
            client: ClientConfig::default(),
            queue: queue.into(),
            exclusive: true,
            priority: 127,
            prefetch: 100,
            resubscribe: Duration::from_secs(5),
        }
    }
}

/// One Finesse server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Name or address, as TLS is to check it.
    pub host: Arc<str>,
    /// Port of the REST interface: 8445.
    pub http_port: u16,
    /// TLS profile of the REST interface; `None`: plain.
    pub http_tls: Option<TlsId>,
    /// Port of the notification service: 5223 with TLS, 5222 without, 8445 or 7443 for a WebSocket.
    pub xmpp_port: u16,
    /// TLS profile of the notification service from the first byte; `None`: plain.
    pub xmpp_tls: Option<TlsId>,
    /// Whether passwords may go over an XMPP stream without TLS.
    pub allow_plaintext: bool,
    /// Host of the notification service, where it is another one.
    pub xmpp_host: Option<Arc<str>>,
    /// The path at which the notification service is asked for a WebSocket (RFC 7395), at Finesse
    /// `/ws/`; `None`: it is talked to on the byte stream itself.
    pub websocket: Option<Arc<str>>,
}

impl NodeConfig {
    /// A server without TLS, which refuses to send passwords by XMPP in clear.
    #[must_use]
    pub fn new(host: &str, http_port: u16, xmpp_port: u16) -> Self {
        Self {
            host: host.into(),
            http_port,
            http_tls: None,
            xmpp_port,
            xmpp_tls: None,
            allow_plaintext: false,
            xmpp_host: None,
            websocket: None,
        }
    }

    /// Where the notification service is.
    pub(crate) fn notifications(&self) -> Endpoint {
        Endpoint {
            host: self.xmpp_host.as_ref().unwrap_or(&self.host).clone(),
            port: self.xmpp_port,
            tls: self.xmpp_tls,
        }
    }

    /// Both interfaces with this TLS profile.
    #[must_use]
    pub fn secured(self, tls: TlsId) -> Self {
        Self {
            http_tls: Some(tls),
            xmpp_tls: Some(tls),
            ..self
        }
    }

    /// The notification service in a WebSocket at `path`: `/ws/` at Finesse.
    #[must_use]
    pub fn in_websocket(self, path: &str) -> Self {
        Self {
            websocket: Some(path.into()),
            ..self
        }
    }
}
