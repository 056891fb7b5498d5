//! What the connector's decisions are told beside the obvious: times, limits, lost drivers.

use super::fault::Faults;
use super::file;
use super::schema::Kind;
use core::time::Duration;
use finewire_core::connector::{Config, DriverLoss, Limits, Timing};
use toml::Spanned;

/// Settings of the decisions that have defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tuning {
    new_outbound_call: bool,
    on_driver_loss: DriverLoss,
    xmpp_domain: Option<String>,
    pubsub_domain: Option<String>,
    timing: Timing,
    limits: Limits,
}

impl Tuning {
    /// Has the decisions made so.
    pub(crate) fn apply(self, config: &mut Config) {
        config.new_outbound_call = self.new_outbound_call;
        config.on_driver_loss = self.on_driver_loss;
        config.xmpp_domain = self.xmpp_domain.map(|domain| domain.as_str().into());
        config.pubsub_domain = self.pubsub_domain.map(|domain| domain.as_str().into());
        config.timing = self.timing;
        config.limits = self.limits;
    }
}

/// No time is longer than this, so that none can be mistaken for never.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A time of `[timing]`: its name, its place and the least it may be.
struct Time(&'static str, fn(&mut Timing) -> &mut Duration, Duration);

const TIMES: [Time; 14] = [
    Time("command", |it| &mut it.command, SECOND),
    Time("request", |it| &mut it.request, SECOND),
    Time("settle", |it| &mut it.settle, MS),
    Time(
        "poll_out_of_service",
        |it| &mut it.poll_out_of_service,
        SECOND,
    ),
    Time("poll_in_service", |it| &mut it.poll_in_service, SECOND),
    Time("refusal", |it| &mut it.refusal, MS),
    Time("strike_window", |it| &mut it.strike_window, SECOND),
    Time("refused_memory", |it| &mut it.refused_memory, SECOND),
    Time("resync_retry", |it| &mut it.resync_retry, SECOND),
    Time("reasons_age", |it| &mut it.reasons_age, MS),
    Time("failover_after", |it| &mut it.failover_after, MS),
    Time("absence_memory", |it| &mut it.absence_memory, SECOND),
    Time("linger", |it| &mut it.linger, MS),
    Time("drain", |it| &mut it.drain, MS),
];

/// A limit of `[limits]`: its name, its place, the least and the most it may be.
struct Limit(
    &'static str,
    fn(&mut Limits) -> &mut usize,
    core::ops::RangeInclusive<usize>,
);

const LIMITS: [Limit; 5] = [
    Limit("agents", |it| &mut it.agents, 1..=100_000),
    Limit(
        "commands_per_agent",
        |it| &mut it.commands_per_agent,
        1..=1000,
    ),
    // Finesse locks an account after five wrong passwords.
    Limit("strikes", |it| &mut it.strikes, 1..=5),
    Limit("remembered_items", |it| &mut it.remembered_items, 0..=1000),
    Limit("waiting_drivers", |it| &mut it.waiting_drivers, 1..=100_000),
];

/// The keys of `[timing]` and `[limits]`, with their defaults as TOML writes them.
pub(super) fn defaults() -> impl Iterator<Item = (String, Kind, String)> {
    let times = TIMES.iter().map(|Time(name, place, _)| {
        let time = *place(&mut Timing::default());
        (format!("timing.{name}"), Kind::Text, written(time))
    });
    let limits = LIMITS.iter().map(|Limit(name, place, _)| {
        let limit = place(&mut Limits::default()).to_string();
        (format!("limits.{name}"), Kind::Number, limit)
    });
    times.chain(limits)
}

/// The default of a key outside of `[timing]` that the timing holds.
pub(super) fn default_of(path: &str) -> String {
    let timing = Timing::default();
    match path {
        "finesse.logins_per_second" => {
            let pace = timing.pace.as_micros().max(1);
            (SECOND.as_micros() / pace).to_string()
        }
        _ => timing.return_after.map_or("\"off\"".into(), written),
    }
}

/// A time as it is written in a file.
fn written(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0 => "\"0s\"".into(),
        _ if ms.is_multiple_of(3_600_000) => format!("\"{}h\"", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("\"{}m\"", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("\"{}s\"", ms / 1000),
        _ => format!("\"{ms}ms\""),
    }
}

pub(super) fn check(file: &file::File, faults: &mut Faults) -> Tuning {
    let mut tuning = Tuning::default();
    for (name, value) in &file.timing {
        let Some(Time(_, place, least)) = TIMES.iter().find(|row| row.0 == name.get_ref()) else {
            // Told already, as every key that is not known.
            continue;
        };
        if let Some(span) = check_span(value, *least, faults) {
            *place(&mut tuning.timing) = span;
        }
    }
    for (name, value) in &file.limits {
        let Some(Limit(_, place, range)) = LIMITS.iter().find(|row| row.0 == name.get_ref()) else {
            continue;
        };
        match usize::try_from(*value.get_ref()) {
            Ok(count) if range.contains(&count) => *place(&mut tuning.limits) = count,
            _ => {
                let hint = format!("{} to {}", range.start(), range.end());
                faults.add(value.span(), "the limit is out of range", &hint);
            }
        }
    }
    check_drivers(&file.driver, &mut tuning, faults);
    check_site(&file.finesse, &mut tuning, faults);
    tuning
}

fn check_drivers(driver: &file::Driver, tuning: &mut Tuning, faults: &mut Faults) {
    tuning.new_outbound_call = driver.new_outbound_call;
    if let Some(word) = &driver.on_driver_loss {
        match word.get_ref().as_str() {
            "keep" => tuning.on_driver_loss = DriverLoss::Keep,
            "not-ready" => tuning.on_driver_loss = DriverLoss::NotReady,
            "logout" => tuning.on_driver_loss = DriverLoss::Logout,
            other => {
                let message = format!("unknown policy {other:?} for agents of a lost driver");
                let hint = "\"keep\", \"not-ready\" or \"logout\"";
                faults.add(word.span(), message, hint);
            }
        }
    }
    if let Some(text) = &driver.driver_silence {
        // Drivers beat every few seconds; less would lose those that are merely slow.
        if let Some(span) = check_optional(text, 5 * SECOND, faults) {
            tuning.timing.driver_silence = span;
        }
    }
}

fn check_site(finesse: &file::Finesse, tuning: &mut Tuning, faults: &mut Faults) {
    if let Some(text) = &finesse.return_after
        && let Some(span) = check_optional(text, SECOND, faults)
    {
        tuning.timing.return_after = span;
    }
    if let Some(rate) = &finesse.logins_per_second {
        match u32::try_from(*rate.get_ref()) {
            Ok(rate @ 1..=1000) => tuning.timing.pace = SECOND / rate,
            _ => faults.add(rate.span(), "the rate is out of range", "1 to 1000"),
        }
    }
    tuning.xmpp_domain = check_domain(finesse.xmpp_domain.as_ref(), faults);
    tuning.pubsub_domain = check_domain(finesse.pubsub_domain.as_ref(), faults);
}

fn check_domain(domain: Option<&Spanned<String>>, faults: &mut Faults) -> Option<String> {
    let text = domain?.get_ref().trim();
    if text.is_empty() || text.contains(['@', '/', ' ', '<', '&', '\'', '"']) {
        let hint = "a name such as \"finesse-a.example.com\"";
        faults.add(domain?.span(), "not an XMPP domain", hint);
        return None;
    }
    Some(text.to_owned())
}

/// A time, or `off`.
fn check_optional(
    text: &Spanned<String>,
    least: Duration,
    faults: &mut Faults,
) -> Option<Option<Duration>> {
    match text.get_ref().as_str() {
        "off" => Some(None),
        _ => check_span(text, least, faults).map(Some),
    }
}

pub(super) fn check_span(
    text: &Spanned<String>,
    least: Duration,
    faults: &mut Faults,
) -> Option<Duration> {
    let read = text.get_ref().parse::<jiff::SignedDuration>().ok();
    let span = read.and_then(|span| Duration::try_from(span).ok());
    let Some(span) = span else {
        let hint = "a number and a unit, such as \"500ms\", \"90s\" or \"5m\"";
        faults.add(text.span(), "not a span of time", hint);
        return None;
    };
    if !(least..=LONGEST).contains(&span) {
        let hint = format!("{least:?} to 24h");
        faults.add(text.span(), "the time is out of range", &hint);
        return None;
    }
    Some(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::path::Path;

    fn read(driver: &str, finesse: &str, tables: &str) -> Result<Config, String> {
        let text = format!(
            "[broker]\nurl = \"tcp://a:61616\"\n[finesse]\n{finesse}\n[[finesse.node]]\n\
             host = \"f.example\"\n[driver]\nuse_secure_password = false\n{driver}\n{tables}\n"
        );
        let settings = parse(Path::new("c.toml"), &text).map_err(|faults| faults.to_string())?;
        let mut config = Config::new(settings.layout, settings.passwords);
        settings.tuning.apply(&mut config);
        Ok(config)
    }

    #[test]
    fn without_a_word_everything_is_as_by_default() {
        let config = read("", "", "").unwrap();
        assert_eq!(config.timing, Timing::default());
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.on_driver_loss, DriverLoss::Keep);
        assert_eq!(config.timing.driver_silence, None);
    }

    #[test]
    fn lost_drivers_failover_and_pace_are_set_where_one_looks_for_them() {
        let driver =
            "on_driver_loss = \"not-ready\"\ndriver_silence = \"90s\"\nnew_outbound_call = true";
        let finesse = "return_after = \"10m\"\nlogins_per_second = 20\n\
                       xmpp_domain = \"f.example\"\npubsub_domain = \"pubsub.f.example\"";
        let config = read(driver, finesse, "").unwrap();

        assert!(config.new_outbound_call);
        assert_eq!(config.on_driver_loss, DriverLoss::NotReady);
        assert_eq!(config.timing.driver_silence, Some(Duration::from_secs(90)));
        assert_eq!(config.timing.return_after, Some(Duration::from_secs(600)));
        assert_eq!(config.timing.pace, Duration::from_millis(50));
        assert_eq!(config.xmpp_domain.unwrap(), "f.example");
        assert_eq!(config.pubsub_domain.unwrap(), "pubsub.f.example");
        let driver = "on_driver_loss = \"logout\"\ndriver_silence = \"off\"";
        let config = read(driver, "return_after = \"off\"", "").unwrap();
        assert!(!config.new_outbound_call, "off unless asked for");
        assert_eq!(config.on_driver_loss, DriverLoss::Logout);
        assert_eq!(config.timing.driver_silence, None);
        assert_eq!(config.timing.return_after, None);
    }

    #[test]
    fn every_time_and_every_limit_can_be_set_by_its_name_and_sets_another_field() {
        let mut found = std::collections::BTreeSet::new();
        for Time(name, place, _) in &TIMES {
            let mut config = read("", "", &format!("[timing]\n{name} = \"77s\"")).unwrap();
            assert_eq!(
                *place(&mut config.timing),
                Duration::from_secs(77),
                "{name}"
            );
            *place(&mut config.timing) = *place(&mut Timing::default());
            assert_eq!(config.timing, Timing::default(), "{name} alone");
            found.insert(*name);
        }
        for Limit(name, place, _) in &LIMITS {
            let mut config = read("", "", &format!("[limits]\n{name} = 3")).unwrap();
            assert_eq!(*place(&mut config.limits), 3, "{name}");
            found.insert(*name);
        }
        assert_eq!(found.len(), TIMES.len() + LIMITS.len());
    }

    #[test]
    fn what_cannot_be_is_shown_at_its_place_with_what_can() {
        for (driver, finesse, tables, wanted) in [
            (
                "on_driver_loss = \"drop\"",
                "",
                "",
                "unknown policy \"drop\"",
            ),
            ("driver_silence = \"1s\"", "", "", "5s to 24h"),
            ("driver_silence = \"soon\"", "", "", "not a span of time"),
            ("driver_silence = \"-5s\"", "", "", "not a span of time"),
            ("", "return_after = \"99h\"", "", "1s to 24h"),
            ("", "logins_per_second = 0", "", "1 to 1000"),
            ("", "xmpp_domain = \"a@b\"", "", "not an XMPP domain"),
            (
                "",
                "",
                "[timing]\ncolour = \"1s\"",
                "unknown key \"colour\" in [timing]",
            ),
            ("", "", "[timing]\ncommand = \"1ms\"", "1s to 24h"),
            ("", "", "[limits]\nstrikes = 6", "1 to 5"),
            (
                "",
                "",
                "[limits]\nsize = 6",
                "one of agents, commands_per_agent",
            ),
        ] {
            let found = read(driver, finesse, tables).unwrap_err();
            assert!(found.contains(wanted), "{wanted} in {found}");
            assert!(found.ends_with("1 error in c.toml"), "{found}");
        }
    }
}
