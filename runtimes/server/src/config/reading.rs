//! From a path to checked settings, or to everything that is wrong.

use super::document;
use super::effective::{self, Row};
use super::fault::Faults;
use super::monitor::{self, Access};
use super::record;
use super::schema;
use super::settings::{self, BrokerChoice, Log, Settings};
use super::source::{Source, Unreadable, read_text, variables};
use crate::logs::codes;
use anyhow::Result;
use std::path::Path;

/// Why a configuration cannot be used. The program ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// There is nothing to check.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// All that is wrong.
    #[error("{0}")]
    Faulty(Box<Faults>),
}

/// A configuration without a fault.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) settings: Settings,
    /// Who may come to the monitor, and how.
    pub(crate) access: Access,
    pub(crate) log: Log,
    /// Where the connector is recorded, if it is.
    pub(crate) record: record::Recording,
    /// Every key with its value and origin.
    pub(crate) rows: Vec<Row>,
    /// What is dubious, a line each.
    pub(crate) warnings: Vec<String>,
}

/// Reads and checks the file at `path`, with the environment over it; warnings are logged.
///
/// # Errors
///
/// [`Unusable`]: all faults at once, with line, column and hint.
pub(crate) fn load(path: &Path) -> Result<Settings> {
    let checked = check_file(path)?;
    for warning in &checked.warnings {
        tracing::warn!(code = codes::CONFIGURATION_DOUBTFUL, "{warning}");
    }
    Ok(checked.settings)
}

/// Reads and checks the file at `path`, with the environment over it.
///
/// # Errors
///
/// All faults at once, with line, column and hint.
pub(crate) fn check_file(path: &Path) -> Result<Checked, Unusable> {
    let text = read_text(path)?;
    check(path, &text, &variables()).map_err(|faults| Unusable::Faulty(Box::new(faults)))
}

/// Checks `text` alone, whatever the environment says; files that it names are beside `path`.
///
/// # Errors
///
/// All faults at once, with line, column and hint.
pub(crate) fn check_text(path: &Path, text: &str) -> Result<Checked, Unusable> {
    check(path, text, &[]).map_err(|faults| Unusable::Faulty(Box::new(faults)))
}

/// Checks `text`, with `variables` over it; files that it names are beside `path`.
///
/// # Errors
///
/// All faults at once.
pub(super) fn check(
    path: &Path,
    text: &str,
    variables: &[(String, String)],
) -> Result<Checked, Faults> {
    let mut faults = Faults::of(Source::new(path, text));
    let keys = schema::keys();
    let Some(table) = document::read(text, variables, &keys, &mut faults) else {
        return Err(faults);
    };
    let rows = effective::rows(&table, &keys, &faults);
    let Some(file) = document::into_file(table, &mut faults) else {
        return Err(faults);
    };
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let settings = settings::check(&file, path, &mut faults);
    let access = monitor::check(&file.monitor, folder, &mut faults);
    let log = settings::check_log(&file.log, &mut faults);
    let record = record::check(&file.record, folder, &mut faults);
    let warnings = faults.warnings();
    let parts = settings.zip(access).zip(log).zip(record);
    let (((settings, access), log), record) = faults.into_result(parts)?;
    let mut rows = rows;
    if matches!(settings.broker, BrokerChoice::Remote(_)) {
        // What only the embedded broker reads holds nowhere.
        rows.retain(|row| !row.path.starts_with("broker.embedded."));
    }
    complete(&mut rows, &settings);
    Ok(Checked {
        settings,
        access,
        log,
        record,
        rows,
        warnings,
    })
}

/// Puts in what follows from other keys.
fn complete(rows: &mut [Row], settings: &Settings) {
    let mut set = |path: &str, value: String| {
        let row = rows
            .iter_mut()
            .find(|row| row.path == path && row.value.is_none());
        if let Some(row) = row {
            row.value = Some(value);
        }
    };
    for (n, node) in settings.nodes.iter().enumerate() {
        let road = effective::quoted(node.xmpp.word());
        set(&format!("finesse.node.{n}.xmpp"), road);
        set(
            &format!("finesse.node.{n}.xmpp_port"),
            node.xmpp_port.to_string(),
        );
    }
    if let BrokerChoice::Embedded(embedded) = &settings.broker {
        set("broker.listen", format!("\"{}\"", embedded.listen));
    }
}

#[cfg(test)]
pub(super) fn parse(path: &Path, text: &str) -> Result<Settings, Faults> {
    check(path, text, &[]).map(|checked| checked.settings)
}
