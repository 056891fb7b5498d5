//! What real clients sent to a real broker is sent to ours: the answers are of the same kinds.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use finewire_core::machine::{
    Address, Input, Instant, LinkId, ListenerId, Machine, Output, UnixMillis,
};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::codec::{Decoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{Command, Text};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/openwire");

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap()
}

/// All commands of one direction, given the first frame of the other.
fn decode(bytes: &[u8], other: &[u8]) -> Vec<Command> {
    let offer_of = |bytes: &[u8]| {
        let mut splitter = FrameSplitter::new();
        splitter.feed(bytes);
        match splitter.next_command(&mut Decoder::default()).unwrap() {
            Some(Command::WireFormatInfo(info)) => WireFormat::from_info(&info).unwrap(),
            first => panic!("no greeting but {first:?}"),
        }
    };
    let format = offer_of(bytes).negotiate(&offer_of(other)).unwrap();
    let mut splitter = FrameSplitter::new();
    splitter.feed(bytes);
    splitter.next_command(&mut Decoder::default()).unwrap();
    let mut decoder = Decoder::new(&format, Limits::default());
    let mut commands = Vec::new();
    while let Some(command) = splitter.next_command(&mut decoder).unwrap() {
        commands.push(command);
    }
    commands
}

/// What our broker answers to these bytes, whole or in pieces.
fn answers(sent: &[u8], chunk: usize) -> Vec<u8> {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        ..BrokerConfig::default()
    };
    let mut broker = Broker::new(config, [3; 32]);
    let now = Instant::START;
    let link = LinkId::accepted(1);
    broker.handle_input(now, Input::Wall(UnixMillis(1_795_330_733_000)));
    let peer = Address::new("127.0.0.1", 4000);
    broker.handle_input(now, Input::Accepted(ListenerId(0), link, peer));
    let mut answered = Vec::new();
    let mut drain = |broker: &mut Broker| {
        loop {
            match broker.poll_output() {
                Output::Send(_, chunks) => {
                    answered.extend(chunks.to_vec());
                    broker.handle_input(now, Input::Sent(link));
                }
                Output::Wait(_) => break,
                _ => {}
            }
        }
    };
    drain(&mut broker);
    for part in sent.chunks(chunk) {
        broker.handle_input(now, Input::Received(link, part));
        drain(&mut broker);
    }
    answered
}

fn text(text: Option<&Text>) -> String {
    text.map(|text| text.to_str().into_owned())
        .unwrap_or_default()
}

/// What a client sees of an answer, without what is the broker's own: its ids, its clock, its words.
fn summary(command: &Command) -> Option<String> {
    Some(match command {
        Command::Response(response) => format!("Response to {}", response.correlation_id),
        Command::IntegerResponse(response) => {
            format!(
                "IntegerResponse to {}: {}",
                response.correlation_id, response.result
            )
        }
        Command::ExceptionResponse(response) => {
            let exception = response.exception.as_ref().unwrap();
            let class = text(exception.class.as_ref());
            format!("ExceptionResponse to {}: {class}", response.correlation_id)
        }
        Command::MessageDispatch(dispatch) => {
            let consumer = dispatch.consumer_id.as_ref().unwrap();
            let what = match &dispatch.message {
                None => "nothing".into(),
                Some(message) if text(message.jms_type.as_ref()) == "Advisory" => {
                    let payload = message.extras.data_structure.as_ref().unwrap();
                    format!("advisory of {}", payload.type_name())
                }
                Some(message) => {
                    let sequence = message.message_id.as_ref().unwrap().producer_sequence_id;
                    let body = message.content.as_ref().map_or(0, bytes::Bytes::len);
                    let name = dispatch.destination.as_ref().unwrap();
                    format!(
                        "{} {sequence} of {name}, {body} bytes, delivered {} times before",
                        message.type_name(),
                        dispatch.redelivery_counter
                    )
                }
            };
            format!("to {consumer}: {what}")
        }
        Command::ProducerAck(ack) => format!("ProducerAck {}", ack.size),
        Command::BrokerInfo(_) => "BrokerInfo".into(),
        Command::ConnectionControl(_) => "ConnectionControl".into(),
        // Time stands still here.
        Command::KeepAliveInfo(_) | Command::WireFormatInfo(_) => return None,
        other => other.type_name().into(),
    })
}

fn counted(commands: &[Command]) -> BTreeMap<String, i32> {
    let mut counts = BTreeMap::new();
    for line in commands.iter().filter_map(summary) {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// The lines in which the two differ.
fn difference(name: &str) -> Vec<String> {
    let sent = read(&format!("{name}.c2s.bin"));
    let real = decode(&read(&format!("{name}.s2c.bin")), &sent);
    let whole = answers(&sent, usize::MAX);
    assert_eq!(answers(&sent, 1), whole, "{name}: the chunking shows");
    let mut counts = counted(&real);
    for (line, count) in counted(&decode(&whole, &sent)) {
        *counts.entry(line).or_default() -= count;
    }
    let lines = counts.into_iter().filter(|(_, count)| *count != 0);
    lines
        .map(|(line, count)| format!("{count:+} {line}"))
        .collect()
}

/// Conversations of one client with a broker that has no other: every answer is the same.
const ALONE: &[&str] = &[
    "ack-modes",
    "broker-shutdown",
    "composite-destination",
    "connect",
    "connection-lost",
    "destroy-destination",
    "error-selector",
    "failover-reconnect",
    "failover-reconnect-2",
    "inactivity-off",
    "keepalive",
    "many-ids-cache",
    "message-groups",
    "message-kinds",
    "message-kinds-compressed",
    "mixed-small-cache",
    "mixed-v1",
    "mixed-v1-loose",
    "mixed-v1-nocache",
    "mixed-v10",
    "mixed-v10-loose-nocache",
    "mixed-v10-nocache",
    "mixed-v12",
    "mixed-v12-loose",
    "mixed-v12-loose-nocache",
    "mixed-v12-nocache",
    "mixed-v3",
    "mixed-v5",
    "mixed-v6",
    "mixed-v9",
    "mixed-v9-loose",
    "mixed-v9-loose-nocache",
    "producer-window",
    "queue-text",
    "raw-silent",
    "selector",
    "small-prefetch",
    "topic-nonpersistent",
    "transactions",
];

#[test]
fn every_client_of_a_capture_gets_the_answers_that_the_real_broker_gave() {
    for name in ALONE {
        assert_eq!(difference(&format!("captures/{name}")), [""; 0], "{name}");
    }
}

#[test]
fn the_second_of_two_exclusive_consumers_is_served_when_the_first_closes() {
    let lines = difference("captures/exclusive-consumer");

    // The client names the last delivery by the real broker's higher number: here the message counts
    // as seen.
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains(":1:1:2: ActiveMQTextMessage 2 of queue"))
    );
}

#[test]
fn requests_over_a_temporary_queue_are_answered_as_by_the_real_broker() {
    let lines = difference("captures/temp-queue-request-reply");

    // The replier is another client: its replies, and so the acknowledgements of them, have no
    // counterpart here.
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.contains(&"-2 ConnectionError".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("+2 ") && line.contains("temp-queue://"))
    );
}

#[test]
fn the_cpp_client_of_a_driver_is_served() {
    let lines = difference("captures-cpp/cms-login");

    // What the connector sent is missing, and acknowledged in vain.
    let events = lines
        .iter()
        .filter(|line| line.starts_with("+1") && line.contains("dest1"));
    assert_eq!(events.count(), 7, "{lines:?}");
    assert_eq!(lines.len(), 8, "{lines:?}");
    assert!(
        lines.contains(&"-7 ConnectionError".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn what_is_not_offered_is_refused_with_the_right_exception() {
    let durable = difference("captures/durable-subscriber");
    assert!(durable.contains(&"-1 ExceptionResponse to 4: javax.jms.JMSException".to_owned()));
    let xa = difference("captures/xa");
    assert!(
        xa.contains(&"-1 ExceptionResponse to 8: javax.jms.JMSException".to_owned()),
        "{xa:?}"
    );
}

#[test]
fn peers_that_speak_something_else_are_dropped() {
    for name in ["raw-wrong-magic", "raw-no-wireformat", "raw-cache-size-50"] {
        let answered = answers(&read(&format!("captures/{name}.c2s.bin")), usize::MAX);
        let mut splitter = FrameSplitter::new();
        splitter.feed(&answered);
        let greeting = splitter.next_command(&mut Decoder::default()).unwrap();
        assert!(
            matches!(greeting, Some(Command::WireFormatInfo(_))),
            "{name}"
        );
        assert_eq!(
            splitter.buffered(),
            0,
            "{name}: nothing follows the greeting"
        );
    }
}
