//! Where the brokers are and how to keep to them, in ActiveMQ's own spelling.

use core::time::Duration;

use finewire_core::machine::{Endpoint, LinkConfig, TlsId};

use super::query::{Query, percent_decoded};
use super::uri_error::{MAX_SERVERS, MAX_URI, UriError};

/// The port of a broker URI that names none.
pub const DEFAULT_PORT: u16 = 61616;

/// One or more brokers and the options of the way to them.
///
/// Takes `tcp://host:port?…`, `ssl://host:port?…`, and a `failover:` list of them with or without
/// brackets or slashes (Apache ActiveMQ, "Failover Transport Reference").
///
/// ```
/// use finewire_openwire::client::BrokerUri;
///
/// let uri: BrokerUri = "failover:(tcp://a,ssl://b:61617)?randomize=false&timeout=10000".parse()?;
/// assert_eq!(uri.servers.len(), 2);
/// assert_eq!(uri.servers[0].port, 61616);
/// assert!(uri.servers[1].tls);
/// assert_eq!(uri.failover.unwrap().timeout.unwrap().as_secs(), 10);
/// # Ok::<(), finewire_openwire::client::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUri {
    /// The brokers, in order of preference; at least one.
    pub servers: Vec<Server>,
    /// The options of `failover:`; `None` for a single plain URI.
    pub failover: Option<Failover>,
    /// Options that ActiveMQ knows and that have no meaning here, as written; worth a warning.
    pub ignored: Vec<String>,
}

/// One broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether TLS comes first (`ssl://`).
    pub tls: bool,
    /// What its query said.
    pub options: ServerOptions,
}

/// The options of one broker's URI; `None` where it did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerOptions {
    /// `connectionTimeout`: how long connecting may take.
    pub connection_timeout: Option<Duration>,
    /// `wireFormat.version`.
    pub version: Option<i32>,
    /// `wireFormat.tightEncodingEnabled`.
    pub tight_encoding: Option<bool>,
    /// `wireFormat.cacheEnabled`.
    pub cache: Option<bool>,
    /// `wireFormat.cacheSize`, 100..=16383.
    pub cache_size: Option<i32>,
    /// `wireFormat.stackTraceEnabled`.
    pub stack_trace: Option<bool>,
    /// `wireFormat.maxFrameSize`, bytes.
    pub max_frame_size: Option<i64>,
    /// `wireFormat.maxInactivityDuration`; zero switches the keep-alive off.
    pub max_inactivity: Option<Duration>,
    /// `wireFormat.maxInactivityDurationInitalDelay` (spelt so).
    pub max_inactivity_initial_delay: Option<Duration>,
}

/// The options of `failover:`. Defaults are ActiveMQ's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// `randomize`: draw the broker to begin with by lot.
    pub randomize: bool,
    /// `priorityBackup`: prefer the first broker.
    pub priority_backup: bool,
    /// `timeout`: how long a sender may wait for a broker; `None`: for ever.
    pub timeout: Option<Duration>,
    /// `initialReconnectDelay`.
    pub initial_reconnect_delay: Duration,
    /// `maxReconnectDelay`.
    pub max_reconnect_delay: Duration,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            randomize: true,
            priority_backup: false,
            timeout: None,
            initial_reconnect_delay: Duration::from_millis(10),
            max_reconnect_delay: Duration::from_secs(30),
        }
    }
}

const SERVER_OPTIONS: &[&str] = &[
    "connectionTimeout",
    "wireFormat.version",
    "wireFormat.tightEncodingEnabled",
    "wireFormat.cacheEnabled",
    "wireFormat.cacheSize",
    "wireFormat.stackTraceEnabled",
    "wireFormat.maxFrameSize",
    "wireFormat.maxInactivityDuration",
    "wireFormat.maxInactivityDurationInitalDelay",
    "keepAlive",
    "soTimeout",
    "soWriteTimeout",
    "tcpNoDelay",
    "socketBufferSize",
    "ioBufferSize",
    "daemon",
    "trace",
    "wireFormat.tcpNoDelayEnabled",
    "wireFormat.host",
];

const FAILOVER_OPTIONS: &[&str] = &[
    "randomize",
    "priorityBackup",
    "timeout",
    "initialReconnectDelay",
    "maxReconnectDelay",
    "useExponentialBackOff",
    "backOffMultiplier",
    "reconnectDelayExponent",
    "maxReconnectAttempts",
    "startupMaxReconnectAttempts",
    "backup",
    "backupPoolSize",
    "priorityURIs",
    "trackMessages",
    "maxCacheSize",
    "trackTransactionProducers",
    "updateURIsSupported",
    "updateURIsURL",
    "reconnectSupported",
    "rebalanceUpdateURIs",
    "warnAfterReconnectAttempts",
    "nested.<option of a broker>",
];

impl BrokerUri {
    /// How a link is to open and come back; `tls` is the profile for `ssl://` brokers.
    ///
    /// A single URI without `failover:` is kept open with the link's own defaults: a server has no
    /// use for a connection that gives up.
    ///
    /// # Errors
    ///
    /// [`UriError::Scheme`] when a broker wants TLS and `tls` is `None`.
    pub fn to_link_config(&self, tls: Option<TlsId>) -> Result<LinkConfig, UriError> {
        let mut endpoints = Vec::with_capacity(self.servers.len());
        let mut ready_within = None;
        for server in &self.servers {
            endpoints.push(match (server.tls, tls) {
                (false, _) => Endpoint::plain(&server.host, server.port),
                (true, Some(tls)) => Endpoint::secure(&server.host, server.port, tls),
                (true, None) => {
                    return Err(UriError::Scheme(format!(
                        "ssl://{} (no TLS profile is configured)",
                        server.host
                    )));
                }
            });
            ready_within = ready_within.max(server.options.connection_timeout);
        }
        let mut config = LinkConfig::keep_open(endpoints);
        if let Some(limit) = ready_within.filter(|limit| !limit.is_zero()) {
            config.ready_within = limit;
        }
        if let Some(failover) = &self.failover {
            config.randomize = failover.randomize;
            config.retry_first = failover.initial_reconnect_delay;
            config.retry_max = failover.max_reconnect_delay.max(config.retry_first);
        }
        Ok(config)
    }
}

impl core::str::FromStr for BrokerUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        if text.len() > MAX_URI {
            return Err(UriError::TooLong(text.len()));
        }
        let mut uri = Self {
            servers: Vec::new(),
            failover: None,
            ignored: Vec::new(),
        };
        match text.strip_prefix("failover:") {
            None => {
                let server = read_server(text, &mut uri.ignored)?;
                uri.servers.push(server);
            }
            Some(rest) => read_failover(rest, &mut uri)?,
        }
        Ok(uri)
    }
}

fn read_failover(rest: &str, uri: &mut BrokerUri) -> Result<(), UriError> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (list, query) = match rest.strip_prefix('(') {
        Some(inner) => {
            let (list, after) = inner.rsplit_once(')').ok_or(UriError::Bracket)?;
            let query = match after.strip_prefix('?') {
                Some(query) => query,
                None if after.is_empty() => "",
                None => return Err(UriError::Authority(after.into())),
            };
            (list, query)
        }
        // Without brackets the query behind the last broker is the list's own.
        None if rest.contains(')') => return Err(UriError::Bracket),
        None => rest.rsplit_once('?').unwrap_or((rest, "")),
    };
    if list.contains('(') || list.contains(')') {
        return Err(UriError::Bracket);
    }
    let parts: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return Err(UriError::NoServer);
    }
    if parts.len() > MAX_SERVERS {
        return Err(UriError::TooManyServers(parts.len()));
    }
    for part in parts {
        let server = read_server(part, &mut uri.ignored)?;
        uri.servers.push(server);
    }
    let mut failover = Failover::default();
    for option in Query::new(query) {
        let option = option?;
        if let Some(nested) = option.name.strip_prefix("nested.") {
            let option = super::query::QueryOption {
                name: nested.into(),
                value: option.value.clone(),
            };
            for server in &mut uri.servers {
                if !server.options.set(&option)? && !uri.ignored.contains(&option.name) {
                    uri.ignored.push(option.name.clone());
                }
            }
            continue;
        }
        if !failover.set(&option)? {
            uri.ignored.push(option.name);
        }
    }
    uri.failover = Some(failover);
    Ok(())
}

fn read_server(text: &str, ignored: &mut Vec<String>) -> Result<Server, UriError> {
    let (tls, rest) = if let Some(rest) = text.strip_prefix("tcp://") {
        (false, rest)
    } else if let Some(rest) = text.strip_prefix("nio://") {
        (false, rest)
    } else if let Some(rest) = text.strip_prefix("ssl://") {
        (true, rest)
    } else if let Some(rest) = text.strip_prefix("nio+ssl://") {
        (true, rest)
    } else {
        let scheme = text.split(['?', '@']).next().unwrap_or_default();
        return Err(UriError::Scheme(scheme.chars().take(64).collect()));
    };
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = read_authority(authority)?;
    let mut options = ServerOptions::default();
    for option in Query::new(query) {
        let option = option?;
        if !options.set(&option)? {
            ignored.push(option.name);
        }
    }
    Ok(Server {
        host,
        port,
        tls,
        options,
    })
}

fn read_authority(authority: &str) -> Result<(String, u16), UriError> {
    // Whatever stands before an @ may be a password: it is not repeated.
    let wrong = || {
        let shown = authority.rsplit('@').next().unwrap_or_default();
        UriError::Authority(shown.chars().take(256).collect())
    };
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let (host, after) = inner.split_once(']').ok_or_else(wrong)?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port),
            None if after.is_empty() => None,
            None => return Err(wrong()),
        };
        (host, port)
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || "@/\\#()".contains(c);
    if host.is_empty() || host.contains(bad) {
        return Err(wrong());
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => match port.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err(wrong()),
        },
    };
    Ok((percent_decoded(host)?, port))
}

impl ServerOptions {
    /// Takes an option over; false: it is known and means nothing here.
    fn set(&mut self, option: &super::query::QueryOption) -> Result<bool, UriError> {
        match option.name.as_str() {
            "connectionTimeout" => self.connection_timeout = Some(option.millis()?),
            "wireFormat.version" => self.version = Some(option.number(1, 12)?),
            "wireFormat.tightEncodingEnabled" => self.tight_encoding = Some(option.flag()?),
            "wireFormat.cacheEnabled" => self.cache = Some(option.flag()?),
            "wireFormat.cacheSize" => self.cache_size = Some(option.number(100, 16_383)?),
            "wireFormat.stackTraceEnabled" => self.stack_trace = Some(option.flag()?),
            "wireFormat.maxFrameSize" => {
                self.max_frame_size = Some(option.number(1024, i64::MAX)?);
            }
            "wireFormat.maxInactivityDuration" => self.max_inactivity = Some(option.millis()?),
            "wireFormat.maxInactivityDurationInitalDelay" => {
                self.max_inactivity_initial_delay = Some(option.millis()?);
            }
            name if SERVER_OPTIONS.contains(&name) => return Ok(false),
            _ => return Err(option.unknown(SERVER_OPTIONS)),
        }
        Ok(true)
    }
}

impl Failover {
    fn set(&mut self, option: &super::query::QueryOption) -> Result<bool, UriError> {
        match option.name.as_str() {
            "randomize" => self.randomize = option.flag()?,
            "priorityBackup" => self.priority_backup = option.flag()?,
            "timeout" => {
                let millis: i64 = option.number(-1, i64::from(i32::MAX))?;
                self.timeout = u64::try_from(millis).ok().map(Duration::from_millis);
            }
            "initialReconnectDelay" => self.initial_reconnect_delay = option.millis()?,
            "maxReconnectDelay" => self.max_reconnect_delay = option.millis()?,
            name if FAILOVER_OPTIONS.contains(&name) => return Ok(false),
            _ => return Err(option.unknown(FAILOVER_OPTIONS)),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<BrokerUri, UriError> {
        text.parse()
    }

    #[test]
    fn the_vendors_failover_uri_reads_with_and_without_brackets() {
        for text in [
            "failover:(tcp://A,tcp://B)?timeout=10000&randomize=false&priorityBackup=true",
            "failover:tcp://A,tcp://B?timeout=10000&randomize=false&priorityBackup=true",
            "failover://(tcp://A:61616,tcp://B:61616)?timeout=10000&randomize=false&priorityBackup=true",
        ] {
            let uri = parse(text).unwrap();

            let hosts: Vec<_> = uri
                .servers
                .iter()
                .map(|s| (s.host.as_str(), s.port))
                .collect();
            assert_eq!(hosts, [("A", 61616), ("B", 61616)], "{text}");
            let failover = uri.failover.as_ref().unwrap();
            assert_eq!(failover.timeout, Some(Duration::from_secs(10)));
            assert!(!failover.randomize && failover.priority_backup);
            let link = uri.to_link_config(None).unwrap();
            assert_eq!(link.retry_first, Duration::from_millis(10));
            assert_eq!(link.endpoints.len(), 2);
        }
    }

    #[test]
    fn options_of_a_broker_and_nested_ones_reach_each_server() {
        let uri = parse(
            "failover:(tcp://a?wireFormat.maxInactivityDuration=1000,ssl://[::1]:61617)?\
             nested.wireFormat.cacheEnabled=false&maxReconnectDelay=500&nested.keepAlive=true",
        )
        .unwrap();

        assert_eq!(
            uri.servers[0].options.max_inactivity,
            Some(Duration::from_secs(1))
        );
        assert!(
            uri.servers
                .iter()
                .all(|server| server.options.cache == Some(false))
        );
        assert_eq!(uri.servers[1].host, "::1");
        assert_eq!(uri.ignored, ["keepAlive"]);
        assert!(uri.to_link_config(None).is_err(), "TLS without a profile");
        let link = uri.to_link_config(Some(TlsId(1))).unwrap();
        assert_eq!(link.endpoints[1].tls, Some(TlsId(1)));
        assert_eq!(link.retry_max, Duration::from_millis(500));
    }

    #[test]
    fn an_unknown_option_is_answered_with_the_known_ones() {
        let error = parse("tcp://a?keepalive=true").unwrap_err();

        let text = error.to_string();
        assert!(text.contains("unknown option 'keepalive'"), "{text}");
        assert!(
            text.contains("keepAlive") && text.contains("connectionTimeout"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_broker_uri_is_refused_without_repeating_a_password() {
        assert_eq!(parse("failover:()"), Err(UriError::NoServer));
        assert_eq!(parse("failover:(tcp://a"), Err(UriError::Bracket));
        assert!(matches!(parse("stomp://a"), Err(UriError::Scheme(_))));
        assert!(matches!(parse("tcp://a:0"), Err(UriError::Authority(_))));
        assert!(matches!(
            parse("tcp://a:99999"),
            Err(UriError::Authority(_))
        ));
        assert!(matches!(parse("tcp://"), Err(UriError::Authority(_))));
        assert!(matches!(
            parse("failover:(tcp://a)?randomize=maybe"),
            Err(UriError::Value { .. })
        ));
        let error = parse("tcp://user:hunter2@host:61616").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let many = format!("failover:({})", vec!["tcp://a"; 65].join(","));
        assert_eq!(parse(&many), Err(UriError::TooManyServers(65)));
    }
}
