//! `[broker.embedded]`: whom the embedded broker lets in, what users may do, TLS, limits and policies.
//!
//! Not here: what each limit means; that is in `parts/broker_options.rs`, whose options are the same.

use super::fault::Faults;
use super::file;
use super::node::{Trust, check_file};
use super::settings::warn_if_open;
use super::tuning::check_span;
use crate::parts::{BrokerOptions, Full, Slow};
use crate::secret;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use finewire_core::password::Secret;
use finewire_openwire::broker::{Admission, Permissions};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// The embedded broker as it is to be started.
#[derive(Clone, Debug)]
pub(crate) struct EmbeddedBroker {
    pub(crate) listen: SocketAddr,
    /// The connector's own user among them; nobody: everybody is let in.
    pub(crate) users: BTreeMap<String, Secret>,
    /// `None`: users may do everything.
    pub(crate) permissions: Option<Permissions>,
    /// TLS, limits and policies.
    pub(crate) options: BrokerOptions,
}

impl EmbeddedBroker {
    /// Listens there as by default: no users, no TLS.
    pub(crate) fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            users: BTreeMap::new(),
            permissions: None,
            options: BrokerOptions::default(),
        }
    }

    /// Who may connect.
    pub(crate) fn admission(&self) -> Admission {
        match self.users.is_empty() {
            true => Admission::Anyone,
            false => Admission::Users(self.users.clone()),
        }
    }

    /// Where a client on this machine connects; `port` is the one that was bound.
    pub(crate) fn url(&self, port: u16) -> String {
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if self.options.is_tls() { "ssl" } else { "tcp" };
        format!("{scheme}://{}", SocketAddr::new(ip, port))
    }

    /// What another program on this machine believes its certificate by; `None` where it is the system's.
    pub(crate) fn trust(&self) -> Option<Trust> {
        let options = &self.options;
        if let (Some(chain), Some(key)) = (&options.certificate_file, &options.key_file) {
            let tls = finewire_host::ServerTls::from_files(chain, key).ok()?;
            return Some(Trust::Pinned(tls.fingerprint()));
        }
        options.self_made_certificate.clone().map(Trust::Authority)
    }
}

const DEFAULT_PORT: u16 = 61616;
/// The least frame in which a client can say who it is with room to spare.
const LEAST_FRAME: usize = 4096;
/// The most that a limit of numbers or bytes may be: 1 TiB, which no 64-bit arithmetic overflows.
const MOST: usize = 1 << 40;
/// Frames are counted with 31 bits on the wire (ActiveMQ OpenWire, "sizePrefixDisabled").
const MOST_FRAME: usize = 0x7fff_ffff;

/// Checks the embedded broker of `broker`; `user` is the connector's own.
pub(super) fn check(
    broker: &file::Broker,
    user: Option<&(String, Secret)>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<EmbeddedBroker> {
    let nothing = file::Embedded::default();
    let table = broker.embedded.as_ref().map_or(&nothing, Spanned::get_ref);
    let users = check_users(table, user, folder, faults);
    let permissions = check_permissions(table, user, folder, faults);
    let mut options = check_limits(table, faults);
    check_policies(table, &mut options, faults);
    let is_tls = check_tls(table, folder, &mut options, faults);
    let listen = check_listen(broker, faults)?;
    if !listen.ip().is_loopback() {
        let span = broker.listen.as_ref().map_or(0..0, Spanned::span);
        if broker.user.is_none() && broker.password_file.is_none() {
            let hint = "set broker.user and broker.password_file, and drivers' users in \
                        broker.embedded.users_file";
            let message = "without users the embedded broker listens on loopback only";
            faults.add(span.clone(), message, hint);
        }
        if is_tls == Some(false) {
            let hint = "set certificate_file and key_file, or self_made_certificate, in \
                        [broker.embedded]";
            let message = "without TLS, passwords and calls travel in clear";
            faults.warn(span, message, hint);
        }
    }
    is_tls?;
    Some(EmbeddedBroker {
        listen,
        users: users?,
        permissions: permissions?,
        options,
    })
}

fn check_listen(broker: &file::Broker, faults: &mut Faults) -> Option<SocketAddr> {
    let Some(listen) = &broker.listen else {
        return Some(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)));
    };
    let address = listen.get_ref().parse().ok();
    if address.is_none() {
        let hint = "an IP address and a port, e.g. \"127.0.0.1:61616\"";
        faults.add(listen.span(), "not an address to listen on", hint);
    }
    address
}

fn check_users(
    table: &file::Embedded,
    user: Option<&(String, Secret)>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<BTreeMap<String, Secret>> {
    let mut users = BTreeMap::new();
    if let Some(file) = &table.users_file {
        let path = folder.join(file.get_ref());
        match secret::read_users(&path) {
            Ok(found) => users = found,
            Err(e) => {
                let hint = "a line name:password for each user";
                faults.add(file.span(), format!("{e:#}"), hint);
                return None;
            }
        }
        warn_if_open(&path, file.span(), faults);
        if user.is_none() {
            let hint = "set broker.user and broker.password_file";
            let message = "with users the connector needs one of its own";
            faults.add(file.span(), message, hint);
            return None;
        }
        if let Some((name, password)) = user
            && users.get(name).is_some_and(|other| other != password)
        {
            let message = format!("another password for broker.user {name:?}");
            let hint = "take its line out: broker.password_file has the password";
            faults.add(file.span(), message, hint);
            return None;
        }
    }
    users.extend(user.cloned());
    Some(users)
}

fn check_permissions(
    table: &file::Embedded,
    user: Option<&(String, Secret)>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Option<Permissions>> {
    let Some(file) = &table.permissions_file else {
        return Some(None);
    };
    let Some((name, _)) = user else {
        let hint = "set broker.user and broker.password_file, and broker.embedded.users_file";
        faults.add(file.span(), "permissions without users", hint);
        return None;
    };
    match secret::read_permissions(&folder.join(file.get_ref())) {
        Ok(mut permissions) => {
            permissions.grant_everything(name);
            Some(Some(permissions))
        }
        Err(e) => {
            let hint =
                "a line USER RIGHTS DESTINATION for each grant, such as \"crm read topic://crm.>\"";
            faults.add(file.span(), format!("{e:#}"), hint);
            None
        }
    }
}

fn check_limits(table: &file::Embedded, faults: &mut Faults) -> BrokerOptions {
    let mut options = BrokerOptions::default();
    let rows = [
        (
            &table.max_connections,
            &mut options.max_connections,
            1..=MOST,
        ),
        (
            &table.max_frame_bytes,
            &mut options.max_frame_bytes,
            LEAST_FRAME..=MOST_FRAME,
        ),
        (
            &table.max_queue_messages,
            &mut options.max_queue_messages,
            1..=MOST,
        ),
        (
            &table.max_queue_bytes,
            &mut options.max_queue_bytes,
            1..=MOST,
        ),
        (
            &table.max_total_bytes,
            &mut options.max_total_bytes,
            1..=MOST,
        ),
        (
            &table.max_backlog_messages,
            &mut options.max_backlog_messages,
            1..=MOST,
        ),
    ];
    for (written, option, range) in rows {
        let Some(number) = written else {
            continue;
        };
        match usize::try_from(*number.get_ref()) {
            Ok(limit) if range.contains(&limit) => *option = Some(limit),
            _ => {
                let hint = format!("{} to {}", range.start(), range.end());
                faults.add(number.span(), "the limit is out of range", &hint);
            }
        }
    }
    options
}

fn check_policies(table: &file::Embedded, options: &mut BrokerOptions, faults: &mut Faults) {
    if let Some(word) = &table.when_full {
        match word.get_ref().as_str() {
            "hold" => options.when_full = Some(Full::Hold),
            "refuse" => options.when_full = Some(Full::Refuse),
            other => {
                let message = format!("unknown policy {other:?} for a full queue");
                faults.add(word.span(), message, "\"hold\" or \"refuse\"");
            }
        }
    }
    if let Some(text) = &table.hold_for {
        if options.when_full == Some(Full::Refuse) {
            let hint = "remove it, or set when_full = \"hold\"";
            faults.add(text.span(), "hold_for is for when_full = \"hold\"", hint);
        } else if let Some(span) = check_span(text, Duration::from_secs(1), faults) {
            if span.subsec_nanos() != 0 {
                faults.add(
                    text.span(),
                    "not a whole number of seconds",
                    "such as \"30s\"",
                );
            }
            options.hold_seconds = Some(span.as_secs());
        }
    }
    if let Some(word) = &table.slow_consumer {
        match word.get_ref().as_str() {
            "drop-oldest" => options.slow_consumer = Some(Slow::DropOldest),
            "disconnect" => options.slow_consumer = Some(Slow::Disconnect),
            other => {
                let message = format!("unknown policy {other:?} for a slow consumer");
                faults.add(word.span(), message, "\"drop-oldest\" or \"disconnect\"");
            }
        }
    }
    if let Some(name) = &table.dead_letter_queue {
        let text = name.get_ref().trim();
        if text.is_empty() || text.contains(['*', '>', ',', '?']) || text.contains("://") {
            let hint = "a plain name such as ActiveMQ.DLQ, or \"off\"";
            faults.add(name.span(), "not the name of a queue", hint);
        }
        options.dead_letter_queue = Some(text.to_owned());
    }
}

/// Whether the broker listens with TLS; `None` after a fault.
fn check_tls(
    table: &file::Embedded,
    folder: &Path,
    options: &mut BrokerOptions,
    faults: &mut Faults,
) -> Option<bool> {
    let given = (
        &table.certificate_file,
        &table.key_file,
        &table.self_made_certificate,
    );
    match given {
        (None, None, None) => Some(false),
        (Some(certificate), Some(key), None) => {
            let chain = check_file(certificate, folder, faults);
            let key_path = check_file(key, folder, faults);
            let (chain, key_path) = (chain?, key_path?);
            warn_if_open(&key_path, key.span(), faults);
            if let Err(e) = finewire_host::ServerTls::from_files(&chain, &key_path) {
                let hint = "a chain of certificates and the first one's key, both PEM";
                faults.add(certificate.span(), e.to_string(), hint);
                return None;
            }
            options.certificate_file = Some(chain);
            options.key_file = Some(key_path);
            Some(true)
        }
        (None, None, Some(file)) => {
            let path = folder.join(file.get_ref());
            if !is_writable_place(&path) {
                let message = format!("no file can be written at {}", path.display());
                let hint = "a file in a folder that is there; the certificate is written to it";
                faults.add(file.span(), message, hint);
                return None;
            }
            options.self_made_certificate = Some(path);
            Some(true)
        }
        (Some(one), None, _) | (None, Some(one), _) => {
            let hint = "set certificate_file and key_file, or self_made_certificate alone";
            faults.add(one.span(), "a certificate and its key come together", hint);
            None
        }
        (Some(_), Some(_), Some(third)) => {
            let hint = "choose one";
            let message = "both a certificate of files and a self-made one";
            faults.add(third.span(), message, hint);
            None
        }
    }
}

/// Whether the path names a file, or nothing, in a folder that exists.
fn is_writable_place(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    !path.is_dir() && path.file_name().is_some() && folder.is_none_or(Path::is_dir)
}

/// Notes that `[broker.embedded]` is there although the broker is another one.
pub(super) fn refuse(broker: &file::Broker, faults: &mut Faults) {
    let hint = "remove it, or set url = \"embedded\"";
    if let Some(listen) = &broker.listen {
        let message = "listen is for the embedded broker alone";
        faults.add(listen.span(), message, hint);
    }
    if let Some(table) = &broker.embedded {
        let message = "[broker.embedded] is for the embedded broker alone";
        faults.add(table.span(), message, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::check;
    use super::super::schema::{Default as Written, keys};
    use super::super::settings::BrokerChoice;
    use super::*;
    use finewire_openwire::broker::{BrokerConfig, SlowConsumer, WhenFull};
    use std::path::PathBuf;

    /// What comes of `broker` and `embedded`, lines of `[broker]` and `[broker.embedded]`.
    fn read(folder: &Path, broker: &str, embedded: &str) -> Result<EmbeddedBroker, String> {
        let text = format!(
            "[broker]\nurl = \"embedded\"\n{broker}\n[broker.embedded]\n{embedded}\n\
             [[finesse.node]]\nhost = \"f\"\n[driver]\nuse_secure_password = false\n"
        );
        let checked = check(&folder.join("c.toml"), &text, &[]);
        match checked
            .map_err(|faults| faults.to_string())?
            .settings
            .broker
        {
            BrokerChoice::Embedded(embedded) => Ok(*embedded),
            BrokerChoice::Remote(_) => Err("remote".into()),
        }
    }

    /// A folder with a connector's password, users and permissions.
    fn site(name: &str) -> (PathBuf, &'static str) {
        let folder = std::env::temp_dir().join(format!("finewire-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in [
            ("own", "own-password\n"),
            ("users", "# drivers\ncrm:crm-password\n"),
            ("grants", "crm read topic://crm.>\n"),
        ] {
            std::fs::write(folder.join(file), text).unwrap();
        }
        (folder, "user = \"connector\"\npassword_file = \"own\"")
    }

    #[test]
    fn a_whole_table_is_what_the_broker_is_told() {
        let (folder, own) = site("embedded-whole");
        let table = "users_file = \"users\"\npermissions_file = \"grants\"\n\
                     self_made_certificate = \"shown.pem\"\nmax_connections = 7\n\
                     max_frame_bytes = 65536\nmax_queue_messages = 8\nmax_queue_bytes = 9\n\
                     max_total_bytes = 10\nmax_backlog_messages = 11\nwhen_full = \"hold\"\n\
                     hold_for = \"2m\"\nslow_consumer = \"disconnect\"\n\
                     dead_letter_queue = \"Dead\"";
        let broker = read(&folder, &format!("{own}\nlisten = \"0.0.0.0:0\""), table).unwrap();

        assert_eq!(broker.users.len(), 2);
        assert_eq!(broker.users["crm"], Secret::from("crm-password"));
        assert_eq!(broker.users["connector"], Secret::from("own-password"));
        let mut granted: Permissions = "crm read topic://crm.>".parse().unwrap();
        granted.grant_everything("connector");
        assert_eq!(broker.permissions, Some(granted));
        assert_eq!(broker.url(61617), "ssl://127.0.0.1:61617");
        let config = broker.options.config().unwrap();
        let limits = &config.limits;
        assert_eq!(
            (
                limits.connections,
                limits.frame_bytes,
                limits.queue_messages
            ),
            (7, 65536, 8)
        );
        assert_eq!(
            (
                limits.queue_bytes,
                limits.total_bytes,
                limits.backlog_messages
            ),
            (9, 10, 11)
        );
        assert_eq!(config.when_full, WhenFull::Hold(Duration::from_secs(120)));
        assert_eq!(config.slow_consumer, SlowConsumer::Disconnect);
        assert_eq!(config.dead_letters.as_deref(), Some("Dead"));
        assert!(!format!("{broker:?}").contains("-password"), "{broker:?}");
    }

    #[test]
    fn without_a_word_the_broker_is_as_the_documented_defaults_say() {
        let (folder, _) = site("embedded-none");
        let broker = read(&folder, "", "").unwrap();

        assert!(matches!(broker.admission(), Admission::Anyone));
        assert_eq!(broker.url(61616), "tcp://127.0.0.1:61616");
        let default = BrokerConfig::default();
        let WhenFull::Hold(hold) = default.when_full else {
            panic!("the default is to hold");
        };
        let limits = &default.limits;
        for (name, wanted) in [
            ("max_connections", limits.connections.to_string()),
            ("max_frame_bytes", limits.frame_bytes.to_string()),
            ("max_queue_messages", limits.queue_messages.to_string()),
            ("max_queue_bytes", limits.queue_bytes.to_string()),
            ("max_total_bytes", limits.total_bytes.to_string()),
            ("max_backlog_messages", limits.backlog_messages.to_string()),
            ("when_full", "\"hold\"".into()),
            ("hold_for", format!("\"{}s\"", hold.as_secs())),
            ("slow_consumer", "\"drop-oldest\"".into()),
            (
                "dead_letter_queue",
                format!("{:?}", default.dead_letters.clone().unwrap()),
            ),
        ] {
            let path = format!("broker.embedded.{name}");
            let key = keys().into_iter().find(|key| key.path == path).unwrap();
            assert_eq!(key.default, Written::Value(wanted), "{name}");
        }
        assert_eq!(default.slow_consumer, SlowConsumer::DropOldest);
    }

    #[test]
    fn what_cannot_be_is_told_at_its_place_with_what_can() {
        let (folder, own) = site("embedded-wrong");
        std::fs::write(folder.join("other"), "connector:another\n").unwrap();
        std::fs::write(folder.join("nonsense"), "crm eats topic://a\n").unwrap();
        let off = format!("{own}\nlisten = \"0.0.0.0:1\"");
        for (broker, embedded, wanted) in [
            ("", "max_connections = 0", "out of range"),
            ("", "max_frame_bytes = 2147483648", "4096 to 2147483647"),
            ("", "max_queue_bytes = -1", "out of range"),
            ("", "when_full = \"explode\"", "\"hold\" or \"refuse\""),
            (
                "",
                "when_full = \"refuse\"\nhold_for = \"5s\"",
                "hold_for is for",
            ),
            ("", "hold_for = \"1500ms\"", "whole number of seconds"),
            ("", "hold_for = \"0s\"", "out of range"),
            ("", "slow_consumer = \"kick\"", "unknown policy"),
            ("", "dead_letter_queue = \"a.>\"", "not the name of a queue"),
            (
                "",
                "users_file = \"users\"",
                "the connector needs one of its own",
            ),
            (own, "users_file = \"none\"", "cannot read the users"),
            (own, "users_file = \"other\"", "another password"),
            (
                "",
                "permissions_file = \"grants\"",
                "permissions without users",
            ),
            (
                own,
                "permissions_file = \"nonsense\"",
                "line 1: a right is read",
            ),
            ("", "certificate_file = \"users\"", "come together"),
            ("", "key_file = \"users\"", "come together"),
            (
                "",
                "certificate_file = \"users\"\nkey_file = \"users\"",
                "PEM",
            ),
            (
                "",
                "self_made_certificate = \"nowhere/c.pem\"",
                "no file can be written",
            ),
            (
                "",
                "self_made_certificate = \"..\"",
                "no file can be written",
            ),
            ("", "max_conections = 5", "did you mean max_connections?"),
            ("listen = \"0.0.0.0:1\"", "", "loopback only"),
            ("listen = \"here\"", "", "not an address"),
        ] {
            let fault = read(&folder, broker, embedded).unwrap_err();
            assert!(fault.contains(wanted), "{embedded}: {fault}");
            let one = format!("1 error in {}", folder.join("c.toml").display());
            assert!(fault.ends_with(&one), "{embedded}: {fault}");
        }
        let text = format!(
            "[broker]\nurl = \"embedded\"\n{off}\n[[finesse.node]]\nhost = \"f\"\n[driver]\n\
             use_secure_password = false\n"
        );
        let warnings = check(&folder.join("c.toml"), &text, &[]).unwrap().warnings;
        let clear = warnings.iter().any(|line| line.contains("in clear"));
        assert!(clear, "{warnings:?}");
    }

    #[test]
    fn what_is_for_the_embedded_broker_is_refused_beside_another_one() {
        let text = "[broker]\nurl = \"tcp://a:1\"\n[broker.embedded]\nmax_connections = 5\n\
                    [[finesse.node]]\nhost = \"f\"\n[driver]\nuse_secure_password = false\n";
        let faults = check(Path::new("c.toml"), text, &[])
            .unwrap_err()
            .to_string();
        assert!(faults.contains("for the embedded broker alone"), "{faults}");
    }
}
