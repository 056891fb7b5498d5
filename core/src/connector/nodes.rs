//! What is learned of the Finesse servers, and what becomes of their agents.

use super::decisions::{Connector, Due};
use super::effect::Note;
use super::service::Readiness;
use super::session::Session;
use super::signal::{NodeId, SystemInfo};
use super::status::Subscription;
use crate::agent::{AgentId, Text};
use crate::machine::CloseReason;

impl Connector {
    /// A server has said how it stands with it, or could not be asked.
    pub(super) fn learn(&mut self, node: NodeId, info: Result<SystemInfo, Text>) {
        let before = self.services.readiness();
        let (now, config) = (self.now, &self.config);
        let mut has_changed = self
            .services
            .learn(now, node, info, config, &mut self.random);
        if self.services.is_absent(node) {
            let is_witnessed = self.counts(node, Subscription::Up);
            let config = &self.config;
            has_changed |= self.services.doubt_absence(now, node, is_witnessed, config);
        }
        if let Some(service) = self.services.get(node) {
            self.timers.set(Due::Node(node), service.poll_at);
        }
        if has_changed {
            self.on_readiness_changed(node, before);
        }
    }

    /// An agent has seen whether the user `finesse` is there.
    pub(super) fn on_finesse_seen(&mut self, agent: &AgentId, is_there: bool) {
        let before = self.services.readiness();
        let session = self.directory.get(agent);
        let session = session.filter(|session| session.subscription == Subscription::Up);
        let Some(node) = session.map(|session| session.node) else {
            return;
        };
        if self.services.see_finesse(self.now, node, is_there) {
            self.on_readiness_changed(node, before);
            // It tells whether it is about to come back, or what is wrong with it.
            self.ask_node(node);
        }
    }

    fn on_readiness_changed(&mut self, node: NodeId, before: Readiness) {
        if let Some(service) = self.services.get(node) {
            let in_service = service.readiness == Readiness::InService;
            self.out.note(Note::ServiceChanged {
                node,
                in_service,
                why: service.why(),
            });
        }
        let after = self.services.readiness();
        if after != Readiness::Unknown {
            self.answer_waiting();
        }
        if before != after {
            self.tell_status_to_all();
        }
        self.tell_sessions();
    }

    /// The choice of servers may be another one from now on.
    fn tell_sessions(&mut self) {
        for agent in self.directory.agents() {
            self.touch(&agent, Session::on_service_changed);
        }
    }

    pub(super) fn on_feed_flows(&mut self, agent: &AgentId) {
        let Some(node) = self.directory.get(agent).map(|session| session.node) else {
            return;
        };
        if self.services.feed_flows(node) {
            self.tell_sessions();
        }
    }

    /// One agent's password, or its full address taken by another, says nothing of the server.
    pub(super) fn on_feed_stops(&mut self, agent: &AgentId, reason: &CloseReason, retries: bool) {
        let is_about_agent = matches!(reason, CloseReason::Denied(_) | CloseReason::Asked);
        let Some(node) = self.directory.get(agent).map(|session| session.node) else {
            return;
        };
        if is_about_agent || !retries {
            return;
        }
        let due = self
            .services
            .feed_stops(self.now, node, reason, &self.config);
        if let Some(due) = due {
            self.timers.set(Due::Feed(node), due);
        }
    }

    pub(super) fn on_feed_due(&mut self, node: NodeId) {
        let flows = self.counts(node, Subscription::Up);
        let lacks = self.counts(node, Subscription::Down);
        let (has_changed, due) = self.services.feed_due(
            self.now,
            node,
            (flows, lacks),
            &self.config,
            &mut self.random,
        );
        self.timers.arm(Due::Feed(node), due);
        if has_changed {
            self.tell_sessions();
        }
    }

    /// Whether any agent's notifications from this server are so.
    fn counts(&self, node: NodeId, subscription: Subscription) -> bool {
        self.directory
            .any(|session| session.node == node && session.subscription == subscription)
    }
}
