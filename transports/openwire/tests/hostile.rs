//! Bytes that nobody should send: no panic, no endless loop, every command still ends once.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use finewire_core::machine::Random;
use finewire_openwire::codec::{Encoder, WireFormat};
use finewire_openwire::command::{
    AckKind, Command, ConnectionId, ConsumerControl, ConsumerInfo, Destination, DestinationInfo,
    DestinationOperation, LocalTransactionId, Message, MessageAck, MessageId, MessagePull,
    ProducerInfo, RemoveInfo, TransactionId, TransactionInfo, TransactionStep,
};
use finewire_openwire::{broker, client};

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/openwire/captures"
);

/// Real frames behind one another, from which damaged ones are made.
fn material(suffix: &str) -> Vec<u8> {
    let mut names: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(suffix))
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// Cuts material into pieces with control bytes, and damages some of it.
fn mangled(material: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = Vec::new();
    let pick = |random: &mut Random, end: usize| usize::try_from(random.below(end as u64)).unwrap();
    let mut at = pick(random, material.len());
    for _ in 0..pick(random, 60) {
        let control = u8::try_from(pick(random, 256)).unwrap();
        // Time passes rarely, or every link would time out.
        let control = if pick(random, 20) == 0 {
            control
        } else {
            control & !2
        };
        data.push(control);
        let length = usize::from(control >> 2).min(material.len() - at);
        let start = data.len();
        data.extend_from_slice(&material[at..at + length]);
        at += length;
        if at >= material.len() || pick(random, 8) == 0 {
            at = pick(random, material.len());
        }
        if length > 0 && pick(random, 3) == 0 {
            let hit = start + pick(random, length);
            data[hit] = u8::try_from(pick(random, 256)).unwrap();
        }
    }
    data
}

/// What a client of the fuzz body may say, in an order that makes sense now and then.
fn sayings(client: u8, random: &mut Random) -> Vec<u8> {
    let mut encoder = Encoder::new(&WireFormat::greeting());
    let mut out = bytes::BytesMut::new();
    for number in 0..200 {
        let mut pick = |end: u64| i64::try_from(random.below(end)).unwrap();
        let connection = ConnectionId::new(format!("c{client}"));
        let session = connection.session([1, 1, 1, 1, -1, 0][usize::try_from(pick(6)).unwrap()]);
        let consumer = session.consumer(pick(3));
        let producer = session.producer(pick(2));
        let odd = [
            "t",
            "q,topic://t",
            "q.*",
            ">",
            "",
            "c1:1",
            "c2:1",
            "ActiveMQ.Advisory.>",
        ];
        let name = match pick(16) {
            0..=7 => "q",
            n => odd[usize::try_from(n - 8).unwrap()],
        };
        let destination = match pick(4) {
            0 | 1 => Destination::queue(name),
            2 => Destination::topic(name),
            _ => Destination::temp_queue(name),
        };
        let id = |sequence| MessageId::new(producer.clone(), sequence);
        let local = LocalTransactionId {
            value: pick(2),
            connection_id: Some(connection.clone()),
        };
        let transaction = (pick(4) == 0).then(|| TransactionId::Local(local.clone()));
        let mut command: Command = match pick(14) {
            0..=2 => {
                let mut message = Message::text("x");
                message.producer_id = Some(producer.clone());
                message.message_id = Some(id(number));
                message.destination = Some(destination);
                message.persistent = pick(2) == 0;
                message.expiration = (pick(8) / 7) * 1_700_000_001_000;
                if transaction.is_some() {
                    message.extras.transaction_id = transaction;
                }
                message.into()
            }
            3 | 4 => ConsumerInfo {
                consumer_id: Some(consumer),
                destination: Some(destination),
                prefetch_size: i32::try_from(pick(4)).unwrap(),
                exclusive: pick(4) == 0,
                browser: pick(6) == 0,
                no_local: pick(6) == 0,
                priority: i8::try_from(pick(128)).unwrap(),
                ..ConsumerInfo::default()
            }
            .into(),
            5..=7 => MessageAck {
                consumer_id: Some(consumer),
                destination: Some(destination),
                kind: AckKind(i8::try_from(pick(8)).unwrap()),
                first_message_id: (pick(4) == 0).then(|| id(pick(200))),
                last_message_id: (pick(4) == 0).then(|| id(pick(200))),
                message_count: i32::try_from(pick(5)).unwrap(),
                transaction_id: transaction,
                ..MessageAck::default()
            }
            .into(),
            8 => MessagePull {
                consumer_id: Some(consumer),
                timeout: pick(3000) - 1,
                ..MessagePull::default()
            }
            .into(),
            9 => TransactionInfo {
                connection_id: Some(connection),
                transaction_id: Some(TransactionId::Local(local)),
                step: TransactionStep(i8::try_from(pick(9)).unwrap()),
                ..TransactionInfo::default()
            }
            .into(),
            10 => DestinationInfo {
                connection_id: Some(connection),
                destination: Some(destination),
                operation: DestinationOperation(i8::try_from(pick(3)).unwrap()),
                ..DestinationInfo::default()
            }
            .into(),
            11 => ConsumerControl {
                consumer_id: Some(consumer),
                prefetch: i32::try_from(pick(5)).unwrap(),
                stop: pick(8) == 0,
                start: pick(8) == 0,
                close: pick(8) == 0,
                ..ConsumerControl::default()
            }
            .into(),
            12 => match pick(40) {
                0 => RemoveInfo::new(connection).into(),
                1 => RemoveInfo::new(session).into(),
                2 => RemoveInfo::new(producer.clone()).into(),
                _ => RemoveInfo::new(consumer).into(),
            },
            _ => ProducerInfo {
                producer_id: Some(producer.clone()),
                window_size: i32::try_from(pick(2)).unwrap(),
                ..ProducerInfo::default()
            }
            .into(),
        };
        command.set_command_id(i32::try_from(pick(1000)).unwrap(), pick(2) == 0);
        encoder.encode(&command, &mut out).unwrap();
    }
    out.to_vec()
}

#[test]
fn any_order_of_proper_commands_leaves_the_broker_whole() {
    let mut random = Random::from_seed([4; 32]);
    for _ in 0..300 {
        let said = [1, 2].map(|client| sayings(client, &mut random));
        let mut left = [said[0].as_slice(), said[1].as_slice()];
        let mut data = Vec::new();
        while !left[0].is_empty() || !left[1].is_empty() {
            let client = usize::from(random.below(2) == 1);
            let length = left[client].len().min(63);
            let (piece, rest) = left[client].split_at(length);
            left[client] = rest;
            let time = if random.below(30) == 0 { 2 } else { 0 };
            let control = u8::try_from(length << 2 | time | client).unwrap();
            data.push(control);
            data.extend_from_slice(piece);
        }
        broker::fuzz::run(&data);
    }
}

#[test]
fn damaged_frames_do_the_broker_no_harm() {
    let material = material("loose-nocache.c2s.bin");
    let mut random = Random::from_seed([5; 32]);
    for _ in 0..1500 {
        broker::fuzz::run(&mangled(&material, &mut random));
    }
}

#[test]
fn damaged_frames_do_the_client_no_harm_and_every_command_ends_once() {
    let material = material("loose-nocache.s2c.bin");
    let mut random = Random::from_seed([6; 32]);
    for _ in 0..1500 {
        client::fuzz::run(&mangled(&material, &mut random));
    }
}
