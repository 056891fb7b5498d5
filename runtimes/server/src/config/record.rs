//! `[record]`: whether what the connector is told is written down.

use super::fault::Faults;
use super::file;
use crate::record::Plan;
use std::path::{Path, PathBuf};

/// Room for the beginning and for a minute of a few agents.
const LEAST: u64 = 64 * 1024;

/// What `[record]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    file: Option<PathBuf>,
    max_bytes: u64,
}

impl Recording {
    /// Where the connector is recorded, if it is; `file` is stronger than the configuration.
    pub(crate) fn plan(self, file: Option<PathBuf>) -> Option<Plan> {
        let max_bytes = self.max_bytes;
        let file = file.or(self.file)?;
        Some(Plan { file, max_bytes })
    }
}

pub(super) fn check(
    record: &file::Record,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Recording> {
    let max_bytes = &record.max_bytes;
    let Some(most) = u64::try_from(*max_bytes.get_ref())
        .ok()
        .filter(|most| *most >= LEAST)
    else {
        let hint = "at least 65536 bytes; 268435456 is 256 MiB";
        faults.add(max_bytes.span(), "too few for a recording", hint);
        return None;
    };
    let file = record.file.as_ref();
    Some(Recording {
        file: file.map(|file| folder.join(file.get_ref())),
        max_bytes: most,
    })
}
