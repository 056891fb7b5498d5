//! The body of the broker's fuzz target.

use finewire_core::machine::{
    Address, Input, Instant, LinkId, ListenerId, Machine, Output, UnixMillis,
};

use crate::command::{Command, ConnectionId, ConnectionInfo, SessionInfo};

use super::{Broker, BrokerConfig, Listen};

/// Feeds bytes to a broker as two of its clients, after their handshakes; lets time pass in between.
///
/// The first byte of each piece says whose it is, how long it is and whether time passes.
pub fn run(data: &[u8]) {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        ..BrokerConfig::default()
    };
    let mut broker = Broker::new(config, [1; 32]);
    let mut now = Instant::START;
    broker.handle_input(now, Input::Wall(UnixMillis(1_700_000_000_000)));
    for n in 1..=2 {
        let link = LinkId::accepted(n);
        let peer = Address::new("127.0.0.1", 1);
        broker.handle_input(now, Input::Accepted(ListenerId(0), link, peer));
        let hello = handshake(n);
        broker.handle_input(now, Input::Received(link, &hello));
        drain(&mut broker, now);
    }
    let mut rest = data;
    while let Some((control, after)) = rest.split_first() {
        let length = usize::from(control >> 2).min(after.len());
        let (piece, after) = after.split_at(length);
        rest = after;
        if control & 2 != 0 {
            now += core::time::Duration::from_secs(u64::from(control >> 2));
            broker.handle_timeout(now);
        }
        if !piece.is_empty() {
            let link = LinkId::accepted(u64::from(control & 1) + 1);
            broker.handle_input(now, Input::Received(link, piece));
        }
        drain(&mut broker, now);
    }
}

/// What a client says first. Plain frames, so that a fuzzer can write the rest.
fn handshake(n: u64) -> Vec<u8> {
    use crate::codec::{Encoder, WireFormat};

    let greeting = WireFormat::greeting();
    let connection = ConnectionId::new(format!("c{n}"));
    let session = connection.session(1);
    let commands = [
        Command::from(greeting.to_info()),
        Command::from(ConnectionInfo {
            connection_id: Some(connection),
            ..ConnectionInfo::default()
        }),
        Command::from(SessionInfo {
            session_id: Some(session),
            ..SessionInfo::default()
        }),
    ];
    let mut encoder = Encoder::new(&greeting);
    let mut out = bytes::BytesMut::new();
    for command in commands {
        let _ = encoder.encode(&command, &mut out);
    }
    out.to_vec()
}

fn drain(broker: &mut Broker, now: Instant) {
    loop {
        match broker.poll_output() {
            Output::Send(link, _) => broker.handle_input(now, Input::Sent(link)),
            Output::Wait(deadline) => {
                assert!(deadline.is_none_or(|at| at > now), "it waits for the past");
                return;
            }
            _ => {}
        }
    }
}
