//! Scenario, adapter and interop tests of finewire.
