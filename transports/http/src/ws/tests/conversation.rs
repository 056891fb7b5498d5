//! Client and server side in memory, with an echoing protocol inside.

use super::*;
use crate::{Method, Request, Response, ServerConfig, StatusCode, header};
use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, CommandId, Instant, Outcome, Party, Protocol, ProtocolInput,
    ProtocolOutput, Reason,
};
use std::collections::VecDeque;

/// Says what it is told to say and tells what it hears.
#[derive(Debug, Default)]
pub(super) struct Chat {
    outputs: VecDeque<ProtocolOutput<String>>,
    log: Vec<&'static str>,
    echo: bool,
}

#[derive(Debug)]
pub(super) enum Say {
    Text(&'static str),
    End,
    Finish,
    Abort,
}

impl Protocol for Chat {
    type Command = Say;
    type Event = String;

    fn handle_input(&mut self, _now: Instant, input: ProtocolInput<'_, Say>) {
        match input {
            ProtocolInput::Opened(_) => {
                self.log.push("opened");
                self.outputs.push_back(ProtocolOutput::Ready);
            }
            ProtocolInput::Received(message) => {
                let text = String::from_utf8(message.to_vec()).unwrap();
                if self.echo {
                    let chunks = Chunks::from(Bytes::copy_from_slice(message));
                    self.outputs.push_back(ProtocolOutput::Send(chunks));
                }
                self.outputs.push_back(ProtocolOutput::Event(text));
            }
            ProtocolInput::Sent => self.log.push("sent"),
            ProtocolInput::Closed(_) => self.log.push("closed"),
            ProtocolInput::Command(id, say) => {
                let asked = CloseReason::Asked;
                self.outputs.push_back(match say {
                    Say::Text(text) => {
                        let bytes = Bytes::from_static(text.as_bytes());
                        ProtocolOutput::Send(Chunks::from(bytes))
                    }
                    Say::End => ProtocolOutput::Close(Closing::Flush, asked),
                    Say::Finish => ProtocolOutput::Finish(Closing::Flush, asked),
                    Say::Abort => ProtocolOutput::Close(Closing::Abort, asked),
                });
                self.outputs
                    .push_back(ProtocolOutput::Ended(id, Outcome::Done));
            }
            ProtocolInput::Secured(_) | ProtocolInput::Wall(_) => {}
        }
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> ProtocolOutput<String> {
        let next = self.outputs.pop_front();
        next.unwrap_or(ProtocolOutput::Wait(None))
    }
}

impl MessageProtocol for Chat {
    fn subprotocol(&self) -> Option<&'static str> {
        Some("chat")
    }
}

const NOW: Instant = Instant::START;

fn client() -> Client<Chat> {
    let mut config = ClientConfig::new("example.com", "/chat");
    config.origin = Some("http://example.com".into());
    let mut client = Client::new(config, Chat::default(), Random::from_seed([1; 32]));
    client.handle_input(NOW, ProtocolInput::Opened(None));
    client
}

fn server() -> Server<Chat> {
    let config = ServerConfig::new(Party::Finesse, Party::Connector);
    let mut server = Server::new(config, Limits::default());
    server.handle_input(NOW, ProtocolInput::Opened(None));
    server
}

/// Everything said until `Wait`; bytes are answered by `Sent` and gathered.
#[derive(Debug, Default)]
struct Heard<E> {
    bytes: Vec<u8>,
    events: Vec<E>,
    ended: Vec<(u64, Outcome)>,
    close: Option<(Closing, CloseReason)>,
    finish: Option<(Closing, CloseReason)>,
    paused: bool,
    ready: u32,
    wait: Option<Instant>,
}

fn drain<P: Protocol>(protocol: &mut P) -> Heard<P::Event> {
    let mut heard = Heard {
        bytes: Vec::new(),
        events: Vec::new(),
        ended: Vec::new(),
        close: None,
        finish: None,
        paused: false,
        ready: 0,
        wait: None,
    };
    loop {
        match protocol.poll_output() {
            ProtocolOutput::Send(chunks) => {
                heard.bytes.extend(chunks.to_vec());
                protocol.handle_input(NOW, ProtocolInput::Sent);
            }
            ProtocolOutput::Event(event) => heard.events.push(event),
            ProtocolOutput::Ended(id, outcome) => heard.ended.push((id.0, outcome)),
            ProtocolOutput::Close(closing, reason) => heard.close = Some((closing, reason)),
            ProtocolOutput::Finish(closing, reason) => heard.finish = Some((closing, reason)),
            ProtocolOutput::Pause => heard.paused = true,
            ProtocolOutput::Resume => heard.paused = false,
            ProtocolOutput::Ready => heard.ready += 1,
            ProtocolOutput::Wait(deadline) => {
                heard.wait = deadline;
                return heard;
            }
            ProtocolOutput::Secure(_) | ProtocolOutput::Trace(_) => {}
        }
    }
}

fn receive<P: Protocol>(protocol: &mut P, bytes: &[u8]) -> Heard<P::Event> {
    protocol.handle_input(NOW, ProtocolInput::Received(bytes));
    drain(protocol)
}

fn command<P: Protocol>(protocol: &mut P, id: u64, command: P::Command) -> Heard<P::Event> {
    protocol.handle_input(NOW, ProtocolInput::Command(CommandId(id), command));
    drain(protocol)
}

fn accept(exchange: u64) -> ServerCommand<Chat> {
    let protocol = Box::new(Chat {
        echo: true,
        ..Chat::default()
    });
    ServerCommand::Accept { exchange, protocol }
}

/// A client and a server with an open WebSocket between them.
fn open() -> (Client<Chat>, Server<Chat>) {
    let (mut client, mut server) = (client(), server());
    let asked = drain(&mut client);
    assert_eq!(asked.ready, 0, "not up before the answer");
    let heard = receive(&mut server, &asked.bytes);
    let [
        ServerEvent::Requested {
            exchange: 0,
            request,
        },
    ] = &heard.events[..]
    else {
        panic!("{heard:?}");
    };
    assert_eq!(request.headers()[header::ORIGIN], "http://example.com");
    let answer = command(&mut server, 7, accept(0));
    assert_eq!(answer.ended, [(7, Outcome::Done)]);
    let up = receive(&mut client, &answer.bytes);
    assert_eq!(up.ready, 1);
    (client, server)
}

/// A frame as a client sends it.
fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(&mut out, true, opcode, payload, Some(MASK));
    out
}

fn close_frame(code: u16) -> Vec<u8> {
    frame(true, Opcode::Close, &code.to_be_bytes())
}

#[test]
fn the_handshake_of_the_specification_is_accepted_word_for_word() {
    let mut server = server();
    let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Origin: http://example.com\r\nSec-WebSocket-Protocol: superchat, chat\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    for byte in request {
        let _ = receive(&mut server, &[*byte]);
    }
    let answer = command(&mut server, 1, accept(0));
    let text = String::from_utf8(answer.bytes).unwrap();

    assert!(
        text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
        "{text}"
    );
    for line in [
        "upgrade: websocket\r\n",
        "connection: Upgrade\r\n",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "sec-websocket-protocol: chat\r\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("content-length"), "{text}");
}

#[test]
fn messages_pass_in_both_directions_and_frames_behind_the_handshake_are_not_lost() {
    let (mut client, mut server) = (client(), server());
    let _ = receive(&mut server, &drain(&mut client).bytes);
    // Sent before the answer is out: allowed to nobody, and read all the same.
    let early = receive(&mut server, &masked(Opcode::Text, b"early"));
    assert!(early.events.is_empty() && early.close.is_none());
    let answer = command(&mut server, 7, accept(0));
    let [ServerEvent::Inside(text)] = &answer.events[..] else {
        panic!("{answer:?}");
    };
    assert_eq!(text, "early");
    let heard = receive(&mut client, &answer.bytes);
    assert_eq!(heard.events, ["early"], "the echo came with the answer");

    let said = command(&mut client, 1, Say::Text("Grüße"));
    let echoed = receive(&mut server, &said.bytes);
    assert_eq!(receive(&mut client, &echoed.bytes).events, ["Grüße"]);
    assert!(client.protocol().log.contains(&"sent"));
}

#[test]
fn a_conversation_is_the_same_byte_by_byte() {
    let (mut client, mut server) = open();
    let said = command(&mut client, 1, Say::Text("one"));
    let mut echoed = Vec::new();
    for byte in said.bytes {
        echoed.extend(receive(&mut server, &[byte]).bytes);
    }
    let mut heard = Vec::new();
    for byte in echoed {
        heard.extend(receive(&mut client, &[byte]).events);
    }
    assert_eq!(heard, ["one"]);
}

#[test]
fn pings_are_answered_with_their_content_and_the_last_one_is_enough() {
    let (mut client, _) = open();
    let pong = receive(&mut client, &frame(true, Opcode::Ping, b"42")).bytes;
    let read = decode(Side::Server, Limits::default(), &pong, 1).0;
    assert_eq!(read, [Incoming::Pong("42".into())]);

    let many: Vec<u8> = (0..1000)
        .flat_map(|n: u32| frame(true, Opcode::Ping, &n.to_be_bytes()))
        .collect();
    let pong = receive(&mut client, &many).bytes;
    let read = decode(Side::Server, Limits::default(), &pong, 1).0;
    assert_eq!(
        read,
        [Incoming::Pong(Bytes::copy_from_slice(
            &999u32.to_be_bytes()
        ))]
    );
}

#[test]
fn pings_that_come_while_we_write_are_answered_once_behind_it() {
    let (mut client, _) = open();
    let say = ProtocolInput::Command(CommandId(1), Say::Text("long"));
    client.handle_input(NOW, say);
    while !matches!(client.poll_output(), ProtocolOutput::Send(_)) {}
    for content in [b"1", b"2", b"3"] {
        let ping = frame(true, Opcode::Ping, content);
        client.handle_input(NOW, ProtocolInput::Received(&ping));
        while !matches!(client.poll_output(), ProtocolOutput::Wait(_)) {}
    }
    client.handle_input(NOW, ProtocolInput::Sent);

    let pong = drain(&mut client).bytes;
    let read = decode(Side::Server, Limits::default(), &pong, 1).0;
    assert_eq!(read, [Incoming::Pong("3".into())]);
}

#[test]
fn a_pong_nobody_asked_for_is_ignored() {
    let (mut client, _) = open();
    let heard = receive(&mut client, &frame(true, Opcode::Pong, b"x"));
    assert!(heard.bytes.is_empty() && heard.events.is_empty() && heard.close.is_none());
}

#[test]
fn a_close_frame_is_answered_by_the_same_code_and_ends_the_stream() {
    let (mut client, _) = open();
    let heard = receive(&mut client, &close_frame(1000));
    let read = decode(Side::Server, Limits::default(), &heard.bytes, 1).0;
    assert_eq!(
        read,
        [Incoming::Close(Some((CloseCode::NORMAL, String::new())))]
    );
    assert_eq!(heard.close, Some((Closing::Flush, CloseReason::Eof)));

    let (mut client, _) = open();
    let heard = receive(&mut client, &frame(true, Opcode::Close, b"\x03\xf3broken"));
    let (_, reason) = heard.close.unwrap();
    assert!(reason.to_string().contains("1011 broken"), "{reason}");
}

#[test]
fn our_own_end_waits_for_the_peers_close_frame_but_not_for_ever() {
    let (mut client, mut server) = open();
    let bye = command(&mut client, 1, Say::End);
    assert!(bye.close.is_none(), "first the peer's word");
    let answer = receive(&mut server, &bye.bytes);
    assert_eq!(answer.close, Some((Closing::Flush, CloseReason::Eof)));
    let end = receive(&mut client, &answer.bytes);
    assert_eq!(end.close, Some((Closing::Flush, CloseReason::Asked)));

    let (mut client, _) = open();
    let bye = command(&mut client, 1, Say::End);
    assert_eq!(bye.wait, Some(NOW + Duration::from_secs(5)));
    client.handle_timeout(NOW + Duration::from_secs(5));
    let end = drain(&mut client);
    assert_eq!(end.close, Some((Closing::Abort, CloseReason::Asked)));
}

#[test]
fn an_end_for_good_says_so_and_waits_for_nobody() {
    let (mut client, mut server) = open();
    let bye = command(&mut client, 1, Say::Finish);
    assert_eq!(bye.finish, Some((Closing::Flush, CloseReason::Asked)));
    let answer = receive(&mut server, &bye.bytes);
    assert_eq!(answer.close, Some((Closing::Flush, CloseReason::Eof)));
}

#[test]
fn an_end_for_good_stays_one_when_the_peer_hangs_up_first() {
    let (mut client, _) = open();
    let _ = command(&mut client, 1, Say::End);
    let _ = command(&mut client, 2, Say::Finish);
    client.handle_input(NOW, ProtocolInput::Closed(CloseReason::Eof));
    assert_eq!(
        drain(&mut client).finish,
        Some((Closing::Abort, CloseReason::Asked))
    );
}

#[test]
fn an_abort_waits_for_nothing() {
    let (mut client, _) = open();
    let end = command(&mut client, 1, Say::Abort);
    assert_eq!(end.close, Some((Closing::Abort, CloseReason::Asked)));
    assert!(end.bytes.is_empty());
}

#[test]
fn broken_frames_are_told_their_code_and_end_the_stream() {
    for (bad, code, limit) in [
        (frame(true, Opcode::Text, b"\xff"), 1007, false),
        (frame(true, Opcode::Binary, b"x"), 1003, false),
        (vec![0xc1, 0x00], 1002, false),
        (vec![0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0], 1009, true),
    ] {
        let (mut client, _) = open();
        let heard = receive(&mut client, &bad);
        let read = decode(Side::Server, Limits::default(), &heard.bytes, 1).0;
        let told = CloseCode::from_number(code).map(|code| (code, String::new()));
        assert_eq!(read, [Incoming::Close(told)], "{code}");
        let Some((Closing::Flush, reason)) = heard.close else {
            panic!("{heard:?}");
        };
        assert_eq!(matches!(reason, CloseReason::Limit(_)), limit, "{reason}");
        // Nothing counts behind it.
        let more = receive(&mut client, &frame(true, Opcode::Text, b"more"));
        assert!(more.events.is_empty());
    }
}

#[test]
fn the_next_stream_begins_afresh() {
    let (mut client, _) = open();
    let _ = receive(&mut client, &[0x81, 5, b'h']);
    client.handle_input(NOW, ProtocolInput::Closed(CloseReason::Eof));
    let _ = drain(&mut client);
    client.handle_input(NOW, ProtocolInput::Opened(None));
    let mut server = server();
    let _ = receive(&mut server, &drain(&mut client).bytes);
    let answer = command(&mut server, 7, accept(0));
    let up = receive(&mut client, &answer.bytes);

    assert_eq!(up.ready, 1);
    assert_eq!(client.protocol().log, ["opened", "closed", "opened"]);
}

#[test]
fn keys_and_masks_differ_from_stream_to_stream_and_come_from_the_seed() {
    let first = drain(&mut client()).bytes;
    assert_eq!(first, drain(&mut client()).bytes);
    let mut again = client();
    let _ = drain(&mut again);
    again.handle_input(NOW, ProtocolInput::Closed(CloseReason::Eof));
    again.handle_input(NOW, ProtocolInput::Opened(None));
    assert_ne!(first, drain(&mut again).bytes);
}

#[test]
fn an_answer_that_is_no_acceptance_is_no_websocket() {
    let good = |client: &mut Client<Chat>| {
        let mut server = server();
        let _ = receive(&mut server, &drain(client).bytes);
        String::from_utf8(command(&mut server, 7, accept(0)).bytes).unwrap()
    };
    for (from, to) in [
        ("sec-websocket-accept: ", "sec-websocket-accept: x"),
        ("upgrade: websocket", "upgrade: h2c"),
        ("connection: Upgrade", "connection: close"),
        ("protocol: chat", "protocol: superchat"),
        ("sec-websocket-protocol: chat\r\n", ""),
        (
            "\r\n\r\n",
            "\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n",
        ),
        ("HTTP/1.1", "HTTP/1.0"),
    ] {
        let mut client = client();
        let text = good(&mut client).replace(from, to);
        let heard = receive(&mut client, text.as_bytes());
        let reason = Fault::RemoteHandshake.close_reason();
        assert_eq!(heard.close, Some((Closing::Abort, reason)), "{to}");
        assert_eq!(heard.ready, 0);
    }
}

#[test]
fn a_refusal_names_its_status() {
    for (answer, denied) in [("403 Forbidden", true), ("503 Busy", false)] {
        let mut client = client();
        let _ = drain(&mut client);
        let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        let (_, reason) = receive(&mut client, text.as_bytes()).close.unwrap();
        assert_eq!(matches!(reason, CloseReason::Denied(_)), denied, "{reason}");
        assert!(reason.to_string().contains(&answer[..3]), "{reason}");
    }
}

fn wish(change: impl FnOnce(&mut Request<()>)) -> Option<Result<Handshake, Refusal>> {
    let mut request = Request::get("/ws/")
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "WebSocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "xmpp, chat")
        .body(())
        .unwrap();
    change(&mut request);
    Handshake::of(&request)
}

#[test]
fn a_wish_for_a_websocket_is_read_or_refused_with_its_answer() {
    assert_eq!(
        wish(|_| {}).unwrap().unwrap().subprotocols(),
        ["xmpp", "chat"]
    );
    let without = |request: &mut Request<()>| {
        request.headers_mut().remove("upgrade");
    };
    assert!(wish(without).is_none());

    let refused = wish(|request| *request.method_mut() = Method::POST);
    assert_eq!(refused, Some(Err(Refusal::RemoteRequest)));
    let set = |name: &'static str, value: &'static str| {
        wish(|request| {
            request.headers_mut().insert(name, value.parse().unwrap());
        })
    };
    assert_eq!(
        set("connection", "close"),
        Some(Err(Refusal::RemoteRequest))
    );
    assert_eq!(
        set("sec-websocket-key", "c2hvcnQ="),
        Some(Err(Refusal::RemoteKey))
    );
    assert_eq!(
        set("sec-websocket-version", "8"),
        Some(Err(Refusal::RemoteVersion))
    );

    let answer = Refusal::RemoteVersion.response();
    assert_eq!(answer.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(answer.headers()["sec-websocket-version"], "13");
    assert_eq!(
        Refusal::RemoteKey.response().status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn http_goes_on_after_a_refused_websocket_and_before_an_accepted_one() {
    let mut server = server();
    let ask = drain(&mut client()).bytes;
    let get = b"GET /rest HTTP/1.1\r\nhost: a\r\n\r\n";
    let heard = receive(&mut server, &[&get[..], &ask, get].concat());
    assert_eq!(
        heard.events.len(),
        2,
        "what follows the wish waits: {heard:?}"
    );
    assert!(heard.paused);

    let answer = |exchange, status| {
        let response = Response::builder().status(status).body(Bytes::new());
        let response = response.unwrap();
        ServerCommand::Http(crate::ServerCommand::Answer { exchange, response })
    };
    let refused = command(&mut server, 1, answer(1, 404));
    assert!(refused.bytes.is_empty(), "the first request comes first");
    let first = command(&mut server, 2, answer(0, 200));
    assert!(first.bytes.starts_with(b"HTTP/1.1 200"));
    let [ServerEvent::Requested { exchange: 2, .. }] = &first.events[..] else {
        panic!("{first:?}");
    };
    let _ = command(&mut server, 3, answer(2, 200));

    let _ = receive(&mut server, &ask);
    let accepted = command(&mut server, 4, accept(3));
    assert!(accepted.bytes.starts_with(b"HTTP/1.1 101"));
    assert_eq!(accepted.ended, [(4, Outcome::Done)]);
}

#[test]
fn only_a_proper_wish_with_the_right_subprotocol_can_be_accepted() {
    let refused = |heard: Heard<ServerEvent<String>>, expected: Reason| {
        let [(_, Outcome::Refused(why))] = &heard.ended[..] else {
            panic!("{heard:?}");
        };
        assert_eq!(why.reason, expected);
    };
    let mut plain = server();
    let _ = receive(&mut plain, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    refused(command(&mut plain, 1, accept(0)), Reason::Local);
    refused(
        command(&mut plain, 1, ServerCommand::Inside(Say::End)),
        Reason::Local,
    );

    let mut other = server();
    let ask = String::from_utf8(drain(&mut client()).bytes).unwrap();
    let ask = ask.replace("protocol: chat", "protocol: mqtt");
    let _ = receive(&mut other, ask.as_bytes());
    refused(command(&mut other, 1, accept(0)), Reason::Remote);
    let response = Response::new(Bytes::new());
    let answer = crate::ServerCommand::Answer {
        exchange: 0,
        response,
    };
    let answered = command(&mut other, 2, ServerCommand::Http(answer));
    assert!(answered.bytes.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_stream_lost_before_the_acceptance_is_written_fails_the_command() {
    let mut server = server();
    let _ = receive(&mut server, &drain(&mut client()).bytes);
    server.handle_input(NOW, ProtocolInput::Command(CommandId(7), accept(0)));
    server.handle_input(NOW, ProtocolInput::Closed(CloseReason::Eof));

    let heard = drain(&mut server);
    let [(7, Outcome::Failed(_))] = &heard.ended[..] else {
        panic!("{heard:?}");
    };
}

#[test]
fn neither_keys_nor_messages_are_in_debug() {
    let shown = format!("{:?}", Incoming::Text("Passw0rd!".into()));
    assert!(!shown.contains("Passw0rd"), "{shown}");
}
