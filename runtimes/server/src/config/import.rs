//! The incumbent connector's properties as a configuration of ours, and a report of what became of each.
//!
//! Names are compared without case and punctuation, for sites write `ActiveMq_URL_1` and `activemq.url.1`.

use super::effective::quoted;
use super::redact::mask;
use super::source::{Unreadable, read_bytes};
use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::Path;

/// A file of properties has at most so many.
const MOST_PROPERTIES: usize = 10_000;

/// Why properties cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportFault {
    /// The file cannot be had.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is not a file of properties (java.util.Properties, "load").
    #[error("line {line}: not of the form name=value")]
    NoProperties { line: usize },
    /// More than 10,000.
    #[error("more than {MOST_PROPERTIES} properties")]
    TooMany,
}

/// What became of the properties.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    /// The configuration.
    pub(crate) toml: String,
    /// A line for each property, and for what is still to be decided.
    pub(crate) report: Vec<String>,
}

/// Reads the properties at `path`.
///
/// # Errors
///
/// [`ImportFault`].
pub(crate) fn import(path: &Path) -> Result<Imported, ImportFault> {
    let bytes = read_bytes(path)?;
    Ok(translate(&properties(&bytes)?))
}

/// One property: its name as written, and its value.
#[derive(Clone, Debug)]
struct Property {
    name: String,
    value: String,
    line: usize,
}

fn properties(bytes: &[u8]) -> Result<Vec<Property>, ImportFault> {
    use java_properties::{LineContent, PropertiesIter};
    let mut list = Vec::new();
    for line in PropertiesIter::new(bytes) {
        let line = line.map_err(|e| ImportFault::NoProperties {
            line: e.line_number().unwrap_or(1),
        })?;
        let number = line.line_number();
        if let LineContent::KVPair(name, value) = line.consume_content() {
            if list.len() >= MOST_PROPERTIES {
                return Err(ImportFault::TooMany);
            }
            let value = value.trim().to_owned();
            list.push(Property {
                name,
                value,
                line: number,
            });
        }
    }
    Ok(list)
}

/// The properties by their plain names, and what is said about each.
struct Translation {
    properties: BTreeMap<String, Property>,
    report: Vec<(usize, String)>,
}

/// A name without case and punctuation.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

impl Translation {
    fn of(properties: &[Property]) -> Self {
        let mut translation = Self {
            properties: BTreeMap::new(),
            report: Vec::new(),
        };
        for property in properties {
            if let Some(old) = translation
                .properties
                .insert(plain(&property.name), property.clone())
            {
                translation.tell(&old, "ignored", "a later line says it again");
            }
        }
        translation
    }

    fn tell(&mut self, property: &Property, verdict: &str, text: &str) {
        let name: String = property
            .name
            .chars()
            .filter(|c| !c.is_control())
            .take(64)
            .collect();
        self.report.push((
            property.line,
            format!("line {}: {name}: {verdict}: {text}", property.line),
        ));
    }

    /// The first property with one of these names that has a value; it counts as seen.
    fn take(&mut self, names: &[&str]) -> Option<Property> {
        let name = names
            .iter()
            .find(|name| self.properties.contains_key(**name))?;
        let property = self.properties.remove(*name)?;
        if property.value.is_empty() {
            self.tell(&property, "ignored", "it is empty");
            return None;
        }
        Some(property)
    }

    /// A property that is true or false.
    fn take_flag(&mut self, names: &[&str]) -> Option<(Property, bool)> {
        let property = self.take(names)?;
        let flag = match property.value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "on" => true,
            "false" | "no" | "0" | "off" => false,
            _ => {
                self.tell(&property, "ignored", "neither true nor false");
                return None;
            }
        };
        Some((property, flag))
    }

    fn take_number(
        &mut self,
        names: &[&str],
        range: core::ops::RangeInclusive<u64>,
    ) -> Option<(Property, u64)> {
        let property = self.take(names)?;
        match property.value.parse() {
            Ok(number) if range.contains(&number) => Some((property, number)),
            _ => {
                let text = format!("not a number from {} to {}", range.start(), range.end());
                self.tell(&property, "ignored", &text);
                None
            }
        }
    }

    fn broker(&mut self, toml: &mut String) {
        let mut servers = Vec::new();
        for names in [
            ["activemqurl1", "activemqurl", "brokerurl1", "brokerurl"],
            [
                "activemqurl2",
                "activemqsecondaryurl",
                "brokerurl2",
                "secondarybrokerurl",
            ],
        ] {
            if let Some(property) = self.take(&names) {
                self.server(&property, &mut servers);
            }
        }
        let mut options = Vec::new();
        if let Some((property, ms)) = self.take_number(&["activemqtimeout"], 1..=86_400_000) {
            options.push(format!("timeout={ms}"));
            self.tell(
                &property,
                "mapped",
                "to timeout in broker.url, milliseconds",
            );
        }
        for (name, option) in [
            ("randomize", "randomize"),
            ("prioritybackup", "priorityBackup"),
        ] {
            if let Some((property, flag)) = self.take_flag(&[name]) {
                options.push(format!("{option}={flag}"));
                self.tell(&property, "mapped", &format!("to {option} in broker.url"));
            }
        }
        let _ = writeln!(toml, "[broker]");
        if servers.is_empty() {
            let _ = writeln!(
                toml,
                "# url = \"failover:(tcp://…)\": not in the properties"
            );
            self.report.push((
                usize::MAX,
                "to do: broker.url: no address of a broker was found".into(),
            ));
        } else {
            let query = match options.is_empty() {
                true => String::new(),
                false => format!("?{}", options.join("&")),
            };
            let url = format!("failover:({}){query}", servers.join(","));
            let _ = writeln!(toml, "url = {}", quoted(&url));
        }
        if let Some(property) = self.take(&[
            "activemqqueue",
            "queuename",
            "activemqqueuename",
            "connectorqueue",
        ]) {
            let _ = writeln!(toml, "queue = {}", quoted(&property.value));
            self.tell(&property, "mapped", "to broker.queue");
        }
        if let Some((property, number)) = self.take_number(&["grcconsumerpriority"], 0..=127) {
            let _ = writeln!(toml, "priority = {number}");
            self.tell(&property, "mapped", "to broker.priority");
        }
        let user = self.take(&["activemquser", "activemqusername", "brokeruser"]);
        let password = self.take(&["activemqpassword", "brokerpassword"]);
        if let Some(property) = user {
            let _ = writeln!(toml, "user = {}", quoted(&property.value));
            let _ = writeln!(toml, "password_file = \"broker.password\"");
            self.tell(&property, "mapped", "to broker.user");
        }
        if let Some(property) = password {
            let text = "secrets are in files: write it to broker.password, mode 0600";
            self.tell(&property, "changed", text);
        }
    }

    fn server(&mut self, property: &Property, servers: &mut Vec<String>) {
        let value = property.value.as_str();
        let url = match value.contains("://") || value.starts_with("failover:") {
            true => value.to_owned(),
            false => format!("tcp://{value}"),
        };
        let Ok(uri) = url.parse::<finewire_openwire::client::BrokerUri>() else {
            let text = format!("{} is no address of a broker", mask(value));
            return self.tell(property, "ignored", &text);
        };
        for server in &uri.servers {
            let scheme = if server.tls { "ssl" } else { "tcp" };
            let host = match server.host.contains(':') {
                true => format!("[{}]", server.host),
                false => server.host.clone(),
            };
            servers.push(format!("{scheme}://{host}:{}", server.port));
        }
        match url.contains('?') {
            true => self.tell(
                property,
                "changed",
                "to broker.url, without the options behind ?",
            ),
            false => self.tell(property, "mapped", "to broker.url"),
        }
    }

    fn finesse(&mut self, toml: &mut String) {
        let rest = [
            "finesseport",
            "finesseport1",
            "finessehttpsport",
            "finesserestport",
        ];
        let port = self.take_number(&rest, 1..=65_535);
        let xmpp = [
            "xmppport",
            "finessexmppport",
            "finessexmppport1",
            "finessenotificationport",
        ];
        let xmpp = self.take_number(&xmpp, 1..=65_535);
        let mut count = 0;
        for names in [
            [
                "finessehost1",
                "finessehost",
                "finesseip1",
                "finesseip",
                "finesseurl1",
                "finesseurl",
                "finesseserver1",
                "primaryfinesse",
            ],
            [
                "finessehost2",
                "secondaryfinessehost",
                "finesseip2",
                "secondaryfinesseip",
                "finesseurl2",
                "secondaryfinesseurl",
                "finesseserver2",
                "secondaryfinesse",
            ],
        ] {
            let Some(property) = self.take(&names) else {
                continue;
            };
            let (host, own) = host_and_port(&property.value);
            if host.is_empty() {
                self.tell(&property, "ignored", "no host is in it");
                continue;
            }
            count += 1;
            let _ = writeln!(toml, "\n[[finesse.node]]\nhost = {}", quoted(&host));
            if let Some(port) = own.or_else(|| port.as_ref().map(|(_, port)| *port)) {
                let _ = writeln!(toml, "port = {port}");
            }
            if let Some((_, port)) = &xmpp {
                let _ = writeln!(toml, "xmpp_port = {port}");
                if *port == 5222 {
                    let _ = writeln!(toml, "# 5222 is the port in clear; 5223 has TLS");
                }
            }
            let is_plain = property.value.starts_with("http://");
            match is_plain {
                true => self.tell(
                    &property,
                    "changed",
                    "to finesse.node.host; TLS is used, http:// is not",
                ),
                false => self.tell(&property, "mapped", "to finesse.node.host"),
            }
        }
        for (property, name) in [(port, "port"), (xmpp, "xmpp_port")] {
            if let Some((property, _)) = property {
                self.tell(&property, "mapped", &format!("to finesse.node.{name}"));
            }
        }
        if count == 0 {
            let _ = writeln!(
                toml,
                "\n[[finesse.node]]\n# host = \"…\": not in the properties"
            );
            self.report.push((
                usize::MAX,
                "to do: finesse.node: no host of Finesse was found".into(),
            ));
        }
    }

    fn driver(&mut self, toml: &mut String) {
        let _ = writeln!(toml, "\n[driver]");
        match self.take_flag(&["usesecurepassword", "securepassword", "passwordencryption"]) {
            Some((property, flag)) => {
                let _ = writeln!(toml, "use_secure_password = {flag}");
                if flag {
                    let _ = writeln!(toml, "key_file = \"triple-des.key\"");
                    let text = "to do: driver.key_file: write the drivers' key to triple-des.key, mode 0600";
                    self.report.push((usize::MAX, text.into()));
                }
                self.tell(&property, "mapped", "to driver.use_secure_password");
            }
            None => {
                let _ = writeln!(
                    toml,
                    "# use_secure_password = …: whether drivers encrypt passwords"
                );
                let text = "to do: driver.use_secure_password: whether drivers encrypt passwords must be decided";
                self.report.push((usize::MAX, text.into()));
            }
        }
        if let Some((property, _)) = self.take_flag(&["includeloggedoutagents"]) {
            let text = "there is no such choice here: lists of a team hold what Finesse answers";
            self.tell(&property, "ignored", text);
        }
    }
}

/// Host and port of `host`, `host:port` or a URL.
fn host_and_port(value: &str) -> (String, Option<u64>) {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default().trim();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host.to_owned(), port.parse().ok()),
        _ => (authority.to_owned(), None),
    }
}

fn translate(properties: &[Property]) -> Imported {
    let mut translation = Translation::of(properties);
    let mut toml = String::new();
    translation.broker(&mut toml);
    translation.finesse(&mut toml);
    translation.driver(&mut toml);
    for property in core::mem::take(&mut translation.properties).into_values() {
        translation.tell(
            &property,
            "unknown",
            "nothing here is like it; look at it yourself",
        );
    }
    translation.report.sort();
    Imported {
        toml,
        report: translation
            .report
            .into_iter()
            .map(|(_, line)| line)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Imported {
        translate(&properties(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_imported_is_a_configuration_without_a_fault() {
        let found = read(
            "# site\nActiveMq_URL_1=tcp://a:61616\nActiveMq_URL_2 = b:61617\nActiveMq_Timeout=3000\n\
             RANDOMIZE=false\nPRIORITY_BACKUP=true\nGRC_CONSUMER_PRIORITY=100\nincludeLoggedOutAgents=true\n\
             Finesse_Host_1=f1.example\nFinesse_Host_2=https://f2.example:8446/finesse\n\
             USE_SECURE_PASSWORD=false\ncolour=red\n",
        );
        let settings = super::super::reading::parse(Path::new("c.toml"), &found.toml).unwrap();
        assert_eq!(settings.priority, 100);
        assert_eq!((settings.nodes.len(), settings.nodes[1].port), (2, 8446));
        let url = "failover:(tcp://a:61616,tcp://b:61617)?timeout=3000&randomize=false&priorityBackup=true";
        assert!(found.toml.contains(url), "{}", found.toml);
        assert!(
            found
                .report
                .iter()
                .any(|line| line.contains("line 12: colour: unknown")),
            "{:?}",
            found.report
        );
        assert!(
            found
                .report
                .iter()
                .any(|line| line.contains("includeLoggedOutAgents: ignored"))
        );
        assert_eq!(found.report.len(), 11);
    }

    #[test]
    fn no_secret_is_carried_over() {
        let found = read(
            "ActiveMq_URL_1=tcp://joe:hunter2@a:1\nActiveMq_User=u\nActiveMq_Password=hunter3\n",
        );
        let all = format!("{found:?}");
        assert!(
            !all.contains("hunter2") && !all.contains("hunter3"),
            "{all}"
        );
    }
}
