//! The client side.

mod verbs;

pub use verbs::{ClientCommand, ClientConfig, ClientEvent, Item};

use finewire_core::machine::{Instant, Protocol, ProtocolInput, ProtocolOutput};

/// The client side of XMPP on one stream.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// A client that behaves as configured.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self { config }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }
}

impl Protocol for Client {
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn handle_input(&mut self, _now: Instant, _input: ProtocolInput<'_, ClientCommand>) {}

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<ClientEvent> {
        ProtocolOutput::Wait(None)
    }
}
