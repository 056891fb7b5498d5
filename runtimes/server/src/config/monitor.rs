//! `[monitor]`: where it listens, who may come in, and how.

use super::fault::Faults;
use super::file;
use super::node;
use core::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Who may come to the monitor, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) wire: AccessWire,
    /// Further names by which browsers reach it.
    pub(crate) names: Vec<String>,
    pub(crate) users: Vec<AccessUser>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) audit_file: Option<PathBuf>,
    /// Whether `/metrics` is for everybody.
    pub(crate) open_metrics: bool,
}

/// How the monitor's bytes travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccessWire {
    /// HTTP.
    Plain,
    /// HTTPS with a certificate of its own making.
    SelfMade,
    /// HTTPS with the chain and the key in these files (PEM).
    Files { certificate: PathBuf, key: PathBuf },
}

/// A user of the monitor.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessUser {
    pub(crate) name: String,
    /// Whether he may act, not only look.
    pub(crate) is_operator: bool,
    /// Argon2, in PHC form.
    pub(crate) password_hash: String,
}

impl core::fmt::Debug for AccessUser {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccessUser")
            .field("name", &self.name)
            .field("is_operator", &self.is_operator)
            .finish_non_exhaustive()
    }
}

/// A hash is some 100 characters.
const LONGEST_HASH: usize = 512;
const MOST_NAMES: usize = 32;

pub(super) fn check_listen(monitor: &file::Monitor, faults: &mut Faults) -> Option<SocketAddr> {
    let listen = &monitor.listen;
    let Ok(address) = listen.get_ref().parse::<SocketAddr>() else {
        let hint = "an IP address and a port, e.g. \"127.0.0.1:8162\"";
        faults.add(listen.span(), "not an address to listen on", hint);
        return None;
    };
    if address.ip().is_loopback() {
        return Some(address);
    }
    if monitor.tls.get_ref() == "off" {
        let hint = "127.0.0.1 or [::1] and an SSH tunnel; or tls = \"self-made\" or \"files\"";
        let message = "without TLS the monitor listens on loopback only";
        faults.add(listen.span(), message, hint);
        return None;
    }
    if monitor.user.is_empty() {
        let hint = "add a [[monitor.user]]";
        let message = "without a user the monitor listens on loopback only";
        faults.add(listen.span(), message, hint);
        return None;
    }
    Some(address)
}

pub(super) fn check(monitor: &file::Monitor, folder: &Path, faults: &mut Faults) -> Option<Access> {
    let wire = check_wire(monitor, folder, faults);
    let mut users: Vec<AccessUser> = Vec::new();
    let mut is_whole = true;
    for user in &monitor.user {
        match check_user(user, &users, faults) {
            Some(user) => users.push(user),
            None => is_whole = false,
        }
    }
    let mut names = Vec::new();
    for name in &monitor.names {
        let text = name.get_ref().trim();
        if text.is_empty() || text.contains(['/', ' ', '@']) || names.len() >= MOST_NAMES {
            let hint = "host names such as \"finewire.example.com\", at most 32";
            faults.add(name.span(), "not a host name", hint);
            is_whole = false;
        }
        names.push(text.to_owned());
    }
    let path =
        |file: &Option<Spanned<PathBuf>>| file.as_ref().map(|file| folder.join(file.get_ref()));
    let access = Access {
        wire: wire?,
        names,
        users,
        token_file: path(&monitor.token_file),
        audit_file: path(&monitor.audit_file),
        open_metrics: monitor.open_metrics,
    };
    is_whole.then_some(access)
}

fn check_wire(monitor: &file::Monitor, folder: &Path, faults: &mut Faults) -> Option<AccessWire> {
    let (certificate, key) = (&monitor.certificate_file, &monitor.key_file);
    let word = monitor.tls.get_ref().as_str();
    let wire = match word {
        "off" => AccessWire::Plain,
        "self-made" => AccessWire::SelfMade,
        "files" => {
            let (Some(certificate), Some(key)) = (certificate, key) else {
                let hint = "set certificate_file and key_file in [monitor], or tls = \"self-made\"";
                faults.add(monitor.tls.span(), "TLS without certificate and key", hint);
                return None;
            };
            node::check_file(certificate, folder, faults)?;
            let path = node::check_file(key, folder, faults)?;
            super::settings::warn_if_open(&path, key.span(), faults);
            return Some(AccessWire::Files {
                certificate: folder.join(certificate.get_ref()),
                key: path,
            });
        }
        other => {
            let message = format!("unknown kind of TLS {other:?}");
            let hint = "\"off\", \"self-made\" or \"files\"";
            faults.add(monitor.tls.span(), message, hint);
            return None;
        }
    };
    if let Some(file) = certificate.as_ref().or(key.as_ref()) {
        let hint = "set tls = \"files\", or remove it";
        faults.add(
            file.span(),
            format!("a file of TLS although tls is {word:?}"),
            hint,
        );
        return None;
    }
    Some(wire)
}

fn check_user(
    user: &file::MonitorUser,
    known: &[AccessUser],
    faults: &mut Faults,
) -> Option<AccessUser> {
    let name = user.name.get_ref().trim();
    // Who comes with the first-run token is called so.
    let is_good = !name.is_empty() && name.len() <= 64 && name != "token";
    if !is_good && !user.name.span().is_empty() {
        let hint = "1 to 64 characters, not \"token\"";
        faults.add(user.name.span(), "not a name for a user", hint);
    }
    if known.iter().any(|other| other.name == name) {
        faults.add(user.name.span(), format!("a second user {name:?}"), "");
    }
    let is_operator = match user.role.get_ref().as_str() {
        "viewer" => Some(false),
        "operator" => Some(true),
        other => {
            let message = format!("unknown role {other:?}");
            faults.add(user.role.span(), message, "\"viewer\" or \"operator\"");
            None
        }
    };
    let hash = user.password_hash.get_ref().trim();
    let is_hash = hash.len() <= LONGEST_HASH
        && hash.starts_with("$argon2")
        && argon2::PasswordHash::new(hash).is_ok();
    if !is_hash && !user.password_hash.span().is_empty() {
        let hint = "`finewire monitor hash` makes one";
        faults.add(user.password_hash.span(), "not an argon2 hash", hint);
    }
    Some(AccessUser {
        name: is_good.then(|| name.to_owned())?,
        is_operator: is_operator?,
        password_hash: is_hash.then(|| hash.to_owned())?,
    })
}
