//! XMPP streams: who is there, and who gets what.

use std::collections::{BTreeMap, BTreeSet};

use finewire_core::agent::AgentId;
use finewire_xmpp::Jid;

use crate::config::Node;

/// One XMPP stream, on a link of its own or in a WebSocket.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) node: Node,
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
    pub(crate) const fn new(node: Node) -> Self {
        Self {
            node,
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
}

/// Explicit subscriptions. They outlive the streams that made them.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_node: BTreeMap<String, BTreeSet<Jid>>,
    /// How many each user has, by bare address.
    counts: BTreeMap<Jid, usize>,
}

/// Subscriptions of one user, at most.
const MOST: usize = 500;

/// The longest name of a node, in bytes.
const MOST_NODE: usize = 256;

impl Subscriptions {
    /// Adds one, unless there are too many; whether it is there now.
    pub(crate) fn add(&mut self, node: String, jid: Jid) -> bool {
        if self
            .by_node
            .get(&node)
            .is_some_and(|all| all.contains(&jid))
        {
            return true;
        }
        let count = self.counts.entry(jid.to_bare()).or_default();
        if *count >= MOST || node.len() > MOST_NODE {
            return false;
        }
        *count += 1;
        self.by_node.entry(node).or_default().insert(jid)
    }

    /// Removes one; whether it was there.
    pub(crate) fn remove(&mut self, node: &str, jid: &Jid) -> bool {
        let Some(all) = self.by_node.get_mut(node) else {
            return false;
        };
        if !all.remove(jid) {
            return false;
        }
        if all.is_empty() {
            self.by_node.remove(node);
        }
        if let Some(count) = self.counts.get_mut(&jid.to_bare()) {
            *count = count.saturating_sub(1);
        }
        true
    }

    /// The addresses subscribed to a node.
    pub(crate) fn of(&self, node: &str) -> impl Iterator<Item = &Jid> {
        self.by_node.get(node).into_iter().flatten()
    }

    /// Every node with every address.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Jid)> {
        let nodes = self.by_node.iter();
        nodes.flat_map(|(node, all)| all.iter().map(move |jid| (node.as_str(), jid)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_cannot_subscribe_without_end_and_taking_back_makes_room() {
        let mut subscriptions = Subscriptions::default();
        let jid: Jid = "1001@finesse.example/test".parse().unwrap();
        for n in 0..MOST {
            assert!(subscriptions.add(format!("/node/{n}"), jid.clone()));
        }
        assert!(!subscriptions.add("/one/more".into(), jid.clone()));
        assert!(
            subscriptions.add("/node/7".into(), jid.clone()),
            "it is there already"
        );
        assert!(subscriptions.remove("/node/7", &jid));
        assert!(!subscriptions.remove("/node/7", &jid));
        assert!(subscriptions.add("/one/more".into(), jid.clone()));
        assert_eq!(subscriptions.of("/one/more").collect::<Vec<_>>(), [&jid]);
        assert_eq!(subscriptions.all().count(), MOST);
        let other: Jid = "1002@finesse.example/test".parse().unwrap();
        assert!(subscriptions.add("/node/7".into(), other.clone()));
        assert!(!subscriptions.add("n".repeat(MOST_NODE + 1), other));
    }
}
