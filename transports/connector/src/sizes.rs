//! How much the connector holds, and the bounds of it.

use finewire_core::machine::Size;

use crate::agents::{AgentLink, MOST_FOLLOWED, MOST_SEEN};
use crate::connector::Connector;

/// Links that are being closed while their agents have new ones: for each agent one.
const LINKS_OF_AN_AGENT: usize = 2;

/// Turns that were taken and not used, because the agent was given up before.
const TURNS_OF_AN_AGENT: usize = 4;

impl Connector {
    /// How much is held of everything that comes and goes, by the decisions and by the links; of what
    /// each agent has, the most that one agent holds. Walks all agents: for tests and now and then a
    /// look, not for every moment.
    #[must_use]
    pub fn sizes(&self) -> Vec<Size> {
        let agents = self.decisions.config().limits.agents;
        let links = agents * LINKS_OF_AN_AGENT;
        let (kept, remembered) = self.seen.sizes();
        let pools = self.pools.iter();
        let slots: usize = pools.map(|pool| pool.slots().count()).sum();
        let mut sizes = self.decisions.sizes();
        sizes.extend([
            Size::new("notification links", self.agents.len(), links),
            Size::new("notification links in use", self.agents.in_use(), agents),
            Size::new(
                "commands not acknowledged",
                self.tokens.len(),
                self.broker_config.prefetch.into(),
            ),
            Size::new("ids of commands", kept, remembered),
            Size::new(
                "messages for the monitor",
                self.ring.len(),
                self.ring.most(),
            ),
            Size::new("turns", self.turns.len(), agents * TURNS_OF_AN_AGENT),
            Size::new("words of links not heard", self.inbox.len(), 0),
            Size::new(
                "deadlines of links",
                self.timers.len(),
                links + slots + self.pools.len() + 4,
            ),
        ]);
        let pools = self.pools.iter().map(|pool| {
            let (waiting, most) = pool.waiting();
            Size::new("requests that wait", waiting, most)
        });
        sizes.extend(Size::largest(pools));
        let links = self.agents.links().flat_map(AgentLink::sizes);
        sizes.extend(Size::largest(links));
        sizes
    }
}

impl AgentLink {
    fn sizes(&self) -> [Size; 2] {
        let (seen, followed) = self.held();
        [
            Size::new("resources of Finesse's user", seen, MOST_SEEN),
            Size::new("teams on a link", followed, MOST_FOLLOWED),
        ]
    }
}
