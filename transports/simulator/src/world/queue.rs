//! Skill groups: calls that wait for the agent who has been ready for longest.

use std::collections::{BTreeSet, VecDeque};

use finewire_core::agent::{AgentId, AgentState, DialogState, ParticipantState, Text};
use finewire_core::machine::UnixMillis;
use finewire_finesse::{Queue, Resource, UpdateData, UpdateMethod, time};

use super::agent::Agent;
use super::call::{CallId, Party};
use super::{Alarm, Happening, World};
use crate::config::SkillGroup;

/// A skill group and the calls that wait in it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    id: Text,
    name: Text,
    number: Text,
    members: BTreeSet<AgentId>,
    /// First come, first served; a call that nobody answered is in front again.
    waiting: VecDeque<(CallId, UnixMillis)>,
}

impl Group {
    pub(super) fn new(config: &SkillGroup) -> Self {
        Self {
            id: config.id.clone(),
            name: config.name.clone(),
            number: config.number.clone(),
            members: config.agents.iter().cloned().collect(),
            waiting: VecDeque::new(),
        }
    }
}

impl World {
    /// The id of the queue that is reached at this number.
    pub(super) fn queue_at(&self, number: &str) -> Option<Text> {
        let mut queues = self.queues.values();
        let found = queues.find(|queue| queue.number == *number);
        found.map(|queue| queue.id.clone())
    }

    /// Lets a call wait at the end of a queue.
    pub(super) fn enqueue(&mut self, call: CallId, queue: &Text) {
        let Some(group) = self.queues.get_mut(queue) else {
            return;
        };
        group.waiting.push_back((call, self.now));
        let label = (group.id.clone(), group.name.clone());
        if let Some(call) = self.calls.get_mut(&call) {
            call.queue = Some(label);
            call.routed = true;
        }
        self.touch_queue(queue);
    }

    /// Puts a call that rang at an agent back to the front of its queue; whether it has one.
    pub(super) fn requeue(&mut self, id: CallId, agent: &AgentId) -> bool {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let Some((queue, _)) = call.queue.clone() else {
            return false;
        };
        for party in &mut call.parties {
            if party.agent.as_ref() == Some(agent) {
                party.set(ParticipantState::Dropped, now);
            }
        }
        let since = call.parties.iter().map(|party| party.started).min();
        self.publish_left(id, agent);
        if let Some(call) = self.calls.get_mut(&id) {
            call.parties.retain(|party| !party.is_gone());
            call.state = DialogState::Initiated;
        }
        if let Some(group) = self.queues.get_mut(&queue) {
            group.waiting.push_front((id, since.unwrap_or(now)));
        }
        self.touch_queue(&queue);
        self.publish_changed(id);
        self.settle(agent);
        true
    }

    /// A call that is over waits no more.
    pub(super) fn forget_waiting(&mut self, id: CallId) {
        let holding = |group: &&mut Group| group.waiting.iter().any(|(waiting, _)| *waiting == id);
        let Some(group) = self.queues.values_mut().find(holding) else {
            return;
        };
        group.waiting.retain(|(waiting, _)| *waiting != id);
        let queue = group.id.clone();
        self.touch_queue(&queue);
    }

    /// Offers waiting calls to agents until there are no more of the one or the other.
    pub(crate) fn route(&mut self) {
        if self.queues.values().all(|group| group.waiting.is_empty()) {
            return;
        }
        // What follows is nobody's request.
        self.cause = None;
        let ids: Vec<_> = self.queues.keys().cloned().collect();
        for id in ids {
            while let Some((call, agent)) = self.next_match(&id) {
                if let Some(group) = self.queues.get_mut(&id) {
                    group.waiting.pop_front();
                }
                self.touch_queue(&id);
                self.offer(call, &agent);
            }
        }
    }

    fn next_match(&self, queue: &Text) -> Option<(CallId, AgentId)> {
        let group = self.queues.get(queue)?;
        let (call, _) = group.waiting.front()?;
        let free = |agent: &&Agent| {
            agent.state == AgentState::Ready
                && !self.calls.values().any(|call| call.lists(&agent.config.id))
        };
        let members = group.members.iter().filter_map(|id| self.agents.get(id));
        let longest = members.filter(free).min_by_key(|agent| agent.since);
        Some((*call, longest?.config.id.clone()))
    }

    /// Lets a call ring at an agent, who has it taken away after a while.
    pub(super) fn offer(&mut self, id: CallId, agent: &AgentId) {
        let now = self.now;
        let line = self.agents.get(agent).and_then(|one| one.extension.clone());
        let (Some(line), Some(call)) = (line, self.calls.get_mut(&id)) else {
            return;
        };
        call.state = DialogState::Alerting;
        call.routed = true;
        call.offers += 1;
        let alarm = Alarm::NotAnswered {
            call: id,
            agent: agent.clone(),
            offer: call.offers,
        };
        let ringing = ParticipantState::Alerting;
        let party = Party::new(line.into(), Some(agent.clone()), ringing, now);
        call.admit_first(party);
        self.alarm(self.timing.ring, alarm);
        self.publish_changed_except(id, Some(agent));
        self.settle(agent);
        self.publish_added(id, agent);
    }

    /// Puts an agent into a queue or takes the agent out; false when there is no such queue or
    /// agent.
    pub(crate) fn assign(&mut self, queue: &Text, agent: &AgentId, on: bool) -> bool {
        if !self.agents.contains_key(agent) {
            return false;
        }
        let Some(group) = self.queues.get_mut(queue) else {
            return false;
        };
        let changes = if on {
            group.members.insert(agent.clone())
        } else {
            group.members.remove(agent)
        };
        if changes && let Some(data) = self.queue(queue.as_str()) {
            let method = if on {
                UpdateMethod::Post
            } else {
                UpdateMethod::Delete
            };
            let node = Resource::Queues(agent.clone());
            let data = UpdateData::Queues(vec![data]);
            self.publish(node.clone(), node, method, data);
            self.touch_queue(queue);
        }
        true
    }

    /// Says that the statistics of every queue of an agent may be others now.
    pub(super) fn touch_queues_of(&mut self, agent: &AgentId) {
        for (id, group) in &self.queues {
            if group.members.contains(agent) {
                self.happenings.push(Happening::QueueTouched(id.clone()));
            }
        }
    }

    fn touch_queue(&mut self, queue: &Text) {
        self.happenings.push(Happening::QueueTouched(queue.clone()));
    }

    /// A queue with its statistics.
    pub(crate) fn queue(&self, id: &str) -> Option<Queue> {
        let group = self.queues.get(id)?;
        let statistics = if self.profile.has_statistics {
            self.statistics(group)
        } else {
            Vec::new()
        };
        Some(Queue {
            id: group.id.clone(),
            name: group.name.clone(),
            statistics,
        })
    }

    /// The queues of an agent, and those of the teams that the agent supervises.
    pub(crate) fn queues_of(&self, agent: &AgentId) -> Vec<Queue> {
        let concerns = |group: &Group| {
            let mut members = group.members.iter();
            members.any(|member| member == agent || self.supervises(agent, member))
        };
        let groups = self.queues.values().filter(|group| concerns(group));
        groups
            .filter_map(|group| self.queue(group.id.as_str()))
            .collect()
    }

    /// Finesse Developer Guide, "Queue": numbers are -1 when nobody is assigned.
    fn statistics(&self, group: &Group) -> Vec<(Text, Text)> {
        let mut counts: [(&str, i64); 10] = [
            ("agentsBusyOther", 0),
            ("agentsLoggedOn", 0),
            ("agentsNotReady", 0),
            ("agentsReady", 0),
            ("agentsTalkingInbound", 0),
            ("agentsTalkingInternal", 0),
            ("agentsTalkingOutbound", 0),
            ("agentsWrapUpNotReady", 0),
            ("agentsWrapUpReady", 0),
            (
                "callsInQueue",
                i64::try_from(group.waiting.len()).unwrap_or(i64::MAX),
            ),
        ];
        let mut count = |name: &str| {
            if let Some((_, number)) = counts.iter_mut().find(|(known, _)| *known == name) {
                *number += 1;
            }
        };
        let members = group.members.iter().filter_map(|id| self.agents.get(id));
        for agent in members.filter(|agent| agent.is_signed_in()) {
            count("agentsLoggedOn");
            count(match agent.state {
                AgentState::Ready => "agentsReady",
                AgentState::NotReady => "agentsNotReady",
                AgentState::Work => "agentsWrapUpNotReady",
                AgentState::WorkReady => "agentsWrapUpReady",
                AgentState::Talking | AgentState::Hold => self.kind_of_talk(&agent.config.id),
                _ => "agentsBusyOther",
            });
        }
        if group.members.is_empty() {
            for (_, number) in &mut counts {
                *number = -1;
            }
        }
        let numbers = counts.iter();
        let mut all: Vec<(Text, Text)> = numbers
            .map(|(name, number)| (Text::from(*name), Text::from(number.to_string())))
            .collect();
        let longest = group.waiting.iter().map(|(_, since)| *since).min();
        let longest = longest.map(without_millis).unwrap_or_default();
        all.push(("startTimeOfLongestCallInQueue".into(), longest.into()));
        all
    }

    fn kind_of_talk(&self, agent: &AgentId) -> &'static str {
        let mut calls = self.calls.values().filter(|call| call.lists(agent));
        match calls.next_back() {
            Some(call) if !call.outgoing => "agentsTalkingInbound",
            Some(call) if call.call_type == "OUT" => "agentsTalkingOutbound",
            _ => "agentsTalkingInternal",
        }
    }
}

/// Statistics have times without milliseconds.
fn without_millis(at: UnixMillis) -> String {
    let text = time::format(at);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}
