//! A dispatch of a 200-byte text message, encoded and decoded, in version 12.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use core::hint::black_box;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finewire_openwire::codec::{Decoder, Encoder, Limits, WireFormat};
use finewire_openwire::command::{
    Command, ConnectionId, Destination, Message, MessageDispatch, MessageId,
};

/// What a broker dispatches: everything set that a plain JMS producer sets.
fn dispatch() -> Command {
    let sender = ConnectionId::new("ID:crm-host-40111-1700000000000-1:1")
        .session(1)
        .producer(1);
    let receiver = ConnectionId::new("ID:connector-40222-1700000000000-1:1")
        .session(1)
        .consumer(1);
    let mut message = Message::text("x".repeat(200));
    message.command_id = 7;
    message.producer_id = Some(sender.clone());
    message.destination = Some(Destination::queue("Connector1"));
    message.message_id = Some(MessageId {
        broker_sequence_id: 4711,
        ..MessageId::new(sender, 42)
    });
    message.priority = 4;
    message.timestamp = 1_700_000_000_000;
    message.jms_type = Some("MakeCall#1001001".into());
    message.broker_in_time = 1_700_000_000_001;
    message.broker_out_time = 1_700_000_000_002;
    MessageDispatch {
        consumer_id: Some(receiver),
        destination: message.destination.clone(),
        message: Some(Arc::new(message)),
        ..MessageDispatch::default()
    }
    .into()
}

fn codec(criterion: &mut Criterion) {
    let command = dispatch();
    for (name, tight, cache) in [
        ("tight, cache", true, true),
        ("tight", true, false),
        ("loose, cache", false, true),
        ("loose", false, false),
    ] {
        let format = WireFormat {
            tight,
            cache,
            ..WireFormat::default()
        };
        let mut encoder = Encoder::new(&format);
        let mut decoder = Decoder::new(&format, Limits::default());
        let mut out = BytesMut::new();
        // The first brings the ids, the second names them.
        encoder.encode(&command, &mut out).unwrap();
        let first: Bytes = out.split().freeze().slice(4..);
        assert_eq!(decoder.decode(first).unwrap(), command);
        encoder.encode(&command, &mut out).unwrap();
        let frame: Bytes = out.split().freeze().slice(4..);
        assert_eq!(decoder.decode(frame.clone()).unwrap(), command);

        let mut group = criterion.benchmark_group("dispatch");
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function(format!("encode, {name}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                encoder.encode(black_box(&command), &mut out).unwrap();
            });
        });
        group.bench_function(format!("decode, {name}"), |bencher| {
            bencher.iter(|| decoder.decode(black_box(frame.clone())).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
