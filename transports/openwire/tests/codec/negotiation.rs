use core::time::Duration;

use finewire_openwire::body::{Properties, Value};
use finewire_openwire::codec::{Decoder, Encoder, Flaw, FrameSplitter, WireFormat};
use finewire_openwire::command::{Command, Magic, WireFormatInfo};

fn offer(properties: &Properties) -> WireFormatInfo {
    WireFormatInfo {
        version: 12,
        marshalled_properties: Some(properties.encode().unwrap()),
        ..WireFormatInfo::default()
    }
}

#[test]
fn an_offer_comes_back_from_the_wire_as_it_was() {
    let ours = WireFormat {
        host: Some("broker.example".into()),
        ..WireFormat::default()
    };
    let mut sent = bytes::BytesMut::new();
    Encoder::default()
        .encode(&ours.to_info().into(), &mut sent)
        .unwrap();
    assert_eq!(&sent[4..13], b"\x01ActiveMQ");
    let mut splitter = FrameSplitter::new();
    splitter.feed(&sent);
    let received = splitter.next_command(&mut Decoder::default()).unwrap();
    let Some(Command::WireFormatInfo(info)) = received else {
        panic!("{received:?} is no greeting");
    };
    assert_eq!(WireFormat::from_info(&info).unwrap(), ours);
}

#[test]
fn both_sides_agree_whoever_computes_it() {
    let ours = WireFormat::default();
    let theirs = WireFormat {
        version: 9,
        tight: false,
        cache_size: 500,
        stack_trace: false,
        max_frame_size: 1000,
        max_inactivity: Duration::from_secs(5),
        ..WireFormat::default()
    };
    for common in [
        ours.negotiate(&theirs).unwrap(),
        theirs.negotiate(&ours).unwrap(),
    ] {
        assert_eq!(common.version, 9);
        assert!(!common.tight && common.cache && common.size_prefix && !common.stack_trace);
        assert_eq!(common.cache_size, 500);
        assert_eq!(common.max_frame_size, 1000);
        assert_eq!(common.max_inactivity, Duration::from_secs(5));
    }
}

#[test]
fn a_peer_without_properties_is_spoken_to_in_plain_version_12() {
    let theirs = WireFormat::from_info(&WireFormatInfo {
        version: 12,
        ..WireFormatInfo::default()
    })
    .unwrap();
    let common = WireFormat::default().negotiate(&theirs).unwrap();
    assert_eq!(common.version, 12);
    assert!(!common.tight && !common.cache && common.size_prefix && !common.stack_trace);
    assert_eq!(common.max_inactivity, Duration::ZERO, "no keep-alive");
    assert_eq!(
        common.max_frame_size,
        WireFormat::default().max_frame_size,
        "an absent frame size leaves ours"
    );
}

#[test]
fn a_version_from_the_future_is_spoken_to_in_ours() {
    let theirs = WireFormat {
        version: 99,
        ..WireFormat::default()
    };
    let common = WireFormat::default().negotiate(&theirs).unwrap();
    assert_eq!(common.version, 12);
}

#[test]
fn a_cache_size_of_zero_on_either_side_means_the_largest() {
    for (ours, theirs) in [(0, 1024), (1024, 0), (0, 0)] {
        let format = |cache_size| WireFormat {
            cache_size,
            ..WireFormat::default()
        };
        let common = format(ours).negotiate(&format(theirs)).unwrap();
        assert_eq!(common.cache_size, 16383);
    }
}

#[test]
fn a_cache_that_would_hang_java_is_refused_unless_it_is_not_used() {
    for cache_size in [1, 50, 99, -1, i32::MIN] {
        let theirs = WireFormat {
            cache_size,
            ..WireFormat::default()
        };
        let error = WireFormat::default().negotiate(&theirs).unwrap_err();
        assert_eq!(
            *error.flaw(),
            Flaw::RemoteOffer {
                property: "CacheSize"
            }
        );
        let ours = WireFormat {
            cache: false,
            ..WireFormat::default()
        };
        assert!(!ours.negotiate(&theirs).unwrap().cache);
    }
}

#[test]
fn a_size_prefix_is_left_out_only_if_both_want_it() {
    let without = WireFormat {
        size_prefix: false,
        ..WireFormat::default()
    };
    let with = WireFormat::default();
    assert!(with.negotiate(&without).unwrap().size_prefix);
    assert!(without.negotiate(&with).unwrap().size_prefix);
    assert!(!without.negotiate(&without).unwrap().size_prefix);
}

#[test]
fn another_protocol_is_named() {
    let info = WireFormatInfo {
        magic: Magic(*b"HTTP/1.1"),
        ..WireFormatInfo::default()
    };
    let error = WireFormat::from_info(&info).unwrap_err();
    assert_eq!(*error.flaw(), Flaw::RemoteMagic);
}

#[test]
fn a_greeting_with_too_much_in_it_is_refused() {
    let many: Properties = (0..65).map(|n| (format!("p{n}"), n)).collect();
    let long: Properties = [("p", "x".repeat(513))].into_iter().collect();
    let nested: Properties = [("p", Value::List(Vec::new()))].into_iter().collect();
    let fits: Properties = (0..64)
        .map(|n| (format!("p{n}"), "x".repeat(512)))
        .collect();
    assert!(WireFormat::from_info(&offer(&fits)).is_ok());
    for (properties, flaw) in [
        (many, Flaw::LimitEntries { limit: 64 }),
        (long, Flaw::LimitValue { limit: 512 }),
        (nested, Flaw::LimitMapDepth { limit: 0 }),
    ] {
        let error = WireFormat::from_info(&offer(&properties)).unwrap_err();
        assert_eq!(*error.flaw(), flaw);
    }
}
