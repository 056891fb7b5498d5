//! All sessions, by agent; bounded.

use alloc::collections::BTreeMap;

use super::outbound::Context;
use super::session::Session;
use super::status::{AgentReport, CallReport, Subscription};
use crate::agent::{AgentId, Reason, Text};

/// The agents that are known.
#[derive(Debug, Default)]
pub(super) struct Directory {
    sessions: BTreeMap<AgentId, Session>,
    /// How many sessions have made room for others.
    removals: u64,
}

impl Directory {
    pub(super) fn get_mut(&mut self, agent: &AgentId) -> Option<&mut Session> {
        self.sessions.get_mut(agent)
    }

    pub(super) fn get(&self, agent: &AgentId) -> Option<&Session> {
        self.sessions.get(agent)
    }

    /// The session of an agent, a new one where there is none; `None` when there is no room for
    /// it. A session that nothing would be lost with makes room; it is put into `spared`.
    pub(super) fn admit(
        &mut self,
        cx: &Context<'_>,
        agent: &AgentId,
        spared: &mut Option<Session>,
    ) -> Option<&mut Session> {
        if !self.sessions.contains_key(agent) && self.sessions.len() >= cx.config.limits.agents {
            let spare = self
                .first(|session| session.is_dispensable(cx))
                .or_else(|| self.first(Session::is_junk))?;
            *spared = self.sessions.remove(&spare);
            self.removals += 1;
        }
        let new = || Session::new(agent.clone(), cx.now);
        Some(self.sessions.entry(agent.clone()).or_insert_with(new))
    }

    fn first(&self, is_wanted: impl Fn(&Session) -> bool) -> Option<AgentId> {
        let mut sessions = self.sessions.iter();
        let found = sessions.find(|(_, session)| is_wanted(session));
        found.map(|(agent, _)| agent.clone())
    }

    /// A connected supervisor on whose team lists the agent is; by preference the one whose
    /// driver listens at `destination`.
    pub(super) fn supervisor_of(
        &self,
        agent: &AgentId,
        destination: Option<&str>,
    ) -> Option<AgentId> {
        let sessions = self.sessions.values();
        let mut supervisors = sessions.filter(|session| session.supervises(agent));
        let found = match destination {
            Some(name) => supervisors.find(|session| {
                let home = session.destination();
                home.is_some_and(|home| home.as_str() == name)
            }),
            None => supervisors.next(),
        };
        found.map(|session| session.agent.clone())
    }

    pub(super) fn any(&self, is_wanted: impl Fn(&Session) -> bool) -> bool {
        self.sessions.values().any(is_wanted)
    }

    pub(super) fn agents_where(
        &self,
        is_so: impl Fn(&Session) -> bool,
    ) -> alloc::vec::Vec<AgentId> {
        let sessions = self.sessions.values().filter(|session| is_so(session));
        sessions.map(|session| session.agent.clone()).collect()
    }

    pub(super) fn agents(&self) -> alloc::vec::Vec<AgentId> {
        self.sessions.keys().cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(super) const fn removals(&self) -> u64 {
        self.removals
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &AgentId> {
        self.sessions.keys()
    }

    /// The agents that something has happened to after `revision`.
    pub(super) fn reports_since(&self, revision: u64) -> impl Iterator<Item = AgentReport> + '_ {
        let sessions = self.sessions.values();
        sessions
            .filter(move |session| session.revision > revision)
            .map(report)
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = AgentReport> + '_ {
        self.sessions.values().map(report)
    }
}

pub(super) fn report(session: &Session) -> AgentReport {
    let user = session.model.user();
    AgentReport {
        agent: session.agent.clone(),
        name: user.full_name(),
        state: user.state.clone(),
        state_since: user.state_changed,
        reason: user.reason.as_ref().map(reason).unwrap_or_default(),
        team: user
            .team
            .as_ref()
            .map(|team| team.name.clone())
            .unwrap_or_default(),
        node: session.node,
        extension: user.extension.clone(),
        destination: session.bound.clone(),
        subscription: session.subscription,
        since: session.since,
        trouble: match session.subscription {
            Subscription::Up => Text::default(),
            _ => session.trouble.clone().unwrap_or_default(),
        },
        is_fresh: session.is_fresh,
        calls: session
            .model
            .dialogs()
            .map(|call| CallReport {
                id: call.id.clone(),
                state: call.state.as_wire().into(),
                from: call.from.clone(),
                to: call.to.clone(),
            })
            .collect(),
        commands: session.commands(),
        revision: session.revision,
    }
}

fn reason(reason: &Reason) -> Text {
    match reason.label.is_empty() {
        true => reason.code.clone().unwrap_or_default(),
        false => reason.label.clone(),
    }
}
