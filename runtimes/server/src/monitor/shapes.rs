//! The JSON that browsers and scripts get. `API.md` is its page.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A moment: milliseconds since 1970 (UTC), written as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) i64);

impl At {
    pub(crate) fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// How long ago it was at `now`, in milliseconds; 0 when it lies ahead.
    pub(crate) fn age(self, now: Self) -> u64 {
        u64::try_from(now.0.saturating_sub(self.0)).unwrap_or(0)
    }
}

impl core::fmt::Display for At {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")),
            Err(_) => f.write_str("9999-12-31T23:59:59.999Z"),
        }
    }
}

impl Serialize for At {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `GET /api/status`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusView {
    pub(crate) version: &'static str,
    pub(crate) ready: bool,
    pub(crate) in_service_since: Option<At>,
    pub(crate) uptime_ms: u64,
    pub(crate) draining: bool,
    pub(crate) now: At,
    pub(crate) log_level: String,
    pub(crate) links: Vec<LinkView>,
    pub(crate) agents: Crowd,
    pub(crate) counters: BTreeMap<&'static str, u64>,
    pub(crate) rates: Rates,
}

/// How many agents there are.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Crowd {
    pub(crate) total: usize,
    pub(crate) by_state: BTreeMap<String, usize>,
    pub(crate) on_calls: usize,
}

/// How much happens in a second, over the last five.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Rates {
    pub(crate) commands_per_s: f64,
    pub(crate) events_per_s: f64,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LinkView {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `broker`, `finesse-rest` or `finesse-xmpp`.
    pub(crate) kind: &'static str,
    pub(crate) peer: String,
    /// `up`, `connecting`, `down` or `idle`.
    pub(crate) state: &'static str,
    pub(crate) since: At,
    pub(crate) since_ms: u64,
    pub(crate) why: String,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) flaps: u64,
    /// How many agents' streams are so, where the row stands for many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connecting: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) down: Option<usize>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AgentView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) since: At,
    pub(crate) extension: String,
    pub(crate) team: String,
    pub(crate) destination: String,
    /// Its notifications, in the words of a link's state.
    pub(crate) feed: &'static str,
    pub(crate) feed_since: At,
    pub(crate) feed_why: String,
    pub(crate) node: String,
    pub(crate) calls: Vec<CallView>,
    pub(crate) pending: usize,
}

/// One call of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CallView {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Since when the monitor has seen it.
    pub(crate) since: At,
}

/// One message that passed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageView {
    pub(crate) n: u64,
    pub(crate) at: At,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) link: &'static str,
    #[serde(serialize_with = "name")]
    pub(crate) agent: Option<Arc<str>>,
    pub(crate) subject: String,
    pub(crate) detail: String,
}

/// One row of an agent's time line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RowView {
    pub(crate) n: u64,
    pub(crate) at: At,
    /// `command`, `answer`, `state`, `call`, `error`, `link` or `operator`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) detail: String,
    pub(crate) ok: bool,
    pub(crate) latency_ms: Option<HopsView>,
}

/// Where the time of a command went, in milliseconds; `None`: not known, or there was no such hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HopsView {
    pub(crate) total: u64,
    /// Until the request: waiting for its turn, proving the password, reading reason codes.
    pub(crate) queue: Option<u64>,
    /// From the request to its answer.
    pub(crate) rest: Option<u64>,
    /// From the answer to the notification that showed the effect.
    pub(crate) event: Option<u64>,
}

#[expect(clippy::ref_option, reason = "serde hands the field over so")]
fn name<S: serde::Serializer>(name: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_deref().unwrap_or_default())
}
