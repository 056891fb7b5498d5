//! Client and server in a WebSocket, in memory, in any chunking and cut anywhere.

use super::*;
use crate::websocket::{client_inside, server_inside};
use finewire_core::machine::Closing;
use finewire_http::ws::{self, Handshake};
use finewire_http::{Bytes, Response};

pub(super) struct Wire {
    client: XmppOverWebSocket,
    server: HttpOrXmpp,
    now: Instant,
    /// Bytes that arrive at once.
    piece: usize,
    /// Bytes of both directions that still pass before the stream is cut.
    left: usize,
    up: bool,
    heard: Vec<ClientEvent>,
    served: Vec<ServerEvent>,
    ended: Vec<(u64, Outcome)>,
    given: u64,
    ready: u32,
    client_end: Option<(&'static str, CloseReason)>,
    server_end: Option<CloseReason>,
    shown: String,
    passed: usize,
    accepts: bool,
}

impl Wire {
    fn new(piece: usize, left: usize) -> Self {
        let config = ClientConfig {
            allow_plaintext: true,
            lang: Some("en".into()),
            ..ClientConfig::new("f.example", "1001001", Secret::from(PASSWORD), "finewire")
        };
        let socket = ws::ClientConfig::new("f.example:8445", "/ws/");
        let http = finewire_http::ServerConfig::new(
            finewire_core::machine::Party::Finesse,
            finewire_core::machine::Party::Connector,
        );
        let mut wire = Self {
            client: client_inside(socket, config, Random::from_seed([5; 32])),
            server: ws::Server::new(http, ws::Limits::default()),
            now: Instant::START,
            piece,
            left,
            up: true,
            heard: Vec::new(),
            served: Vec::new(),
            ended: Vec::new(),
            given: 0,
            ready: 0,
            client_end: None,
            server_end: None,
            shown: String::new(),
            passed: 0,
            accepts: true,
        };
        wire.open();
        wire
    }

    /// A new stream to a new server.
    fn open(&mut self) {
        self.up = true;
        let config = self.server.http().config().clone();
        self.server = ws::Server::new(config, ws::Limits::default());
        self.server
            .handle_input(self.now, ProtocolInput::Opened(None));
        self.client
            .handle_input(self.now, ProtocolInput::Opened(None));
    }

    fn logged_in() -> Self {
        let mut wire = Self::new(usize::MAX, usize::MAX);
        wire.run();
        assert!(wire.client.protocol().jid().is_some());
        wire
    }

    fn command(&mut self, id: u64, command: ClientCommand) {
        self.given += 1;
        let input = ProtocolInput::Command(CommandId(id), command);
        self.client.handle_input(self.now, input);
        self.run();
    }

    fn serve(&mut self, command: ServerCommand) {
        let command = ws::ServerCommand::Inside(command);
        let input = ProtocolInput::Command(CommandId(0), command);
        self.server.handle_input(self.now, input);
        self.run();
    }

    fn run(&mut self) {
        while self.step_client() | self.step_server() {}
    }

    /// Delivers as much as still passes; cuts the stream at the end of it.
    fn pass(&mut self, bytes: &[u8], to_server: bool) {
        for piece in bytes.chunks(self.piece.min(bytes.len())) {
            let piece = &piece[..piece.len().min(self.left)];
            self.left -= piece.len();
            self.passed += piece.len();
            if self.up && !piece.is_empty() {
                let now = self.now;
                if to_server {
                    self.server
                        .handle_input(now, ProtocolInput::Received(piece));
                } else {
                    self.client
                        .handle_input(now, ProtocolInput::Received(piece));
                }
            }
        }
        if self.left == 0 {
            self.cut(&CloseReason::Eof);
        }
    }

    fn cut(&mut self, reason: &CloseReason) {
        if core::mem::take(&mut self.up) {
            let closed = || ProtocolInput::Closed(reason.clone());
            self.client.handle_input(self.now, closed());
            self.server
                .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
        }
    }

    fn step_client(&mut self) -> bool {
        match self.client.poll_output() {
            ProtocolOutput::Send(chunks) => {
                self.client.handle_input(self.now, ProtocolInput::Sent);
                self.pass(&chunks.to_vec(), true);
            }
            ProtocolOutput::Close(_, reason) => {
                self.client_end.get_or_insert(("close", reason));
                self.cut(&CloseReason::Eof);
            }
            ProtocolOutput::Finish(_, reason) => {
                self.client_end = Some(("finish", reason));
                self.cut(&CloseReason::Eof);
            }
            ProtocolOutput::Event(event) => self.heard.push(event),
            ProtocolOutput::Ended(id, outcome) => self.ended.push((id.0, outcome)),
            ProtocolOutput::Trace(trace) => self.shown.push_str(&format!("{trace:?}")),
            ProtocolOutput::Ready => self.ready += 1,
            ProtocolOutput::Wait(_) => return false,
            ProtocolOutput::Pause | ProtocolOutput::Resume | ProtocolOutput::Secure(_) => {}
        }
        true
    }

    fn step_server(&mut self) -> bool {
        match self.server.poll_output() {
            ProtocolOutput::Send(chunks) => {
                self.server.handle_input(self.now, ProtocolInput::Sent);
                self.pass(&chunks.to_vec(), false);
            }
            ProtocolOutput::Close(closing, reason) => {
                assert_eq!(closing, Closing::Flush, "{reason}");
                self.server_end.get_or_insert(reason);
                self.cut(&CloseReason::Eof);
            }
            ProtocolOutput::Event(event) => self.on_server_event(event),
            ProtocolOutput::Trace(trace) => self.shown.push_str(&format!("{trace:?}")),
            ProtocolOutput::Wait(_) => return false,
            _ => {}
        }
        true
    }

    fn on_server_event(&mut self, event: ws::ServerEvent<ServerEvent>) {
        let answer = match event {
            ws::ServerEvent::Requested { exchange, request } => {
                assert_eq!(request.uri().path(), "/ws/");
                let wish = Handshake::of(&request).unwrap().unwrap();
                assert!(wish.offers("xmpp"));
                if self.accepts {
                    let config = ServerConfig::new("f.example");
                    let protocol = server_inside(config, Random::from_seed([6; 32]));
                    let protocol = Box::new(protocol);
                    ws::ServerCommand::Accept { exchange, protocol }
                } else {
                    let response = Response::builder()
                        .status(503)
                        .body(Bytes::from_static(b"later"))
                        .unwrap();
                    ws::ServerCommand::Http(finewire_http::ServerCommand::Answer {
                        exchange,
                        response,
                    })
                }
            }
            ws::ServerEvent::Inside(event) => {
                self.served.push(event.clone());
                match event {
                    ServerEvent::Authenticating { password, .. } => {
                        let accept = password == Secret::from(PASSWORD);
                        ws::ServerCommand::Inside(ServerCommand::Authenticate { accept })
                    }
                    ServerEvent::PubSub { request, .. } => {
                        let result = Ok(None);
                        ws::ServerCommand::Inside(ServerCommand::Reply { request, result })
                    }
                    _ => return,
                }
            }
            other => panic!("{other:?}"),
        };
        let input = ProtocolInput::Command(CommandId(0), answer);
        self.server.handle_input(self.now, input);
    }
}

fn subscribe() -> ClientCommand {
    ClientCommand::Subscribe {
        service: "pubsub.f.example".parse().unwrap(),
        node: "/finesse/api/Team/1/Users".into(),
    }
}

fn notification(text: &str) -> ServerCommand {
    let stanza = format!(
        "<message from='pubsub.f.example'><event xmlns='{}'><items node='n'><item id='i'>\
         <notification>{text}</notification></item></items></event></message>",
        ns::PUBSUB_EVENT
    );
    ServerCommand::Send {
        stanza: stanza.into(),
    }
}

/// A whole life: login, subscription, notifications, goodbye.
fn live(piece: usize, left: usize) -> Wire {
    let mut wire = Wire::new(piece, left);
    wire.command(1, subscribe());
    if wire.up {
        wire.serve(notification("one"));
        wire.serve(notification("two"));
    }
    wire.command(2, ClientCommand::Disconnect);
    wire.run();
    wire
}

fn notified(wire: &Wire) -> usize {
    let notified = |event: &&ClientEvent| matches!(event, ClientEvent::Notified { .. });
    wire.heard.iter().filter(notified).count()
}

#[test]
fn a_life_in_a_websocket_is_the_same_byte_by_byte_and_at_once() {
    let whole = live(usize::MAX, usize::MAX);
    for piece in [1, 2, 3, 7, 64] {
        let pieces = live(piece, usize::MAX);
        assert_eq!(pieces.heard, whole.heard);
        assert_eq!(pieces.served, whole.served);
        assert_eq!(pieces.ended, whole.ended);
    }

    assert_eq!(whole.ended, [(1, Outcome::Done), (2, Outcome::Done)]);
    assert_eq!(notified(&whole), 2);
    assert_eq!(whole.ready, 1);
    assert_eq!(whole.client_end, Some(("finish", CloseReason::Asked)));
    let gone = ServerEvent::PresenceChanged {
        available: false,
        priority: 0,
    };
    assert_eq!(whole.served.last(), Some(&gone));
}

#[test]
fn every_command_ends_once_wherever_the_websocket_is_cut() {
    let total = live(usize::MAX, usize::MAX).passed;
    assert!(total > 2000, "{total}");
    for left in 1..total {
        let mut wire = live(usize::MAX, left);
        wire.now += Duration::from_secs(60);
        wire.client.handle_timeout(wire.now);
        wire.run();
        let mut ids: Vec<_> = wire.ended.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2], "cut after {left} of {total}");
        assert!(wire.server.protocol().is_none_or(|it| it.jid().is_none()));
    }
}

#[test]
fn the_password_appears_in_no_trace_and_no_debug_of_a_websocket() {
    let wire = live(usize::MAX, usize::MAX);
    let shown = format!("{}{:?}{:?}", wire.shown, wire.client, wire.server);

    for secret in [
        PASSWORD,
        "UGFzc3cwcmQh",
        "AFBhc3N3MHJkIQ",
        "MTAwMTAwMQBQYXNzdzByZCE",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("xmpp-framing"), "{shown}");
}

#[test]
fn a_server_that_grants_no_websocket_is_tried_again_later() {
    let mut wire = Wire::new(usize::MAX, usize::MAX);
    wire.accepts = false;
    wire.run();

    let (how, reason) = wire.client_end.clone().unwrap();
    assert_eq!(how, "close");
    assert!(reason.to_string().contains("503"), "{reason}");
}

#[test]
fn a_conflict_tells_its_condition_and_ends_for_good() {
    let mut wire = Wire::logged_in();
    let error = Some(StreamError::Conflict);
    wire.serve(ServerCommand::Close { error });

    let denied = CloseReason::Denied("conflict".into());
    assert_eq!(wire.client_end, Some(("finish", denied)));
}

#[test]
fn an_end_of_the_server_brings_the_client_back_later() {
    let mut wire = Wire::logged_in();
    wire.serve(ServerCommand::Close { error: None });

    assert_eq!(wire.server_end, Some(CloseReason::Asked));
    assert!(!wire.up);
    assert!(wire.client_end.is_none_or(|(how, _)| how == "close"));
}

#[test]
fn what_was_subscribed_is_subscribed_again_in_the_next_websocket() {
    let mut wire = Wire::logged_in();
    wire.command(1, subscribe());
    wire.cut(&CloseReason::Eof);
    wire.run();
    let asked = |wire: &Wire| {
        let asks = |event: &&ServerEvent| matches!(event, ServerEvent::PubSub { .. });
        wire.served.iter().filter(asks).count()
    };
    assert_eq!(asked(&wire), 1);

    wire.open();
    wire.run();

    assert_eq!(asked(&wire), 2);
    assert_eq!(wire.ready, 2);
    assert_eq!(wire.ended, [(1, Outcome::Done)]);
    wire.serve(notification("after"));
    assert_eq!(notified(&wire), 1);
}

#[test]
fn pings_keep_a_websocket_and_silence_ends_it() {
    let mut wire = Wire::logged_in();
    for _ in 0..6 {
        wire.now += 10 * SECOND;
        wire.client.handle_timeout(wire.now);
        wire.server.handle_timeout(wire.now);
        wire.run();
    }
    assert!(wire.up, "{:?} {:?}", wire.client_end, wire.server_end);
    assert!(wire.shown.contains("urn:xmpp:ping"));

    wire.up = false;
    for _ in 0..6 {
        wire.now += 10 * SECOND;
        wire.client.handle_timeout(wire.now);
        wire.run();
    }
    assert_eq!(wire.client_end, Some(("close", CloseReason::TimedOut)));
}

#[test]
fn several_stanzas_in_one_command_become_messages_of_their_own() {
    let mut wire = Wire::logged_in();
    let ServerCommand::Send { stanza } = notification("x") else {
        unreachable!()
    };
    let stanza = [&stanza[..], &stanza[..]].concat().into();
    wire.serve(ServerCommand::Send { stanza });

    assert_eq!(notified(&wire), 2);
}

/// What the server side answers to these messages, each given as one.
fn answered(messages: &[&str]) -> Vec<String> {
    let mut server = server_inside(ServerConfig::new("f.example"), Random::from_seed([6; 32]));
    let now = Instant::START;
    server.handle_input(now, ProtocolInput::Opened(None));
    for message in messages {
        server.handle_input(now, ProtocolInput::Received(message.as_bytes()));
    }
    let mut answers = Vec::new();
    loop {
        match server.poll_output() {
            ProtocolOutput::Send(chunks) => {
                server.handle_input(now, ProtocolInput::Sent);
                let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
                answers.extend(chunks.into_iter().map(text));
            }
            ProtocolOutput::Wait(_) => return answers,
            ProtocolOutput::Close(..) => answers.push("closed".into()),
            _ => {}
        }
    }
}

const OPEN: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='f.example' version='1.0'/>";

#[test]
fn open_is_answered_by_open_and_features_each_a_document_of_its_own() {
    let answers = answered(&[OPEN]);

    assert_eq!(answers.len(), 2, "{answers:?}");
    assert!(
        answers[0]
            .starts_with("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='f.example' id='")
    );
    assert!(answers[1].starts_with(
        "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>"
    ));
    let scope = Namespaces::default();
    for answer in &answers {
        Element::read(answer.as_bytes(), &scope, &Limits::default()).unwrap();
    }
}

#[test]
fn what_is_no_message_of_rfc_7395_ends_the_stream_with_an_error() {
    for (bad, condition) in [
        (vec!["<stream:stream to='f.example'>"], "not-well-formed"),
        (vec!["<iq xmlns='jabber:client'/>"], "invalid-namespace"),
        (vec![OPEN, OPEN], "invalid-namespace"),
        (vec![OPEN, " "], "bad-format"),
        (vec![OPEN, "<a/><b/>"], "not-well-formed"),
        (vec![OPEN, "<a>"], "not-well-formed"),
        (vec![OPEN, "<!DOCTYPE x><a/>"], "restricted-xml"),
    ] {
        let answers = answered(&bad).join("\n");
        assert!(answers.contains(condition), "{bad:?}: {answers}");
        let end = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\nclosed";
        assert!(answers.ends_with(end), "{bad:?}: {answers}");
    }
}

#[test]
fn close_is_answered_by_close() {
    let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
    let answers = answered(&[OPEN, close]);

    assert_eq!(answers[2..], [close, "closed"]);
}

#[test]
fn a_stanza_for_a_stream_stands_alone_with_the_declarations_of_the_stream() {
    use crate::writer::standing_alone;
    assert_eq!(
        standing_alone("<presence/>"),
        "<presence xmlns='jabber:client'/>"
    );
    assert_eq!(
        standing_alone("<iq a='xmlns=1>' id=\"2\">x</iq>"),
        "<iq xmlns='jabber:client' a='xmlns=1>' id=\"2\">x</iq>"
    );
    let own = "<auth a='1' xmlns = 'urn:x'>x</auth>";
    assert_eq!(standing_alone(own), own);
}
