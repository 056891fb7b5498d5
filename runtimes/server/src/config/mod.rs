//! The configuration file: reading, checking, and what the program makes of it.
//!
//! ```text
//!  file ─┐                      unknown keys, kinds           values
//!        ├─▶ source ─▶ document ───────────────▶ file ─▶ settings ─▶ the program
//!  FINEWIRE_… ─┘           │                                │
//!                          └─▶ effective (`config show`) ◀──┘──▶ reload
//! ```
//!
//! Every step goes on after a fault, so that all of them are told at once, each with line, column, caret and
//! hint. `CONFIG.md` in this folder tells operators what there is.

mod document;
mod driver;
mod effective;
mod embedded;
mod fault;
mod file;
mod import;
mod layout;
mod monitor;
#[cfg(test)]
mod nasty;
mod node;
mod reading;
mod record;
mod redact;
#[cfg(test)]
mod reference;
mod reload;
mod replayable;
mod schema;
mod settings;
mod source;
mod tuning;

/// The program's exit code where the configuration cannot be used.
pub(crate) const EXIT_CODE: u8 = 2;

pub(crate) use effective::{Row, show};
pub(crate) use embedded::EmbeddedBroker;
pub(crate) use import::import;
pub(crate) use monitor::{Access, AccessUser, AccessWire};
pub(crate) use node::{Node, Trust, XmppRoad};
pub(crate) use reading::{Checked, Unusable, check_file, check_text, load};
pub(crate) use reload::{LEVEL, Running, decisions};
pub(crate) use replayable::replayable;
pub(crate) use settings::{BrokerChoice, Settings};
pub(crate) use tuning::Tuning;

#[cfg(test)]
use reading::parse;

#[cfg(test)]
mod tests {
    use super::*;
    use finewire_core::contract::EventFormat;
    use std::path::Path;

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
