//! One broker of a URI: where it is, and the options of the way to it.

use core::time::Duration;

use finewire_core::machine::{Endpoint, TlsId};

use super::jms::{JMS_OPTIONS, JmsOptions};
use super::query::{Query, QueryOption, percent_decoded};
use super::uri_error::UriError;

/// The port of a broker URI that names none.
pub const DEFAULT_PORT: u16 = 61616;

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

pub(super) const SERVER_OPTIONS: &[&str] = &[
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

/// Reads one broker's URI. `jms` takes the `jms.` options where this is the place for them.
pub(super) fn read_server(
    text: &str,
    ignored: &mut Vec<String>,
    mut jms: Option<&mut JmsOptions>,
) -> Result<Server, UriError> {
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
        let known = match &mut jms {
            Some(jms) if option.name.starts_with("jms.") => {
                jms.set(&option, &[SERVER_OPTIONS, JMS_OPTIONS])?
            }
            Some(_) => options.set(&option, &[SERVER_OPTIONS, JMS_OPTIONS])?,
            None => options.set(&option, &[SERVER_OPTIONS])?,
        };
        if !known {
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

impl Server {
    /// Where a link connects to; `tls` is the profile for `ssl://`.
    pub(super) fn to_endpoint(&self, tls: Option<TlsId>) -> Result<Endpoint, UriError> {
        match (self.tls, tls) {
            (false, _) => Ok(Endpoint::plain(&self.host, self.port)),
            (true, Some(tls)) => Ok(Endpoint::secure(&self.host, self.port, tls)),
            (true, None) => Err(UriError::Scheme(format!(
                "ssl://{} (no TLS profile is configured)",
                self.host
            ))),
        }
    }
}

impl ServerOptions {
    /// Takes an option over; false: it is known and means nothing here.
    pub(super) fn set(
        &mut self,
        option: &QueryOption,
        known: &[&[&'static str]],
    ) -> Result<bool, UriError> {
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
            _ => return Err(option.unknown(known)),
        }
        Ok(true)
    }
}
