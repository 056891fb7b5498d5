//! How little a driver's process takes in: core, OpenWire, driver and the blocking adapter without TLS.

use crate::graph::{cargo, root};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// What the driver's process is linked from.
const ROOTS: [&str; 2] = ["finewire-driver", "finewire-blocking"];

/// All of it, on every system. Whoever adds one here makes an old 32-bit process bigger.
const CLOSURE: [&str; 31] = [
    "adler2",
    "base64",
    "block-padding",
    "bytes",
    "cbc",
    "cfg-if",
    "cipher",
    "crc32fast",
    "crypto-common",
    "des",
    "finewire-blocking",
    "finewire-core",
    "finewire-driver",
    "finewire-host",
    "finewire-openwire",
    "flate2",
    "futures-core",
    "getrandom",
    "hex",
    "hybrid-array",
    "inout",
    "memchr",
    "miniz_oxide",
    "nom",
    "ppv-lite86",
    "rand_chacha",
    "rand_core",
    "simd-adler32",
    "subtle",
    "triomphe",
    "typenum",
];

/// Of these only one system's part, or none, is linked.
const OF_SYSTEMS: [&str; 7] = [
    "bitflags",
    "libc",
    "linux-raw-sys",
    "rustix",
    "windows-link",
    "zerocopy",
    "zeroize",
];

fn closure(target: &str) -> BTreeSet<String> {
    let mut arguments = vec!["tree", "--locked", "--no-default-features", "--features"];
    arguments.extend([
        "finewire-blocking/openwire",
        "-e",
        "normal",
        "--prefix",
        "none",
    ]);
    arguments.extend(["--format", "{p}", "--target", target]);
    for root in ROOTS {
        arguments.extend(["-p", root]);
    }
    let tree = cargo(&arguments);
    tree.lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_driver_process_takes_in_these_crates_and_no_others() {
    for target in [
        "x86_64-unknown-linux-gnu",
        "i686-unknown-linux-gnu",
        "i686-pc-windows-msvc",
    ] {
        let found = closure(target);
        let reviewed: BTreeSet<String> = CLOSURE.into_iter().map(str::to_owned).collect();
        let more: Vec<_> = found
            .difference(&reviewed)
            .filter(|name| !OF_SYSTEMS.contains(&name.as_str()))
            .collect();
        assert!(more.is_empty(), "{target}: {more:?} came in");
        let fewer: Vec<_> = reviewed.difference(&found).collect();
        assert!(fewer.is_empty(), "{target}: {fewer:?} went; strike it out");
    }
}

#[test]
fn a_driver_process_takes_in_no_xml_no_http_no_tls_and_no_asynchronous_runtime() {
    let unwanted = [
        "xml", "http", "ureq", "hyper", "tls", "ssl", "ring", "webpki", "x509", "rcgen", "tokio",
        "smol", "async", "mio", "polling", "serde",
    ];
    for name in closure("all") {
        let names_it = unwanted.iter().find(|word| name.contains(*word));
        assert!(names_it.is_none(), "{name}");
    }
}

#[test]
fn the_closure_builds_by_itself() {
    // Its own folder: features of the workspace's other members must not reach it.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("closure");
    let mut check = Command::new(env!("CARGO"));
    check.args(["check", "--quiet", "--locked", "--no-default-features"]);
    check.args(["--features", "finewire-blocking/openwire"]);
    for root in ROOTS {
        check.args(["-p", root]);
    }
    let check = check
        .current_dir(root())
        .env("CARGO_TARGET_DIR", folder)
        .output()
        .unwrap();
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

#[test]
fn the_core_is_built_without_the_standard_library() {
    let lib = std::fs::read_to_string(root().join("core/src/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]"));
    assert!(!lib.contains("extern crate std"), "it is for tests alone");
}
