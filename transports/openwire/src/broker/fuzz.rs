//! The body of the broker's fuzz target.

use finewire_core::machine::{
    Address, CloseReason, Input, Instant, LinkId, ListenerId, Machine, Output, UnixMillis,
};

use crate::command::{Command, ConnectionId, ConnectionInfo, SessionInfo};

use super::{Broker, BrokerConfig, BrokerLimits, Listen};

/// Feeds bytes to a broker as two of its clients, after their handshakes; lets time pass in between.
///
/// The first byte of each piece says whose it is, how long it is and whether time passes.
pub fn run(data: &[u8]) {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        // Little room, so that sends are held up.
        limits: BrokerLimits {
            queue_messages: 3,
            total_bytes: 16 * 1024,
            held_up_bytes: 4 * 1024,
            ..BrokerLimits::default()
        },
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
    broker.assert_whole();
    for n in 1..=2 {
        let link = LinkId::accepted(n);
        broker.handle_input(now, Input::Closed(link, CloseReason::Eof));
        drain(&mut broker, now);
    }
    broker.assert_whole();
    let view = broker.snapshot();
    assert!(
        view.connections.is_empty() && view.topics.is_empty(),
        "nobody is left"
    );
    assert!(
        view.queues
            .iter()
            .all(|queue| queue.in_flight == 0 && queue.consumers == 0)
    );
}

impl Broker {
    /// The books agree with one another. For tests and the fuzz target.
    #[doc(hidden)]
    pub fn assert_whole(&self) {
        let bytes: usize = self.queues.values().map(|queue| queue.held().1).sum();
        assert_eq!(self.held_bytes, bytes, "bytes held");
        let open = self
            .connections
            .values()
            .flat_map(|known| known.transactions.values());
        let open: usize = open.map(|transaction| transaction.bytes).sum();
        assert_eq!(self.open_bytes, open, "bytes of transactions");
        let backlogs: usize = self.consumers.values().map(|it| it.backlog_bytes).sum();
        assert_eq!(self.backlog_bytes, backlogs, "bytes of backlogs");
        self.assert_lines_whole();
        self.assert_outboxes_whole();
        self.assert_audience_whole();
        let of_links: usize = self
            .connections
            .values()
            .map(|known| known.consumers.len())
            .sum();
        assert_eq!(self.consumers.len(), of_links, "consumers");
        let temporaries: usize = self
            .connections
            .values()
            .map(|known| known.temporaries.len())
            .sum();
        assert_eq!(
            self.temporaries.len(),
            temporaries,
            "temporary destinations"
        );
        assert!(
            self.patterns
                .keys()
                .all(|key| self.consumers.contains_key(key))
        );
        let of_topics = self.topics.values().flatten();
        assert!(
            of_topics
                .into_iter()
                .all(|key| self.consumers.contains_key(key))
        );
        assert_eq!(self.by_connection_id.len(), self.by_client_id.len());
        let announced = self
            .connections
            .values()
            .flat_map(|known| known.producers.values());
        let announced: usize = announced.map(|producer| producer.parts.len()).sum();
        let counted: usize = self.producing.values().sum();
        assert_eq!(announced, counted, "producers");
        for (name, queue) in &self.queues {
            queue.assert_whole();
            let (held, _) = queue.held();
            let out: usize = self
                .consumers
                .values()
                .map(|it| it.outstanding_of(name))
                .sum();
            let open = self
                .connections
                .values()
                .flat_map(|known| known.transactions.values());
            let orphans = open.flat_map(|transaction| &transaction.orphans);
            let orphans = orphans
                .filter(|(home, place, _)| **home == *name && queue.knows(*place))
                .count();
            assert_eq!(
                held,
                queue.waiting_count() + out + orphans,
                "messages of {name}"
            );
        }
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
