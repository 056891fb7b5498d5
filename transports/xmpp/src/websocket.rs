//! XMPP in a WebSocket (RFC 7395), both sides.

use crate::{Client, ClientConfig, Framing, Server, ServerConfig};
use finewire_core::machine::Random;
use finewire_http::ws::{self, MessageProtocol};

/// The subprotocol's name in the handshake (RFC 7395 §3.1).
pub const SUBPROTOCOL: &str = "xmpp";

/// A client in a WebSocket; runs in a [`Link`](finewire_core::machine::Link) to Finesse's port 8445 or 7443, at the path
/// `/ws/`. Commands and events are the client's.
pub type XmppOverWebSocket = ws::Client<Client>;

/// An HTTP server that can speak XMPP in a WebSocket: what Finesse has on ports 8445 and 7443. Its owner
/// accepts a request for `/ws/` with [`server_inside`].
pub type HttpOrXmpp = ws::Server<Server>;

impl MessageProtocol for Client {
    fn subprotocol(&self) -> Option<&'static str> {
        Some(SUBPROTOCOL)
    }
}

impl MessageProtocol for Server {
    fn subprotocol(&self) -> Option<&'static str> {
        Some(SUBPROTOCOL)
    }
}

/// A client for a link that goes through a WebSocket; `config` is given that framing, and its stanza limit bounds
/// the messages, unless `socket` is stricter.
#[must_use]
pub fn client_inside(
    mut socket: ws::ClientConfig,
    mut config: ClientConfig,
    random: Random,
) -> XmppOverWebSocket {
    config.framing = Framing::WebSocket;
    config.starttls = None;
    socket.us = config.us;
    socket.peer = config.peer;
    socket.limits = within(socket.limits, config.limits.stanza_bytes);
    ws::Client::new(socket, Client::new(config), random)
}

/// A server to be given to [`ws::ServerCommand::Accept`]; `config` is given the framing of WebSockets.
#[must_use]
pub fn server_inside(mut config: ServerConfig, random: Random) -> Server {
    config.framing = Framing::WebSocket;
    config.starttls = None;
    Server::new(config, random)
}

fn within(limits: ws::Limits, stanza_bytes: usize) -> ws::Limits {
    ws::Limits {
        frame_bytes: limits.frame_bytes.min(stanza_bytes),
        message_bytes: limits.message_bytes.min(stanza_bytes),
    }
}
