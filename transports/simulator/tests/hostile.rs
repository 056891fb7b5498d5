//! Whatever bytes come, and however many links.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod office;

use finewire_core::machine::{Address, Input, Instant, LinkId, ListenerId, Machine, Output};
use finewire_simulator::Simulator;
use office::config;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_bytes_make_it_panic_or_write_forever(
        streams in proptest::collection::vec((0u32..3, garbage()), 1..6), seed: u8,
    ) {
        let mut simulator = Simulator::new(config(), [seed; 32]);
        let mut now = Instant::START;
        let mut open = Vec::new();
        for (n, (listener, bytes)) in (0..).zip(streams) {
            let link = LinkId::accepted(n);
            let from = Address::new("127.0.0.1", 1);
            simulator.handle_input(now, Input::Accepted(ListenerId(listener), link, from));
            open.push(link);
            for piece in bytes.chunks(7) {
                simulator.handle_input(now, Input::Received(link, piece));
            }
        }
        let mut closed = Vec::new();
        for _ in 0..10_000 {
            match simulator.poll_output() {
                Output::Wait(None) => break,
                Output::Wait(Some(at)) => {
                    prop_assert!(at > now);
                    now = at;
                    simulator.handle_timeout(now);
                }
                Output::Send(link, _) => simulator.handle_input(now, Input::Sent(link)),
                Output::Close(link, _) => closed.push(link),
                _ => {}
            }
        }
        open.retain(|link| !closed.contains(link));
        prop_assert!(open.is_empty(), "{open:?} stay open though nobody says anything");
        prop_assert!(matches!(simulator.poll_output(), Output::Wait(None)));
    }
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"GET /finesse/api/SystemInfo HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        Just(b"GET /ws/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n".to_vec()),
        Just(b"PUT /finesse/api/User/1001001 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<User/>  ".to_vec()),
        Just(b"<stream:stream to='finesse.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".to_vec()),
        Just(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>".to_vec()),
        Just(b"<iq type='set' id='1'>".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..60),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

#[test]
fn an_input_at_the_moment_of_a_deadline_does_what_is_due() {
    let mut simulator = Simulator::new(config(), [1; 32]);
    let from = Address::new("127.0.0.1", 1);
    let silent = LinkId::accepted(0);
    simulator.handle_input(
        Instant::START,
        Input::Accepted(ListenerId(0), silent, from.clone()),
    );
    let due = wait(&mut simulator).unwrap();

    // The runtime reports a link before it looks at the clock's own call.
    simulator.handle_input(
        due,
        Input::Accepted(ListenerId(0), LinkId::accepted(1), from),
    );

    assert!(wait(&mut simulator) > Some(due));
}

/// Drains it; the deadline at the end.
fn wait(simulator: &mut Simulator) -> Option<Instant> {
    loop {
        if let Output::Wait(deadline) = simulator.poll_output() {
            return deadline;
        }
    }
}

#[test]
fn links_beyond_the_limit_are_closed_as_they_come() {
    let mut config = config();
    config.most_links = 2;
    let mut simulator = Simulator::new(config, [1; 32]);
    let mut closed = Vec::new();
    for n in 0..3 {
        let from = Address::new("127.0.0.1", 1);
        let accepted = Input::Accepted(ListenerId(0), LinkId::accepted(n), from);
        simulator.handle_input(Instant::START, accepted);
        loop {
            match simulator.poll_output() {
                Output::Close(link, _) => closed.push(link),
                Output::Wait(_) => break,
                _ => {}
            }
        }
    }
    assert_eq!(closed, [LinkId::accepted(2)]);
}
