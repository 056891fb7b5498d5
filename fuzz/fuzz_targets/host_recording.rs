#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finewire_host::record::fuzz::recording(data));
