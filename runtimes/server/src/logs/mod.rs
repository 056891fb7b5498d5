//! Log lines on standard error: for people, or as JSON, one object a line.
//!
//! Every line has a code that never changes its meaning; `docs/LOGS.md` explains each.

pub(crate) mod codes;
mod human;

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging at `level` unless the variable `FINEWIRE_LOG` says otherwise (`error`, `warn`, `info`,
/// `debug`, `trace`, or targets with levels). With `FINEWIRE_LOG_FORMAT=json` lines are JSON.
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("FINEWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let is_json = std::env::var("FINEWIRE_LOG_FORMAT").is_ok_and(|word| word == "json");
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // The level can be changed while it runs.
    let registry = tracing_subscriber::registry().with(crate::levels::filter(filter));
    // A second start (tests) keeps the first.
    let _ = if is_json {
        let lines = lines.json().flatten_event(true).with_target(false);
        let lines = lines.with_current_span(false).with_span_list(false);
        registry.with(lines).try_init()
    } else {
        let is_colored = std::io::stderr().is_terminal();
        let lines = lines.event_format(human::Human { is_colored });
        registry.with(lines).try_init()
    };
}
