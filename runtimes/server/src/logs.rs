//! Log lines on standard error.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging at `level` unless the variable `FINEWIRE_LOG` says otherwise
/// (`error`, `warn`, `info`, `debug`, `trace`, or targets with levels).
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("FINEWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start (tests) keeps the first.
    let _ = logs.with_target(false).try_init();
}
