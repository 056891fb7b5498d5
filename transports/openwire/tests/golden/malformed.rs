//! Broken and hostile frames.

use finewire_openwire::codec::{DecodeError, Decoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::Command;

use crate::vectors::{format, lines, unhex};

#[derive(Debug, PartialEq)]
enum Met {
    Accepted,
    Waiting,
    Refused,
}

/// Everything that a careful receiver would do with the frame: decode it, then read what is in it.
fn receive(decoder: &mut Decoder, frame: &[u8]) -> Result<Met, DecodeError> {
    let mut splitter = FrameSplitter::new();
    splitter.feed(frame);
    let Some(command) = splitter.next_command(decoder)? else {
        return Ok(Met::Waiting);
    };
    match command {
        Command::WireFormatInfo(info) => {
            WireFormat::from_info(&info)?;
        }
        Command::Message(message) => {
            message.properties()?;
            message.body()?;
        }
        _ => {}
    }
    Ok(Met::Accepted)
}

#[test]
fn every_malformed_frame_meets_what_must_be_done_with_it() {
    for line in &lines("malformed.jsonl.gz") {
        let id = line["id"].as_str().unwrap();
        let frame = unhex(line["hex"].as_str().unwrap());
        let mut decoder = Decoder::new(&format(line), Limits::default());
        let result = receive(&mut decoder, &frame);
        let met = match &result {
            Ok(met) => met,
            Err(_) => &Met::Refused,
        };
        let allowed: &[Met] = match line["must"].as_str().unwrap() {
            "refuse" => &[Met::Refused],
            "accept" => &[Met::Accepted],
            "accept-or-refuse" => &[Met::Accepted, Met::Refused],
            "refuse-or-wait" => &[Met::Refused, Met::Waiting],
            "no-crash" => &[Met::Accepted, Met::Refused, Met::Waiting],
            other => panic!("{id}: unknown demand {other}"),
        };
        assert!(allowed.contains(met), "{id}: {met:?} ({})", line["why"]);
    }
}
