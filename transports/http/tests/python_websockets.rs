//! Both sides against an independent implementation: Python's package `websockets`.
//!
//! Runs where `python3`, or the interpreter named by `FINEWIRE_PYTHON`, has the package (10 or newer; Debian:
//! `python3-websockets`); says so where not, and fails there with `CI=true`.

use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, CommandId, Instant, Outcome, Party, Protocol, ProtocolInput,
    ProtocolOutput, Random,
};
use finewire_http::ws::{self, Handshake, MessageProtocol};
use finewire_http::{Bytes, ServerConfig};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

const SERVER: &str = r#"
import asyncio, websockets
async def talk(ws):
    async for message in ws:
        if message == "bye":
            await ws.close(1000)
            return
        await asyncio.wait_for(await ws.ping(b"there?"), 10)
        await ws.send([message[:1], "", message[1:]])
async def main():
    async with websockets.serve(talk, "127.0.0.1", 0, subprotocols=["chat"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
"#;

const CLIENT: &str = r#"
import asyncio, sys, websockets
async def main():
    url = "ws://127.0.0.1:%s/ws/" % sys.argv[1]
    async with websockets.connect(url, subprotocols=["other", "chat"]) as ws:
        assert ws.subprotocol == "chat", ws.subprotocol
        for text in ["short", "€" * 100, "x" * 70000]:
            await ws.send(text)
            assert await asyncio.wait_for(ws.recv(), 10) == text
            await ws.send([text[:2], text[2:]])
            await asyncio.wait_for(await ws.ping(b"between"), 10)
            assert await asyncio.wait_for(ws.recv(), 10) == text
        try:
            await ws.send(b"binary")
            await asyncio.wait_for(ws.recv(), 10)
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd.code == 1003, closed
asyncio.run(main())
print("fine", flush=True)
"#;

/// Echoes as a server; as a client says each text when the one before was echoed.
#[derive(Default)]
struct Chat {
    to_say: VecDeque<String>,
    echoes: bool,
    outputs: VecDeque<ProtocolOutput<String>>,
}

impl Chat {
    fn say(&mut self, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.outputs
            .push_back(ProtocolOutput::Send(Chunks::from(bytes)));
    }

    fn say_next(&mut self) {
        if let Some(text) = self.to_say.pop_front() {
            self.say(&text);
        }
    }
}

impl Protocol for Chat {
    type Command = ();
    type Event = String;

    fn handle_input(&mut self, _now: Instant, input: ProtocolInput<'_, ()>) {
        match input {
            ProtocolInput::Opened(_) => self.say_next(),
            ProtocolInput::Received(message) => {
                let text = core::str::from_utf8(message).expect("checked text");
                if self.echoes {
                    self.say(text);
                }
                self.say_next();
                self.outputs.push_back(ProtocolOutput::Event(text.into()));
            }
            ProtocolInput::Command(id, ()) => self
                .outputs
                .push_back(ProtocolOutput::Ended(id, Outcome::Done)),
            _ => {}
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

/// The first interpreter that has the package; in CI (`CI=true`) there must be one.
fn python() -> Option<String> {
    // Debian's package belongs to Debian's interpreter, whichever comes first on the path.
    let usual = || vec!["python3".to_owned(), "/usr/bin/python3".to_owned()];
    let named = std::env::var("FINEWIRE_PYTHON").map(|named| vec![named]);
    let tried = named.unwrap_or_else(|_| usual());
    let has_it = |python: &&String| {
        let mut probe = Command::new(python);
        probe.args(["-c", "import websockets; websockets.ConnectionClosed"]);
        probe.output().is_ok_and(|output| output.status.success())
    };
    let found = tried.iter().find(has_it).cloned();
    if found.is_none() {
        let text = format!("skipped: none of {tried:?} has the package websockets\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    found
}

/// Ends the process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(
    python: &str,
    script: &str,
    argument: &str,
) -> (Running, impl Iterator<Item = String> + use<>) {
    let mut command = Command::new(python);
    command
        .args(["-c", script, argument])
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("an interpreter");
    let out = child.stdout.take().expect("its output");
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    (Running(child), lines)
}

/// Moves bytes until the protocol or the peer ends the stream; tells why it ended.
fn drive<P: Protocol>(
    protocol: &mut P,
    stream: &mut TcpStream,
    mut on_event: impl FnMut(&mut P, P::Event),
) -> CloseReason {
    let now = Instant::START;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time-out");
    protocol.handle_input(now, ProtocolInput::Opened(None));
    let mut buffer = [0; 1000];
    loop {
        match protocol.poll_output() {
            ProtocolOutput::Send(chunks) => {
                stream.write_all(&chunks.to_vec()).expect("the peer reads");
                protocol.handle_input(now, ProtocolInput::Sent);
            }
            ProtocolOutput::Event(event) => on_event(protocol, event),
            ProtocolOutput::Close(closing, reason) | ProtocolOutput::Finish(closing, reason) => {
                assert_eq!(closing, Closing::Flush, "{reason}");
                return reason;
            }
            ProtocolOutput::Wait(_) => {
                let count = stream.read(&mut buffer).expect("bytes in time");
                if count == 0 {
                    return CloseReason::Other("hung up".into());
                }
                let bytes = ProtocolInput::Received(buffer.get(..count).expect("what was read"));
                protocol.handle_input(now, bytes);
            }
            _ => {}
        }
    }
}

#[test]
fn our_client_talks_to_a_server_of_python() {
    let Some(python) = python() else { return };
    let (_server, mut lines) = run(&python, SERVER, "");
    let port: u16 = lines.next().expect("a port").parse().expect("a number");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let texts = ["short".to_owned(), "€".repeat(100), "x".repeat(70_000)];
    let chat = Chat {
        to_say: texts.iter().cloned().chain(["bye".to_owned()]).collect(),
        ..Chat::default()
    };
    let config = ws::ClientConfig::new(&format!("127.0.0.1:{port}"), "/ws/");
    let mut client = ws::Client::new(config, chat, Random::from_seed([7; 32]));

    let mut heard = Vec::new();
    let reason = drive(&mut client, &mut stream, |_, text| heard.push(text));

    assert_eq!(heard, texts);
    assert_eq!(reason, CloseReason::Eof, "closed with code 1000");
}

#[test]
fn our_server_talks_to_a_client_of_python() {
    let Some(python) = python() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (mut client, mut lines) = run(&python, CLIENT, &port.to_string());
    let (mut stream, _) = listener.accept().expect("it connects");
    let config = ServerConfig::new(Party::Finesse, Party::Connector);
    let mut server = ws::Server::<Chat>::new(config, ws::Limits::default());

    let mut heard = 0;
    let reason = drive(&mut server, &mut stream, |server, event| match event {
        ws::ServerEvent::Requested { exchange, request } => {
            let wish = Handshake::of(&request)
                .expect("a wish")
                .expect("a good one");
            assert_eq!(wish.subprotocols(), ["other", "chat"]);
            let protocol = Box::new(Chat {
                echoes: true,
                ..Chat::default()
            });
            let accept = ws::ServerCommand::Accept { exchange, protocol };
            let accept = ProtocolInput::Command(CommandId(1), accept);
            server.handle_input(Instant::START, accept);
        }
        ws::ServerEvent::Inside(_) => heard += 1,
        other => panic!("{other:?}"),
    });
    drop(stream);

    assert_eq!(heard, 6);
    assert!(reason.to_string().contains("wrong kind"), "{reason}");
    assert_eq!(lines.next().as_deref(), Some("fine"));
    assert!(client.0.wait().expect("its end").success());
}
