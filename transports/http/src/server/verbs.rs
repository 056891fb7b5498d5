//! What a server is configured with, asked for, and says.

use crate::{Limits, redact};
use bytes::Bytes;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::Party;
use ureq_proto::http::{Request, Response};

/// How a [`Server`](super::Server) behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Bounds for each request.
    pub limits: Limits,
    /// Requests handed out and not yet answered, at most (16); reading pauses beyond it.
    pub pipeline: usize,
    /// How long an idle connection is kept between requests (60 s).
    pub keep_idle: Duration,
    /// The longest time from the first byte of a request to the end of its head (10 s); a request
    /// that takes longer is answered 408.
    pub head_within: Duration,
    /// The longest time from the end of the head to the end of the body (30 s).
    pub body_within: Duration,
    /// The longest time that one write may take (30 s): a peer that does not read is let go.
    pub write_within: Duration,
    /// Who we are in traces.
    pub us: Party,
    /// Whom we talk to in traces.
    pub peer: Party,
}

impl ServerConfig {
    /// The defaults named with the fields; `us` answers `peer` in traces.
    #[must_use]
    pub fn new(us: Party, peer: Party) -> Self {
        Self {
            limits: Limits::default(),
            pipeline: 16,
            keep_idle: Duration::from_secs(60),
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(30),
            write_within: Duration::from_secs(30),
            us,
            peer,
        }
    }
}

/// What a [`Server`](super::Server) can be asked for.
#[derive(Clone)]
#[non_exhaustive]
pub enum ServerCommand {
    /// Answers a request. Answers may come in any order; they are written in the order of the
    /// requests. Ends as done when the answer is written.
    Answer {
        /// The number that [`ServerEvent::Requested`] gave.
        exchange: u64,
        /// The answer. `Content-Length` and `Date` are set here; `Connection: close` closes the
        /// connection after it.
        response: Response<Bytes>,
    },
}

impl fmt::Debug for ServerCommand {
    /// Shows the answer without body and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { exchange, response } => f
                .debug_struct("Answer")
                .field("exchange", exchange)
                .field("response", &redact::response(response))
                .finish(),
        }
    }
}

/// What a [`Server`](super::Server) says.
#[derive(Clone)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A complete request has come. Each is to be answered once with [`ServerCommand::Answer`].
    Requested {
        /// Counts the requests of this connection from 0.
        exchange: u64,
        /// The request, body complete.
        request: Request<Bytes>,
    },
}

impl fmt::Debug for ServerEvent {
    /// Shows the request without body and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested { exchange, request } => f
                .debug_struct("Requested")
                .field("exchange", exchange)
                .field("request", &redact::request(request))
                .finish(),
        }
    }
}
