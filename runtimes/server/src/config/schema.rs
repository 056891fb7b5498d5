//! Every key of the configuration: its kind, its default, and what a change of it takes.
//!
//! The table says what there is; the meaning of each key is documented beside its field in `file.rs`.

use super::source::PREFIX;
use super::tuning;

/// What a key's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text: a name, an address, a path, a time such as `"30s"`.
    Text,
    /// A list of texts.
    Texts,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Texts => "a list of texts in brackets",
            Self::Number => "a whole number",
            Self::Flag => "true or false",
        }
    }
}

/// What holds where the key is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// It must be written; the hint shows how.
    Required(&'static str),
    /// Nothing.
    Unset,
    /// This, as TOML writes it.
    Value(String),
}

/// What a change of a key takes while the connector runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is applied at once; no agent is dropped.
    AtOnce,
    /// Links would have to be closed, or it is read at the start alone.
    Restart,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// With dots; `finesse.node[].host` stands for that of every node.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) default: Default,
    pub(crate) change: Change,
}

impl Key {
    /// The table that it is in, `broker` or `finesse.node[]`, and its own name.
    pub(crate) fn split(&self) -> (&str, &str) {
        self.path.rsplit_once('.').unwrap_or(("", &self.path))
    }
}

/// Lists that a file has several tables of, and how many they may be.
pub(crate) const LISTS: [(&str, usize); 2] = [("finesse.node", 2), ("monitor.user", 100)];
/// What is not described by keys but in LAYOUT.md.
pub(crate) const FREE: &str = "layout";

use Change::{AtOnce, Restart};
use Kind::{Flag, Number, Text, Texts};

/// `""`: nothing; `!…`: required, with a hint; `=`: what the decisions have by themselves.
const KEYS: [(&str, Kind, &str, Change); 61] = [
    (
        "broker.url",
        Text,
        "!url = \"embedded\", or \"failover:(tcp://a:61616,tcp://b:61616)\"",
        Restart,
    ),
    ("broker.listen", Text, "", Restart),
    ("broker.user", Text, "", Restart),
    ("broker.password_file", Text, "", Restart),
    ("broker.ca_file", Text, "", Restart),
    ("broker.fingerprint", Text, "", Restart),
    ("broker.queue", Text, "\"Connector1\"", Restart),
    ("broker.priority", Number, "127", Restart),
    ("broker.embedded.users_file", Text, "", Restart),
    ("broker.embedded.permissions_file", Text, "", Restart),
    ("broker.embedded.certificate_file", Text, "", Restart),
    ("broker.embedded.key_file", Text, "", Restart),
    ("broker.embedded.self_made_certificate", Text, "", Restart),
    ("broker.embedded.max_connections", Number, "10000", Restart),
    (
        "broker.embedded.max_frame_bytes",
        Number,
        "16777216",
        Restart,
    ),
    (
        "broker.embedded.max_queue_messages",
        Number,
        "100000",
        Restart,
    ),
    (
        "broker.embedded.max_queue_bytes",
        Number,
        "268435456",
        Restart,
    ),
    (
        "broker.embedded.max_total_bytes",
        Number,
        "1073741824",
        Restart,
    ),
    (
        "broker.embedded.max_backlog_messages",
        Number,
        "10000",
        Restart,
    ),
    ("broker.embedded.when_full", Text, "\"hold\"", Restart),
    ("broker.embedded.hold_for", Text, "\"30s\"", Restart),
    (
        "broker.embedded.slow_consumer",
        Text,
        "\"drop-oldest\"",
        Restart,
    ),
    (
        "broker.embedded.dead_letter_queue",
        Text,
        "\"ActiveMQ.DLQ\"",
        Restart,
    ),
    ("finesse.return_after", Text, "=", AtOnce),
    ("finesse.logins_per_second", Number, "=", AtOnce),
    ("finesse.xmpp_domain", Text, "", AtOnce),
    ("finesse.pubsub_domain", Text, "", AtOnce),
    (
        "finesse.node[].host",
        Text,
        "!host = \"finesse-a.example.com\"",
        Restart,
    ),
    ("finesse.node[].port", Number, "8445", Restart),
    ("finesse.node[].xmpp_host", Text, "", Restart),
    ("finesse.node[].xmpp_port", Number, "", Restart),
    ("finesse.node[].xmpp", Text, "", Restart),
    ("finesse.node[].security", Text, "\"tls\"", Restart),
    ("finesse.node[].ca_file", Text, "", Restart),
    ("finesse.node[].fingerprint", Text, "", Restart),
    ("finesse.node[].allow_plaintext", Flag, "false", Restart),
    (
        "driver.use_secure_password",
        Flag,
        "!use_secure_password = true with a key_file, or false",
        AtOnce,
    ),
    ("driver.key_file", Text, "", AtOnce),
    ("driver.iv", Text, "\"zero\"", AtOnce),
    ("driver.encoding", Text, "\"hex\"", AtOnce),
    ("driver.time_zone", Text, "\"local\"", AtOnce),
    ("driver.event_format", Text, "\"text\"", AtOnce),
    ("driver.connect_status", Flag, "false", AtOnce),
    ("driver.new_outbound_call", Flag, "false", AtOnce),
    ("driver.on_driver_loss", Text, "\"keep\"", AtOnce),
    ("driver.driver_silence", Text, "\"off\"", AtOnce),
    ("monitor.enabled", Flag, "true", Restart),
    ("monitor.listen", Text, "\"127.0.0.1:8162\"", Restart),
    ("monitor.tls", Text, "\"off\"", Restart),
    ("monitor.certificate_file", Text, "", Restart),
    ("monitor.key_file", Text, "", Restart),
    ("monitor.names", Texts, "[]", Restart),
    ("monitor.token_file", Text, "", Restart),
    ("monitor.audit_file", Text, "", Restart),
    ("monitor.open_metrics", Flag, "false", Restart),
    ("monitor.user[].name", Text, "!name = \"anna\"", AtOnce),
    ("monitor.user[].role", Text, "\"viewer\"", AtOnce),
    (
        "monitor.user[].password_hash",
        Text,
        "!password_hash = \"$argon2id$…\", as `finewire monitor hash` prints it",
        AtOnce,
    ),
    ("log.level", Text, "\"info\"", AtOnce),
    ("record.file", Text, "", Restart),
    ("record.max_bytes", Number, "268435456", Restart),
];

/// All keys, in the order in which a file is best written.
pub(crate) fn keys() -> Vec<Key> {
    let fixed = KEYS.iter().map(|(path, kind, default, change)| Key {
        path: (*path).to_owned(),
        kind: *kind,
        default: match default.strip_prefix('!') {
            Some(hint) => Default::Required(hint),
            None if *default == "=" => Default::Value(tuning::default_of(path)),
            None if default.is_empty() => Default::Unset,
            None => Default::Value((*default).to_owned()),
        },
        change: *change,
    });
    let tuned = tuning::defaults().map(|(path, kind, default)| Key {
        path,
        kind,
        default: Default::Value(default),
        change: AtOnce,
    });
    fixed.chain(tuned).collect()
}

/// The tables that keys are in, `broker`, `finesse`, `finesse.node[]` and so on.
pub(crate) fn tables(keys: &[Key]) -> Vec<&str> {
    let mut tables: Vec<&str> = keys.iter().map(|key| key.split().0).collect();
    tables.dedup();
    tables.push(FREE);
    tables
}

/// The variable that overrides the key at `path`, in which nodes have numbers from 0: `finesse.node.0.host` is
/// `FINEWIRE_FINESSE_NODE_1_HOST`.
pub(crate) fn variable(path: &str) -> String {
    let words = path.split('.').map(|word| match word.parse::<usize>() {
        Ok(index) => (index + 1).to_string(),
        Err(_) => word.to_ascii_uppercase(),
    });
    format!("{PREFIX}{}", words.collect::<Vec<_>>().join("_"))
}

/// The one of `names` that was probably meant by `wrong`.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: String = wrong
        .chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .collect();
    let plain = wrong.replace(['-', '_', '.'], "");
    names
        .map(|name| {
            let is_same = name.to_lowercase().replace(['-', '_', '.'], "") == plain;
            let distance = strsim::damerau_levenshtein(&wrong, &name.to_lowercase());
            (if is_same { 0 } else { distance }, name)
        })
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_key_has_a_variable_of_its_own_and_a_default_of_its_kind() {
        let mut variables = BTreeSet::new();
        for key in keys() {
            assert!(variables.insert(variable(&key.path)), "{}", key.path);
            let Default::Value(default) = key.default else {
                continue;
            };
            let value = toml::de::DeValue::parse(&default).unwrap();
            let fits = match key.kind {
                Text => value.get_ref().is_str(),
                Texts => value.get_ref().is_array(),
                Number => value.get_ref().is_integer(),
                Flag => value.get_ref().is_bool(),
            };
            assert!(fits, "{} = {default}", key.path);
        }
        assert_eq!(
            variable("finesse.node.1.xmpp_port"),
            "FINEWIRE_FINESSE_NODE_2_XMPP_PORT"
        );
    }

    #[test]
    fn the_name_that_was_meant_is_found_and_a_strange_one_is_not() {
        let names = ["priority", "password_file", "queue", "url"];
        for (wrong, wanted) in [
            ("priorty", Some("priority")),
            ("passwordFile", Some("password_file")),
            ("QUEUE", Some("queue")),
            ("ulr", Some("url")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, names.into_iter()), wanted, "{wrong}");
        }
    }
}
