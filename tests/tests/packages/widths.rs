//! A driver's process may be a 32-bit one: a length is as wide on the wire as its field says, and what does not
//! fit is an error, never a shorter length. The compiler for such a system is not at hand everywhere, so the
//! places where a number changes its width are listed here.

use crate::graph::{members, sources};
use bytes::Bytes;
use finewire_openwire::body::Properties;
use finewire_openwire::codec::{Flaw, FrameSplitter, Limits, WireFormat};

/// Everywhere in the closure that a number becomes a `usize` without a check, and why it fits into 32 bits.
const CASTS: [(&str, &str); 6] = [
    // Masked to the length of a table.
    (
        "codec/digest.rs",
        "(digest ^ (digest >> 32)) as usize & mask",
    ),
    // A boolean stream has 32 767 bytes at most.
    (
        "codec/read.rs",
        "self.rare.bits.get().len() * 8 + self.bits.ilog2() as usize",
    ),
    (
        "codec/write.rs",
        "self.full.len() + self.count.div_ceil(8) as usize",
    ),
    ("codec/write.rs", "self.count.div_ceil(8) as usize"),
    // A byte.
    ("command/short.rs", "self.bytes.0[Self::CAPACITY] as usize"),
    // Less than the length of a page.
    ("broker/numbered.rs", "(number % PAGE) as usize"),
];

#[test]
fn nothing_in_the_closure_becomes_a_usize_without_a_check_but_what_fits() {
    let closure = [
        "finewire-core",
        "finewire-openwire",
        "finewire-driver",
        "finewire-host",
        "finewire-blocking",
    ];
    let mut seen = 0;
    for package in members().filter(|package| closure.contains(&package.name.as_str())) {
        for (path, text) in sources(package, &["src"]) {
            let is_test = path.components().any(|part| part.as_os_str() == "tests")
                || path.ends_with("tests.rs");
            let product = text.split("#[cfg(test)]").next().unwrap();
            for line in product
                .lines()
                .filter(|line| line.contains(" as usize") && !is_test)
            {
                let is_listed =
                    |(file, cast): &&(&str, &str)| path.ends_with(file) && line.contains(cast);
                assert!(
                    CASTS.iter().any(|cast| is_listed(&cast)),
                    "{}: {}",
                    path.display(),
                    line.trim()
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= CASTS.len() - 1, "{seen} of the list are left");
}

#[test]
fn a_frame_longer_than_the_field_can_say_or_memory_can_hold_is_an_error() {
    for size in [i32::MIN, -1, 0] {
        let mut splitter = FrameSplitter::default();
        splitter.feed(&size.to_be_bytes());
        let error = splitter.next_frame(usize::MAX).unwrap_err();
        assert_eq!(*error.flaw(), Flaw::RemoteFrameSize { size });
    }
    let mut splitter = FrameSplitter::default();
    splitter.feed(&i32::MAX.to_be_bytes());
    let limit = Limits::default().frame;
    let error = splitter.next_frame(limit).unwrap_err();
    assert_eq!(
        *error.flaw(),
        Flaw::LimitFrame {
            size: 0x7fff_ffff,
            limit
        }
    );
    // Within the limit it is waited for, and nothing is held for what has not come.
    assert_eq!(splitter.next_frame(0x7fff_ffff).unwrap(), None);
    assert_eq!(splitter.buffered(), 4);
}

/// A map with one entry `a` of this tag, whose length says `length` and which has four bytes.
fn map(tag: u8, length: i32) -> Bytes {
    let mut bytes = vec![0, 0, 0, 1, 0, 1, b'a', tag];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.into()
}

#[test]
fn a_value_that_announces_the_most_its_field_can_say_is_an_error_and_takes_no_memory() {
    let limits = Limits {
        value: usize::MAX,
        entries: usize::MAX,
        ..Limits::default()
    };
    for (tag, name) in [(10, "bytes"), (12, "list"), (13, "big text")] {
        let error = Properties::decode(&map(tag, i32::MAX), &limits).unwrap_err();
        let Flaw::RemoteTruncated { needed, left } = *error.flaw() else {
            panic!("{name}: {error:?}");
        };
        assert!(
            needed >= 0x7fff_ffff && left <= 4,
            "{name}: {needed} of {left}"
        );
        let error = Properties::decode(&map(tag, i32::MIN), &limits).unwrap_err();
        assert_eq!(
            *error.flaw(),
            Flaw::RemoteNegative {
                length: i32::MIN.into()
            },
            "{name}"
        );
    }
}

#[test]
fn a_peer_that_bounds_frames_by_more_than_memory_can_have_bounds_them_by_ours() {
    let format = WireFormat {
        max_frame_size: i64::MAX,
        ..WireFormat::default()
    };
    let mut decoder = finewire_openwire::codec::Decoder::new(&format, Limits::default());
    let mut splitter = FrameSplitter::default();
    splitter.feed(&i32::MAX.to_be_bytes());
    let error = splitter.next_command(&mut decoder).unwrap_err();
    assert!(matches!(error.flaw(), Flaw::LimitFrame { .. }), "{error:?}");
}
