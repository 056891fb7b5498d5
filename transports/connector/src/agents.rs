//! The agents' notification links.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use finewire_core::agent::{AgentId, TeamId};
use finewire_core::connector::{NodeId, Subscribe};
use finewire_core::machine::{Instant, Link, LinkConfig, LinkSlot, Random};
use finewire_http::ws;
use finewire_xmpp::websocket::client_inside;
use finewire_xmpp::{CarriedClient, Client, ClientConfig, Jid};

use crate::config::NodeConfig;
use crate::status::Health;

/// One agent's notification link.
pub(crate) struct AgentLink {
    pub(crate) agent: AgentId,
    pub(crate) link: Link<CarriedClient>,
    pub(crate) health: Health,
    /// Another password is to be used from the next connection on.
    pub(crate) renewal: Option<Subscribe>,
    node: NodeId,
    pubsub_domain: Arc<str>,
    /// The user that stands for Finesse's web application.
    finesse: Option<Jid>,
    /// Whether its presence was asked for; the link asks again by itself.
    is_watching: bool,
    /// Its resources that are there, as this agent sees them.
    seen: BTreeSet<String>,
    /// The teams whose members' states come on this link.
    followed: BTreeSet<TeamId>,
}

impl AgentLink {
    /// Whether notifications may come from there: the pub-sub service, or (Seen:) the agent's own
    /// bare address. Any user of the server can send a message that looks like one.
    pub(crate) fn trusts(&self, from: Option<&Jid>) -> bool {
        let Some(from) = from else { return true };
        let is_service =
            from.local().is_none() && from.domain().eq_ignore_ascii_case(&self.pubsub_domain);
        let ours = self.link.protocol().client().jid();
        is_service || ours.is_some_and(|ours| ours.to_bare() == from.to_bare())
    }
}

/// Teams that are known to come on a link. The decisions follow no more at a time; a further one is
/// asked for again each time, which changes nothing.
pub(crate) const MOST_FOLLOWED: usize = 64;

/// Resources of the user `finesse` that are told apart; it has one or two.
pub(crate) const MOST_SEEN: usize = 16;

impl AgentLink {
    /// Whose presence is to be asked for, the first time.
    pub(crate) fn watch(&mut self) -> Option<Jid> {
        let was_watching = core::mem::replace(&mut self.is_watching, true);
        self.finesse.clone().filter(|_| !was_watching)
    }

    /// A presence came: whether the user `finesse` is there now, if it is about that one.
    pub(crate) fn see(&mut self, from: &Jid, is_there: bool) -> Option<bool> {
        let finesse = self.finesse.as_ref()?;
        if from.to_bare() != *finesse {
            return None;
        }
        match (from.resource(), is_there) {
            (None, false) => self.seen.clear(),
            (resource, true) => {
                if self.seen.len() < MOST_SEEN {
                    self.seen.insert(resource.unwrap_or_default().into());
                }
            }
            (Some(resource), false) => {
                self.seen.remove(resource);
            }
        }
        Some(!self.seen.is_empty())
    }

    /// How many resources are seen, and how many teams followed.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.seen.len(), self.followed.len())
    }

    /// A new stream: what was seen on the one before counts no longer.
    pub(crate) fn look_anew(&mut self) {
        self.seen.clear();
    }
}

/// All notification links: those in use by agent, those that are being closed by slot alone.
pub(crate) struct Agents {
    links: BTreeMap<u32, AgentLink>,
    in_use: BTreeMap<AgentId, u32>,
    next_slot: u32,
    resource: String,
}

impl Agents {
    /// `first_slot` and all above it are free. The resource differs from run to run: a server
    /// throws out the older of two sessions with the same full address.
    pub(crate) fn new(first_slot: u32, random: &mut Random) -> Self {
        Self {
            links: BTreeMap::new(),
            in_use: BTreeMap::new(),
            next_slot: first_slot,
            resource: format!("finewire-{:08x}", random.next_u64() >> 32),
        }
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut AgentLink> {
        self.links.get_mut(&slot)
    }

    pub(crate) fn of(&self, agent: &AgentId) -> Option<&AgentLink> {
        self.links.get(self.in_use.get(agent)?)
    }

    pub(crate) fn slot_of(&self, agent: &AgentId) -> Option<u32> {
        self.in_use.get(agent).copied()
    }

    pub(crate) fn is_in_use(&self, slot: u32) -> bool {
        let agent = self.links.get(&slot).map(|known| &known.agent);
        agent.is_some_and(|agent| self.in_use.get(agent) == Some(&slot))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// How many links there are, those that are being closed among them.
    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// How many are in use.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use.len()
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = &AgentLink> {
        self.links.values()
    }

    pub(crate) fn slots(&self) -> Vec<u32> {
        self.links.keys().copied().collect()
    }

    /// Keeps a new password for the next connection of a link that is up on this server; `false`
    /// when there is none and a new link has to be made.
    pub(crate) fn renew(&mut self, subscribe: &Subscribe) -> bool {
        let Some(known) = self
            .in_use
            .get(&subscribe.agent)
            .and_then(|slot| self.links.get_mut(slot))
        else {
            return false;
        };
        let can_wait = known.link.is_ready() && known.node == subscribe.node;
        if can_wait {
            known.renewal = Some(subscribe.clone());
        }
        can_wait
    }

    /// Makes a link, not yet started; gives its slot.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        subscribe: &Subscribe,
        node: &NodeConfig,
        random: &mut Random,
    ) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        let endpoint = node.notifications();
        let mut config = ClientConfig::new(
            subscribe.domain.as_str(),
            subscribe.agent.as_str(),
            subscribe.password.clone(),
            &self.resource,
        );
        config.allow_plaintext = node.allow_plaintext;
        let client: CarriedClient = match &node.websocket {
            Some(path) => {
                let socket = ws::ClientConfig::new(&endpoint.to_string(), path);
                client_inside(socket, config, random.fork()).into()
            }
            None => Client::new(config).into(),
        };
        let link = Link::new(
            client,
            LinkConfig::keep_open(vec![endpoint]),
            LinkSlot(slot),
            random.fork(),
        );
        let agent = subscribe.agent.clone();
        self.in_use.insert(agent.clone(), slot);
        self.links.insert(
            slot,
            AgentLink {
                agent,
                link,
                health: Health::new(now),
                renewal: None,
                node: subscribe.node,
                pubsub_domain: subscribe.pubsub_domain.as_str().into(),
                finesse: Jid::new(Some("finesse"), subscribe.domain.as_str(), None).ok(),
                is_watching: false,
                seen: BTreeSet::new(),
                followed: BTreeSet::new(),
            },
        );
        slot
    }

    /// The link and the service that are to be asked for the states of a team's members; `None`
    /// when they come already, or there is no link.
    pub(crate) fn follow(&mut self, agent: &AgentId, team: &TeamId) -> Option<(u32, Jid)> {
        let slot = *self.in_use.get(agent)?;
        let known = self.links.get_mut(&slot)?;
        let service = known.pubsub_domain.parse().ok()?;
        if known.followed.contains(team) {
            return None;
        }
        if known.followed.len() < MOST_FOLLOWED {
            known.followed.insert(team.clone());
        }
        Some((slot, service))
    }

    /// The agent's link is no longer in use; it is to be closed.
    pub(crate) fn give_up(&mut self, agent: &AgentId) -> Option<u32> {
        self.in_use.remove(agent)
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.links.remove(&slot);
    }
}
