//! What leaves the connector's decisions, and what a session needs to know of its surroundings.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::time::Duration;

use super::config::Config;
use super::counters::Counters;
use super::effect::{Addressee, Credentials, Effect, Note, Publish, Question};
use super::requests::{Owner, Requests};
use super::service::Services;
use super::signal::{NodeId, ReplyTo, RequestId};
use crate::agent::{AgentId, Text};
use crate::contract::{Destination, Event};
use crate::machine::{Instant, Party, TraceEvent};
use crate::password::Secret;

/// Effects in order, with the totals.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    pub(super) effects: VecDeque<Effect>,
    pub(super) counters: Counters,
    pub(super) broker_is_up: bool,
    /// Finesse servers that gave a reason to ask whether they serve.
    pub(super) suspects: VecDeque<NodeId>,
    /// When the next agent may move to another server.
    next_move: Option<Instant>,
}

impl Outbound {
    /// Gives out turns for moves to another server, so that not all agents log in at once.
    pub(super) fn turn(&mut self, now: Instant, pace: Duration) -> Instant {
        let at = self.next_move.map_or(now, |next| next.max(now));
        self.next_move = Some(at + pace);
        at
    }

    pub(super) fn note(&mut self, note: Note) {
        self.effects.push_back(Effect::Note(note));
    }

    pub(super) fn trace_question(&mut self, agent: Option<&AgentId>, question: &Question) {
        let (subject, detail) = super::trace::question(question);
        self.trace(Party::Connector, Party::Finesse, agent, subject, detail);
    }

    pub(super) fn trace(
        &mut self,
        from: Party,
        to: Party,
        agent: Option<&AgentId>,
        subject: String,
        detail: String,
    ) {
        self.effects.push_back(Effect::Trace(TraceEvent {
            from,
            to,
            link: None,
            agent: agent.map(|agent| agent.as_str().into()),
            subject,
            detail,
        }));
    }
}

/// What a session works with during one call.
pub(super) struct Context<'a> {
    pub(super) now: Instant,
    pub(super) config: &'a Config,
    pub(super) services: &'a Services,
    pub(super) requests: &'a mut Requests,
    pub(super) out: &'a mut Outbound,
    pub(super) is_ending: bool,
}

impl Context<'_> {
    /// Sends an event to a driver; `false` when the broker is gone and it was dropped.
    pub(super) fn publish(
        &mut self,
        to: Addressee,
        agent: AgentId,
        event: Event,
        correlation: Option<&Text>,
    ) -> bool {
        let (form, time) = (self.config.event_format, &self.config.time);
        let formatted = event.format_as(form, &agent, &self.config.layout, time);
        let jms_type = event.jms_type(&agent, &self.config.layout);
        let counters = &mut self.out.counters;
        counters.replaced_values = counters
            .replaced_values
            .saturating_add(u64::from(formatted.replaced));
        if !self.out.broker_is_up {
            Counters::add(&mut counters.events_dropped);
            return false;
        }
        Counters::add(&mut counters.events);
        let about = (!matches!(event, Event::System(_))).then_some(&agent);
        let detail = bounded(&formatted.text);
        self.out.trace(
            Party::Connector,
            Party::Driver,
            about,
            jms_type.clone(),
            detail,
        );
        self.out.effects.push_back(Effect::Publish(Publish {
            to,
            jms_type,
            body: formatted.text,
            correlation: correlation.cloned(),
        }));
        true
    }

    /// Asks Finesse about or for an agent.
    pub(super) fn ask(
        &mut self,
        node: NodeId,
        agent: &AgentId,
        (password, is_token): (&Secret, bool),
        question: Question,
    ) -> RequestId {
        let owner = Owner::Agent(agent.clone(), node);
        let credentials = Credentials {
            agent: agent.clone(),
            password: password.clone(),
            is_token,
        };
        ask(
            self.requests,
            self.out,
            self.config,
            self.now,
            owner,
            node,
            question,
            Some(credentials),
        )
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "sessions and nodes hold these parts separately"
)]
pub(super) fn ask(
    requests: &mut Requests,
    out: &mut Outbound,
    config: &Config,
    now: Instant,
    owner: Owner,
    node: NodeId,
    question: Question,
    credentials: Option<Credentials>,
) -> RequestId {
    if let Some(credentials) = &credentials {
        out.trace_question(Some(&credentials.agent), &question);
    }
    Counters::add(&mut out.counters.requests);
    let request = requests.begin(owner);
    let deadline = now + config.timing.request;
    out.effects.push_back(Effect::Ask {
        request,
        node,
        question,
        credentials,
        deadline,
    });
    request
}

/// Who is answered when a command cannot be carried out.
#[derive(Clone, Debug, Default)]
pub(super) struct Sender {
    /// The destination that the command itself names.
    pub(super) named: Option<Destination>,
    pub(super) reply_to: Option<ReplyTo>,
    pub(super) correlation: Option<Text>,
}

/// Text for a trace: at most 512 bytes.
pub(super) fn bounded(text: &str) -> String {
    const MOST: usize = 512;
    if text.len() <= MOST {
        return text.into();
    }
    let mut end = MOST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = String::from(text.get(..end).unwrap_or_default());
    cut.push('…');
    cut
}
