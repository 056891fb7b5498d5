//! One operation again and again inside of [`counted`], for callgrind to count its instructions.
//!
//! `instructions OPERATION TIMES` prints how often it was done; without arguments each is done
//! once. `tests/measure.sh` runs it under valgrind.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![allow(clippy::print_stdout, reason = "it speaks to measure.sh")]

#[path = "../../transports/openwire/benches/dispatch/mod.rs"]
mod dispatch;

use core::hint::black_box;

use finewire_tests::bench::{Life, Way};

use dispatch::{Codec, FORMATS};

/// What is counted is what happens in here: callgrind collects while it runs.
#[inline(never)]
fn counted(operation: &mut dyn FnMut()) {
    black_box(operation)();
}

/// Done but not counted: what only the first of many does.
const WARM_UP: usize = 20;

fn codec(operation: &str, times: usize) -> Option<usize> {
    let (what, format) = operation.split_once(", ")?;
    let (_, tight, cache) = FORMATS.into_iter().find(|(name, ..)| *name == format)?;
    let mut codec = Codec::new(tight, cache);
    assert!(codec.size() > 200, "the text is in the frame");
    let mut operation = move || match what {
        "encode" => assert!(codec.encode() > 0),
        "decode" => assert!(black_box(codec.decode()).type_code() > 0),
        "decode and read" => drop(black_box(codec.read())),
        _ => panic!("no such operation: {what}"),
    };
    for _ in 0..WARM_UP {
        operation();
    }
    for _ in 0..times {
        counted(&mut operation);
    }
    Some(times)
}

fn way(operation: &str, times: usize) -> Option<usize> {
    let way = match operation {
        "command to REST" => Way::Command,
        "notification to event" => Way::Notification,
        _ => return None,
    };
    let mut gone = 0;
    Life::record(way, WARM_UP + times).play(WARM_UP + times, |way| {
        if gone < WARM_UP {
            way();
        } else {
            counted(way);
        }
        gone += 1;
    });
    Some(gone - WARM_UP)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [operation, times] = arguments.as_slice() {
        let times = times.parse().unwrap();
        let done = codec(operation, times).or_else(|| way(operation, times));
        println!(
            "{}",
            done.unwrap_or_else(|| panic!("no such operation: {operation}"))
        );
        return;
    }
    for (format, ..) in FORMATS {
        for what in ["encode", "decode", "decode and read"] {
            assert_eq!(codec(&format!("{what}, {format}"), 1), Some(1));
        }
    }
    for operation in ["command to REST", "notification to event"] {
        assert_eq!(way(operation, 1), Some(1));
    }
}
