//! What changes while the program runs: what can be applied without dropping agents is, the rest stays.

use super::effective::Row;
use super::reading::{Checked, Unusable, check_file};
use super::schema::Change;
use super::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a reload has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloaded {
    /// Keys whose new values hold.
    pub(crate) applied: Vec<String>,
    /// Keys whose old values stay.
    pub(crate) refused: Vec<Refusal>,
}

/// A key that stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) key: String,
    pub(crate) why: String,
}

/// The configuration that a program runs by.
#[derive(Debug)]
pub(crate) struct Running {
    path: PathBuf,
    /// Whether the variable `FINEWIRE_LOG` has set the level of the log: it is stronger than the file.
    is_level_fixed: bool,
    /// What holds: the values of the start, and what reloads have changed since.
    values: BTreeMap<String, Option<String>>,
}

impl Running {
    /// Runs by `checked`, which was read from `path`.
    pub(crate) fn new(path: &Path, checked: &Checked) -> Self {
        Self {
            path: path.into(),
            is_level_fixed: std::env::var_os("FINEWIRE_LOG").is_some(),
            values: values(&checked.rows),
        }
    }

    /// Reads the file again and says which keys change. The caller applies the result's settings, those of its
    /// parts that [`Change::AtOnce`] names, and says with [`hold`](Self::hold) that they hold. Until then
    /// nothing has changed: what could not be applied is offered again by the next reading.
    ///
    /// # Errors
    ///
    /// The file cannot be used: everything stays.
    pub(crate) fn read(&self) -> Result<(Reloaded, Checked, Next), Unusable> {
        let checked = check_file(&self.path)?;
        let (reloaded, next) = self.compare(&checked.rows);
        Ok((reloaded, checked, next))
    }

    /// What was read is applied.
    pub(crate) fn hold(&mut self, next: Next) {
        self.values = next.0;
    }

    fn compare(&self, rows: &[Row]) -> (Reloaded, Next) {
        let mut reloaded = Reloaded::default();
        let mut next = self.values.clone();
        let now = values(rows);
        let at_once: BTreeSet<&str> = rows
            .iter()
            .filter(|row| row.change == Change::AtOnce)
            .map(|row| row.path.as_str())
            .collect();
        let names: BTreeSet<String> = self.values.keys().chain(now.keys()).cloned().collect();
        for name in names {
            let (old, new) = (self.values.get(&name), now.get(&name));
            if old == new {
                continue;
            }
            let is_at_once = at_once.contains(name.as_str()) || is_gone_at_once(&name);
            let is_fixed = self.is_level_fixed && name == LEVEL;
            if is_at_once && !is_fixed {
                match new {
                    Some(value) => next.insert(name.clone(), value.clone()),
                    None => next.remove(&name),
                };
                reloaded.applied.push(name);
            } else {
                let why = match is_fixed {
                    true => "the variable FINEWIRE_LOG is stronger",
                    false => "takes a restart: links hang on it, or it is read at the start alone",
                };
                let why = why.to_owned();
                reloaded.refused.push(Refusal { key: name, why });
            }
        }
        (reloaded, Next(next))
    }
}

/// The key of the log's level.
pub(crate) const LEVEL: &str = "log.level";

/// What holds once a reading is applied.
#[derive(Debug)]
pub(crate) struct Next(BTreeMap<String, Option<String>>);

/// A layout's change and a user are gone with their row.
fn is_gone_at_once(name: &str) -> bool {
    name.starts_with("layout.") || name.starts_with("monitor.user.")
}

fn values(rows: &[Row]) -> BTreeMap<String, Option<String>> {
    let secret = |row: &Row| row.secret.clone();
    let value = |row: &Row| secret(row).or_else(|| row.value.clone());
    rows.iter()
        .map(|row| (row.path.clone(), value(row)))
        .collect()
}

/// The decisions of `settings`, without time zone and what links hang on.
pub(crate) fn decisions(settings: Settings) -> finewire_core::connector::Config {
    let mut config = finewire_core::connector::Config::new(settings.layout, settings.passwords);
    config.connect_status = settings.connect_status;
    config.event_format = settings.event_format;
    settings.tuning.apply(&mut config);
    config
}

#[cfg(test)]
mod tests {
    use super::super::reading::check;
    use super::*;

    const GOOD: &str = "[broker]\nurl = \"tcp://a:1?jms.password=one\"\n[[finesse.node]]\nhost = \"f\"\n\
                        [driver]\nuse_secure_password = false\n";

    fn rows(text: &str) -> Vec<Row> {
        check(Path::new("c.toml"), text, &[]).unwrap().rows
    }

    fn running(text: &str) -> Running {
        Running {
            path: "c.toml".into(),
            is_level_fixed: false,
            values: values(&rows(text)),
        }
    }

    /// Reads `text` and has it applied.
    fn apply(running: &mut Running, text: &str) -> Reloaded {
        let (reloaded, next) = running.compare(&rows(text));
        running.hold(next);
        reloaded
    }

    #[test]
    fn what_could_not_be_applied_is_offered_again() {
        let running = running(GOOD);
        let text = GOOD.replace("false", "false\ntime_zone = \"UTC\"");
        for _ in 0..2 {
            let (reloaded, _) = running.compare(&rows(&text));
            assert_eq!(reloaded.applied, ["driver.time_zone"]);
        }
    }

    #[test]
    fn the_variable_of_the_log_is_stronger_than_the_file() {
        let mut running = running(GOOD);
        let text = format!("{GOOD}[log]\nlevel = \"debug\"\n");
        assert_eq!(running.compare(&rows(&text)).0.applied, [LEVEL]);
        running.is_level_fixed = true;
        for _ in 0..2 {
            let reloaded = apply(&mut running, &text);
            assert_eq!((reloaded.applied.len(), reloaded.refused.len()), (0, 1));
            assert!(reloaded.refused[0].why.contains("FINEWIRE_LOG"));
        }
    }

    #[test]
    fn what_links_hang_on_stays_and_is_refused_again_until_it_is_taken_back() {
        let mut running = running(GOOD);
        let text = GOOD
            .replace("//a:1", "//b:1")
            .replace("false", "false\ntime_zone = \"UTC\"");
        let first = apply(&mut running, &text);
        assert_eq!(first.applied, ["driver.time_zone"]);
        assert_eq!(first.refused.len(), 1);
        assert_eq!(first.refused[0].key, "broker.url");
        let second = apply(&mut running, &text);
        assert_eq!((second.applied.len(), second.refused.len()), (0, 1));
        let third = apply(&mut running, GOOD);
        assert_eq!(
            (third.applied, third.refused.len()),
            (vec!["driver.time_zone".into()], 0)
        );
    }

    #[test]
    fn a_change_that_the_mask_hides_is_seen_and_not_shown() {
        let mut running = running(GOOD);
        let text = GOOD.replace("=one", "=two");
        let found = apply(&mut running, &text);
        assert_eq!(found.refused.len(), 1, "{found:?}");
        assert!(
            !format!("{found:?} {running:?}").contains("two"),
            "{found:?}"
        );
    }

    #[test]
    fn changes_of_the_layout_come_and_go() {
        let mut running = running(GOOD);
        let text = format!("{GOOD}\n[layout.events.State]\nname = \"AgentState\"\n");
        let path = "layout.events.State.name".to_owned();
        assert_eq!(
            apply(&mut running, &text).applied,
            core::slice::from_ref(&path)
        );
        assert_eq!(apply(&mut running, GOOD).applied, [path]);
        assert_eq!(apply(&mut running, GOOD), Reloaded::default());
    }
}
