//! What the monitor shows, as plain values.

use serde::Serialize;
use std::collections::BTreeMap;

/// Everything on the first page.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct View {
    pub(crate) version: &'static str,
    pub(crate) ready: bool,
    pub(crate) uptime_ms: u64,
    pub(crate) links: Vec<LinkView>,
    pub(crate) agents: Vec<AgentView>,
    pub(crate) messages: Vec<MessageView>,
    pub(crate) counters: BTreeMap<&'static str, u64>,
}

/// One link.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LinkView {
    pub(crate) name: String,
    pub(crate) peer: String,
    /// `up`, `connecting`, `down` or `idle`.
    pub(crate) state: &'static str,
    /// For how long it has been so, in milliseconds.
    pub(crate) since_ms: u64,
    pub(crate) why: String,
}

/// One agent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) extension: String,
    pub(crate) destination: String,
    /// State of its subscription at Finesse, as of a link.
    pub(crate) feed: &'static str,
    pub(crate) calls: Vec<CallView>,
}

/// One call of an agent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CallView {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) from: String,
}

/// One message that passed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageView {
    pub(crate) at: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) agent: String,
    pub(crate) subject: String,
    pub(crate) detail: String,
}
