//! What the monitor sees.

use finewire_core::agent::Text;
use finewire_core::connector::{AgentReport, Counters, NodeId, Readiness};
use finewire_core::machine::{CloseReason, Instant, LinkState, TraceEvent};
use std::collections::VecDeque;

/// How it stands with everything, at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Whether Finesse serves.
    pub readiness: Readiness,
    /// The link to the broker.
    pub broker: LinkReport,
    /// The Finesse servers.
    pub nodes: Vec<NodeReport>,
    /// The agents, each with its notification link, where it has one.
    pub agents: Vec<(AgentReport, Option<LinkReport>)>,
    /// Running totals of the decisions.
    pub counters: Counters,
    /// Messages that the broker's client did not get through.
    pub unsent: u64,
    /// Commands that the broker delivered again although they had been taken on.
    pub repeated: u64,
    /// Notifications that came from somebody who may not send them.
    pub forged: u64,
    /// Notifications that could not be read.
    pub unreadable: u64,
    /// The last messages, oldest first.
    pub recent: Vec<Recent>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkReport {
    /// Where it goes, or went last.
    pub endpoint: String,
    /// What it is doing.
    pub state: LinkState,
    /// Since when it is up or down.
    pub since: Instant,
    /// Why it is down.
    pub why: Option<CloseReason>,
}

/// One Finesse server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// Its position in the configuration.
    pub node: NodeId,
    /// Where its REST interface is.
    pub endpoint: String,
    /// Where its notification service is.
    pub notifications: String,
    /// Whether it serves.
    pub readiness: Readiness,
    /// Since when.
    pub since: Instant,
    /// What it says, or why it cannot be asked or is not used.
    pub why: Text,
    /// Why its REST interface cannot be reached, where the last attempt has failed.
    pub fault: Option<CloseReason>,
    /// HTTP connections that are open.
    pub connections: usize,
    /// Requests under way and waiting.
    pub requests: usize,
}

/// A message that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Counts all messages since the start.
    pub number: u64,
    /// When it passed.
    pub at: Instant,
    /// What it was.
    pub message: TraceEvent,
}

/// The last messages.
#[derive(Debug)]
pub(crate) struct Ring {
    list: VecDeque<Recent>,
    most: usize,
    number: u64,
}

impl Ring {
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            list: VecDeque::new(),
            most,
            number: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn push(&mut self, at: Instant, message: TraceEvent) {
        self.number += 1;
        let number = self.number;
        self.list.push_back(Recent {
            number,
            at,
            message,
        });
        while self.list.len() > self.most {
            self.list.pop_front();
        }
    }

    /// Those after the one with this number, oldest first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Recent> {
        let newer = usize::try_from(self.number.saturating_sub(number)).unwrap_or(usize::MAX);
        self.last(newer)
    }

    /// The last so many, oldest first.
    pub(crate) fn last(&self, most: usize) -> impl Iterator<Item = &Recent> {
        self.list.iter().skip(self.list.len().saturating_sub(most))
    }
}

/// Since when a link is up or down, and why.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) since: Instant,
    pub(crate) is_up: bool,
    pub(crate) why: Option<CloseReason>,
}

impl Health {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            since: now,
            is_up: false,
            why: None,
        }
    }

    pub(crate) fn up(&mut self, now: Instant) {
        *self = Self {
            since: now,
            is_up: true,
            why: None,
        };
    }

    pub(crate) fn down(&mut self, now: Instant, reason: CloseReason) {
        if self.is_up {
            self.since = now;
        }
        self.is_up = false;
        self.why = Some(reason);
    }
}
