//! Who must know what, when nothing is under way.

use std::collections::BTreeMap;

use finewire_core::agent::{AgentId, AgentState};
use finewire_core::connector::{AgentReport, Subscription};
use finewire_core::contract;
use finewire_core::driver::Event;

use super::Day;
use super::deed::AGENTS;
use crate::world::site::{agent, driver_name};

impl Day {
    /// Whether the driver was told who the agent is, and has neither lost nor forgotten it since.
    pub(super) fn must_know(&self, driver: usize, agent: &AgentId) -> bool {
        let node = self.site.net.node(self.site.drivers[driver]);
        let key = (driver, agent.clone());
        if self.unproven.contains(&key) {
            return false;
        }
        let from = self.forgotten.get(&key).copied().unwrap_or(0);
        let events = node.events().get(from..).unwrap_or_default();
        let mut events = events.iter().rev().filter_map(|(_, event)| match event {
            finewire_driver::Event::Driver(event) => Some(event),
            _ => None,
        });
        events.find_map(|event| match event {
            Event::AgentIntroduced { agent: who, .. } if who == agent => Some(true),
            Event::AgentDisplaced(who) if who == agent => Some(false),
            _ => None,
        }) == Some(true)
    }

    /// What each driver must know of each agent it knows, and some connector holds it for that driver:
    /// bound, up to date, with notifications that flow. A state is right whichever it is, also signed out.
    pub(super) fn check_sessions(&self) {
        let truth = self.site.net.node(self.site.finesse).machine().truth();
        for n in 0..self.site.drivers.len() {
            for known in (1..=AGENTS).map(agent) {
                if !self.must_know(n, &known) {
                    continue;
                }
                let real = truth.agents.iter().find(|real| real.id == known);
                let real = real.map_or(AgentState::Unknown, |real| real.state.clone());
                let driver = self.site.net.node(self.site.drivers[n]).machine();
                let model = driver.agent(&known);
                let told = model.map(|model| model.user().state.clone());
                assert_eq!(told, Some(real.clone()), "{known} at driver{n}");
                if real == AgentState::Logout {
                    continue;
                }
                let holders = self.holders(n, &known);
                assert_eq!(
                    holders.len(),
                    1,
                    "{known} is {real:?} and bound to driver{n} by {} connectors",
                    holders.len()
                );
                for holder in holders {
                    assert_eq!(holder.subscription, Subscription::Up, "of {known}");
                    assert!(holder.is_fresh, "{known} is not up to date");
                }
            }
        }
    }

    /// What the connectors that hold an agent for a driver report of it.
    fn holders(&self, driver: usize, known: &AgentId) -> Vec<AgentReport> {
        let name = driver_name(driver);
        let connectors = self.site.connectors();
        let reports = connectors
            .filter_map(|seat| self.site.net.node(seat).machine().decisions().agent(known));
        reports
            .filter(|report| {
                let home = report.destination.as_ref();
                home.is_some_and(|home| home.as_str() == name)
            })
            .collect()
    }

    /// The members that a supervisor follows are as the connector knows them, and as the supervisor's
    /// driver was last told.
    pub(super) fn check_followers(&self) {
        let truth = self.site.net.node(self.site.finesse).machine().truth();
        let truth: BTreeMap<_, _> = truth
            .agents
            .into_iter()
            .map(|real| (real.id, real.state))
            .collect();
        for supervisor in (1..=AGENTS).map(agent) {
            for seat in self.site.connectors() {
                let decisions = self.site.net.node(seat).machine().decisions();
                let report = decisions.agent(&supervisor);
                let Some(report) = report.filter(|report| report.is_fresh) else {
                    continue;
                };
                let told = self.told_of_members(&report);
                for (member, state) in decisions.followed_by(&supervisor) {
                    assert_eq!(
                        Some(state),
                        truth.get(member),
                        "{member} as {supervisor} follows it"
                    );
                    if let Some(told) = told.get(member).filter(|_| *member != supervisor) {
                        assert_eq!(told, state, "{member} as {supervisor} was told last");
                    }
                }
            }
        }
    }

    /// What the driver of a supervisor was last told of each agent in the supervisor's name.
    fn told_of_members(&self, supervisor: &AgentReport) -> BTreeMap<AgentId, AgentState> {
        let mut told = BTreeMap::new();
        for (n, seat) in self.site.drivers.iter().enumerate() {
            let home = supervisor.destination.as_ref();
            if home.is_none_or(|home| home.as_str() != driver_name(n)) {
                continue;
            }
            let events = self.site.net.node(*seat).events().iter();
            for (_, event) in events {
                let finewire_driver::Event::Driver(Event::Received(message)) = event else {
                    continue;
                };
                if message.to != supervisor.agent {
                    continue;
                }
                match &message.event {
                    contract::Event::State(status) => {
                        told.insert(status.agent.clone(), status.state.clone());
                    }
                    contract::Event::TeamUsersList(users) => {
                        told.extend(
                            users
                                .iter()
                                .map(|user| (user.id.clone(), user.state.clone())),
                        );
                    }
                    _ => {}
                }
            }
        }
        told
    }
}
