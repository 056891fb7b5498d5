//! What the program makes of a configuration, and whether its values can be.

use super::driver;
use super::embedded::{self, EmbeddedBroker};
use super::fault::Faults;
use super::file;
use super::layout;
use super::monitor;
use super::node::{self, Node, Trust, check_trust};
use super::tuning::{self, Tuning};
use core::net::SocketAddr;
use core::ops::Range;
use finewire_core::contract::{Destination, EventFormat, Layout};
use finewire_core::password::{PasswordCodec, Secret};
use finewire_openwire::client::BrokerUri;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) broker: BrokerChoice,
    pub(crate) broker_trust: Trust,
    pub(crate) user: Option<(String, Secret)>,
    pub(crate) queue: String,
    pub(crate) priority: u8,
    pub(crate) nodes: Vec<Node>,
    pub(crate) passwords: PasswordCodec,
    pub(crate) time_zone: TimeZone,
    pub(crate) connect_status: bool,
    pub(crate) event_format: EventFormat,
    pub(crate) layout: Layout,
    pub(crate) tuning: Tuning,
    /// `None`: there is none.
    pub(crate) monitor: Option<SocketAddr>,
}

/// Where drivers are met.
#[derive(Debug)]
pub(crate) enum BrokerChoice {
    /// In this process.
    Embedded(Box<EmbeddedBroker>),
    /// Elsewhere.
    Remote(Box<BrokerUri>),
}

pub(super) fn check(file: &file::File, path: &Path, faults: &mut Faults) -> Option<Settings> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let trust = check_trust(
        file.broker.ca_file.as_ref(),
        file.broker.fingerprint.as_ref(),
        folder,
        faults,
    );
    let user = check_user(&file.broker, folder, faults);
    let own = user.as_ref().and_then(Option::as_ref);
    let broker = check_broker(&file.broker, own, folder, faults);
    let priority = match u8::try_from(*file.broker.priority.get_ref()) {
        Ok(priority @ 0..=127) => Some(priority),
        _ => {
            let hint = "127 for a primary connector, 100 for a secondary";
            faults.add(
                file.broker.priority.span(),
                "priority must be 0 to 127",
                hint,
            );
            None
        }
    };
    // A queue's name follows the rules of a topic's: what OpenWire reads more into would be a loop.
    if let Err(fault) = Destination::parse(file.broker.queue.get_ref(), &[]) {
        let hint = "a plain name such as Connector1";
        faults.add(file.broker.queue.span(), fault.to_string(), hint);
    }
    let nodes = file.finesse.node.get_ref();
    if nodes.is_empty() || nodes.len() > 2 {
        let hint = "a [[finesse.node]] for node A, a second one for node B";
        faults.add(
            file.finesse.node.span(),
            "a site has one or two nodes",
            hint,
        );
    }
    let nodes: Vec<Option<Node>> = nodes
        .iter()
        .map(|node| node::check(node, folder, faults))
        .collect();
    let passwords = driver::check_passwords(&file.driver, folder, faults);
    let time_zone = driver::check_time_zone(file.driver.time_zone.as_ref(), faults);
    let event_format = driver::check_event_format(file.driver.event_format.as_ref(), faults);
    let layout = layout::check(&file.layout, faults);
    let tuning = tuning::check(file, faults);
    let monitor = if file.monitor.enabled {
        monitor::check_listen(&file.monitor, faults).map(Some)
    } else {
        Some(None)
    };
    Some(Settings {
        broker: broker?,
        broker_trust: trust.unwrap_or(Trust::System),
        user: user?,
        queue: file.broker.queue.get_ref().trim().to_owned(),
        priority: priority?,
        nodes: nodes.into_iter().collect::<Option<_>>()?,
        passwords: passwords?,
        time_zone: time_zone?,
        connect_status: file.driver.connect_status,
        event_format: event_format?,
        layout: layout?,
        tuning,
        monitor: monitor?,
    })
}

fn check_broker(
    broker: &file::Broker,
    user: Option<&(String, Secret)>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<BrokerChoice> {
    let url = broker.url.get_ref().trim();
    if url.eq_ignore_ascii_case("embedded") {
        let embedded = embedded::check(broker, user, folder, faults)?;
        return Some(BrokerChoice::Embedded(Box::new(embedded)));
    }
    embedded::refuse(broker, faults);
    match url.parse() {
        Ok(uri) => Some(BrokerChoice::Remote(Box::new(uri))),
        Err(e) => {
            let hint = "\"embedded\", \"tcp://host:61616\" or \"failover:(tcp://a,tcp://b)\"";
            faults.add(broker.url.span(), format!("{e}"), hint);
            None
        }
    }
}

fn check_user(
    broker: &file::Broker,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Option<(String, Secret)>> {
    match (&broker.user, &broker.password_file) {
        (None, None) => Some(None),
        (Some(user), Some(file)) => {
            let secret = check_secret(file, folder, faults)?;
            Some(Some((user.get_ref().clone(), secret)))
        }
        (Some(user), None) => {
            let hint = "set broker.password_file too";
            faults.add(user.span(), "a user without a password", hint);
            None
        }
        (None, Some(file)) => {
            faults.add(
                file.span(),
                "a password without a user",
                "set broker.user too",
            );
            None
        }
    }
}

/// A file that group or others can read is named, with the remedy.
pub(super) fn warn_if_open(path: &Path, span: Range<usize>, faults: &mut Faults) {
    if crate::secret::others_can_read(path) {
        let message = format!("others can read the secret in {}", path.display());
        faults.warn(span, message, &format!("chmod 600 {}", path.display()));
    }
}

pub(super) fn check_secret(
    file: &Spanned<PathBuf>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Secret> {
    let path = folder.join(file.get_ref());
    match crate::secret::first_line(&path) {
        Ok(secret) => {
            warn_if_open(&path, file.span(), faults);
            Some(secret)
        }
        Err(e) => {
            faults.add(
                file.span(),
                format!("{e:#}"),
                "a file with the secret on its first line",
            );
            None
        }
    }
}

/// How the program logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// `error` to `trace`, or targets with levels.
    pub(crate) level: String,
}

pub(super) fn check_log(log: &file::Log, faults: &mut Faults) -> Option<Log> {
    let level = log.level.get_ref().trim();
    let is_level = level.len() <= 1000
        && !level.is_empty()
        && level
            .parse::<tracing_subscriber::filter::targets::Targets>()
            .is_ok()
        && level.split(',').all(is_said);
    if !is_level {
        let hint = "\"error\", \"warn\", \"info\", \"debug\" or \"trace\"";
        faults.add(log.level.span(), "unknown level", hint);
    }
    Some(Log {
        level: is_level.then(|| level.to_owned())?,
    })
}

/// Whether a part of a level says what it means: a word alone that is no level would be taken for a target of
/// which everything is logged.
fn is_said(part: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let part = part.trim();
    let is_level = LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
    is_level || part.contains('=')
}
