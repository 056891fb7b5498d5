use bytes::BytesMut;
use finewire_openwire::codec::{Decoder, Encoder, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::Command;
use finewire_openwire::fuzz::every_type;
use rustix::time::{ClockId, clock_gettime};

fn all_formats() -> impl Iterator<Item = WireFormat> {
    (1..=12).flat_map(|version| {
        (0..16).map(move |flags| WireFormat {
            version,
            tight: flags & 1 == 0,
            cache: flags & 2 == 0,
            stack_trace: flags & 4 == 0,
            size_prefix: flags & 8 == 0,
            ..WireFormat::default()
        })
    })
}

#[test]
fn every_type_with_every_field_set_comes_back_in_every_format() {
    for format in all_formats() {
        let mut encoder = Encoder::new(&format);
        let mut decoder = Decoder::new(&format, Limits::default());
        let mut splitter = FrameSplitter::new();
        let commands = every_type(&format, 3);
        assert!(commands.len() > 40, "{} types", commands.len());
        // The second time everything that can be is in the cache.
        for command in commands.iter().chain(&commands) {
            let mut out = BytesMut::new();
            encoder.encode(command, &mut out).unwrap();
            splitter.feed(&out);
            let decoded = splitter.next_command(&mut decoder).unwrap();
            assert_eq!(decoded.as_ref(), Some(command), "{format:?}");
            assert_eq!(splitter.buffered(), 0);
        }
    }
}

/// Processor time of this thread for the fastest of some runs, in nanoseconds.
fn fastest(runs: usize, mut run: impl FnMut()) -> i64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    };
    let timed = (0..runs).map(|_| {
        let begin = now();
        run();
        now() - begin
    });
    timed.min().unwrap()
}

/// Time to decode and to encode a command, and the length of its frame.
fn cost(format: &WireFormat, command: &Command) -> (i64, usize) {
    let mut out = BytesMut::new();
    let mut encoder = Encoder::new(format);
    encoder.encode(command, &mut out).unwrap();
    let frame = out.split().freeze().slice(4..);
    let took = fastest(7, || {
        let mut decoder = Decoder::new(format, Limits::default());
        let decoded = decoder.decode(&frame).unwrap();
        out.clear();
        Encoder::new(format).encode(&decoded, &mut out).unwrap();
    });
    (took, frame.len())
}

#[test]
fn the_time_for_a_frame_grows_with_its_length_and_no_faster() {
    // A factor of 24 in length: what is linear takes 24 times as long, what is quadratic 576 times.
    const FACTOR: usize = 24;
    const SMALL: usize = 500;
    for (tight, cache) in [(true, true), (true, false), (false, true), (false, false)] {
        let format = WireFormat {
            tight,
            cache,
            ..WireFormat::default()
        };
        let small = every_type(&format, SMALL);
        let large = every_type(&format, SMALL * FACTOR);
        for (small, large) in small.iter().zip(&large) {
            assert_eq!(small.type_code(), large.type_code());
            let (few, short) = cost(&format, small);
            let (many, long) = cost(&format, large);
            let grown = i64::try_from(long / short).unwrap() + 1;
            assert!(
                many < (few + 20_000) * grown * 6,
                "{}: {short} bytes took {few} ns, {long} bytes {many} ns ({format:?})",
                small.type_name()
            );
        }
    }
}
