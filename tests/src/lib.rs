//! Scenario, adapter and interop tests of finewire.

pub mod adapters;
pub mod peers;
pub mod world;
