//! Scenario, adapter and interop tests of finewire.

pub mod peers;
