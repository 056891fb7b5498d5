//! A client whichever way its stanzas travel, so that one link type serves every server of a site.

use crate::{Client, ClientCommand, ClientEvent, XmppOverWebSocket};
use core::fmt;
use finewire_core::machine::{Instant, Protocol, ProtocolInput, ProtocolOutput};

/// A [`Client`] on a byte stream, or one in a [WebSocket](crate::websocket); commands and events are the client's.
pub enum CarriedClient {
    /// One XML stream: Finesse's ports 5223 (TLS) and 5222.
    Stream(Box<Client>),
    /// Messages of a WebSocket (RFC 7395): Finesse's ports 8445 and 7443.
    WebSocket(Box<XmppOverWebSocket>),
}

impl CarriedClient {
    /// The client, to look at.
    #[must_use]
    pub const fn client(&self) -> &Client {
        match self {
            Self::Stream(client) => client,
            Self::WebSocket(socket) => socket.protocol(),
        }
    }
}

impl From<Client> for CarriedClient {
    fn from(client: Client) -> Self {
        Self::Stream(Box::new(client))
    }
}

impl From<XmppOverWebSocket> for CarriedClient {
    fn from(socket: XmppOverWebSocket) -> Self {
        Self::WebSocket(Box::new(socket))
    }
}

impl Protocol for CarriedClient {
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ClientCommand>) {
        match self {
            Self::Stream(client) => client.handle_input(now, input),
            Self::WebSocket(socket) => socket.handle_input(now, input),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Stream(client) => client.handle_timeout(now),
            Self::WebSocket(socket) => socket.handle_timeout(now),
        }
    }

    fn poll_output(&mut self) -> ProtocolOutput<ClientEvent> {
        match self {
            Self::Stream(client) => client.poll_output(),
            Self::WebSocket(socket) => socket.poll_output(),
        }
    }

    fn keeps_while_down(&self, command: &ClientCommand) -> bool {
        match self {
            Self::Stream(client) => client.keeps_while_down(command),
            Self::WebSocket(socket) => socket.keeps_while_down(command),
        }
    }

    fn wants_stream(&self) -> bool {
        match self {
            Self::Stream(client) => client.wants_stream(),
            Self::WebSocket(socket) => socket.wants_stream(),
        }
    }
}

impl fmt::Debug for CarriedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(client) => client.fmt(f),
            Self::WebSocket(socket) => socket.fmt(f),
        }
    }
}
