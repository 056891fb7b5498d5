//! Finding and reading the vector files.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use bytes::Bytes;
use finewire_openwire::codec::WireFormat;
use serde_json::Value;

/// The folder of the vectors.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("FINEWIRE_OPENWIRE_VECTORS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../tests/vectors/openwire"
            ))
        },
        PathBuf::from,
    )
}

/// The lines of a compressed file; none if the file is missing from a folder of the user's.
pub(crate) fn lines(name: &str) -> Vec<Value> {
    let path = folder().join(name);
    let Ok(file) = File::open(&path) else {
        assert!(
            std::env::var_os("FINEWIRE_OPENWIRE_VECTORS").is_some(),
            "{} is missing",
            path.display()
        );
        println!("skipped: {} is missing", path.display());
        return Vec::new();
    };
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert!(!lines.is_empty(), "{name} is empty");
    lines
}

/// The bytes of a string of hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Bytes {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    text.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// The wire format that a line or a recorded negotiation names.
pub(crate) fn format(line: &Value) -> WireFormat {
    WireFormat {
        version: line["version"].as_i64().unwrap().try_into().unwrap(),
        tight: line["tight"].as_bool().unwrap(),
        cache: line["cache"].as_bool().unwrap(),
        cache_size: line["cache_size"].as_i64().unwrap_or(0).try_into().unwrap(),
        size_prefix: line["size_prefix"].as_bool().unwrap(),
        stack_trace: line["stack_trace"].as_bool().unwrap(),
        max_frame_size: i64::MAX,
        ..WireFormat::default()
    }
}
