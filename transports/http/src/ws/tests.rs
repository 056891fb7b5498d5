//! Frames by the examples of RFC 6455 and by hand, hostile ones, and whole conversations.

use super::*;
use crate::Bytes;
use finewire_core::machine::Random;
use proptest::prelude::*;

mod conversation;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Everything in these bytes, fed in pieces of this size.
fn decode(
    side: Side,
    limits: Limits,
    bytes: &[u8],
    piece: usize,
) -> (Vec<Incoming>, Option<Fault>) {
    let mut decoder = Decoder::new(side, limits);
    let mut all = Vec::new();
    for chunk in bytes.chunks(piece) {
        let mut used = 0;
        loop {
            match decoder.read(&chunk[used..]) {
                Ok((n, Some(incoming))) => {
                    used += n;
                    all.push(incoming);
                }
                Ok((n, None)) => {
                    assert_eq!(used + n, chunk.len());
                    break;
                }
                Err(fault) => {
                    assert_eq!(decoder.read(b"more"), Err(fault), "a fault stays");
                    return (all, Some(fault));
                }
            }
        }
    }
    (all, None)
}

/// What a client makes of a server's bytes.
fn from_server(bytes: &[u8]) -> (Vec<Incoming>, Option<Fault>) {
    let whole = decode(Side::Client, Limits::default(), bytes, usize::MAX);
    let pieces = decode(Side::Client, Limits::default(), bytes, 1);
    assert_eq!(whole, pieces, "the same in any chunking");
    whole
}

fn frame(last: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_frame(&mut out, last, opcode, payload, None);
    out
}

#[test]
fn the_examples_of_the_specification_are_read_and_written() {
    let hello = || Incoming::Text("Hello".into());
    let unmasked = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(from_server(&unmasked), (vec![hello()], None));
    assert_eq!(frame(true, Opcode::Text, b"Hello"), unmasked);

    let masked = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    let read = decode(Side::Server, Limits::default(), &masked, 1);
    assert_eq!(read, (vec![hello()], None));
    let mut written = Vec::new();
    write_frame(&mut written, true, Opcode::Text, b"Hello", Some(MASK));
    assert_eq!(written, masked);

    let fragmented = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    assert_eq!(from_server(&fragmented), (vec![hello()], None));

    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(
        from_server(&ping),
        (vec![Incoming::Ping("Hello".into())], None)
    );
    let pong = [
        0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(
        decode(Side::Server, Limits::default(), &pong, 4).0,
        [Incoming::Pong("Hello".into())]
    );

    for (length, head) in [
        (256, vec![0x82, 0x7e, 0x01, 0x00]),
        (65536, vec![0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let data = vec![7; length];
        let wire = frame(true, Opcode::Binary, &data);
        assert_eq!(wire[..head.len()], head);
        let limits = Limits::default();
        let read = decode(Side::Client, limits, &wire, 1000).0;
        assert_eq!(read, [Incoming::Binary(data.into())]);
    }
}

#[test]
fn the_shortest_form_of_a_length_is_used_and_demanded() {
    for length in [0, 125, 126, 127, 65535, 65536] {
        let data = vec![b'x'; length];
        let wire = frame(true, Opcode::Text, &data);
        let (read, fault) = decode(Side::Client, Limits::default(), &wire, usize::MAX);
        assert_eq!((read, fault), (vec![Incoming::Text(data.into())], None));
    }
    for longer in [
        vec![0x81, 126, 0, 125],
        vec![0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
        vec![0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert_eq!(from_server(&longer).1, Some(Fault::RemoteLength));
    }
}

#[test]
fn control_frames_come_between_fragments_without_disturbing_them() {
    let mut wire = frame(false, Opcode::Text, b"frag");
    wire.extend(frame(true, Opcode::Ping, b"are you there"));
    wire.extend(frame(false, Opcode::Continuation, b""));
    wire.extend(frame(true, Opcode::Pong, b""));
    wire.extend(frame(true, Opcode::Continuation, b"ment"));

    let expected = vec![
        Incoming::Ping("are you there".into()),
        Incoming::Pong(Bytes::new()),
        Incoming::Text("fragment".into()),
    ];
    assert_eq!(from_server(&wire), (expected, None));
}

#[test]
fn fragments_out_of_order_are_refused() {
    let lone = frame(true, Opcode::Continuation, b"x");
    assert_eq!(from_server(&lone).1, Some(Fault::RemoteFragment));
    for second in [Opcode::Text, Opcode::Binary] {
        let mut nested = frame(false, Opcode::Text, b"a");
        nested.extend(frame(true, second, b"b"));
        assert_eq!(from_server(&nested).1, Some(Fault::RemoteFragment));
    }
    let mut after = frame(true, Opcode::Text, b"a");
    after.extend(&lone);
    assert_eq!(from_server(&after).1, Some(Fault::RemoteFragment));
}

#[test]
fn reserved_bits_and_opcodes_are_refused_with_the_first_byte() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(
            from_server(&[0x81 | bit]).1,
            Some(Fault::RemoteReservedBits)
        );
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(
            from_server(&[0x80 | opcode]).1,
            Some(Fault::RemoteOpcode),
            "{opcode}"
        );
    }
}

#[test]
fn control_frames_are_short_and_whole() {
    for opcode in [0x8, 0x9, 0xa] {
        assert_eq!(from_server(&[opcode]).1, Some(Fault::RemoteControl));
        let long = [0x80 | opcode, 126];
        assert_eq!(from_server(&long).1, Some(Fault::RemoteControl));
    }
    let most = frame(true, Opcode::Ping, &[1; 125]);
    assert_eq!(from_server(&most).1, None);
}

#[test]
fn each_side_demands_the_mask_of_the_other() {
    assert_eq!(from_server(&[0x81, 0x80]).1, Some(Fault::RemoteMask));
    let (_, fault) = decode(Side::Server, Limits::default(), &[0x81, 0x00], 1);
    assert_eq!(fault, Some(Fault::RemoteMask));
}

#[test]
fn close_frames_tell_code_and_reason() {
    let close = |body: &[u8]| from_server(&frame(true, Opcode::Close, body));
    assert_eq!(close(b""), (vec![Incoming::Close(None)], None));
    let told = Some((CloseCode::POLICY, "no".to_owned()));
    assert_eq!(close(b"\x03\xf0no"), (vec![Incoming::Close(told)], None));

    assert_eq!(close(b"\x03").1, Some(Fault::RemoteCloseFrame));
    assert_eq!(close(b"\x03\xe8\xff").1, Some(Fault::RemoteText));
    for code in [1000, 1003, 1007, 1011, 1014, 3000, 4999] {
        assert_eq!(close(&u16::to_be_bytes(code)).1, None, "{code}");
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        let fault = Some(Fault::RemoteCloseFrame);
        assert_eq!(close(&u16::to_be_bytes(code)).1, fault, "{code}");
    }
}

#[test]
fn text_that_cannot_become_utf8_is_refused_at_the_byte_that_shows_it() {
    // κόσμε, then a surrogate, as in the Autobahn test suite's case 6.4.
    let bad = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90";
    let mut wire = frame(true, Opcode::Text, &[&bad[..], b"edited"].concat());
    wire.truncate(2 + bad.len());
    assert_eq!(from_server(&wire).1, Some(Fault::RemoteText));

    for sequence in [
        &b"\x80"[..],
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xff",
    ] {
        let wire = frame(true, Opcode::Text, sequence);
        assert_eq!(from_server(&wire).1, Some(Fault::RemoteText));
    }
}

#[test]
fn a_character_may_lie_in_two_frames_but_not_in_two_messages() {
    let euro = "€".as_bytes();
    let mut split = frame(false, Opcode::Text, &euro[..1]);
    split.extend(frame(false, Opcode::Continuation, &euro[1..2]));
    split.extend(frame(true, Opcode::Continuation, &euro[2..]));
    assert_eq!(
        from_server(&split),
        (vec![Incoming::Text("€".into())], None)
    );

    let half = frame(true, Opcode::Text, &euro[..2]);
    assert_eq!(from_server(&half).1, Some(Fault::RemoteText));
    let binary = frame(true, Opcode::Binary, &euro[..2]);
    assert_eq!(from_server(&binary).1, None);
}

#[test]
fn what_is_too_long_is_refused_when_it_is_announced() {
    let limits = Limits {
        frame_bytes: 200,
        message_bytes: 300,
    };
    let read = |bytes: &[u8]| decode(Side::Client, limits, bytes, usize::MAX).1;

    assert_eq!(read(&frame(true, Opcode::Text, &[b'x'; 200])), None);
    let announced = &frame(true, Opcode::Text, &[b'x'; 201])[..4];
    assert_eq!(read(announced), Some(Fault::LimitFrame));
    let huge = [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(read(&huge), Some(Fault::LimitFrame));

    let mut fragments = frame(false, Opcode::Text, &[b'x'; 200]);
    fragments.extend(frame(true, Opcode::Continuation, &[b'x'; 100]));
    assert_eq!(read(&fragments), None);
    let mut fragments = frame(false, Opcode::Text, &[b'x'; 200]);
    fragments.extend(&frame(true, Opcode::Continuation, &[b'x'; 101])[..2]);
    assert_eq!(read(&fragments), Some(Fault::LimitMessage));
}

#[test]
fn each_fault_says_whose_it_is_and_has_its_code() {
    use finewire_core::machine::Reason;
    for (fault, reason, code) in [
        (Fault::RemoteText, Reason::Remote, 1007),
        (Fault::RemoteKind, Reason::Remote, 1003),
        (Fault::RemoteMask, Reason::Remote, 1002),
        (Fault::LimitMessage, Reason::Limit, 1009),
    ] {
        assert_eq!((fault.reason(), fault.code().number()), (reason, code));
    }
}

#[derive(Clone, Debug)]
enum Said {
    Text(String, Vec<usize>),
    Binary(Vec<u8>, Vec<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let cuts = || proptest::collection::vec(0..70_000usize, 0..4);
    let data = || proptest::collection::vec(any::<u8>(), 0..300);
    let short = || proptest::collection::vec(any::<u8>(), 0..126);
    prop_oneof![
        ("\\PC{0,200}", cuts()).prop_map(|(text, cuts)| Said::Text(text, cuts)),
        (data(), cuts()).prop_map(|(data, cuts)| Said::Binary(data, cuts)),
        ((65_530..65_540usize), cuts())
            .prop_map(|(length, cuts)| Said::Binary(vec![9; length], cuts)),
        short().prop_map(Said::Ping),
        short().prop_map(Said::Pong),
    ]
}

/// Writes a message in frames cut at these places, with a ping between each two.
fn write_cut(
    out: &mut Vec<u8>,
    expected: &mut Vec<Incoming>,
    random: &mut Random,
    (opcode, payload): (Opcode, &[u8]),
    cuts: &[usize],
) {
    let mut cuts: Vec<_> = cuts.iter().map(|at| at % (payload.len() + 1)).collect();
    cuts.sort_unstable();
    let mut start = 0;
    for (n, end) in cuts.iter().chain([&payload.len()]).enumerate() {
        let mut mask = [0; 4];
        random.fill(&mut mask);
        let opcode = if n == 0 { opcode } else { Opcode::Continuation };
        let last = n == cuts.len();
        write_frame(out, last, opcode, &payload[start..*end], Some(mask));
        start = *end;
        if !last {
            write_frame(out, true, Opcode::Ping, b"between", Some(mask));
            expected.push(Incoming::Ping("between".into()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_is_read_in_any_chunking(
        list in proptest::collection::vec(said(), 0..8),
        seed in any::<[u8; 32]>(),
        piece in 1..5000usize,
    ) {
        let mut random = Random::from_seed(seed);
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for said in list {
            match said {
                Said::Text(text, cuts) => {
                    let payload = (Opcode::Text, text.as_bytes());
                    write_cut(&mut wire, &mut expected, &mut random, payload, &cuts);
                    expected.push(Incoming::Text(text.into()));
                }
                Said::Binary(data, cuts) => {
                    let payload = (Opcode::Binary, &data[..]);
                    write_cut(&mut wire, &mut expected, &mut random, payload, &cuts);
                    expected.push(Incoming::Binary(data.into()));
                }
                Said::Ping(data) => {
                    write_frame(&mut wire, true, Opcode::Ping, &data, Some(MASK));
                    expected.push(Incoming::Ping(data.into()));
                }
                Said::Pong(data) => {
                    write_frame(&mut wire, true, Opcode::Pong, &data, Some(MASK));
                    expected.push(Incoming::Pong(data.into()));
                }
            }
        }
        let read = decode(Side::Server, Limits::default(), &wire, piece);
        prop_assert_eq!(read, (expected, None));
    }

    #[test]
    fn a_damaged_byte_is_a_fault_or_another_message_but_the_same_in_any_chunking(
        list in proptest::collection::vec(said(), 1..4),
        at in any::<proptest::sample::Index>(),
        bit in 0..8u32,
        piece in 1..50usize,
    ) {
        let mut random = Random::from_seed([8; 32]);
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for said in list {
            let (opcode, payload, cuts) = match said {
                Said::Text(text, cuts) => (Opcode::Text, text.into_bytes(), cuts),
                Said::Binary(data, cuts) => (Opcode::Binary, data, cuts),
                Said::Ping(data) => (Opcode::Ping, data, vec![]),
                Said::Pong(data) => (Opcode::Pong, data, vec![]),
            };
            write_cut(&mut wire, &mut expected, &mut random, (opcode, &payload), &cuts);
        }
        let at = at.index(wire.len());
        wire[at] ^= 1 << bit;
        let whole = decode(Side::Server, Limits::default(), &wire, usize::MAX);
        prop_assert_eq!(decode(Side::Server, Limits::default(), &wire, piece), whole);
        let choice = [u8::try_from(piece).unwrap() << 1 | 1];
        crate::fuzz::websocket(&[&choice[..], &wire].concat());
    }

    #[test]
    fn any_bytes_mean_the_same_in_any_chunking(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        piece in 1..20usize,
    ) {
        crate::fuzz::websocket(&bytes);
        crate::fuzz::websocket_client(&bytes);
        crate::fuzz::websocket_client(&[&[3][..], &frame(true, Opcode::Text, &bytes)].concat());
        for side in [Side::Client, Side::Server] {
            let whole = decode(side, Limits::default(), &bytes, usize::MAX);
            prop_assert_eq!(decode(side, Limits::default(), &bytes, piece), whole);
        }
    }
}
