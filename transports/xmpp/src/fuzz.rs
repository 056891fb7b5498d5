//! Bodies of the fuzz targets; not part of the public interface.

use crate::{Client, ClientCommand, ClientConfig, Element, Frame, Framer, Limits, Namespaces, ns};
use crate::{Server, ServerConfig};
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, CommandId, Instant, Protocol, ProtocolInput, ProtocolOutput, Random,
};
use finewire_core::password::Secret;

/// Cuts a stream whole and in pieces; the first byte chooses their size. Frames must be the same.
pub fn framer(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let frames = |piece: usize| {
        let mut framer = Framer::new(Limits::default());
        let mut frames = Vec::new();
        for piece in data.chunks(piece) {
            framer.push(piece);
            loop {
                match framer.next_frame() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(fault) => return (frames, Some(fault)),
                }
            }
        }
        (frames, None)
    };
    let whole = frames(data.len().max(1));
    assert_eq!(frames(usize::from(*choice).max(1)), whole);
    for frame in whole.0 {
        if let Frame::Stanza(bytes) = frame {
            let _ = Element::read(&bytes, &Namespaces::default(), &Limits::default());
        }
    }
}

/// Reads a stanza; what was read must be written so that it reads the same.
pub fn stanza(data: &[u8]) {
    let scope = Namespaces::with_default(ns::CLIENT);
    let limits = Limits::default();
    let Ok(element) = Element::read(data, &scope, &limits) else {
        return;
    };
    let written = element.to_xml(ns::CLIENT);
    let mut scope = scope;
    scope.declare("stream", ns::STREAM);
    let again = Element::read(written.as_bytes(), &scope, &limits);
    assert_eq!(again.as_ref(), Ok(&element), "{written}");
}

/// Feeds a server's words to a client.
pub fn client(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::START;
    let config = ClientConfig {
        allow_plaintext: true,
        ..ClientConfig::new("f", "1001001", Secret::from("Passw0rd!"), "finewire")
    };
    let mut client = Client::new(config);
    client.handle_input(now, ProtocolInput::Opened(None));
    if let Ok(service) = "pubsub.f".parse() {
        let node = "/finesse/api/Team/1/Users".into();
        let command = ClientCommand::Subscribe { service, node };
        client.handle_input(now, ProtocolInput::Command(CommandId(1), command));
    }
    let mut ended = 0;
    for piece in data.chunks(usize::from(*choice).max(1)) {
        client.handle_input(now, ProtocolInput::Received(piece));
        client.handle_input(now, ProtocolInput::Sent);
        ended += drain(&mut client);
    }
    client.handle_input(now, ProtocolInput::Closed(CloseReason::Eof));
    client.handle_timeout(now + Duration::from_secs(3600));
    ended += drain(&mut client);
    assert_eq!(ended, 1, "a command ends once");
}

/// Feeds a client's words to a server.
pub fn server(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::START;
    let mut server = Server::new(ServerConfig::new("f"), Random::from_seed([0; 32]));
    server.handle_input(now, ProtocolInput::Opened(None));
    for piece in data.chunks(usize::from(*choice).max(1)) {
        server.handle_input(now, ProtocolInput::Received(piece));
        server.handle_input(now, ProtocolInput::Sent);
        drain(&mut server);
        let command = crate::ServerCommand::Authenticate { accept: true };
        server.handle_input(now, ProtocolInput::Command(CommandId(1), command));
        assert_eq!(drain(&mut server), 1, "a command ends once");
    }
    server.handle_input(now, ProtocolInput::Closed(CloseReason::Eof));
    drain(&mut server);
}

fn drain<P: Protocol>(protocol: &mut P) -> usize {
    let mut ended = 0;
    loop {
        match protocol.poll_output() {
            ProtocolOutput::Wait(_) => return ended,
            ProtocolOutput::Ended(..) => ended += 1,
            ProtocolOutput::Close(..) | ProtocolOutput::Finish(..) => {
                let closed = ProtocolInput::Closed(CloseReason::Asked);
                protocol.handle_input(Instant::START, closed);
            }
            _ => {}
        }
    }
}
