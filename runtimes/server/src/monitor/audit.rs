//! The audit log: who did what to whom, and how it ended. In memory for the page, in a file for good.

use super::shapes::At;
use super::token::{make_private_folder, private};
use anyhow::{Context, Result};
use core::net::IpAddr;
use serde::Serialize;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Entries in memory.
const MOST: usize = 10_000;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) n: u64,
    pub(crate) at: At,
    pub(crate) user: String,
    /// Such as `agent.resync`.
    pub(crate) action: &'static str,
    pub(crate) target: String,
    /// `done`, or why not.
    pub(crate) outcome: String,
    pub(crate) from: String,
}

/// The log.
#[derive(Debug)]
pub(crate) struct Audit {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: VecDeque<Entry>,
    next: u64,
    file: Option<File>,
}

impl Audit {
    /// A log that is appended to the file at `path`, a JSON object a line; the file is made where there is
    /// none, readable by its owner only.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let what = || format!("the monitor's audit file {}", path.display());
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            make_private_folder(folder).with_context(what)?;
        }
        let file = private()
            .append(true)
            .create(true)
            .open(path)
            .with_context(what)?;
        Ok(Self::with(Some(file)))
    }

    const fn with(file: Option<File>) -> Self {
        Self {
            state: Mutex::new(State {
                entries: VecDeque::new(),
                next: 1,
                file,
            }),
        }
    }

    /// Writes an entry down.
    pub(crate) fn note(
        &self,
        user: &str,
        action: &'static str,
        target: &str,
        outcome: &str,
        from: IpAddr,
    ) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Entry {
            n: state.next,
            at: At::now(),
            user: bounded(user),
            action,
            target: bounded(target),
            outcome: bounded(outcome),
            from: from.to_string(),
        };
        state.next += 1;
        tracing::info!(
            user = %entry.user, action, target = %entry.target, outcome = %entry.outcome, from = %entry.from,
            "monitor: {action}"
        );
        let line = serde_json::to_string(&entry).unwrap_or_default();
        if let Some(file) = &mut state.file
            && let Err(e) = writeln!(file, "{line}")
        {
            tracing::error!("the audit log cannot be written: {e}");
        }
        state.entries.push_back(entry);
        if state.entries.len() > MOST {
            state.entries.pop_front();
        }
    }

    /// Entries before number `before`, newest first, and the number to go on before where there are more.
    pub(crate) fn page(&self, before: Option<u64>, most: usize) -> (Vec<Entry>, Option<u64>) {
        let before = before.unwrap_or(u64::MAX);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = state.entries.iter().rev().filter(|entry| entry.n < before);
        let page: Vec<_> = entries.by_ref().take(most).cloned().collect();
        let next = entries.next().and(page.last().map(|entry| entry.n));
        (page, next)
    }
}

/// What comes from outside is at most 128 characters, and on one line.
fn bounded(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(128).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn entries_come_newest_first_in_pages_and_are_bounded() {
        let audit = Audit::with(None);
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for n in 0..MOST + 3 {
            audit.note("anna", "drain", &n.to_string(), "done", from);
        }
        audit.note(
            "eve\n\u{1b}[2J",
            "login",
            &"x".repeat(1000),
            "refused",
            from,
        );
        let (page, next) = audit.page(None, 2);
        assert_eq!(page[0].user, "eve\u{fffd}\u{fffd}[2J");
        assert_eq!(
            (page[0].target.len(), page[1].target.as_str()),
            (128, "10002")
        );
        let (page, _) = audit.page(next, 1);
        assert_eq!(page[0].target, "10001");
        assert_eq!(audit.page(None, usize::MAX).0.len(), MOST);
    }
}
