//! Log lines on standard error: for people, or as JSON, one object a line.
//!
//! Every line has a code that never changes its meaning; `docs/LOGS.md` explains each.

pub(crate) mod codes;
mod human;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The variable that names a folder for the log.
pub(crate) const FOLDER: &str = "FINEWIRE_LOG_FOLDER";
/// Files that stay in the folder, one a day.
const DAYS: usize = 14;

static KEPT_IN: OnceLock<PathBuf> = OnceLock::new();

/// Has the log kept in this folder where [`FOLDER`] names no other; before it is started.
#[cfg(windows)]
pub(crate) fn keep_in(folder: PathBuf) {
    KEPT_IN.get_or_init(|| folder);
}

/// Where lines go, and whether a person reads them there at once.
fn writer() -> (BoxMakeWriter, bool) {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let Some(folder) = folder.or_else(|| KEPT_IN.get().cloned()) else {
        let is_terminal = std::io::stderr().is_terminal();
        return (BoxMakeWriter::new(std::io::stderr), is_terminal);
    };
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("finewire")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&folder);
    match files {
        Ok(files) => (BoxMakeWriter::new(files), false),
        Err(e) => {
            eprintln!("finewire: cannot log into {}: {e}", folder.display());
            (BoxMakeWriter::new(std::io::stderr), false)
        }
    }
}

/// Starts logging at `level` unless the variable `FINEWIRE_LOG` says otherwise (`error`, `warn`, `info`,
/// `debug`, `trace`, or targets with levels). With `FINEWIRE_LOG_FORMAT=json` lines are JSON.
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_from_env("FINEWIRE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let is_json = std::env::var("FINEWIRE_LOG_FORMAT").is_ok_and(|word| word == "json");
    let (writer, is_colored) = writer();
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    // The level can be changed while it runs.
    let registry = tracing_subscriber::registry().with(crate::levels::filter(filter));
    // A second start (tests) keeps the first.
    let _ = if is_json {
        let lines = lines.json().flatten_event(true).with_target(false);
        let lines = lines.with_current_span(false).with_span_list(false);
        registry.with(lines).try_init()
    } else {
        let lines = lines.event_format(human::Human { is_colored });
        registry.with(lines).try_init()
    };
}
