//! Bodies of the fuzz targets; not part of the public interface.

use crate::{
    Bytes, Client, ClientCommand, ClientConfig, Request, Response, Server, ServerCommand,
    ServerConfig, ServerEvent,
};
use core::time::Duration;
use finewire_core::machine::{CommandId, Instant, Party, Protocol, ProtocolInput, ProtocolOutput};

/// Feeds an answer to a client. The first byte chooses method and chunking.
pub fn client(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::START;
    let mut client = Client::new(ClientConfig::new("finesse.example"));
    client.handle_input(now, ProtocolInput::Opened(None));
    let method = if choice & 1 == 0 { "GET" } else { "HEAD" };
    let built = Request::builder()
        .method(method)
        .uri("/")
        .body(Bytes::new());
    let Ok(request) = built else { return };
    let timeout = Duration::from_secs(1);
    let command = ClientCommand::Exchange { request, timeout };
    client.handle_input(now, ProtocolInput::Command(CommandId(1), command));
    let mut ended = 0;
    for piece in data.chunks(usize::from(choice >> 1).max(1)) {
        client.handle_input(now, ProtocolInput::Received(piece));
        ended += drain(&mut client, |_, _| {});
    }
    let eof = finewire_core::machine::CloseReason::Eof;
    client.handle_input(now, ProtocolInput::Closed(eof.clone()));
    client.handle_input(now, ProtocolInput::Opened(None));
    client.handle_input(now, ProtocolInput::Closed(eof));
    ended += drain(&mut client, |_, _| {});
    assert_eq!(ended, 1, "a command ends once");
}

/// Feeds requests to a server that answers each at once. The first byte chooses the chunking.
pub fn server(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::START;
    let mut server = Server::new(ServerConfig::new(Party::Finesse, Party::Connector));
    server.handle_input(now, ProtocolInput::Opened(None));
    let (mut given, mut ended) = (0, 0);
    for piece in data.chunks(usize::from(*choice).max(1)) {
        server.handle_input(now, ProtocolInput::Received(piece));
        ended += drain(&mut server, |server, event| {
            let ServerEvent::Requested { exchange, request } = event;
            let response = Response::new(request.into_body());
            let command = ServerCommand::Answer { exchange, response };
            given += 1;
            server.handle_input(now, ProtocolInput::Command(CommandId(exchange), command));
        });
        server.handle_input(now, ProtocolInput::Sent);
    }
    let eof = finewire_core::machine::CloseReason::Eof;
    server.handle_input(now, ProtocolInput::Closed(eof));
    ended += drain(&mut server, |_, _| {});
    assert_eq!(given, ended, "a command ends once");
}

fn drain<P: Protocol>(protocol: &mut P, mut on_event: impl FnMut(&mut P, P::Event)) -> usize {
    let mut ended = 0;
    loop {
        match protocol.poll_output() {
            ProtocolOutput::Wait(_) => return ended,
            ProtocolOutput::Ended(..) => ended += 1,
            ProtocolOutput::Event(event) => on_event(protocol, event),
            _ => {}
        }
    }
}
