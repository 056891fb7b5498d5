//! What idle connections and destinations cost the broker: resident memory of this process, which has no
//! other test in it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use bytes::BytesMut;
use finewire_core::machine::{Address, Input, Instant, LinkId, ListenerId, Machine, Output};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::codec::{Encoder, WireFormat};
use finewire_openwire::command::{
    Command, ConnectionId, ConnectionInfo, ConsumerInfo, Destination, DestinationInfo, SessionInfo,
};

const CONNECTIONS: u64 = 5_000;
const DESTINATIONS: u64 = 10_000;

/// Bytes of memory that the process occupies.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

fn encode(commands: Vec<Command>) -> BytesMut {
    let mut out = BytesMut::new();
    let mut encoder = Encoder::new(&WireFormat::greeting());
    for command in commands {
        encoder.encode(&command, &mut out).unwrap();
    }
    out
}

fn drain(broker: &mut Broker) {
    loop {
        match broker.poll_output() {
            Output::Send(link, _) => broker.handle_input(Instant::START, Input::Sent(link)),
            Output::Wait(_) => return,
            _ => {}
        }
    }
}

/// A client as the Java one is when it waits: a session, a consumer, the temporary advisories. It speaks
/// with the cache, as Java does.
fn connect(broker: &mut Broker, n: u64) {
    let link = LinkId::accepted(n);
    let peer = Address::new("127.0.0.1", 40_000);
    broker.handle_input(Instant::START, Input::Accepted(ListenerId(0), link, peer));
    let offer = WireFormat::default().to_info();
    broker.handle_input(
        Instant::START,
        Input::Received(link, &encode(vec![offer.into()])),
    );
    let format = WireFormat::default()
        .negotiate(&WireFormat::default())
        .unwrap();
    let id = ConnectionId::new(format!("ID:station-{n}-41000-1700000000000-1:1"));
    let session = id.session(1);
    let advisories = "ActiveMQ.Advisory.TempQueue,ActiveMQ.Advisory.TempTopic";
    let consume = |consumer, from| ConsumerInfo {
        consumer_id: Some(consumer),
        destination: Some(from),
        prefetch_size: 1000,
        no_local: true,
        ..ConsumerInfo::default()
    };
    let commands: Vec<Command> = vec![
        ConnectionInfo {
            connection_id: Some(id.clone()),
            client_id: Some(format!("ID:station-{n}-41000-1700000000000-0:1").into()),
            ..ConnectionInfo::default()
        }
        .into(),
        consume(id.session(-1).consumer(1), Destination::topic(advisories)).into(),
        SessionInfo {
            session_id: Some(session.clone()),
            ..SessionInfo::default()
        }
        .into(),
        consume(
            session.consumer(1),
            Destination::topic(format!("192.168.{}.{}", n / 256, n % 256)),
        )
        .into(),
    ];
    let mut encoder = Encoder::new(&format);
    let mut out = BytesMut::new();
    for command in commands {
        encoder.encode(&command, &mut out).unwrap();
    }
    broker.handle_input(Instant::START, Input::Received(link, &out));
    drain(broker);
}

#[test]
fn idle_connections_and_destinations_cost_what_is_promised() {
    let listen = Listen {
        address: Address::new("127.0.0.1", 0),
        tls: None,
    };
    let config = BrokerConfig {
        listen: vec![listen],
        ..BrokerConfig::default()
    };
    let mut broker = Broker::new(config, [3; 32]);
    connect(&mut broker, 1);
    let before = resident();
    for n in 2..=CONNECTIONS + 1 {
        connect(&mut broker, n);
    }
    let connected = resident();
    let each = (connected - before) / CONNECTIONS;
    println!("{each} bytes a connection");
    assert_eq!(broker.snapshot().connections.len() as u64, CONNECTIONS + 1);
    assert!(each <= 24 * 1024, "{each} bytes a connection");

    let before = resident();
    for n in 0..DESTINATIONS {
        let info = DestinationInfo {
            connection_id: Some(ConnectionId::new("ID:station-1-41000-1700000000000-1:1")),
            destination: Some(Destination::queue(format!("site.{}.agent.{n}", n % 7))),
            ..DestinationInfo::default()
        };
        let mut out = BytesMut::new();
        let format = WireFormat::default()
            .negotiate(&WireFormat::default())
            .unwrap();
        let mut encoder = Encoder::new(&format);
        encoder.encode(&info.into(), &mut out).unwrap();
        broker.handle_input(Instant::START, Input::Received(LinkId::accepted(1), &out));
        drain(&mut broker);
    }
    let each = (resident() - before) / DESTINATIONS;
    println!("{each} bytes a destination");
    assert_eq!(broker.snapshot().queues.len() as u64, DESTINATIONS);
    assert!(each <= 2 * 1024, "{each} bytes a destination");
}
