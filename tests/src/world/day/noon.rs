//! When all is mended and nothing is under way: everybody must know the same, and hold little.

use std::collections::BTreeMap;
use std::time::Duration;

use finewire_core::agent::{AgentId, AgentState};
use finewire_core::connector::Subscription;
use finewire_core::driver::{Event, Service};
use finewire_core::machine::CommandId;

use super::Day;
use super::deed::{AGENTS, Deed};
use crate::world::site::{agent, tell};
use finewire_core::contract::Command as C;

/// How long it takes until the worst is over: a link that died without a word is noticed after two
/// silent periods, the next attempt may wait for the longest back-off, and commands that wait for it
/// end after 45 s.
const MENDING: Duration = Duration::from_secs(240);

/// Within this all commands must have ended: 32 may wait for an agent's turn, 45 s each.
const PATIENCE: Duration = Duration::from_secs(34 * 45);

/// Bytes of any machine's debug text when nothing is under way.
const MOST_TEXT: usize = 400_000;

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
        self.site
            .check_quiet_where(|driver, agent| self.must_know(driver, agent));
        self.check_service();
        self.check_streams();
        self.check_answers();
        self.check_bounds();
        self.site
            .check_quiet_where(|driver, agent| self.must_know(driver, agent));
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
        self.followers.retain(|_, of| *of != driver);
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

    /// Whether the driver was told who the agent is, and has neither lost nor forgotten it since.
    fn must_know(&self, driver: usize, agent: &AgentId) -> bool {
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

    /// Every driver is served.
    fn check_service(&self) {
        for (n, seat) in self.site.drivers.iter().enumerate() {
            let service = self.site.net.node(*seat).machine().service();
            assert_eq!(service, Service::InService, "driver{n} is not served");
        }
    }

    /// No agent has more than one stream of notifications, and every one that a connector holds
    /// flows and is up to date.
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
        for seat in self.site.connectors() {
            for (report, _) in self.site.net.node(seat).machine().status().agents {
                let agent = &report.agent;
                let is_signed_in =
                    !matches!(report.state, AgentState::Logout | AgentState::Unknown);
                match report.subscription {
                    // Who was only connected is read when somebody signs it in.
                    Subscription::Up
                        if is_signed_in
                            && (0..self.site.drivers.len()).any(|n| self.must_know(n, agent)) =>
                    {
                        assert!(report.is_fresh, "{agent} is not up to date");
                    }
                    Subscription::Up => {}
                    Subscription::None => {}
                    other => panic!("the notifications of {agent} are {other:?}"),
                }
            }
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

    /// What anybody holds stays within its bounds, whatever is under way.
    pub(super) fn check_bounds(&self) {
        let net = &self.site.net;
        for seat in self.site.connectors() {
            let status = net.node(seat).machine().status();
            assert!(status.agents.len() <= 10, "agents at the connector");
            assert!(status.recent.len() <= 200, "messages kept for the monitor");
            for (report, _) in &status.agents {
                // Two queues of 32 and what is under way in each.
                assert!(report.commands <= 66, "commands of {}", report.agent);
            }
            for node in &status.nodes {
                assert!(node.connections <= 8, "connections of the pool");
                assert!(node.requests <= 400, "{} requests", node.requests);
            }
            // One to the broker, and beside the pools and streams those that are being closed.
            let sockets = net.sockets(seat.number());
            assert!(sockets <= 60, "a connector holds {sockets} sockets");
        }
        for seat in [Some(self.site.broker), self.site.second_broker] {
            let Some(seat) = seat else { continue };
            let snapshot = net.node(seat).machine().snapshot();
            assert!(
                snapshot.connections.len() <= 40,
                "connections of the broker"
            );
            assert!(snapshot.held_bytes <= 1 << 20, "bytes in queues");
            for connection in &snapshot.connections {
                assert!(
                    connection.backlog <= 1 << 20,
                    "bytes that wait for a reader"
                );
            }
        }
        if net.is_quiet() {
            for (name, size) in net.sizes_of_debug_texts() {
                assert!(size <= MOST_TEXT, "{name} holds {size} bytes of text");
            }
        }
    }
}
