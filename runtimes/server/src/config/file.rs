//! The configuration file as it is written, before its values are checked.

use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) broker: Broker,
    pub(crate) finesse: Finesse,
    pub(crate) driver: Driver,
    #[serde(default)]
    pub(crate) monitor: Monitor,
    #[serde(default)]
    pub(crate) layout: super::layout::Table,
}

/// `[broker]`: where drivers are met.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    /// `embedded`, or an ActiveMQ address: `tcp://…`, `ssl://…`, `failover:(…)?…`.
    pub(crate) url: Spanned<String>,
    /// Where the embedded broker listens.
    pub(crate) listen: Option<Spanned<String>>,
    pub(crate) user: Option<Spanned<String>>,
    pub(crate) password_file: Option<Spanned<PathBuf>>,
    /// Trust for `ssl://`.
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
    /// SHA-256 of the broker's certificate, for `ssl://`.
    pub(crate) fingerprint: Option<Spanned<String>>,
    /// The queue with the drivers' commands.
    #[serde(default = "Broker::default_queue")]
    pub(crate) queue: Spanned<String>,
    /// Consumer priority: 127 for a primary connector, 100 for a secondary.
    #[serde(default = "Broker::default_priority")]
    pub(crate) priority: Spanned<i64>,
}

impl Broker {
    fn default_queue() -> Spanned<String> {
        Spanned::new(0..0, "Connector1".to_owned())
    }

    fn default_priority() -> Spanned<i64> {
        Spanned::new(0..0, 127)
    }
}

/// `[finesse]`: the site's nodes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finesse {
    /// Node A, and node B where there is one.
    pub(crate) node: Spanned<Vec<Node>>,
}

/// `[[finesse.node]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// Fully qualified host name.
    pub(crate) host: Spanned<String>,
    #[serde(default = "Node::default_port")]
    pub(crate) port: Spanned<u16>,
    #[serde(default = "Node::default_xmpp_port")]
    pub(crate) xmpp_port: Spanned<u16>,
    /// `tls`, or `plain` (loopback only, unless `allow_plaintext`).
    pub(crate) security: Option<Spanned<String>>,
    /// Own certificate authority, PEM.
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
    /// SHA-256 of the node's own certificate: for the self-signed ones that Finesse ships.
    pub(crate) fingerprint: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) allow_plaintext: bool,
}

impl Node {
    fn default_port() -> Spanned<u16> {
        Spanned::new(0..0, 8445)
    }

    fn default_xmpp_port() -> Spanned<u16> {
        Spanned::new(0..0, 5223)
    }
}

/// `[driver]`: what drivers send and expect.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Driver {
    /// Whether passwords come Triple-DES encrypted. No default: it must be decided.
    pub(crate) use_secure_password: Spanned<bool>,
    /// File with the key, 48 (or 32) hex digits.
    pub(crate) key_file: Option<Spanned<PathBuf>>,
    /// `zero`, `random` (sent as the first 8 bytes) or 16 hex digits.
    pub(crate) iv: Option<Spanned<String>>,
    /// `hex` or `base64`.
    pub(crate) encoding: Option<Spanned<String>>,
    /// `local`, `UTC` or an IANA name: the zone of times in events.
    pub(crate) time_zone: Option<Spanned<String>>,
    /// `text` (the default) or `json`: the form of events.
    pub(crate) event_format: Option<Spanned<String>>,
    /// Whether a successful Connect is answered with ConnectStatus.
    #[serde(default)]
    pub(crate) connect_status: bool,
}

/// `[monitor]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Monitor {
    /// Where the monitor listens; loopback only.
    pub(crate) listen: Spanned<String>,
    pub(crate) enabled: bool,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            listen: Spanned::new(0..0, "127.0.0.1:8162".to_owned()),
            enabled: true,
        }
    }
}
