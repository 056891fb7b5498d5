//! Log lines on standard error.

use crate::levels;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging at `level` unless the variable `FINEWIRE_LOG` says otherwise
/// (`error`, `warn`, `info`, `debug`, `trace`, or targets with levels).
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("FINEWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let logs = tracing_subscriber::registry()
        .with(levels::filter(filter))
        .with(lines);
    // A second start (tests) keeps the first.
    let _ = logs.try_init();
}
