use bytes::{Bytes, BytesMut};
use finewire_openwire::codec::{Decoder, Encoder, Limits, Misfit, Unprefixed, WireFormat};
use finewire_openwire::command::{
    Command, ConnectionId, ConsumerInfo, DataArrayResponse, Destination, MessagePull, RemoveInfo,
};

fn consumer(number: i64, selector: &str) -> Command {
    ConsumerInfo {
        consumer_id: Some(ConnectionId::new("ID:a-1:1").session(1).consumer(number)),
        destination: Some(Destination::queue(format!("q{number}"))),
        selector: Some(selector.into()),
        ..ConsumerInfo::default()
    }
    .into()
}

#[test]
fn a_command_that_cannot_be_encoded_leaves_the_cache_as_it_was() {
    for tight in [true, false] {
        let format = WireFormat {
            tight,
            cache_size: 101,
            ..WireFormat::default()
        };
        let mut encoder = Encoder::new(&format);
        let mut decoder = Decoder::new(&format, Limits::default());
        let too_long = "x".repeat(65536);
        for n in 0..300 {
            let mut out = BytesMut::new();
            // Its ids are new to the cache; only then comes the string that does not fit.
            let error = encoder
                .encode(&consumer(n, &too_long), &mut out)
                .unwrap_err();
            assert!(matches!(error.misfit(), Misfit::LocalText { .. }));
            assert_eq!(error.field(), Some(("ConsumerInfo", "selector")));
            assert!(out.is_empty());
            for selector in ["a", "b"] {
                let command = consumer(n, selector);
                encoder.encode(&command, &mut out).unwrap();
                let frame = out.split().freeze().slice(4..);
                assert_eq!(decoder.decode(frame).unwrap(), command, "consumer {n}");
            }
        }
    }
}

#[test]
fn a_type_that_the_version_lacks_is_refused_by_name() {
    let format = WireFormat {
        version: 1,
        ..WireFormat::default()
    };
    let error = Encoder::new(&format)
        .encode(&MessagePull::default().into(), &mut BytesMut::new())
        .unwrap_err();
    assert_eq!(error.to_string(), "version 1 has no MessagePull");
}

/// Many removals in one command: each brings a new id, more than the cache keeps free.
fn removals(from: usize, count: usize) -> Command {
    let removal = |n| Some(RemoveInfo::new(ConnectionId::new(format!("c{n}"))).into());
    DataArrayResponse {
        data: Some((from..from + count).map(removal).collect()),
        ..DataArrayResponse::default()
    }
    .into()
}

#[test]
fn a_cache_that_overflows_within_a_command_never_names_a_wrong_id() {
    for tight in [true, false] {
        for cache_size in [100, 101, 150, 1024] {
            let format = WireFormat {
                tight,
                cache_size,
                ..WireFormat::default()
            };
            let mut encoder = Encoder::new(&format);
            let mut decoder = Decoder::new(&format, Limits::default());
            let mut from = 0;
            for step in 0..60 {
                // Overlapping ranges of changing length, so that known and new ids mix.
                let count = [1, 7, 90, 130, 250][step % 5];
                from = if step % 3 == 0 { from / 2 } else { from + 40 };
                let command = removals(from, count);
                let mut out = BytesMut::new();
                encoder.encode(&command, &mut out).unwrap();
                let decoded = decoder.decode(out.freeze().slice(4..)).unwrap();
                assert_eq!(decoded, command, "size {cache_size} step {step}");
            }
        }
    }
}

#[test]
fn a_command_that_is_read_again_for_want_of_bytes_finds_the_cache_as_it_was() {
    let format = WireFormat {
        tight: false,
        size_prefix: false,
        ..WireFormat::default()
    };
    let mut encoder = Encoder::new(&format);
    let mut decoder = Decoder::new(&format, Limits::default());
    let mut encode = |command: &Command| {
        let mut out = BytesMut::new();
        encoder.encode(command, &mut out).unwrap();
        out.to_vec()
    };
    let known = encode(&removals(0, 1)).into();
    assert!(matches!(
        decoder.decode_unprefixed(&known).unwrap(),
        Unprefixed::Whole(..)
    ));
    // The known id by its index, then a new one, which other writers put in the same place.
    let command = removals(0, 2);
    let mut bytes = encode(&command);
    let new = bytes.windows(3).rposition(|it| it == [1, 0, 1]).unwrap();
    bytes[new + 2] = 0;
    let whole = Bytes::from(bytes);

    for length in 0..whole.len() {
        let partial = decoder.decode_unprefixed(&whole.slice(..length));
        assert!(matches!(partial, Ok(Unprefixed::Partial(_))), "{length}");
    }

    match decoder.decode_unprefixed(&whole).unwrap() {
        Unprefixed::Whole(decoded, _) => assert_eq!(decoded, command),
        Unprefixed::Partial(wanted) => panic!("{wanted} bytes are wanted"),
    }
}

#[test]
fn what_is_decoded_into_a_place_leaves_nothing_of_what_was_there() {
    for tight in [true, false] {
        let format = WireFormat {
            tight,
            cache: false,
            ..WireFormat::default()
        };
        let frame = |command: &Command| {
            let mut out = BytesMut::new();
            Encoder::new(&format).encode(command, &mut out).unwrap();
            out.freeze().slice(4..)
        };
        let mut decoder = Decoder::new(&format, Limits::default());
        let (long, short) = (consumer(1, "a = 1"), frame(&consumer(2, "")));
        let mut place = Command::Null;
        decoder.decode_into(frame(&long), &mut place).unwrap();
        assert_eq!(place, long);
        decoder.decode_into(&short, &mut place).unwrap();
        assert_eq!(place, consumer(2, ""));
        decoder
            .decode_into(frame(&Command::Null), &mut place)
            .unwrap();
        assert_eq!(place, Command::Null, "a null command is one");
        for cut in 0..short.len() {
            place = long.clone();
            let error = decoder.decode_into(short.slice(..cut), &mut place);
            assert!(error.is_err(), "{cut}");
            assert_eq!(place, Command::Null, "cut at {cut}");
        }
    }
}
