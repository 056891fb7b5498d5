//! The server side.

mod verbs;

pub use verbs::{ServerCommand, ServerConfig, ServerEvent};

use finewire_core::machine::{Instant, Protocol, ProtocolInput, ProtocolOutput};

/// The server side of HTTP/1.1 on one stream.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
}

impl Server {
    /// A server that behaves as configured.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self { config }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ServerConfig {
        &self.config
    }
}

impl Protocol for Server {
    type Command = ServerCommand;
    type Event = ServerEvent;

    fn handle_input(&mut self, _now: Instant, _input: ProtocolInput<'_, ServerCommand>) {}

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<ServerEvent> {
        ProtocolOutput::Wait(None)
    }
}
