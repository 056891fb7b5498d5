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
    /// What holds: the values of the start, and what reloads have changed since.
    values: BTreeMap<String, Option<String>>,
}

impl Running {
    /// Runs by `checked`, which was read from `path`.
    pub(crate) fn new(path: &Path, checked: &Checked) -> Self {
        Self {
            path: path.into(),
            values: values(&checked.rows),
        }
    }

    /// Reads the file again and says which keys change. The caller applies the result's settings: those of its
    /// parts that [`Change::AtOnce`] names; nothing else of them holds.
    ///
    /// # Errors
    ///
    /// The file cannot be used: everything stays.
    pub(crate) fn reload(&mut self) -> Result<(Reloaded, Checked), Unusable> {
        let checked = check_file(&self.path)?;
        let reloaded = self.compare(&checked.rows);
        Ok((reloaded, checked))
    }

    fn compare(&mut self, rows: &[Row]) -> Reloaded {
        let mut reloaded = Reloaded::default();
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
            if at_once.contains(name.as_str()) || is_gone_at_once(&name) {
                match new {
                    Some(value) => self.values.insert(name.clone(), value.clone()),
                    None => self.values.remove(&name),
                };
                reloaded.applied.push(name);
            } else {
                let why = "takes a restart: links hang on it, or it is read at the start alone";
                let why = why.to_owned();
                reloaded.refused.push(Refusal { key: name, why });
            }
        }
        reloaded
    }
}

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
            values: values(&rows(text)),
        }
    }

    #[test]
    fn what_links_hang_on_stays_and_is_refused_again_until_it_is_taken_back() {
        let mut running = running(GOOD);
        let text = GOOD
            .replace("//a:1", "//b:1")
            .replace("false", "false\ntime_zone = \"UTC\"");
        let first = running.compare(&rows(&text));
        assert_eq!(first.applied, ["driver.time_zone"]);
        assert_eq!(first.refused.len(), 1);
        assert_eq!(first.refused[0].key, "broker.url");
        let second = running.compare(&rows(&text));
        assert_eq!((second.applied.len(), second.refused.len()), (0, 1));
        let third = running.compare(&rows(GOOD));
        assert_eq!(
            (third.applied, third.refused.len()),
            (vec!["driver.time_zone".into()], 0)
        );
    }

    #[test]
    fn a_change_that_the_mask_hides_is_seen_and_not_shown() {
        let mut running = running(GOOD);
        let text = GOOD.replace("=one", "=two");
        let found = running.compare(&rows(&text));
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
            running.compare(&rows(&text)).applied,
            core::slice::from_ref(&path)
        );
        assert_eq!(running.compare(&rows(GOOD)).applied, [path]);
        assert_eq!(running.compare(&rows(GOOD)), Reloaded::default());
    }
}
