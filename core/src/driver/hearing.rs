//! What the connector says: events, refusals, and which command they end.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::event::{Event, Service};
use super::expectation::{Fit, Lane, Tie};
use super::session::Purpose;
use super::sessions::{Sessions, Timer};
use super::signal::{Effect, Ticket};
use crate::agent::{AgentId, Text};
use crate::contract::{self, CallState, ErrorCode, EventMessage, Refused, SystemStatus};
use crate::machine::{Outcome, Party, Reason, TraceEvent};
impl Sessions {
    pub(super) fn on_received(&mut self, body: &Text, correlation: Option<Text>) {
        let parsed = EventMessage::parse(body.as_str(), &self.config.layout, &self.config.time);
        let message = match parsed {
            Ok(message) => message,
            Err(fault) => return self.tell(Event::Malformed(fault)),
        };
        self.trace_received(&message);
        self.timers.clear(&Timer::Silence);
        let ticket = correlation.and_then(|text| Ticket::parse(text.as_str()));
        if let Some(ticket) = ticket {
            self.names_commands |= ticket.0 >> 32 == self.next_ticket >> 32;
        }
        self.tell(Event::Received(Box::new(message.clone())));
        match &message.event {
            contract::Event::System(status) => self.on_system(&message.to, *status),
            contract::Event::Error(refused) | contract::Event::Control(refused) => {
                self.on_refused(&message, refused, ticket);
            }
            _ => self.on_event(&message, ticket),
        }
    }

    pub(super) fn trace_received(&mut self, message: &EventMessage) {
        self.effects.push_back(Effect::Trace(TraceEvent {
            from: Party::Connector,
            to: Party::Driver,
            link: None,
            agent: Some(message.to.as_str().into()),
            subject: message.event.jms_type(&message.to, &self.config.layout),
            detail: "".into(),
        }));
    }

    pub(super) fn on_system(&mut self, to: &AgentId, status: SystemStatus) {
        match status {
            SystemStatus::InService => {
                let before = self.service;
                self.set_service(Service::InService);
                match before {
                    Service::InService => {}
                    Service::OutOfService => self.reconnect_lost(),
                    Service::Silent | Service::Unreachable => self.reconnect_all(),
                }
            }
            SystemStatus::OutOfService => self.set_service(Service::OutOfService),
            SystemStatus::Reconnect if self.sessions.contains_key(to) => self.displace(to),
            SystemStatus::Reconnect => self.reconnect_all(),
        }
    }

    pub(super) fn on_refused(
        &mut self,
        message: &EventMessage,
        refused: &Refused,
        ticket: Option<Ticket>,
    ) {
        let named = ticket.and_then(|ticket| self.tickets.get(&ticket).cloned());
        let ended = match (named, ticket) {
            (Some(found), _) => Some(found),
            (None, Some(_)) => None,
            (None, None) if self.names_commands => None,
            (None, None) => self.oldest(&message.to, message.event.kind()),
        };
        let purpose = ended.as_ref().and_then(|(agent, lane)| {
            let sent = self.sessions.get(agent)?.current(*lane)?;
            Some(sent.order.purpose)
        });
        self.tell(Event::ErrorShown {
            agent: message.to.clone(),
            command: purpose.and_then(Purpose::owner),
            refused: refused.clone(),
        });
        let Some((agent, lane)) = ended else {
            return;
        };
        let is_ours = purpose.is_some_and(|purpose| purpose.owner().is_none());
        self.finish(&agent, lane, outcome_of(refused));
        if !is_ours && refused.code == ErrorCode::NotConnected {
            // The connector has forgotten the agent: it was started anew.
            return self.reconnect(&agent);
        }
        if is_ours && let Some(session) = self.sessions.get_mut(&agent) {
            match refused.code {
                // A password that was refused is not offered again: that would lock the account.
                ErrorCode::AuthorizationFailure if purpose == Some(Purpose::Relogin) => {
                    session.login = None;
                }
                ErrorCode::AuthorizationFailure => session.connect = None,
                // A `Connect` without password binds nothing before the login that proves it.
                ErrorCode::NotConnected if purpose == Some(Purpose::Recheck) => {
                    if !session.connects_unproven() {
                        return;
                    }
                    if self.relogin(&agent) {
                        return self.advance(&agent, Lane::State);
                    }
                    // Another driver's login had proven it: nothing here can.
                    if let Some(session) = self.sessions.get_mut(&agent) {
                        session.is_lost = true;
                    }
                }
                // The contract's word for any failed `Connect`: it may have been the password, so
                // something must have changed before it is tried again.
                ErrorCode::SubscriptionFailed => session.is_lost = true,
                _ => return,
            }
            self.timers.clear(&Timer::Reconnect(agent));
        }
    }

    /// The command of an agent that was sent first; a `Control` is about calls.
    pub(super) fn oldest(
        &self,
        agent: &AgentId,
        kind: contract::EventKind,
    ) -> Option<(AgentId, Lane)> {
        let lanes = self.sessions.get(agent)?.busy_lanes();
        let is_fitting = |lane: &Lane| kind != contract::EventKind::Control || *lane == Lane::Calls;
        let lane = lanes.into_iter().find(is_fitting)?;
        Some((agent.clone(), lane))
    }

    pub(super) fn on_event(&mut self, message: &EventMessage, ticket: Option<Ticket>) {
        let agent = &message.to;
        let mut told = Vec::new();
        if let Some(session) = self.sessions.get_mut(agent) {
            session
                .mirror
                .apply(&message.event, &self.config.layout, &mut told);
            session.on_bound();
            let was_bound = core::mem::replace(&mut session.is_bound, true);
            let connect = session.current(Lane::Binding);
            let proves = !was_bound && connect.is_some_and(|sent| sent.expectation.is_silent());
            if proves {
                self.finish(agent, Lane::Binding, Outcome::Done);
            }
        }
        for event in told {
            self.tell(event);
        }
        if let Some((agent, lane)) = self.answered(message, ticket) {
            self.finish(&agent, lane, outcome_of_answer(&message.event));
        }
    }

    /// The command whose last answer this event is.
    pub(super) fn answered(
        &mut self,
        message: &EventMessage,
        ticket: Option<Ticket>,
    ) -> Option<(AgentId, Lane)> {
        if let Some(ticket) = ticket {
            let (agent, lane) = self.tickets.get(&ticket).cloned()?;
            let sent = self.sessions.get_mut(&agent)?.current_mut(lane)?;
            let fit = sent.expectation.take(&agent, &message.event, Tie::Named);
            return (fit == Fit::Last).then_some((agent, lane));
        }
        let tie = if self.names_commands {
            Tie::Unnamed
        } else {
            Tie::ByOrder
        };
        let agent = &message.to;
        let session = self.sessions.get_mut(agent)?;
        for lane in session.busy_lanes() {
            let Some(sent) = session.current_mut(lane) else {
                continue;
            };
            match sent.expectation.take(agent, &message.event, tie) {
                Fit::None => {}
                Fit::Part => return None,
                Fit::Last => return Some((agent.clone(), lane)),
            }
        }
        None
    }
}

/// A call that cannot be placed is told as a call that failed.
fn outcome_of_answer(event: &contract::Event) -> Outcome {
    match event {
        contract::Event::InboundCall(call) | contract::Event::ConsultCall(call)
            if call.state == CallState::Failed =>
        {
            Outcome::failed(Reason::Denied, format!("FAILED: {}", call.address))
        }
        _ => Outcome::Done,
    }
}

fn outcome_of(refused: &Refused) -> Outcome {
    let text = format!("{}: {}", refused.code, refused.text);
    match refused.code {
        ErrorCode::Timeout => Outcome::failed(Reason::TimedOut, text),
        ErrorCode::OutOfService => Outcome::refused(Reason::LinkDown, text),
        ErrorCode::BadCommand | ErrorCode::NotConnected => Outcome::refused(Reason::Local, text),
        ErrorCode::LicensesExceeded => Outcome::refused(Reason::Limit, text),
        _ => Outcome::refused(Reason::Denied, text),
    }
}
