//! Recorded sessions of real clients with a real broker.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bytes::BytesMut;
use finewire_openwire::body::Properties;
use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::Command;
use serde_json::Value;

use crate::json;
use crate::vectors::{folder, format, unhex};

/// One direction of a connection: its commands, each with the bytes of its frame.
struct Direction<'a> {
    name: String,
    bytes: &'a [u8],
}

impl Direction<'_> {
    /// The offer in the first frame, if it is a good one.
    fn offer(&self) -> Option<WireFormat> {
        let mut splitter = FrameSplitter::new();
        splitter.feed(self.bytes);
        match splitter.next_command(&mut Decoder::default()) {
            Ok(Some(Command::WireFormatInfo(info))) => WireFormat::from_info(&info).ok(),
            _ => None,
        }
    }

    /// Decodes every frame and encodes it to the same bytes. The first frame is a greeting; `common` is
    /// spoken after it, `None` if the sides never agreed.
    fn check(&self, common: Option<&WireFormat>, chunk: usize) -> Vec<(Command, usize)> {
        let mut decoder = Decoder::default();
        let mut encoder = Encoder::default();
        let mut splitter = FrameSplitter::new();
        let mut commands = Vec::new();
        let mut position = 0;
        for piece in self.bytes.chunks(chunk) {
            splitter.feed(piece);
            loop {
                let name = format!("{} frame {} at {position}", self.name, commands.len());
                let command = splitter
                    .next_command(&mut decoder)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let Some(command) = command else {
                    break;
                };
                let mut again = BytesMut::new();
                encoder
                    .encode(&command, &mut again)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let end = position + again.len();
                assert_eq!(
                    json::hex(&again),
                    json::hex(&self.bytes[position..end.min(self.bytes.len())]),
                    "{name}: encoded differently"
                );
                if let (Command::WireFormatInfo(_), Some(common)) = (&command, common) {
                    decoder.switch(common);
                    encoder.switch(common);
                }
                commands.push((command, position));
                position = end;
            }
        }
        assert_eq!(position, self.bytes.len(), "{}: bytes left over", self.name);
        commands
    }
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn check_connection(folder: &Path, connection: &Value) -> usize {
    let name = |side: &str| connection[side].as_str().unwrap().to_owned();
    let files = ["c2s", "s2c"].map(|side| (name(side), bytes(folder, &name(side))));
    let directions = [0, 1].map(|side: usize| Direction {
        name: files[side].0.clone(),
        bytes: &files[side].1,
    });
    let stated = &connection["negotiated"];
    let common = (!stated.is_null()).then(|| WireFormat {
        max_frame_size: i64::MAX,
        ..format(stated)
    });
    let offers = [directions[0].offer(), directions[1].offer()];
    if let ([Some(client), Some(server)], Some(common)) = (&offers, &common) {
        check_negotiation(&directions[0].name, client, server, common, stated);
    }
    let mut checked = 0;
    for (side, direction) in ["c2s", "s2c"].into_iter().zip(&directions) {
        if connection.get(format!("{side}_note")).is_some() && common.is_some() {
            // A hand-made peer, cut off where its partner gave up: nothing was agreed.
            checked += direction.check(None, usize::MAX).len();
            continue;
        }
        let commands = direction.check(common.as_ref(), usize::MAX);
        assert_eq!(
            direction.check(common.as_ref(), 7),
            commands,
            "{}: in pieces it decodes to something else",
            direction.name
        );
        let listed: Vec<&Value> = connection["commands"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|command| command["dir"] == side)
            .collect();
        assert_eq!(commands.len(), listed.len(), "{}", direction.name);
        for ((command, position), stated) in commands.iter().zip(listed) {
            let at = format!("{} at {position}", direction.name);
            assert_eq!(stated["offset"], *position, "{at}");
            assert_eq!(stated["type"], command.type_name(), "{at}");
            let format = match (command, &common) {
                (Command::WireFormatInfo(_), _) | (_, None) => &WireFormat::greeting(),
                (_, Some(common)) => common,
            };
            let fields = json::fields(command, format.version, format.stack_trace);
            let mut stated = stated["fields"].clone();
            check_properties(&mut stated, &at);
            assert_eq!(Value::Object(fields), stated, "{at}");
        }
        checked += commands.len();
    }
    checked
}

/// Takes the property maps that the recording shows decoded out of `stated`, and checks each.
fn check_properties(stated: &mut Value, at: &str) {
    if let Some(fields) = stated.as_object_mut() {
        if let Some(properties) = fields.remove("$properties") {
            let hex = fields["marshalledProperties"]["$hex"].as_str();
            let bytes = unhex(hex.unwrap_or_default());
            let decoded = Properties::decode(&bytes, &Limits::default()).unwrap();
            assert_eq!(json::entries(&decoded.unwrap()), properties, "{at}");
        }
        for value in fields.values_mut() {
            check_properties(value, at);
        }
    } else if let Some(elements) = stated.as_array_mut() {
        for element in elements {
            check_properties(element, at);
        }
    }
}

/// Both sides compute what was recorded.
fn check_negotiation(
    name: &str,
    client: &WireFormat,
    server: &WireFormat,
    common: &WireFormat,
    stated: &Value,
) {
    for (ours, theirs) in [(client, server), (server, client)] {
        let Ok(agreed) = ours.negotiate(theirs) else {
            // An offer that hangs Java, and that we refuse.
            assert!(name.contains("cache-size"), "{name}");
            continue;
        };
        assert_eq!(agreed.version, common.version, "{name}");
        assert_eq!(agreed.tight, common.tight, "{name}");
        assert_eq!(agreed.cache, common.cache, "{name}");
        if agreed.cache {
            assert_eq!(agreed.cache_size, common.cache_size, "{name}");
        }
        assert_eq!(agreed.size_prefix, common.size_prefix, "{name}");
        assert_eq!(agreed.stack_trace, common.stack_trace, "{name}");
        assert_eq!(stated["max_frame_size"], agreed.max_frame_size, "{name}");
        let inactivity = u64::try_from(agreed.max_inactivity.as_millis()).unwrap();
        assert_eq!(stated["max_inactivity_duration"], inactivity, "{name}");
    }
}

#[test]
fn every_captured_frame_decodes_and_encodes_to_the_same_bytes() {
    let folder = folder().join("captures");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: {} is missing", folder.display());
        return;
    };
    let names: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let mut checked = 0;
    for path in names {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let capture: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for connection in capture["connections"].as_array().unwrap() {
                checked += check_connection(&folder, connection);
            }
        }
    }
    println!("{checked} captured frames");
    assert!(checked > 0);
}

#[test]
fn every_frame_of_the_captured_cpp_client_decodes_and_encodes_to_the_same_bytes() {
    let folder = folder().join("captures-cpp");
    if !folder.exists() {
        println!("skipped: {} is missing", folder.display());
        return;
    }
    let names = ["cms-login.c2s.bin", "cms-login.s2c.bin"];
    let files = names.map(|name| (name.to_owned(), bytes(&folder, name)));
    let directions = files.each_ref().map(|(name, bytes)| Direction {
        name: name.clone(),
        bytes,
    });
    let client = directions[0].offer().expect("the client greets");
    let server = directions[1].offer().expect("the server greets");
    assert_eq!(client.version, 11);
    let common = client.negotiate(&server).unwrap();
    for direction in &directions {
        let commands = direction.check(Some(&common), usize::MAX);
        assert!(commands.len() > 10, "{}", direction.name);
        assert_eq!(direction.check(Some(&common), 1), commands);
    }
}
