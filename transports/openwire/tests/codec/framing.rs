use bytes::BytesMut;
use finewire_openwire::codec::{Decoder, Encoder, Flaw, FrameSplitter, Limits, WireFormat};
use finewire_openwire::command::{Command, KeepAliveInfo, Message, Response};

fn unprefixed() -> WireFormat {
    WireFormat {
        size_prefix: false,
        ..WireFormat::default()
    }
}

#[test]
fn a_size_that_no_frame_can_have_is_refused_at_once() {
    for (size, flaw) in [
        (0, Flaw::RemoteFrameSize { size: 0 }),
        (-1, Flaw::RemoteFrameSize { size: -1 }),
        (i32::MIN, Flaw::RemoteFrameSize { size: i32::MIN }),
        (
            101,
            Flaw::LimitFrame {
                size: 101,
                limit: 100,
            },
        ),
    ] {
        let mut splitter = FrameSplitter::new();
        splitter.feed(&i32::to_be_bytes(size));
        let error = splitter.next_frame(100).unwrap_err();
        assert_eq!(*error.flaw(), flaw);
    }
}

#[test]
fn a_frame_of_just_the_limit_is_whole() {
    let mut splitter = FrameSplitter::new();
    splitter.feed(&100i32.to_be_bytes());
    splitter.feed(&[7; 99]);
    assert_eq!(splitter.next_frame(100).unwrap(), None);
    splitter.feed(&[7; 3]);
    assert_eq!(splitter.next_frame(100).unwrap().unwrap(), vec![7; 100]);
    assert_eq!(splitter.buffered(), 2);
}

#[test]
fn a_peer_may_not_send_more_than_was_negotiated() {
    let small = WireFormat {
        max_frame_size: 50,
        ..WireFormat::default()
    };
    let mut out = BytesMut::new();
    let large = Message::text("x".repeat(60)).into();
    let error = Encoder::new(&small).encode(&large, &mut out).unwrap_err();
    assert!(error.to_string().contains("the peer takes 50"), "{error}");
    assert!(out.is_empty());
    Encoder::new(&WireFormat::default())
        .encode(&large, &mut out)
        .unwrap();
    let mut decoder = Decoder::new(&small, Limits::default());
    let mut splitter = FrameSplitter::new();
    splitter.feed(&out);
    let error = splitter.next_command(&mut decoder).unwrap_err();
    assert!(matches!(error.flaw(), Flaw::LimitFrame { limit: 50, .. }));
}

#[test]
fn a_frame_size_below_one_is_no_limit_but_ours_stays() {
    let open = WireFormat {
        max_frame_size: 0,
        ..WireFormat::default()
    };
    let limits = Limits {
        frame: 5,
        ..Limits::default()
    };
    let mut out = BytesMut::new();
    Encoder::new(&open)
        .encode(&KeepAliveInfo::default().into(), &mut out)
        .unwrap();
    assert_eq!(Decoder::new(&open, limits).largest_frame(), 5);
    let frame = out.freeze().slice(4..);
    assert_eq!(frame.len(), 7);
    assert!(
        Decoder::new(&open, Limits::default())
            .decode(frame.clone())
            .is_ok()
    );
    let error = Decoder::new(&open, limits).decode(frame).unwrap_err();
    assert_eq!(*error.flaw(), Flaw::LimitFrame { size: 7, limit: 5 });
}

#[test]
fn commands_without_size_prefixes_are_told_apart_in_any_pieces() {
    let mut encoder = Encoder::new(&unprefixed());
    let mut out = BytesMut::new();
    let mut message = Message::text("x".repeat(300));
    message.destination = Some(finewire_openwire::command::Destination::queue("q"));
    let sent: Vec<Command> = vec![
        message.clone().into(),
        KeepAliveInfo::default().into(),
        message.into(),
        Response::to(7).into(),
    ];
    for command in &sent {
        encoder.encode(command, &mut out).unwrap();
    }
    for piece in 1..out.len() {
        let mut decoder = Decoder::new(&unprefixed(), Limits::default());
        let mut splitter = FrameSplitter::new();
        let mut received = Vec::new();
        for bytes in out.chunks(piece) {
            splitter.feed(bytes);
            // Not drained at every feeding, so that commands and pieces pile up.
            if received.len() % 2 == 0 || splitter.buffered() > 200 {
                received.extend(splitter.next_command(&mut decoder).unwrap());
            }
        }
        while let Some(command) = splitter.next_command(&mut decoder).unwrap() {
            received.push(command);
        }
        assert_eq!(received, sent, "in pieces of {piece}");
        assert_eq!(splitter.buffered(), 0);
    }
}

#[test]
fn a_command_without_size_prefix_that_announces_too_much_is_refused_before_it_comes() {
    let format = WireFormat {
        tight: false,
        cache: false,
        ..unprefixed()
    };
    let limits = Limits {
        frame: 1000,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(&format, limits);
    let mut splitter = FrameSplitter::new();
    // A partial command of 2000 bytes.
    splitter.feed(&[60, 0, 0, 0, 1, 1, 0, 0, 7, 0xD0]);
    let error = splitter.next_command(&mut decoder).unwrap_err();
    assert!(matches!(error.flaw(), Flaw::LimitFrame { limit: 1000, .. }));
}

#[test]
fn what_follows_a_greeting_is_read_in_the_new_format() {
    let common = WireFormat::default()
        .negotiate(&WireFormat::default())
        .unwrap();
    let mut encoder = Encoder::default();
    let mut out = BytesMut::new();
    encoder
        .encode(&WireFormat::default().to_info().into(), &mut out)
        .unwrap();
    encoder.switch(&common);
    encoder.encode(&Response::to(1).into(), &mut out).unwrap();

    let mut decoder = Decoder::default();
    let mut splitter = FrameSplitter::new();
    splitter.feed(&out);
    let first = splitter.next_command(&mut decoder).unwrap().unwrap();
    assert_eq!(first.type_name(), "WireFormatInfo");
    decoder.switch(&common);
    let second = splitter.next_command(&mut decoder).unwrap().unwrap();
    assert_eq!(second, Response::to(1).into());
}

#[test]
fn a_null_command_is_nothing_but_its_type() {
    for format in [WireFormat::default(), WireFormat::greeting()] {
        let mut out = BytesMut::new();
        Encoder::new(&format)
            .encode(&Command::Null, &mut out)
            .unwrap();
        assert_eq!(&out[..], [0, 0, 0, 1, 0]);
        let mut splitter = FrameSplitter::new();
        splitter.feed(&out);
        let mut decoder = Decoder::new(&format, Limits::default());
        let command = splitter.next_command(&mut decoder).unwrap();
        assert_eq!(command, Some(Command::Null));
    }
}
