//! What passed between whom, for demo, time line and live trace.

use super::LinkId;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// One message that passed, already redacted: secrets are left out by type before it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEvent {
    /// Who sent it.
    pub from: Party,
    /// Who gets it.
    pub to: Party,
    /// The link it passed on, where there is one.
    pub link: Option<LinkId>,
    /// The agent (login id) it is about, where it is about one.
    pub agent: Option<Arc<str>>,
    /// What it is, in a few words: a verb, an event name, a request line.
    pub subject: String,
    /// Its content, bounded and redacted; may be empty.
    pub detail: String,
}

/// Who takes part in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Party {
    /// The CRM's CTI driver.
    Driver,
    /// The OpenWire broker.
    Broker,
    /// The connector.
    Connector,
    /// Cisco Finesse, or what stands for it.
    Finesse,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Driver => "driver",
            Self::Broker => "broker",
            Self::Connector => "connector",
            Self::Finesse => "finesse",
        })
    }
}
