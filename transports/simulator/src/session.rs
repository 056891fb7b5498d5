//! XMPP streams: who is there, and who gets what.

use std::collections::BTreeSet;

use finewire_core::agent::AgentId;
use finewire_core::machine::Peer;
use finewire_finesse::Resource;
use finewire_xmpp::{Jid, Server};

/// One XMPP stream.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) peer: Peer<Server>,
    /// The agent whose password was right.
    pub(crate) agent: Option<AgentId>,
    /// The full address, once bound.
    pub(crate) jid: Option<Jid>,
    pub(crate) available: bool,
    pub(crate) priority: i8,
    /// Whether it wants to see the presence of the user `finesse`.
    pub(crate) watches_finesse: bool,
}

impl Session {
    pub(crate) const fn new(peer: Peer<Server>) -> Self {
        Self {
            peer,
            agent: None,
            jid: None,
            available: false,
            priority: 0,
            watches_finesse: false,
        }
    }

    /// Whether messages to the bare address come here (RFC 6121 §8.5.2.1: not below priority 0).
    pub(crate) const fn listens(&self) -> bool {
        self.available && self.priority >= 0 && self.jid.is_some()
    }

    /// Whether an update on `node` comes here without any subscription. Finesse Developer Guide,
    /// "Subscription management".
    pub(crate) fn is_implied(&self, node: &Resource) -> bool {
        match node {
            Resource::SystemInfo => true,
            Resource::User(agent) | Resource::Dialogs(agent) => self.agent.as_ref() == Some(agent),
            _ => false,
        }
    }
}

/// Explicit subscriptions. They outlive the streams that made them.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(BTreeSet<(String, Jid)>);

/// Subscriptions of one agent, at most.
const MOST: usize = 500;

/// The longest name of a node.
const MOST_NODE: usize = 256;

impl Subscriptions {
    /// Adds one, unless there are too many; whether it is there now.
    pub(crate) fn add(&mut self, node: String, jid: Jid) -> bool {
        let own = self
            .0
            .iter()
            .filter(|(_, other)| other.to_bare() == jid.to_bare())
            .count();
        if own >= MOST || node.len() > MOST_NODE {
            return self.0.contains(&(node, jid));
        }
        self.0.insert((node, jid));
        true
    }

    /// Removes one; whether it was there.
    pub(crate) fn remove(&mut self, node: String, jid: Jid) -> bool {
        self.0.remove(&(node, jid))
    }

    /// The addresses subscribed to a node.
    pub(crate) fn of<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Jid> {
        self.0
            .iter()
            .filter(move |(known, _)| known == node)
            .map(|(_, jid)| jid)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &(String, Jid)> {
        self.0.iter()
    }
}
