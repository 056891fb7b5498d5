//! The configuration file as it is written, before its values are checked.

use serde::Deserialize;
use std::collections::BTreeMap;
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
    pub(crate) log: Log,
    #[serde(default)]
    pub(crate) record: Record,
    #[serde(default)]
    pub(crate) layout: super::layout::Table,
    /// `[timing]`: when what is done, by name.
    #[serde(default)]
    pub(crate) timing: BTreeMap<Spanned<String>, Spanned<String>>,
    /// `[limits]`: how much is taken on, by name.
    #[serde(default)]
    pub(crate) limits: BTreeMap<Spanned<String>, Spanned<i64>>,
}

/// `[broker]`: where drivers are met.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Broker {
    /// `embedded`, or an ActiveMQ address: `tcp://…`, `ssl://…`, `failover:(…)?…`.
    pub(crate) url: Spanned<String>,
    /// Where the embedded broker listens.
    pub(crate) listen: Option<Spanned<String>>,
    /// What else the embedded broker is told.
    pub(crate) embedded: Option<Spanned<Embedded>>,
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

/// `[broker.embedded]`: the embedded broker's users, TLS, limits and policies.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Embedded {
    /// Drivers' users, a line `name:password` each; `broker.user` is one besides.
    pub(crate) users_file: Option<Spanned<PathBuf>>,
    /// What users may do, a line `USER RIGHTS DESTINATION` for each grant; what nothing grants is refused.
    /// `broker.user` may do everything.
    pub(crate) permissions_file: Option<Spanned<PathBuf>>,
    /// Certificate chain (PEM) with which it shows itself: it listens with TLS then.
    pub(crate) certificate_file: Option<Spanned<PathBuf>>,
    /// The certificate's key (PEM).
    pub(crate) key_file: Option<Spanned<PathBuf>>,
    /// Listen with TLS and a certificate made at the start, which is written to this file (PEM).
    pub(crate) self_made_certificate: Option<Spanned<PathBuf>>,
    /// Connections at a time.
    pub(crate) max_connections: Option<Spanned<i64>>,
    /// Bytes of one frame, which bounds a message.
    pub(crate) max_frame_bytes: Option<Spanned<i64>>,
    /// Messages in one queue.
    pub(crate) max_queue_messages: Option<Spanned<i64>>,
    /// Bytes in one queue.
    pub(crate) max_queue_bytes: Option<Spanned<i64>>,
    /// Bytes in all queues, and in what waits for topic consumers.
    pub(crate) max_total_bytes: Option<Spanned<i64>>,
    /// Messages that wait for one topic consumer beyond its prefetch.
    pub(crate) max_backlog_messages: Option<Spanned<i64>>,
    /// `hold` (a send to a full queue is delayed) or `refuse`.
    pub(crate) when_full: Option<Spanned<String>>,
    /// How long a send to a full queue is held up before it is refused; whole seconds.
    pub(crate) hold_for: Option<Spanned<String>>,
    /// `drop-oldest` or `disconnect`: what happens to a topic consumer that cannot keep up.
    pub(crate) slow_consumer: Option<Spanned<String>>,
    /// The queue of persistent messages that nobody could handle; `off`: they are thrown away.
    pub(crate) dead_letter_queue: Option<Spanned<String>>,
}

/// `[finesse]`: the site's nodes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finesse {
    /// Node A, and node B where there is one.
    pub(crate) node: Spanned<Vec<Node>>,
    /// Idle agents go back to an earlier node when that has served for this long; `off`: they stay.
    pub(crate) return_after: Option<Spanned<String>>,
    /// Logins at the notification service, at most, when many agents log in at once.
    pub(crate) logins_per_second: Option<Spanned<i64>>,
    /// In place of SystemInfo's `xmppDomain`.
    pub(crate) xmpp_domain: Option<Spanned<String>>,
    /// In place of SystemInfo's `xmppPubSubDomain`.
    pub(crate) pubsub_domain: Option<Spanned<String>>,
}

/// `[[finesse.node]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// Fully qualified host name.
    pub(crate) host: Spanned<String>,
    #[serde(default = "Node::default_port")]
    pub(crate) port: Spanned<u16>,
    /// Host of the notification service, where it is another one.
    pub(crate) xmpp_host: Option<Spanned<String>>,
    /// 5223 for `tls`, 5222 for `tcp`, 8445 for `websocket` unless said.
    pub(crate) xmpp_port: Option<Spanned<u16>>,
    /// How notifications come: `tls` (the default), `tcp` (in clear: loopback only, unless
    /// `allow_plaintext`) or `websocket` (`wss://host:port/ws/`).
    pub(crate) xmpp: Option<Spanned<String>>,
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
    /// Whether a call that an agent places is announced with NewOutboundCall.
    #[serde(default)]
    pub(crate) new_outbound_call: bool,
    /// What becomes of agents whose driver is lost: `keep`, `not-ready` or `logout`.
    pub(crate) on_driver_loss: Option<Spanned<String>>,
    /// A driver that gives no sign of life for this long is lost; `off`: silence is not watched.
    pub(crate) driver_silence: Option<Spanned<String>>,
}

/// `[monitor]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Monitor {
    /// Where the monitor listens; off loopback it needs TLS and a user.
    pub(crate) listen: Spanned<String>,
    pub(crate) enabled: bool,
    /// `off` (HTTP), `self-made` (HTTPS with a certificate of its own making) or `files`.
    pub(crate) tls: Spanned<String>,
    /// The certificate chain, PEM, for `files`.
    pub(crate) certificate_file: Option<Spanned<PathBuf>>,
    /// Its key, PEM.
    pub(crate) key_file: Option<Spanned<PathBuf>>,
    /// Further host names by which browsers reach it.
    pub(crate) names: Vec<Spanned<String>>,
    /// Where the first-run token is kept.
    pub(crate) token_file: Option<Spanned<PathBuf>>,
    /// Where operators' actions are written down.
    pub(crate) audit_file: Option<Spanned<PathBuf>>,
    /// Whether `/metrics` is for everybody.
    pub(crate) open_metrics: bool,
    pub(crate) user: Vec<MonitorUser>,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            listen: Spanned::new(0..0, "127.0.0.1:8162".to_owned()),
            enabled: true,
            tls: Spanned::new(0..0, "off".to_owned()),
            certificate_file: None,
            key_file: None,
            names: Vec::new(),
            token_file: None,
            audit_file: None,
            open_metrics: false,
            user: Vec::new(),
        }
    }
}

/// `[[monitor.user]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonitorUser {
    pub(crate) name: Spanned<String>,
    /// `viewer` (the default) or `operator`.
    #[serde(default = "MonitorUser::default_role")]
    pub(crate) role: Spanned<String>,
    /// Argon2, in PHC form: never the password.
    pub(crate) password_hash: Spanned<String>,
}

impl MonitorUser {
    fn default_role() -> Spanned<String> {
        Spanned::new(0..0, "viewer".to_owned())
    }
}

impl core::fmt::Debug for MonitorUser {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MonitorUser")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// `[log]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or targets with levels; the variable `FINEWIRE_LOG` is
    /// stronger.
    pub(crate) level: Spanned<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: Spanned::new(0..0, "info".to_owned()),
        }
    }
}

/// `[record]`: everything that the connector is told, in a file for `finewire replay`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Record {
    /// The file; nothing is recorded where it is not set. One that is there at the start is kept as `FILE.old`.
    pub(crate) file: Option<Spanned<PathBuf>>,
    /// How large the file may become, in bytes; then the recording ends, and the connector goes on.
    pub(crate) max_bytes: Spanned<i64>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            file: None,
            max_bytes: Spanned::new(0..0, 268_435_456),
        }
    }
}
