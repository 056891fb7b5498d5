//! When all is mended and nothing is under way: everybody must know the same, and hold little.

use std::collections::BTreeMap;
use std::time::Duration;

use finewire_connector::Connector;
use finewire_core::agent::AgentId;
use finewire_core::connector::Subscription;
use finewire_core::driver::Service;
use finewire_core::machine::CommandId;

use super::Day;
use super::deed::{AGENTS, Deed};
use crate::world::Seat;
use crate::world::site::{agent, tell};
use finewire_core::contract::Command as C;

/// How long it takes until the worst is over: a link that died without a word is noticed after two
/// silent periods, the next attempt may wait for the longest back-off, and commands that wait for it
/// end after 45 s.
const MENDING: Duration = Duration::from_secs(240);

/// Within this all commands must have ended: 32 may wait for an agent's turn, 45 s each.
const PATIENCE: Duration = Duration::from_secs(34 * 45);

impl Day {
    /// Mends everything, lets time pass, and checks that all agree.
    ///
    /// # Panics
    ///
    /// When they do not.
    pub(super) fn noon(&mut self) {
        self.mend();
        self.site.net.run_for(MENDING);
        self.await_ends();
        self.tally.noons += 1;
        self.count_ends();
        self.compare();
        self.check_service();
        self.check_streams();
        self.check_answers();
        self.check_bounds();
        self.compare();
        self.is_hurt = false;
    }

    /// All know what they must know, and it is so.
    pub(super) fn compare(&self) {
        self.site
            .check_quiet_where(|driver, agent| self.must_know(driver, agent));
        self.check_sessions();
        self.check_followers();
    }

    /// Wherever nothing happens to be under way and nothing was broken, all must agree at once: without
    /// time to recover, and without being asked.
    pub(super) fn glance(&mut self) {
        let net = &self.site.net;
        let drivers = &self.site.drivers;
        let has_ended =
            |(of, id, _): &(usize, CommandId, Deed)| net.node(drivers[*of]).outcome(*id).is_some();
        let is_read = |seat: Seat<Connector>| {
            let decisions = net.node(seat).machine().decisions();
            let mut reports = decisions.agents();
            reports.all(|report| report.is_fresh || report.subscription == Subscription::None)
        };
        let is_still = !self.is_hurt
            && net.is_quiet()
            && net.node(self.site.finesse).machine().is_settled()
            && self.asked.iter().all(has_ended)
            && self.site.connectors().all(is_read);
        if is_still {
            self.tally.glances += 1;
            self.compare();
        }
    }

    /// A driver dies; what it was asked for is lost with it.
    pub(super) fn lose_commands_of(&mut self, driver: usize) {
        let node = self.site.net.node(self.site.drivers[driver]);
        let tally = &mut self.tally;
        self.asked.retain(|(of, id, deed)| {
            if *of == driver {
                tally.count(*deed, node.outcome(*id).map(|(_, outcome)| outcome));
            }
            *of != driver
        });
        self.forgotten.retain(|(of, _), _| *of != driver);
    }

    /// Commands wait for one another, and each may take its 45 s.
    fn await_ends(&mut self) {
        let drivers = self.site.drivers.clone();
        let asked = self.asked.clone();
        self.site.net.run_until(PATIENCE, |net| {
            let mut asked = asked.iter();
            asked.all(|(driver, id, _)| net.node(drivers[*driver]).outcome(*id).is_some())
        });
        self.site.net.run_for(Duration::from_secs(10));
    }

    fn count_ends(&mut self) {
        for (driver, id, deed) in std::mem::take(&mut self.asked) {
            let node = self.site.net.node(self.site.drivers[driver]);
            let ended = node.outcome(id).map(|(_, outcome)| outcome);
            assert!(
                ended.is_some(),
                "{deed:?} has not ended: {:?}",
                node.unended()
            );
            self.tally.count(deed, ended);
        }
    }

    /// Every driver is served.
    fn check_service(&self) {
        for (n, seat) in self.site.drivers.iter().enumerate() {
            let service = self.site.net.node(*seat).machine().service();
            assert_eq!(service, Service::InService, "driver{n} is not served");
        }
    }

    /// No agent has more than one stream of notifications.
    fn check_streams(&self) {
        let truth = self.site.net.node(self.site.finesse).machine().truth();
        let mut streams: BTreeMap<String, usize> = BTreeMap::new();
        for jid in &truth.streams {
            let bare = jid.as_str().split('/').next().unwrap_or_default();
            let local = bare.split('@').next().unwrap_or_default();
            *streams.entry(local.to_owned()).or_default() += 1;
        }
        for (agent, count) in &streams {
            assert!(
                *count <= 1,
                "{agent} has {count} streams: {:?}",
                truth.streams
            );
        }
    }

    /// Whoever asks for a state is answered, and what is answered is true.
    fn check_answers(&mut self) {
        let mut asked: Vec<(usize, AgentId, CommandId)> = Vec::new();
        for driver in 0..self.site.drivers.len() {
            for n in 1..=AGENTS {
                let seat = self.site.drivers[driver];
                if self
                    .site
                    .net
                    .node(seat)
                    .machine()
                    .agent(&agent(n))
                    .is_some()
                {
                    let ask = tell(n, C::GetState);
                    let id = self.site.net.command(seat, ask.into());
                    asked.push((driver, agent(n), id));
                }
            }
        }
        self.site.net.run_for(Duration::from_secs(60));
        for (driver, agent, id) in asked {
            let node = self.site.net.node(self.site.drivers[driver]);
            let ended = node.outcome(id).map(|(_, outcome)| outcome);
            assert!(ended.is_some(), "the state of {agent} is not answered");
            self.tally.count(Deed::GetState, ended);
        }
    }
}
