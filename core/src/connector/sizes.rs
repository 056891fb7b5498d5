//! How much the decisions hold, and the bounds of it.

use alloc::vec::Vec;

use super::config::Limits;
use super::decisions::Connector;
use super::entry::CLAIMS;
use super::reads;
use super::session::Session;
use super::team_reads;
use super::teams::{MOST_MEMBERS, MOST_TEAMS};
use super::telling::REMEMBERED_ENDS;
use crate::agent::AgentModel;
use crate::machine::Size;

/// Requests of one agent that are not answered: one for each of the three queues and one to get fresh, and as
/// many whose askers wait no longer.
const REQUESTS: usize = 8;

impl Connector {
    /// How much is held of everything that comes and goes; of what each agent has, the most that
    /// one agent holds. Walks all agents.
    #[must_use]
    pub fn sizes(&self) -> Vec<Size> {
        let limits = &self.config.limits;
        let (agents, requests) = self.load();
        let nodes = usize::from(self.config.nodes);
        let drivers = limits.agents + limits.waiting_drivers;
        let mut sizes = alloc::vec![
            Size::new("agents", agents, limits.agents),
            Size::new("busy agents", self.busy.len(), limits.agents),
            Size::new("drivers of agents", self.homes.len(), limits.agents),
            Size::new("drivers met", self.acquainted.len(), drivers),
            Size::new(
                "drivers that wait",
                self.waiting.len(),
                limits.waiting_drivers
            ),
            Size::new("requests", requests, limits.agents * REQUESTS + nodes),
            Size::new(
                "deadlines",
                self.timers.len(),
                2 * limits.agents + 2 * nodes + 1
            ),
            Size::new("effects not carried out", self.out.effects.len(), 0),
            Size::new("servers to look at", self.out.suspects.len(), 0),
        ];
        let sessions = self.directory.sessions();
        sizes.extend(Size::largest(
            sessions.flat_map(|session| session.sizes(limits)),
        ));
        sizes
    }
}

impl Session {
    fn sizes(&self, limits: &Limits) -> impl Iterator<Item = Size> + use<> {
        let calls = AgentModel::MAX_DIALOGS;
        let (consults, monitored) = self.legs.sizes();
        let (team_reads, told) = self.team_reads.sizes();
        let (known, followed, listed, unread) = self.members.sizes();
        let lanes = [&self.user, &self.device, &self.lists];
        let most = limits.commands_per_agent;
        let queues = lanes.map(|lane| Size::new("commands in a queue", lane.len(), most));
        let others = [
            Size::new("calls", self.model.dialogs().len(), calls),
            Size::new("calls told", self.told_calls.len(), calls),
            Size::new("ends to tell", self.lost_ends.len(), calls),
            Size::new("ends told", self.told_ends.len(), REMEMBERED_ENDS),
            Size::new("consult calls", consults, calls),
            Size::new("monitored calls", monitored, calls),
            Size::new("claims", self.claims.len(), CLAIMS),
            Size::new("wrong passwords", self.attempts.len(), limits.strikes),
            Size::new("reads", self.reads.len(), reads::MOST),
            Size::new("lists of teams under way", team_reads, team_reads::MOST),
            Size::new("members told meanwhile", told, MOST_MEMBERS),
            Size::new("lists of reasons", self.reasons.len(), 3),
            Size::new("team members", known, MOST_MEMBERS),
            Size::new("teams followed", followed, MOST_TEAMS),
            Size::new("teams listed", listed, MOST_TEAMS),
            Size::new("teams to read", unread, 2 * MOST_TEAMS),
            Size::new(
                "faded commands",
                self.fading.len(),
                limits.commands_per_agent,
            ),
            Size::new(
                "notification ids",
                self.items.len(),
                limits.remembered_items,
            ),
        ];
        queues.into_iter().chain(others)
    }
}
