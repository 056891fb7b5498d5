//! Frames that ActiveMQ made, damaged.

use finewire_openwire::fuzz;

use crate::vectors::{lines, unhex};

#[test]
fn a_frame_with_any_one_byte_changed_is_decoded_or_refused() {
    let mut tried = 0;
    for name in ["types.jsonl.gz", "bodies.jsonl.gz", "quirks.jsonl.gz"] {
        // A prime step meets every type, version and form.
        for line in lines(name).iter().step_by(37) {
            let Some(hex) = line["hex"].as_str() else {
                continue;
            };
            let flag = |name: &str, bit: u8| if line[name] == true { bit } else { 0 };
            let version = u8::try_from(line["version"].as_u64().unwrap()).unwrap();
            let flags = flag("tight", 1) | flag("cache", 2) | flag("stack_trace", 4);
            let mut data = vec![version - 1, flags | (8 ^ flag("size_prefix", 8))];
            data.extend_from_slice(&unhex(hex));
            fuzz::frame(&data);
            for place in (2..data.len().min(600)).rev() {
                for change in [0x01, 0x80, 0xFF] {
                    data[place] ^= change;
                    fuzz::frame(&data);
                    data[place] ^= change;
                    tried += 1;
                }
            }
        }
    }
    println!("{tried} damaged frames");
}
