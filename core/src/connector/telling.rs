//! What an agent's driver is told: changes as they come, all that is known after a loss.

use alloc::vec::Vec;

use super::effect::{Addressee, Note};
use super::job::{LaneId, Step};
use super::outbound::Context;
use super::session::Session;
use crate::agent::{AgentModel, AgentState, Change, Changes, DialogId, ParticipantState, Text};
use crate::contract::{AgentInfo, AgentStatus, Call, Event};
use crate::machine::Instant;

/// An agent ends few calls in the time that it takes to notice a dead link.
pub(super) const REMEMBERED_ENDS: usize = 8;

impl Session {
    /// Sends an event to the agent's driver; `false` when it was lost.
    pub(super) fn tell(
        &mut self,
        cx: &mut Context<'_>,
        event: Event,
        correlation: Option<&Text>,
    ) -> bool {
        let Some(destination) = self.destination().cloned() else {
            return false;
        };
        let to = Addressee::Driver(destination);
        let is_sent = cx.publish(to, self.agent.clone(), event, correlation);
        self.is_untold |= !is_sent;
        if is_sent {
            self.told_at = Some(cx.now);
        }
        is_sent
    }

    /// The broker is gone: what it was given last may have gone with it.
    pub(super) fn doubt(&mut self, cx: &mut Context<'_>) {
        let is_recent = |at: Instant| at + cx.config.timing.doubt >= cx.now;
        self.is_untold |= self.told_at.is_some_and(is_recent);
        let ends = core::mem::take(&mut self.told_ends);
        let recent = ends.into_iter().filter(|(at, _)| is_recent(*at));
        for (_, call) in recent {
            self.keep_end(call);
        }
    }

    fn remember_end(&mut self, now: Instant, call: Call) {
        self.told_ends.push_back((now, call));
        if self.told_ends.len() > REMEMBERED_ENDS {
            self.told_ends.pop_front();
        }
    }

    /// Keeps the end of a call that its driver has to be told when the broker is back.
    fn keep_end(&mut self, call: Call) {
        if self.lost_ends.len() < AgentModel::MAX_DIALOGS {
            self.lost_ends.push(call);
        }
    }

    /// Tells the state, unless the driver knows it; `is_due` tells it in any case.
    pub(super) fn tell_state(
        &mut self,
        cx: &mut Context<'_>,
        correlation: Option<&Text>,
        is_due: bool,
    ) -> bool {
        let status = AgentStatus::from_user(self.model.user());
        if !is_due && self.told_state.as_ref() == Some(&status) {
            return false;
        }
        self.told_state = Some(status.clone());
        self.tell(cx, Event::State(status), correlation);
        true
    }

    /// Tells a call, unless the driver knows it; `is_due` tells it in any case.
    pub(super) fn tell_call(
        &mut self,
        cx: &mut Context<'_>,
        dialog: &DialogId,
        correlation: Option<&Text>,
        is_due: bool,
    ) -> bool {
        let Some(dialog) = self.model.dialog(dialog) else {
            return false;
        };
        let call = self.describe(dialog, &cx.config.layout);
        if !is_due && self.told_calls.get(&call.dialog) == Some(&call) {
            return false;
        }
        let event = self.event_of(dialog, call.clone());
        if self.tell(cx, event, correlation) {
            self.told_calls.insert(call.dialog.clone(), call);
        }
        true
    }

    /// Tells what a snapshot changed, and ends the command that it fulfils.
    pub(super) fn after(&mut self, cx: &mut Context<'_>, changes: &Changes, lane: LaneId) {
        let model = &self.model;
        let job = match lane {
            LaneId::User => self.user.current.as_mut(),
            LaneId::Device => self.device.current.as_mut(),
            LaneId::Lists => None,
        };
        let members = &self.members;
        let job = job.filter(|job| {
            job.member.is_none() && job.goal().is_some_and(|goal| goal.is_met(model, members))
        });
        let Some(job) = job else {
            self.tell_changes(cx, changes, None, None);
            return;
        };
        let about = job.goal().and_then(|goal| goal.dialog(model));
        let call = about.as_ref().filter(|call| model.dialog(call).is_some());
        self.legs.note(job.verb(), call);
        // The first half of a sign-out is told, but it is not what was asked for.
        let is_half = job
            .goal()
            .is_some_and(|goal| Self::is_half_gone(cx, job, goal));
        let correlation = job.sender.correlation.clone().filter(|_| !is_half);
        let mut is_over = false;
        if let Step::Asked {
            is_met,
            is_accepted,
            ..
        } = &mut job.step
        {
            *is_met = true;
            is_over = *is_accepted;
        }
        let is_answered = self.tell_changes(cx, changes, correlation.as_ref(), about.as_ref());
        if let Some(job) = &mut self.lane(lane).current {
            job.is_answered |= is_answered;
        }
        if is_over
            && let Some(mut job) = self.lane(lane).current.take()
            && let Some(goal) = job.goal().cloned()
        {
            let flow = self.fulfil(cx, &mut job, &goal);
            self.settle(cx, lane, job, flow);
        }
    }

    /// Tells the changes to a driver whose login was answered. `correlation` goes with the event
    /// that answers a command: the one about the call `about`, or else the state. Says whether that
    /// one was sent.
    pub(super) fn tell_changes(
        &mut self,
        cx: &mut Context<'_>,
        changes: &Changes,
        correlation: Option<&Text>,
        about: Option<&DialogId>,
    ) -> bool {
        if !self.is_live {
            // Nobody is told of their ends, but nobody must remember them for ever.
            for change in changes {
                if let Change::CallEnded(last) = change {
                    self.told_calls.remove(&last.id);
                    self.legs.forget(&last.id);
                }
            }
            return false;
        }
        let mut is_answered = false;
        let mut state_is_told = false;
        for change in changes {
            match change {
                Change::State { to, .. } => {
                    if *to == AgentState::Logout {
                        cx.out.note(Note::AgentSignedOut(self.agent.clone()));
                    }
                    state_is_told = true;
                }
                Change::StateDetails | Change::Line { .. } => state_is_told = true,
                Change::Profile => {
                    let info = AgentInfo::from_user(self.model.user());
                    self.tell(cx, Event::AgentInfo(info), None);
                }
                Change::CallOffered(dialog) => self.offer(cx, dialog),
                Change::CallStarted(dialog) | Change::CallChanged { dialog, .. } => {
                    if matches!(change, Change::CallStarted(_)) {
                        self.announce(cx, dialog);
                    }
                    let ours = correlation.filter(|_| about == Some(dialog));
                    let told = self.tell_call(cx, dialog, ours, false);
                    is_answered |= told && about == Some(dialog);
                }
                Change::CallEnded(last) => {
                    let call = self.describe_end(last, &cx.config.layout);
                    let ours = correlation.filter(|_| about == Some(&last.id));
                    let told = self.told_calls.remove(&last.id);
                    if told.as_ref().is_some_and(|told| told.state == call.state) {
                        // Told already, but perhaps into a link that was dying.
                        if self.is_untold {
                            self.keep_end(call);
                        } else {
                            self.remember_end(cx.now, call);
                        }
                    } else {
                        let event = self.event_of(last, call.clone());
                        let is_sent = self.tell(cx, event, ours);
                        if is_sent {
                            self.remember_end(cx.now, call);
                        } else if told.is_some() {
                            self.keep_end(call);
                        }
                        is_answered |= about == Some(&last.id);
                    }
                    self.legs.forget(&last.id);
                }
                Change::CallOverLimit(_) => {}
            }
        }
        if state_is_told {
            let ours = correlation.filter(|_| about.is_none());
            is_answered |= self.tell_state(cx, ours, false) && about.is_none();
        }
        is_answered
    }

    pub(super) fn offer(&mut self, cx: &mut Context<'_>, dialog: &DialogId) {
        let Some(dialog) = self.model.dialog(dialog) else {
            return;
        };
        let own = self.model.user().extension.as_ref();
        let call = Call::from_dialog(dialog, own, &cx.config.layout);
        if self.tell(cx, Event::NewInboundCall(call.clone()), None) {
            self.told_calls.insert(call.dialog.clone(), call);
        }
    }

    /// Announces a call that the agent has placed, where drivers want that. A consult call and one
    /// that a supervisor listens to announce themselves.
    fn announce(&mut self, cx: &mut Context<'_>, dialog: &DialogId) {
        if !cx.config.new_outbound_call || self.told_calls.contains_key(dialog) {
            return;
        }
        if let Some(dialog) = self.model.dialog(dialog)
            && self.is_plain_outbound(dialog, &cx.config.layout)
        {
            let own = self.model.user().extension.as_ref();
            let call = Call::from_outbound(dialog, own, &cx.config.layout);
            self.tell(cx, Event::NewOutboundCall(call), None);
        }
    }

    /// Sends state and calls as they are, after events were lost.
    pub(super) fn retell(&mut self, cx: &mut Context<'_>) {
        if !core::mem::take(&mut self.is_untold) || !self.is_live {
            return;
        }
        self.tell_state(cx, None, true);
        let dialogs: Vec<_> = self
            .model
            .dialogs()
            .map(|dialog| dialog.id.clone())
            .collect();
        for dialog in dialogs {
            if self.rings(&dialog) && !self.told_calls.contains_key(&dialog) {
                self.offer(cx, &dialog);
            } else {
                self.announce(cx, &dialog);
                self.tell_call(cx, &dialog, None, true);
            }
        }
        for call in core::mem::take(&mut self.lost_ends) {
            self.tell(cx, Event::InboundCall(call), None);
        }
    }

    fn rings(&self, dialog: &DialogId) -> bool {
        let own = self
            .model
            .dialog(dialog)
            .and_then(|dialog| self.model.own_party(dialog));
        own.is_some_and(|own| own.state == ParticipantState::Alerting)
    }
}
