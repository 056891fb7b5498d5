//! finewire machines on tokio.
