//! What a client is configured with, asked for, and says.

use crate::{Limits, redact};
use bytes::Bytes;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{CommandId, Party};
use std::sync::Arc;
use ureq_proto::http::{Request, Response};

/// How a [`Client`](super::Client) behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// The value of `Host`: the server's name, with the port unless it is the scheme's default.
    pub host: Arc<str>,
    /// Exchanges that may wait behind the one under way. With 0 a second exchange is refused, so that
    /// a pool can decide.
    pub queue: usize,
    /// How long an idle connection is kept.
    pub keep_idle: Duration,
    /// Bounds for each answer.
    pub limits: Limits,
    /// Who we are in traces.
    pub us: Party,
    /// Whom we talk to in traces.
    pub peer: Party,
}

impl ClientConfig {
    /// A client of the server `host`: no queue, idle connections kept for 60 s, default limits, and
    /// the connector talking to Finesse in traces.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self {
            host: host.into(),
            queue: 0,
            keep_idle: Duration::from_secs(60),
            limits: Limits::default(),
            us: Party::Connector,
            peer: Party::Finesse,
        }
    }
}

/// What a [`Client`](super::Client) can be asked for.
#[derive(Clone)]
#[non_exhaustive]
pub enum ClientCommand {
    /// Makes one exchange. Ends as done right after its [`ClientEvent::Answered`], whatever the status says.
    Exchange {
        /// The request; its URI is in origin form (`/path?query`) or absolute, of which only path
        /// and query are sent. `Host`, `Content-Length` and `Connection` are set here.
        request: Request<Bytes>,
        /// The longest time from this command to the complete answer.
        timeout: Duration,
    },
}

impl fmt::Debug for ClientCommand {
    /// Shows the request without body and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange { request, timeout } => f
                .debug_struct("Exchange")
                .field("request", &redact::request(request))
                .field("timeout", timeout)
                .finish(),
        }
    }
}

/// What a [`Client`](super::Client) says.
#[derive(Clone)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The complete answer to an exchange has come.
    Answered {
        /// The exchange's command.
        command: CommandId,
        /// The answer; 3xx to 5xx are answers too.
        response: Response<Bytes>,
    },
}

impl fmt::Debug for ClientEvent {
    /// Shows the answer without body and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { command, response } => f
                .debug_struct("Answered")
                .field("command", command)
                .field("response", &redact::response(response))
                .finish(),
        }
    }
}
