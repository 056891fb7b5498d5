#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finewire_core::contract::fuzz::event_json(data));
