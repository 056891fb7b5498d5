//! The bodies of the fuzz targets of client and URI.

use core::time::Duration;

use finewire_core::machine::{
    CloseReason, CommandId, Instant, Protocol, ProtocolInput, ProtocolOutput, TlsId,
};

use crate::codec::{Encoder, WireFormat};
use crate::command::{Command, Destination, Message, Response};

use super::{
    AckMode, BrokerUri, Client, ClientCommand, ClientConfig, ClientEvent, ConsumerHandle,
    DestinationAddress, MAX_SERVERS, Publish, Subscribe,
};

/// Feeds bytes to a client that is connected and has work under way; lets time pass in between.
///
/// Every command must have ended once when the link is closed at the end.
pub fn run(data: &[u8]) {
    let mut client = Client::new(ClientConfig::default(), [1; 32]);
    let mut now = Instant::START;
    let mut ended: Vec<u64> = Vec::new();
    client.handle_input(now, ProtocolInput::Opened(None));
    let greeting = WireFormat::greeting();
    let mut encoder = Encoder::new(&greeting);
    let mut hello = bytes::BytesMut::new();
    for command in [
        Command::from(greeting.to_info()),
        Command::from(Response::to(1)),
    ] {
        let _ = encoder.encode(&command, &mut hello);
    }
    client.handle_input(now, ProtocolInput::Received(&hello));
    let mut asked = Subscribe::to(ConsumerHandle(1), Destination::queue("q"));
    asked.acknowledge = AckMode::Cumulative;
    let mut message = Message::text("x");
    message.persistent = true;
    let commands = [
        ClientCommand::Subscribe(asked),
        ClientCommand::CreateTemporary { topic: false },
        ClientCommand::Publish(Publish {
            destination: Destination::queue("q"),
            message,
        }),
        ClientCommand::Disconnect,
    ];
    let mut next = 0;
    let mut commands = commands.into_iter();
    let mut rest = data;
    let mut open = true;
    while let Some((control, after)) = rest.split_first() {
        let length = usize::from(control >> 2).min(after.len());
        let (piece, after) = after.split_at(length);
        rest = after;
        if control & 1 != 0
            && let Some(command) = commands.next()
        {
            client.handle_input(now, ProtocolInput::Command(CommandId(next), command));
            next += 1;
        }
        if control & 2 != 0 {
            now += Duration::from_secs(u64::from(control >> 2));
            client.handle_timeout(now);
        }
        if open && !piece.is_empty() {
            client.handle_input(now, ProtocolInput::Received(piece));
        }
        open &= drain(&mut client, now, &mut ended, &mut next);
    }
    client.handle_input(now, ProtocolInput::Closed(CloseReason::Asked));
    drain(&mut client, now, &mut ended, &mut next);
    ended.sort_unstable();
    let given: Vec<u64> = (0..next).collect();
    assert_eq!(ended, given, "every command ends once");
}

/// Whether the stream is still open.
fn drain(client: &mut Client, now: Instant, ended: &mut Vec<u64>, next: &mut u64) -> bool {
    let mut open = true;
    loop {
        match client.poll_output() {
            ProtocolOutput::Send(_) => client.handle_input(now, ProtocolInput::Sent),
            ProtocolOutput::Close(_, reason) | ProtocolOutput::Finish(_, reason) => {
                open = false;
                client.handle_input(now, ProtocolInput::Closed(reason));
            }
            ProtocolOutput::Ended(id, _) => ended.push(id.0),
            ProtocolOutput::Event(ClientEvent::Delivered(delivered)) => {
                if let Some(token) = delivered.token {
                    let command = ClientCommand::Acknowledge(token);
                    client.handle_input(now, ProtocolInput::Command(CommandId(*next), command));
                    *next += 1;
                }
            }
            ProtocolOutput::Wait(deadline) => {
                assert!(deadline.is_none_or(|at| at > now), "it waits for the past");
                return open;
            }
            _ => {}
        }
    }
}

/// Reads any text as a broker's URI, as a destination with options, and as the password in a URI.
///
/// # Panics
///
/// If what reads cannot be used, holds more than it may, or if a password is shown.
pub fn uri(data: &[u8]) {
    const MARK: &str = "zqZQ";
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match text.parse::<BrokerUri>() {
        Ok(uri) => {
            let count = uri.servers.len();
            assert!((1..=MAX_SERVERS).contains(&count), "{count} brokers");
            let link = uri.to_link_config(Some(TlsId(1)));
            assert_eq!(link.map(|link| link.endpoints.len()), Ok(count));
            ClientConfig::default().apply(&uri);
        }
        Err(error) => assert!(error.to_string().len() <= 2 * super::MAX_URI, "{error}"),
    }
    if let Ok(address) = text.parse::<DestinationAddress>() {
        assert!(!address.destination.name().is_empty(), "no name");
    }
    for uri in [
        format!("tcp://a?jms.password={MARK}{text}"),
        format!("failover:(tcp://a,ssl://b)?jms.password={text}{MARK}&jms.userName=u"),
    ] {
        // An ampersand ends the password: what follows is an option of another name.
        if text.contains('&') {
            continue;
        }
        let shown = match uri.parse::<BrokerUri>() {
            Ok(uri) => format!("{uri:?}"),
            // Brackets and commas before the last question mark are brokers' own.
            Err(_) if text.contains(['(', ')', '?']) => continue,
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(MARK), "a password is shown: {shown}");
    }
}
