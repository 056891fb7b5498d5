//! Bodies of the fuzz targets; not part of the public interface.

use crate::{
    Bytes, Client, ClientCommand, ClientConfig, Request, Response, Server, ServerCommand,
    ServerConfig, ServerEvent, ws,
};
use core::time::Duration;
use finewire_core::machine::{
    CommandId, Instant, Outbox, Party, Protocol, ProtocolInput, ProtocolOutput, Random,
};

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

/// Feeds frames to either side of a WebSocket. The first byte chooses side and chunking; whatever
/// comes, the messages are the same as when it comes at once, and none is longer than allowed.
pub fn websocket(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let side = if choice & 1 == 0 {
        ws::Side::Client
    } else {
        ws::Side::Server
    };
    let limits = ws::Limits {
        frame_bytes: 4096,
        message_bytes: 8192,
    };
    let whole = decode(side, limits, data, data.len());
    let pieces = decode(side, limits, data, usize::from(choice >> 1));
    assert_eq!(whole, pieces, "the same in any chunking");
}

fn decode(
    side: ws::Side,
    limits: ws::Limits,
    data: &[u8],
    piece: usize,
) -> (Vec<ws::Incoming>, Option<ws::Fault>) {
    let mut decoder = ws::Decoder::new(side, limits);
    let mut all = Vec::new();
    for chunk in data.chunks(piece.max(1)) {
        let mut rest = chunk;
        loop {
            match decoder.read(rest) {
                Ok((used, Some(incoming))) => {
                    rest = rest.get(used..).unwrap_or_default();
                    if let ws::Incoming::Text(text) = &incoming {
                        assert!(core::str::from_utf8(text).is_ok(), "text is UTF-8");
                    }
                    if let ws::Incoming::Text(data) | ws::Incoming::Binary(data) = &incoming {
                        assert!(data.len() <= limits.message_bytes, "within the limit");
                    }
                    all.push(incoming);
                }
                Ok((used, None)) => {
                    assert_eq!(used, rest.len(), "nothing is left over");
                    break;
                }
                Err(fault) => return (all, Some(fault)),
            }
        }
    }
    (all, None)
}

/// Feeds the answer to a handshake and what follows it to a client with an echo inside.
pub fn websocket_client(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let now = Instant::START;
    let config = ws::ClientConfig::new("finesse.example", "/ws/");
    let random = Random::from_seed([0; 32]);
    let mut client = ws::Client::new(config, Echo::default(), random);
    client.handle_input(now, ProtocolInput::Opened(None));
    // The key that comes of this seed is answered rightly if the first bit says so.
    if choice & 1 == 1
        && let Some(key) = asked_key(&mut client)
    {
        let answer = format!(
            "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-accept: {}\r\n\r\n",
            ws::accept_key(key.as_bytes())
        );
        client.handle_input(now, ProtocolInput::Received(answer.as_bytes()));
    }
    for piece in data.chunks(usize::from(choice >> 1).max(1)) {
        client.handle_input(now, ProtocolInput::Received(piece));
        let mut sent = 0_usize;
        while !matches!(client.poll_output(), ProtocolOutput::Wait(_)) {
            client.handle_input(now, ProtocolInput::Sent);
            sent += 1;
            assert!(sent < 10_000, "it comes to rest");
        }
    }
    let eof = finewire_core::machine::CloseReason::Eof;
    client.handle_input(now, ProtocolInput::Closed(eof));
    drain(&mut client, |_, ()| {});
    let inside = client.protocol();
    assert_eq!(inside.closed, 1, "the protocol inside is told the end");
    assert!(inside.opened <= 1, "and the beginning at most once");
}

fn asked_key(client: &mut ws::Client<Echo>) -> Option<String> {
    loop {
        match client.poll_output() {
            ProtocolOutput::Send(chunks) => {
                let text = String::from_utf8(chunks.to_vec()).ok()?;
                let (_, rest) = text.split_once("sec-websocket-key: ")?;
                return Some(rest.lines().next()?.to_owned());
            }
            ProtocolOutput::Wait(_) => return None,
            _ => {}
        }
    }
}

/// Sends back what it gets.
#[derive(Default)]
struct Echo {
    pending: Outbox,
    opened: u32,
    closed: u32,
}

impl Protocol for Echo {
    type Command = ();
    type Event = ();

    fn handle_input(&mut self, _now: Instant, input: ProtocolInput<'_, ()>) {
        match input {
            ProtocolInput::Opened(_) => self.opened += 1,
            ProtocolInput::Closed(_) => self.closed += 1,
            ProtocolInput::Sent => self.pending.on_sent(),
            ProtocolInput::Received(message) => {
                assert!(core::str::from_utf8(message).is_ok(), "text is UTF-8");
                self.pending.push(Bytes::copy_from_slice(message));
            }
            ProtocolInput::Secured(_) | ProtocolInput::Command(..) | ProtocolInput::Wall(_) => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<()> {
        let next = self.pending.take().map(ProtocolOutput::Send);
        next.unwrap_or(ProtocolOutput::Wait(None))
    }
}

impl ws::MessageProtocol for Echo {}

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
