//! The configuration file: reading, checking, and what the program makes of it.

mod fault;
mod file;
mod layout;
mod node;
mod tuning;

use anyhow::{Context, Result};
use core::net::SocketAddr;
use core::ops::Range;
use fault::Faults;
use finewire_core::contract::Destination;
use finewire_core::contract::{EventFormat, Layout};
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_openwire::client::BrokerUri;
use jiff::tz::TimeZone;
use node::check_trust;
use std::path::{Path, PathBuf};
use toml::Spanned;

pub(crate) use node::{Node, Trust, XmppRoad};
pub(crate) use tuning::Tuning;

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
    pub(crate) monitor: Option<SocketAddr>,
}

/// Where drivers are met.
#[derive(Debug)]
pub(crate) enum BrokerChoice {
    /// In this process, listening there.
    Embedded(SocketAddr),
    /// Elsewhere.
    Remote(Box<BrokerUri>),
}

/// Reads and checks the file at `path`.
///
/// # Errors
///
/// All faults at once, with line, column and hint.
pub(crate) fn load(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))?;
    parse(path, &text).map_err(anyhow::Error::new)
}

fn parse(path: &Path, text: &str) -> Result<Settings, Faults> {
    let mut faults = Faults::new(path, text);
    let file: file::File = match toml::from_str(text) {
        Ok(file) => file,
        Err(e) => {
            faults.add(e.span().unwrap_or(0..0), e.message(), "");
            return Err(faults);
        }
    };
    let settings = check(&file, path, &mut faults);
    faults.into_result(settings)
}

fn check(file: &file::File, path: &Path, faults: &mut Faults) -> Option<Settings> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let broker = check_broker(&file.broker, faults);
    let trust = check_trust(
        file.broker.ca_file.as_ref(),
        file.broker.fingerprint.as_ref(),
        folder,
        faults,
    );
    let user = check_user(&file.broker, folder, faults);
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
    let passwords = check_passwords(&file.driver, folder, faults);
    let time_zone = check_time_zone(file.driver.time_zone.as_ref(), faults);
    let event_format = check_event_format(file.driver.event_format.as_ref(), faults);
    let layout = layout::check(&file.layout, faults);
    let tuning = tuning::check(file, faults);
    let monitor = if file.monitor.enabled {
        check_monitor(&file.monitor.listen, faults).map(Some)
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

fn check_broker(broker: &file::Broker, faults: &mut Faults) -> Option<BrokerChoice> {
    let url = broker.url.get_ref().trim();
    if url.eq_ignore_ascii_case("embedded") {
        let Some(listen) = &broker.listen else {
            return Some(BrokerChoice::Embedded(SocketAddr::from((
                [127, 0, 0, 1],
                61616,
            ))));
        };
        let Ok(address) = listen.get_ref().parse() else {
            let hint = "an IP address and a port, e.g. \"127.0.0.1:61616\"";
            faults.add(listen.span(), "not an address to listen on", hint);
            return None;
        };
        return Some(BrokerChoice::Embedded(address));
    }
    if let Some(listen) = &broker.listen {
        let hint = "remove it, or set url = \"embedded\"";
        faults.add(
            listen.span(),
            "listen is for the embedded broker alone",
            hint,
        );
    }
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

fn check_secret(file: &Spanned<PathBuf>, folder: &Path, faults: &mut Faults) -> Option<Secret> {
    match crate::secret::from_file(&folder.join(file.get_ref())) {
        Ok(secret) => Some(secret),
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

fn check_passwords(
    driver: &file::Driver,
    folder: &Path,
    faults: &mut Faults,
) -> Option<PasswordCodec> {
    if !*driver.use_secure_password.get_ref() {
        if let Some(key) = &driver.key_file {
            let hint = "set use_secure_password = true, or remove the key";
            faults.add(key.span(), "a key although passwords come in clear", hint);
        }
        return Some(PasswordCodec::Clear);
    }
    let iv = match &driver.iv {
        None => Some(InitialVector::ZERO),
        Some(text) => InitialVector::parse(text.get_ref())
            .map_err(|e| faults.add(text.span(), e.to_string(), "zero, random or 16 hex digits"))
            .ok(),
    };
    let encoding = match driver
        .encoding
        .as_ref()
        .map(|word| (word, word.get_ref().as_str()))
    {
        None | Some((_, "hex")) => Some(CipherText::Hex),
        Some((_, "base64")) => Some(CipherText::Base64),
        Some((word, _)) => {
            faults.add(word.span(), "unknown encoding", "\"hex\" or \"base64\"");
            None
        }
    };
    let Some(file) = &driver.key_file else {
        let span: Range<usize> = driver.use_secure_password.span();
        faults.add(
            span,
            "use_secure_password needs a key",
            "set key_file in [driver]",
        );
        return None;
    };
    let key = check_secret(file, folder, faults)?;
    match PasswordCodec::triple_des(&key, iv?, encoding?) {
        Ok(codec) => Some(codec),
        Err(e) => {
            faults.add(
                file.span(),
                format!("unusable key: {e}"),
                "48 hex digits, three parts",
            );
            None
        }
    }
}

fn check_time_zone(zone: Option<&Spanned<String>>, faults: &mut Faults) -> Option<TimeZone> {
    let Some(zone) = zone else {
        return Some(TimeZone::system());
    };
    match zone.get_ref().as_str() {
        "local" => Some(TimeZone::system()),
        "UTC" => Some(TimeZone::UTC),
        name => TimeZone::get(name)
            .map_err(|_| {
                let hint = "\"local\", \"UTC\" or an IANA name such as \"Europe/Berlin\"";
                faults.add(zone.span(), format!("unknown time zone {name:?}"), hint);
            })
            .ok(),
    }
}

fn check_event_format(word: Option<&Spanned<String>>, faults: &mut Faults) -> Option<EventFormat> {
    let Some(word) = word else {
        return Some(EventFormat::Text);
    };
    let format = EventFormat::named(word.get_ref());
    if format.is_none() {
        let message = format!("unknown form of events {:?}", word.get_ref());
        faults.add(word.span(), message, "\"text\" or \"json\"");
    }
    format
}

fn check_monitor(listen: &Spanned<String>, faults: &mut Faults) -> Option<SocketAddr> {
    match listen.get_ref().parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(address),
        Ok(_) => {
            let hint = "127.0.0.1 or [::1]; reach it from elsewhere through an SSH tunnel";
            faults.add(listen.span(), "the monitor listens on loopback only", hint);
            None
        }
        Err(_) => {
            let hint = "an IP address and a port, e.g. \"127.0.0.1:8162\"";
            faults.add(listen.span(), "not an address to listen on", hint);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[broker]
url = "failover:(tcp://a:61616,tcp://b:61616)?timeout=10000&randomize=false"

[[finesse.node]]
host = "finesse-a.example"

[driver]
use_secure_password = false
time_zone = "UTC"
"#;

    fn faults(text: &str) -> String {
        parse(Path::new("c.toml"), text)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_short_file_gets_the_customary_defaults() {
        let settings = parse(Path::new("c.toml"), GOOD).unwrap();

        assert_eq!(
            (settings.queue.as_str(), settings.priority),
            ("Connector1", 127)
        );
        assert_eq!(
            (settings.nodes[0].port, settings.nodes[0].xmpp_port),
            (8445, 5223)
        );
        assert_eq!(settings.monitor.unwrap().to_string(), "127.0.0.1:8162");
        assert!(matches!(settings.nodes[0].trust, Trust::System));
        assert!(matches!(settings.broker, BrokerChoice::Remote(uri) if uri.servers.len() == 2));
    }

    #[test]
    fn all_faults_come_at_once_each_at_its_place() {
        let text = GOOD
            .replace("\"UTC\"", "\"Mars/Base\"")
            .replace("finesse-a.example", "https://finesse")
            .replace("= false", "= true")
            .replace("failover:(", "smoke:(");

        let faults = faults(&text);

        assert!(faults.ends_with("4 errors in c.toml"), "{faults}");
        for part in [
            "c.toml:3:7:",
            "c.toml:6:8:",
            "c.toml:9:23:",
            "c.toml:10:13:",
            "Mars/Base",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
    }

    #[test]
    fn every_fault_of_a_node_is_told() {
        let text = GOOD.replace(
            "host = \"finesse-a.example\"",
            "host = \"https://x\"\nport = 0\nsecurity = \"foo\"\nfingerprint = \"zz\"",
        );
        assert!(
            faults(&text).ends_with("4 errors in c.toml"),
            "{}",
            faults(&text)
        );
    }

    #[test]
    fn a_user_of_the_broker_needs_a_password() {
        let text = GOOD.replace("[broker]", "[broker]\nuser = \"u\"");
        assert!(faults(&text).contains("a user without a password"));
    }

    #[test]
    fn a_queue_whose_name_openwire_reads_more_into_is_refused() {
        for name in ["Connector1,topic://vic", "X>", "a?x=1", " "] {
            let text = GOOD.replace("[broker]", &format!("[broker]\nqueue = \"{name}\""));
            assert!(faults(&text).contains("plain name"), "{name}");
        }
    }

    #[test]
    fn whether_passwords_are_encrypted_must_be_decided() {
        let text = GOOD.replace("use_secure_password = false\n", "");
        assert!(faults(&text).contains("use_secure_password"));
    }

    #[test]
    fn an_unknown_option_is_an_error() {
        let text = format!("{GOOD}\ncolour = 1\n");
        assert!(faults(&text).contains("colour"));
    }

    #[test]
    fn plain_text_off_loopback_must_be_allowed_in_words() {
        let text = GOOD.replace("example\"", "example\"\nsecurity = \"plain\"");
        assert!(faults(&text).contains("allow_plaintext"));
        let text = text.replace("\"plain\"", "\"plain\"\nallow_plaintext = true");
        assert!(parse(Path::new("c.toml"), &text).unwrap().nodes[0].is_plain);
    }

    #[test]
    fn events_are_texts_unless_the_file_wants_objects() {
        let format = |line: &str| {
            let text = format!("{GOOD}{line}\n");
            parse(Path::new("c.toml"), &text).map(|settings| settings.event_format)
        };

        assert_eq!(format("").unwrap(), EventFormat::Text);
        assert_eq!(
            format("event_format = \"text\"").unwrap(),
            EventFormat::Text
        );
        assert_eq!(
            format("event_format = \"json\"").unwrap(),
            EventFormat::Json
        );
        let faults = format("event_format = \"xml\"").unwrap_err().to_string();
        assert!(
            faults.contains("c.toml:11:16: unknown form of events \"xml\""),
            "{faults}"
        );
    }

    #[test]
    fn the_layout_of_the_file_is_among_the_settings() {
        let text = format!("{GOOD}\n[layout.events.State]\nname = \"AgentState\"\n");

        let settings = parse(Path::new("c.toml"), &text).unwrap();

        assert!(settings.layout.event_named("AgentState").is_some());
        let text = text.replace("AgentState", "a#b");
        assert!(faults(&text).contains("c.toml:13:8: \"a#b\" cannot be a name"));
    }

    #[test]
    fn the_monitor_stays_on_loopback() {
        let text = format!("{GOOD}\n[monitor]\nlisten = \"0.0.0.0:8162\"\n");
        assert!(faults(&text).contains("loopback only"));
    }
}
