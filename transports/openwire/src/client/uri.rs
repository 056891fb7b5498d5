//! Where the brokers are and how to keep to them, in ActiveMQ's own spelling.

use core::time::Duration;

use finewire_core::machine::{LinkConfig, TlsId};

use super::jms::{JMS_OPTIONS, JmsOptions};
use super::query::{Query, QueryOption};
use super::servers::{SERVER_OPTIONS, Server, read_server};
use super::uri_error::{MAX_SERVERS, MAX_URI, UriError};

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
    /// The `jms.` options.
    pub jms: JmsOptions,
    /// Options that ActiveMQ knows and that have no meaning here, as written; worth a warning.
    pub ignored: Vec<String>,
}

/// The options of `failover:`. Defaults are ActiveMQ's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// `randomize`: draw the broker to begin with by lot. Without effect together with `priorityBackup`.
    pub randomize: bool,
    /// `priorityBackup`: prefer some brokers, and go back to one of them when it is there again.
    pub priority_backup: bool,
    /// `priorityURIs`: which brokers are preferred, host and port of each; none: the first.
    pub priority: Vec<(String, u16)>,
    /// `timeout`: how long a sender may wait for a broker; `None`: for ever.
    pub timeout: Option<Duration>,
    /// `initialReconnectDelay`.
    pub initial_reconnect_delay: Duration,
    /// `maxReconnectDelay`.
    pub max_reconnect_delay: Duration,
    /// `backOffMultiplier` as percent, or 100 where `useExponentialBackOff` is off.
    pub back_off_percent: u32,
    /// `maxReconnectAttempts`: rounds through the brokers that may fail; `None`: any number; 0: a lost
    /// connection does not come back.
    pub max_reconnect_attempts: Option<u32>,
    /// `startupMaxReconnectAttempts`: the same before the first connection; `None`: as
    /// `maxReconnectAttempts` says.
    pub startup_max_reconnect_attempts: Option<u32>,
    /// `updateURIsSupported`: take the list of brokers that a broker sends over the one given here.
    /// ActiveMQ's default is true; here it is false unless said, for it lets a broker send its clients
    /// anywhere.
    pub update_uris: bool,
    /// `reconnectSupported`: also go elsewhere when the broker says so. Default as `updateURIsSupported`.
    pub reconnect: bool,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            randomize: true,
            priority_backup: false,
            priority: Vec::new(),
            timeout: None,
            initial_reconnect_delay: Duration::from_millis(10),
            max_reconnect_delay: Duration::from_secs(30),
            back_off_percent: 200,
            max_reconnect_attempts: None,
            startup_max_reconnect_attempts: None,
            update_uris: false,
            reconnect: false,
        }
    }
}

/// How often a preferred broker is looked for while another one is in use.
const LOOK_EVERY: Duration = Duration::from_secs(5);

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
        let mut servers: Vec<&Server> = self.servers.iter().collect();
        let mut preferred = 0;
        if let Some(failover) = self.failover.as_ref().filter(|it| it.priority_backup) {
            let is_preferred = |server: &&Server| {
                let mut named = failover.priority.iter();
                named.any(|(host, port)| *host == server.host && *port == server.port)
            };
            // The order within both groups stays.
            servers.sort_by_key(|server| !is_preferred(server));
            preferred = servers
                .iter()
                .copied()
                .filter(|it| is_preferred(it))
                .count();
            preferred = preferred.max(1);
        }
        let mut endpoints = Vec::with_capacity(servers.len());
        let mut ready_within = None;
        for server in servers {
            endpoints.push(server.to_endpoint(tls)?);
            ready_within = ready_within.max(server.options.connection_timeout);
        }
        let mut config = LinkConfig::keep_open(endpoints);
        if let Some(limit) = ready_within.filter(|limit| !limit.is_zero()) {
            config.ready_within = limit;
        }
        if let Some(failover) = &self.failover {
            config.randomize = failover.randomize && !failover.priority_backup;
            config.preferred = preferred;
            config.look_every = LOOK_EVERY;
            config.retry_growth = failover.back_off_percent;
            config.attempts_at_most = failover.max_reconnect_attempts;
            // ActiveMQ tries at least once.
            config.first_attempts_at_most = failover
                .startup_max_reconnect_attempts
                .or(failover.max_reconnect_attempts)
                .map(|most| most.max(1));
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
            jms: JmsOptions::default(),
            ignored: Vec::new(),
        };
        match text.strip_prefix("failover:") {
            None => {
                let server = read_server(text, &mut uri.ignored, Some(&mut uri.jms))?;
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
        let server = read_server(part, &mut uri.ignored, None)?;
        uri.servers.push(server);
    }
    let mut failover = Failover::default();
    let mut reconnect = None;
    for option in Query::new(query) {
        let option = option?;
        if let Some(nested) = option.name.strip_prefix("nested.") {
            let option = QueryOption {
                name: nested.into(),
                value: option.value.clone(),
            };
            for server in &mut uri.servers {
                if !server.options.set(&option, &[SERVER_OPTIONS])?
                    && !uri.ignored.contains(&option.name)
                {
                    uri.ignored.push(option.name.clone());
                }
            }
            continue;
        }
        let known = if option.name.starts_with("jms.") {
            uri.jms.set(&option, &[FAILOVER_OPTIONS, JMS_OPTIONS])?
        } else {
            failover.set(&option, &mut reconnect)?
        };
        if !known {
            uri.ignored.push(option.name);
        }
    }
    failover.reconnect = reconnect.unwrap_or(failover.update_uris);
    uri.failover = Some(failover);
    Ok(())
}

impl Failover {
    fn set(
        &mut self,
        option: &QueryOption,
        reconnect: &mut Option<bool>,
    ) -> Result<bool, UriError> {
        match option.name.as_str() {
            "randomize" => self.randomize = option.flag()?,
            "priorityBackup" => self.priority_backup = option.flag()?,
            "timeout" => {
                let millis: i64 = option.number(-1, i64::from(i32::MAX))?;
                self.timeout = u64::try_from(millis).ok().map(Duration::from_millis);
            }
            "initialReconnectDelay" => self.initial_reconnect_delay = option.millis()?,
            "maxReconnectDelay" => self.max_reconnect_delay = option.millis()?,
            "useExponentialBackOff" => {
                if !option.flag()? {
                    self.back_off_percent = 100;
                }
            }
            "backOffMultiplier" | "reconnectDelayExponent" => {
                let percent = option.percent()?;
                if self.back_off_percent != 100 {
                    self.back_off_percent = percent;
                }
            }
            "maxReconnectAttempts" => self.max_reconnect_attempts = option.count_or_any()?,
            "startupMaxReconnectAttempts" => {
                self.startup_max_reconnect_attempts = option.count_or_any()?;
            }
            "priorityURIs" => {
                let parts = option.value.split(',').map(str::trim);
                for part in parts.filter(|part| !part.is_empty()) {
                    if self.priority.len() >= MAX_SERVERS {
                        return Err(UriError::TooManyServers(self.priority.len() + 1));
                    }
                    let server = read_server(part, &mut Vec::new(), None)?;
                    self.priority.push((server.host, server.port));
                }
            }
            "updateURIsSupported" => self.update_uris = option.flag()?,
            "reconnectSupported" => *reconnect = Some(option.flag()?),
            name if FAILOVER_OPTIONS.contains(&name) => return Ok(false),
            _ => return Err(option.unknown(&[FAILOVER_OPTIONS, JMS_OPTIONS])),
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
        for uri in [
            "tcp://a?jms.password=hunter2%zz",
            "failover:(tcp://a)?jms.password=%GGhunter2",
            "tcp://a?jms.password=hunter2&jms.passwort=hunter2",
        ] {
            let error = parse(uri).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let many = format!("failover:({})", vec!["tcp://a"; 65].join(","));
        assert_eq!(parse(&many), Err(UriError::TooManyServers(65)));
    }

    #[test]
    fn whether_hints_are_followed_does_not_depend_on_the_order_of_the_options() {
        for (options, update, reconnect) in [
            ("", false, false),
            ("updateURIsSupported=true", true, true),
            (
                "updateURIsSupported=true&reconnectSupported=false",
                true,
                false,
            ),
            (
                "reconnectSupported=false&updateURIsSupported=true",
                true,
                false,
            ),
            ("reconnectSupported=true", false, true),
        ] {
            let uri = parse(&format!("failover:(tcp://a)?{options}")).unwrap();
            let failover = uri.failover.unwrap();
            assert_eq!(
                (failover.update_uris, failover.reconnect),
                (update, reconnect),
                "{options}"
            );
        }
    }

    #[test]
    fn preferred_brokers_come_first_and_are_looked_for() {
        let uri = parse(
            "failover:(tcp://a,tcp://b,tcp://c)?priorityBackup=true&priorityURIs=tcp://c,tcp://b",
        )
        .unwrap();

        let link = uri.to_link_config(None).unwrap();

        let hosts: Vec<_> = link.endpoints.iter().map(|it| &*it.host).collect();
        assert_eq!(hosts, ["b", "c", "a"]);
        assert_eq!((link.preferred, link.randomize), (2, false));
        let first = parse("failover:(tcp://a,tcp://b)?priorityBackup=true").unwrap();
        assert_eq!(first.to_link_config(None).unwrap().preferred, 1);
        let none = parse("failover:(tcp://a,tcp://b)").unwrap();
        assert_eq!(none.to_link_config(None).unwrap().preferred, 0);
    }

    #[test]
    fn attempts_and_waits_are_as_the_uri_says() {
        let link = |query: &str| {
            let uri = parse(&format!("failover:(tcp://a)?{query}")).unwrap();
            uri.to_link_config(None).unwrap()
        };

        let plain = link("");
        assert_eq!(
            (plain.attempts_at_most, plain.first_attempts_at_most),
            (None, None)
        );
        assert_eq!(plain.retry_growth, 200);
        let none = link("maxReconnectAttempts=0");
        assert_eq!(
            (none.attempts_at_most, none.first_attempts_at_most),
            (Some(0), Some(1))
        );
        let start = link("maxReconnectAttempts=-1&startupMaxReconnectAttempts=3");
        assert_eq!(
            (start.attempts_at_most, start.first_attempts_at_most),
            (None, Some(3))
        );
        assert_eq!(link("backOffMultiplier=1.5").retry_growth, 150);
        assert_eq!(
            link("useExponentialBackOff=false&backOffMultiplier=4.0").retry_growth,
            100
        );
        for wrong in ["0.5", "1000", "x", "2.555", "-1", "+"] {
            assert!(
                parse(&format!("failover:(tcp://a)?backOffMultiplier={wrong}")).is_err(),
                "{wrong}"
            );
        }
    }
}
