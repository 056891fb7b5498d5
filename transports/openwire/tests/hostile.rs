//! Bytes that nobody should send: no panic, no endless loop, every command still ends once.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use finewire_core::machine::Random;
use finewire_openwire::{broker, client};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/openwire/captures");

/// Real frames behind one another, from which damaged ones are made.
fn material(suffix: &str) -> Vec<u8> {
    let mut names: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(suffix))
        .collect();
    names.sort();
    names.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
}

/// Cuts material into pieces with control bytes, and damages some of it.
fn mangled(material: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = Vec::new();
    let pick = |random: &mut Random, end: usize| usize::try_from(random.below(end as u64)).unwrap();
    let mut at = pick(random, material.len());
    for _ in 0..pick(random, 60) {
        let control = u8::try_from(pick(random, 256)).unwrap();
        // Time passes rarely, or every link would time out.
        let control = if pick(random, 20) == 0 { control } else { control & !2 };
        data.push(control);
        let length = usize::from(control >> 2).min(material.len() - at);
        let start = data.len();
        data.extend_from_slice(&material[at..at + length]);
        at += length;
        if at >= material.len() || pick(random, 8) == 0 {
            at = pick(random, material.len());
        }
        if length > 0 && pick(random, 3) == 0 {
            let hit = start + pick(random, length);
            data[hit] = u8::try_from(pick(random, 256)).unwrap();
        }
    }
    data
}

#[test]
fn damaged_frames_do_the_broker_no_harm() {
    let material = material("loose-nocache.c2s.bin");
    let mut random = Random::from_seed([5; 32]);
    for _ in 0..3000 {
        broker::fuzz::run(&mangled(&material, &mut random));
    }
}

#[test]
fn damaged_frames_do_the_client_no_harm_and_every_command_ends_once() {
    let material = material("loose-nocache.s2c.bin");
    let mut random = Random::from_seed([6; 32]);
    for _ in 0..3000 {
        client::fuzz::run(&mangled(&material, &mut random));
    }
}
