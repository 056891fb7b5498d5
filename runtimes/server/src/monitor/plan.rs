//! How the monitor is set up: where it listens, who may come in, where its files are.

use super::password::PasswordHash;
use core::net::SocketAddr;
use serde::Serialize;
use std::path::PathBuf;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Look.
    Viewer,
    /// Look and act.
    Operator,
}

/// Somebody who may come in with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) password: PasswordHash,
}

/// How the bytes travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// HTTP.
    Plain,
    /// HTTPS with a certificate of its own making, whose fingerprint is printed.
    SelfMade,
    /// HTTPS with the certificate chain and key in these files (PEM).
    Files { certificate: PathBuf, key: PathBuf },
}

/// How the monitor is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MonitorPlan {
    /// Where it listens; off loopback it needs TLS and a user.
    pub(crate) listen: SocketAddr,
    pub(crate) wire: Wire,
    /// Further names by which browsers reach it, besides loopback and the address itself.
    pub(crate) names: Vec<String>,
    pub(crate) users: Vec<User>,
    /// Where the token is; by default in the folder of the service's state, or of the user.
    pub(crate) token_file: Option<PathBuf>,
    /// Where operators' actions are written down; by default beside the token.
    pub(crate) audit_file: Option<PathBuf>,
    /// Whether `/metrics` is for everybody.
    pub(crate) open_metrics: bool,
}

impl MonitorPlan {
    /// HTTP for this machine alone, with a token of its own.
    pub(crate) const fn local(listen: SocketAddr) -> Self {
        Self {
            listen,
            wire: Wire::Plain,
            names: Vec::new(),
            users: Vec::new(),
            token_file: None,
            audit_file: None,
            open_metrics: false,
        }
    }
}
