//! Scenario, adapter and interop tests of finewire.

pub mod adapters;
pub mod bench;
pub mod peers;
pub mod world;
