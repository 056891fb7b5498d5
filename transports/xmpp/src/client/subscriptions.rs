//! Which subscriptions there are, and which commands wait for one.

use crate::{Jid, StanzaError};
use finewire_core::machine::CommandId;
use std::collections::{BTreeMap, BTreeSet};

/// Names a node of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) service: Jid,
    pub(super) node: String,
}

/// What is asked of a service or of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Subscribe(Node),
    Unsubscribe(Node),
    Presence(Jid),
}

/// The subscriptions that hold, and the wishes on their way.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// Made once; made again on every stream. With the id that the service gave.
    held: BTreeMap<Node, Option<String>>,
    presences: BTreeSet<Jid>,
    /// Not yet sent, in order.
    waiting: BTreeMap<u64, (CommandId, Wish)>,
    /// Sent, by the number of the request; without command when made again.
    asked: BTreeMap<u64, (Option<CommandId>, Wish)>,
    next: u64,
}

impl Subscriptions {
    /// Everything that is held or on its way.
    pub(super) fn len(&self) -> usize {
        self.held.len() + self.presences.len() + self.on_their_way()
    }

    /// Wishes that have neither come true nor been given up.
    pub(super) fn on_their_way(&self) -> usize {
        self.waiting.len() + self.asked.len()
    }

    pub(super) fn wait(&mut self, command: CommandId, wish: Wish) {
        self.waiting.insert(self.next, (command, wish));
        self.next += 1;
    }

    /// The first wish that is to be sent.
    pub(super) fn pop_waiting(&mut self) -> Option<(CommandId, Wish)> {
        self.waiting.pop_first().map(|(_, wish)| wish)
    }

    /// A wish was sent under this request number.
    pub(super) fn asked(&mut self, request: u64, command: Option<CommandId>, wish: Wish) {
        self.asked.insert(request, (command, wish));
    }

    /// The service or person that the request with this number went to.
    pub(super) fn asked_of(&self, request: u64) -> Option<&Jid> {
        self.asked.get(&request).map(|(_, wish)| match wish {
            Wish::Subscribe(node) | Wish::Unsubscribe(node) => &node.service,
            Wish::Presence(jid) => jid,
        })
    }

    /// The oldest request without an answer.
    pub(super) fn first_asked(&self) -> Option<u64> {
        self.asked.keys().next().copied()
    }

    /// The request with this number is over; takes it out.
    pub(super) fn take_asked(&mut self, request: u64) -> Option<(Option<CommandId>, Wish)> {
        self.asked.remove(&request)
    }

    pub(super) fn hold(&mut self, node: Node, subid: Option<String>) {
        self.held.insert(node, subid);
    }

    pub(super) fn hold_presence(&mut self, jid: Jid) {
        self.presences.insert(jid);
    }

    /// Forgets a subscription; gives its id.
    pub(super) fn drop_held(&mut self, node: &Node) -> Option<String> {
        self.held.remove(node).flatten()
    }

    /// The id of a subscription that holds.
    pub(super) fn subid(&self, node: &Node) -> Option<&str> {
        self.held.get(node)?.as_deref()
    }

    /// What is to be made again on a new stream.
    pub(super) fn to_replay(&self) -> Vec<Wish> {
        let nodes = self.held.keys().cloned().map(Wish::Subscribe);
        let presences = self.presences.iter().cloned().map(Wish::Presence);
        nodes.chain(presences).collect()
    }

    /// A waiting command's time is up; tells whether it was one.
    pub(super) fn give_up_waiting(&mut self, command: CommandId) -> bool {
        let found = self
            .waiting
            .iter()
            .find(|(_, (id, _))| *id == command)
            .map(|(at, _)| *at);
        found.is_some_and(|at| self.waiting.remove(&at).is_some())
    }

    /// Gives up what was asked: the commands whose answers nobody waits for.
    pub(super) fn lose_asked(&mut self) -> Vec<CommandId> {
        let asked = core::mem::take(&mut self.asked);
        asked.into_values().filter_map(|(id, _)| id).collect()
    }

    /// Gives up what waits.
    pub(super) fn lose_waiting(&mut self) -> Vec<CommandId> {
        let waiting = core::mem::take(&mut self.waiting);
        waiting.into_values().map(|(id, _)| id).collect()
    }

    /// Forgets what holds.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.presences.clear();
    }
}

/// The words for a refused request.
pub(super) fn refusal(wish: &Wish, error: StanzaError) -> String {
    match wish {
        Wish::Subscribe(node) => format!("subscription to {} refused: {error}", short(&node.node)),
        Wish::Unsubscribe(node) => {
            format!(
                "end of the subscription to {} refused: {error}",
                short(&node.node)
            )
        }
        Wish::Presence(jid) => format!("presence of {jid} refused: {error}"),
    }
}

fn short(node: &str) -> String {
    node.chars().take(200).collect()
}
