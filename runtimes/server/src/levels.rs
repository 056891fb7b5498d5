//! How much is logged, changed while the program runs: for all, or for one agent; each change ends by itself.

use crate::logs::codes;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tracing_subscriber::{EnvFilter, Registry, reload};

/// The target of lines that were asked for agent by agent: they are written whatever the level of the rest is.
pub(crate) const ASKED: &str = "finewire_asked";
/// Agents with a level of their own at a time.
const MOST_AGENTS: usize = 100;

/// How much is said of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// Commands and events: what passes between driver and connector.
    Debug,
    /// Every message.
    Trace,
}

#[derive(Debug, Default)]
struct State {
    /// The level that the program was started with.
    base: String,
    /// Another one, until then.
    changed: Option<(String, Instant)>,
    agents: BTreeMap<String, (Depth, Instant)>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

fn state() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The filter that the log is started with; its level can be changed from now on.
pub(crate) fn filter(filter: EnvFilter) -> reload::Layer<EnvFilter, Registry> {
    let base = filter.to_string();
    let (layer, handle) = reload::Layer::new(with_asked(filter));
    // A second start (tests) keeps the first.
    if FILTER.set(handle).is_ok() {
        *state() = Some(State {
            base,
            ..State::default()
        });
    }
    layer
}

/// The level, as it is now.
pub(crate) fn level() -> String {
    let state = state();
    let Some(state) = state.as_ref() else {
        return "off".into();
    };
    match &state.changed {
        Some((level, _)) => level.clone(),
        None => state.base.clone(),
    }
}

/// Logs at `level` for `span`: everything, or the messages of one agent.
///
/// # Errors
///
/// In words: the level is none, or too many agents have one of their own.
pub(crate) fn set_level(level: &str, agent: Option<&str>, span: Duration) -> Result<(), String> {
    let level = level.trim().to_lowercase();
    let until = Instant::now() + span;
    let mut state = state();
    let state = state.get_or_insert_default();
    let Some(agent) = agent else {
        if !["off", "error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
            return Err("a level is one of error, warn, info, debug, trace".into());
        }
        apply(&level)?;
        state.changed = (level != state.base).then_some((level, until));
        return Ok(());
    };
    let depth = match level.as_str() {
        "debug" => Depth::Debug,
        "trace" => Depth::Trace,
        "error" | "warn" | "info" | "off" => {
            state.agents.remove(agent);
            return Ok(());
        }
        _ => return Err("a level is one of error, warn, info, debug, trace".into()),
    };
    if state.agents.len() >= MOST_AGENTS && !state.agents.contains_key(agent) {
        return Err(format!(
            "{MOST_AGENTS} agents have a level of their own already"
        ));
    }
    state.agents.insert(agent.into(), (depth, until));
    Ok(())
}

fn apply(level: &str) -> Result<(), String> {
    let Some(handle) = FILTER.get() else {
        return Err("there is no log".into());
    };
    let filter = EnvFilter::try_new(level).map_err(|e| e.to_string())?;
    handle.reload(with_asked(filter)).map_err(|e| e.to_string())
}

fn with_asked(filter: EnvFilter) -> EnvFilter {
    match format!("{ASKED}=info").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

/// Whether `level` can be one.
///
/// # Errors
///
/// In words: it cannot.
pub(crate) fn check(level: &str) -> Result<(), String> {
    let read = EnvFilter::try_new(level).map(|_| ());
    read.map_err(|e| format!("log.level: {e}"))
}

/// The level that the program has from now on, unless another one is on for a while: a reload's word.
///
/// # Errors
///
/// In words: the level is none.
pub(crate) fn set_base(level: &str) -> Result<(), String> {
    let mut state = state();
    let state = state.get_or_insert_default();
    if state.changed.is_none() {
        apply(level)?;
    }
    state.base = level.into();
    Ok(())
}

/// Ends what has lasted long enough; gives the agents that are logged more of.
pub(crate) fn tick(now: Instant) -> BTreeMap<String, Depth> {
    let mut state = state();
    let Some(state) = state.as_mut() else {
        return BTreeMap::new();
    };
    if state
        .changed
        .as_ref()
        .is_some_and(|(_, until)| *until <= now)
    {
        state.changed = None;
        if let Err(e) = apply(&state.base) {
            tracing::error!(
                code = codes::LEVEL_STUCK,
                "the log level cannot be set back: {e}"
            );
        }
        tracing::info!(
            code = codes::LEVEL_BACK,
            "the log level is {} again",
            state.base
        );
    }
    state.agents.retain(|_, (_, until)| *until > now);
    let agents = state.agents.iter();
    agents
        .map(|(agent, (depth, _))| (agent.clone(), *depth))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_for_a_while_and_words_that_are_none_are_refused() {
        let _layer = filter(EnvFilter::new("warn"));
        let minute = Duration::from_secs(60);
        assert!(set_level("loud", None, minute).is_err());
        assert!(set_level("loud", Some("1001"), minute).is_err());
        assert_eq!(level(), "warn");

        set_level("trace", Some("1001"), minute).unwrap();
        set_level("debug", Some("1002"), minute * 2).unwrap();
        let now = Instant::now();
        assert_eq!(tick(now).len(), 2);
        assert_eq!(tick(now + minute).get("1002"), Some(&Depth::Debug));
        assert_eq!(tick(now + minute).get("1001"), None);
        set_level("info", Some("1002"), minute).unwrap();
        assert!(tick(now).is_empty());

        set_level("debug", None, minute).unwrap();
        tick(now);
        assert_eq!(level(), "debug");
        tick(Instant::now() + minute);
        assert_eq!(level(), "warn", "it ends by itself");
    }
}
