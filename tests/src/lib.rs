//! Scenario, adapter and interop tests of finewire.

pub mod peers;
pub mod world;
