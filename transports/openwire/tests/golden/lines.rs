//! One command a line, sequences of commands, bodies.

use bytes::{Bytes, BytesMut};
use finewire_openwire::body::Body;
use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{Command, Message};
use serde_json::Value;

use crate::json;
use crate::vectors::{format, lines, unhex};

/// Both directions of one connection that speaks to itself.
struct Pair {
    format: WireFormat,
    encoder: Encoder,
    decoder: Decoder,
    splitter: FrameSplitter,
}

impl Pair {
    fn new(line: &Value) -> Self {
        let format = format(line);
        Self {
            encoder: Encoder::new(&format),
            decoder: Decoder::new(&format, Limits::default()),
            splitter: FrameSplitter::new(),
            format,
        }
    }

    /// Decodes a frame to what `stated` says and encodes it to the same bytes.
    fn check(&mut self, id: &str, stated: &Value, frame: &Bytes) -> Command {
        self.splitter.feed(frame);
        let command = self
            .splitter
            .next_command(&mut self.decoder)
            .unwrap_or_else(|error| panic!("{id}: {error}"))
            .unwrap_or_else(|| panic!("{id}: incomplete"));
        assert_eq!(self.splitter.buffered(), 0, "{id}: bytes left over");
        assert_eq!(stated["type"], command.type_name(), "{id}");
        let fields = json::fields(&command, self.format.version, self.format.stack_trace);
        let stated = stated.get("fields").and_then(Value::as_object).cloned();
        assert_eq!(fields, stated.unwrap_or_default(), "{id}");
        let mut again = BytesMut::new();
        self.encoder
            .encode(&command, &mut again)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(
            json::hex(&again),
            json::hex(frame),
            "{id}: encoded differently"
        );
        command
    }
}

fn check_file(name: &str) {
    let lines = lines(name);
    let mut checked = 0;
    for line in &lines {
        let id = line["id"].as_str().unwrap();
        let mut pair = Pair::new(line);
        if let Some(sequence) = line["sequence"].as_array() {
            for (step, stated) in sequence.iter().enumerate() {
                let frame = unhex(stated["hex"].as_str().unwrap());
                pair.check(&format!("{id} step {step}"), stated, &frame);
            }
        } else if let Some(hex) = line["hex"].as_str() {
            let mut frame = unhex(hex);
            if line["type"] == "null" && !pair.format.size_prefix {
                // Java's byte-array form writes a size prefix here; on a stream there is none.
                frame = frame.slice(4..);
            }
            pair.check(id, line, &frame);
        } else {
            // What Java itself cannot encode.
            continue;
        }
        checked += 1;
    }
    println!("{name}: {checked} of {} lines", lines.len());
    assert!(checked > 0 || lines.is_empty(), "{name}: nothing to check");
}

#[test]
fn every_type_decodes_to_the_stated_fields_and_encodes_to_the_same_bytes() {
    check_file("types.jsonl.gz");
}

#[test]
fn every_sequence_keeps_the_cache_as_java_does() {
    check_file("sequences.jsonl.gz");
}

#[test]
fn every_length_at_which_the_encoding_changes_is_kept() {
    check_file("limits.jsonl.gz");
}

#[test]
fn every_quirk_is_kept() {
    check_file("quirks.jsonl.gz");
}

#[test]
fn what_java_refuses_to_encode_for_its_length_is_refused() {
    for tight in [true, false] {
        let format = WireFormat {
            tight,
            ..WireFormat::default()
        };
        let most = if tight { 32766 } else { 65535 };
        let id = |length| finewire_openwire::command::ConnectionId::new("x".repeat(length)).into();
        let mut out = BytesMut::new();
        let mut encoder = Encoder::new(&format);
        encoder.encode(&id(most), &mut out).unwrap();
        let before = out.len();
        encoder.encode(&id(most + 1), &mut out).unwrap_err();
        assert_eq!(out.len(), before, "a refused command writes nothing");
    }
}

fn message(command: Command) -> Message {
    match command {
        Command::Message(message) => (*message).clone(),
        other => panic!("{other:?} is no message"),
    }
}

#[test]
fn every_body_and_property_map_reads_as_stated() {
    for line in &lines("bodies.jsonl.gz") {
        let id = line["id"].as_str().unwrap();
        let frame = unhex(line["hex"].as_str().unwrap());
        let message = message(Pair::new(line).check(id, line, &frame));

        let properties = message.properties().unwrap_or_else(|e| panic!("{id}: {e}"));
        let stated = &line["properties"];
        if stated.is_null() {
            assert!(properties.is_empty(), "{id}");
        } else {
            assert_eq!(json::entries(&properties), *stated, "{id}");
            let received = message.marshalled_properties.as_ref();
            assert_eq!(received, Some(&properties.encode().unwrap()), "{id}");
        }

        let body = message.body().unwrap_or_else(|e| panic!("{id}: {e}"));
        let stated = &line["body"];
        let key = match stated["kind"].as_str().unwrap() {
            "text" => "text",
            "bytes" => "hex",
            "map" => "entries",
            "stream" => "items",
            "object" => "java_serialized",
            "none" | "blob" => "none",
            other => panic!("{id}: unknown kind {other}"),
        };
        assert_eq!(json::body(&body), stated[key], "{id}");
        if body == Body::Empty {
            continue;
        }
        let again = Message::with_body(&body).unwrap();
        assert_eq!(again.kind, message.kind, "{id}");
        if message.compressed {
            let mut compressed = again.clone();
            compressed.compress();
            assert!(compressed.compressed, "{id}");
            assert_eq!(
                compressed.body().unwrap(),
                body,
                "{id}: deflated and inflated"
            );
        } else {
            assert_eq!(again.content, message.content, "{id}: encoded differently");
        }
    }
}
