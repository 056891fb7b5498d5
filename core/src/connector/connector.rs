//! The whole of the decisions: every signal finds its session.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::format;
use core::time::Duration;

use super::config::Config;
use super::counters::Counters;
use super::directory::{self, Directory};
use super::effect::{Addressee, Effect, Note, Question};
use super::outbound::{self, Context, Outbound, Sender};
use super::refusal::Refusal;
use super::requests::{Owner, Requests};
use super::service::{Readiness, Services};
use super::session::Session;
use super::signal::{Answer, Delivery, Fact, NodeId, ReplyTo, Signal, SystemInfo, Update};
use super::status::{AgentReport, Subscription};
use super::{RequestId, tell};
use crate::agent::{AgentId, Text};
use crate::contract::{
    Command, CommandFault, CommandMessage, Destination, ErrorCode, Event, Malformed, Subject,
    SystemStatus,
};
use crate::machine::{Instant, Party, Random, Timers};

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Agent(AgentId),
    Node(NodeId),
    Waiting,
}

/// The connector's decisions: signals in, effects out, no wire format.
///
/// ```
/// use finewire_core::connector::{Config, Connector, Effect, Question, Signal};
/// use finewire_core::contract::Layout;
/// use finewire_core::machine::{Instant, Random};
/// use finewire_core::password::PasswordCodec;
///
/// let config = Config::new(Layout::default(), PasswordCodec::Clear);
/// let mut connector = Connector::new(config, Random::from_seed([7; 32]));
/// connector.handle(Instant::START, Signal::Started);
///
/// let asked = core::iter::from_fn(|| connector.poll())
///     .any(|effect| matches!(effect, Effect::Ask { question: Question::SystemInfo, .. }));
/// assert!(asked);
/// ```
#[derive(Debug)]
pub struct Connector {
    config: Config,
    services: Services,
    directory: Directory,
    requests: Requests,
    out: Outbound,
    timers: Timers<Due>,
    /// Agents with commands that have not ended.
    busy: BTreeSet<AgentId>,
    /// Drivers that said hello before Finesse's first word.
    waiting: VecDeque<(Destination, Option<Text>)>,
    now: Instant,
    has_seen_broker: bool,
    is_ending: bool,
    is_drained: bool,
}

/// How long commands under way get when the connector ends.
const GRACE: Duration = Duration::from_secs(3);

impl Connector {
    /// Decisions that depend on `config`, on `random` (request ids) and on what they are told.
    #[must_use]
    pub fn new(config: Config, mut random: Random) -> Self {
        Self {
            services: Services::new(&config),
            requests: Requests::new(&mut random),
            config,
            directory: Directory::default(),
            out: Outbound::default(),
            timers: Timers::new(),
            busy: BTreeSet::new(),
            waiting: VecDeque::new(),
            now: Instant::START,
            has_seen_broker: false,
            is_ending: false,
            is_drained: false,
        }
    }

    /// Tells it what happened.
    pub fn handle(&mut self, now: Instant, signal: Signal) {
        self.now = now;
        match signal {
            Signal::Started => {
                let nodes: alloc::vec::Vec<NodeId> =
                    self.services.iter().map(|(node, _)| node).collect();
                for node in nodes {
                    self.ask_node(node);
                }
                self.timers
                    .set(Due::Waiting, now + self.config.timing.request);
            }
            Signal::BrokerUp => self.on_broker_up(),
            Signal::BrokerDown => self.out.broker_is_up = false,
            Signal::Received(delivery) => self.on_delivery(delivery),
            Signal::SubscriptionUp(agent) => self.touch(&agent, Session::on_subscription_up),
            Signal::SubscriptionDown {
                agent,
                reason,
                retries,
            } => {
                self.touch(&agent, |session, cx| {
                    session.on_subscription_down(cx, &reason, retries);
                });
            }
            Signal::Notified { agent, update } => self.on_update(&agent, update),
            Signal::Answered { request, answer } => self.on_answer(request, answer),
            Signal::Wall(_) => {}
            Signal::ShuttingDown => self.on_shutting_down(),
        }
        self.follow_up();
    }

    /// Tells it that time has passed; a call that comes early or twice is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(due) = self.timers.pop_due(now) {
            match due {
                Due::Agent(agent) => self.touch(&agent, Session::on_timeout),
                Due::Node(node) => self.ask_node(node),
                Due::Waiting => self.answer_waiting(),
            }
        }
        self.follow_up();
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        self.out.effects.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Running totals.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.out.counters
    }

    /// Whether Finesse serves.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.services.readiness()
    }

    /// Each Finesse server: whether it serves, since when, and what it says about it.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, Readiness, Instant, &SystemInfo)> {
        self.services
            .iter()
            .map(|(node, service)| (node, service.readiness, service.since, &service.info))
    }

    /// Every agent, ordered by id.
    pub fn agents(&self) -> impl Iterator<Item = AgentReport> + '_ {
        self.directory.reports()
    }

    /// One agent.
    #[must_use]
    pub fn agent(&self, agent: &AgentId) -> Option<AgentReport> {
        self.directory.get(agent).map(directory::report)
    }

    /// How many agents are known, and how many requests to Finesse are under way.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.directory.len(), self.requests.len())
    }

    fn parts(&mut self) -> (&mut Directory, Context<'_>) {
        let cx = Context {
            now: self.now,
            config: &self.config,
            services: &self.services,
            requests: &mut self.requests,
            out: &mut self.out,
            is_ending: self.is_ending,
        };
        (&mut self.directory, cx)
    }

    /// Acts on one session and re-arms its timer: the only way into a session.
    fn touch(&mut self, agent: &AgentId, act: impl FnOnce(&mut Session, &mut Context<'_>)) {
        let (directory, mut cx) = self.parts();
        let Some(session) = directory.get_mut(agent) else {
            return;
        };
        act(session, &mut cx);
        let (deadline, is_busy) = (session.deadline(), session.is_busy());
        self.timers.arm(Due::Agent(agent.clone()), deadline);
        if is_busy {
            self.busy.insert(agent.clone());
        } else {
            self.busy.remove(agent);
        }
    }

    /// What any signal may have brought about.
    fn follow_up(&mut self) {
        while let Some(node) = self.out.suspects.pop_front() {
            self.ask_node(node);
        }
        if self.is_ending && !self.is_drained && self.busy.is_empty() {
            self.is_drained = true;
            for report in self.directory.reports() {
                if report.subscription != Subscription::None {
                    self.out
                        .effects
                        .push_back(Effect::Unsubscribe(report.agent));
                }
            }
            self.out.note(Note::Drained);
        }
    }

    fn on_broker_up(&mut self) {
        self.out.broker_is_up = true;
        if core::mem::replace(&mut self.has_seen_broker, true) {
            self.tell_status_to_all();
            for agent in self.directory.agents() {
                self.touch(&agent, Session::retell);
            }
        }
    }

    fn on_delivery(&mut self, delivery: Delivery) {
        if self.is_ending {
            // Unacknowledged, it goes to the connector that takes over.
            return;
        }
        Counters::add(&mut self.out.counters.commands);
        let reply_to = self.checked(delivery.reply_to);
        let jms_type = delivery.jms_type.as_ref().map(Text::as_str);
        let body = delivery.body.as_ref().map(Text::as_str);
        let correlation = delivery.correlation;
        match CommandMessage::parse(jms_type, body, &self.config.layout) {
            Ok(message) => self.on_command(message, reply_to, correlation),
            Err(malformed) => self.on_malformed(&malformed, reply_to, correlation.as_ref()),
        }
        self.out.effects.push_back(Effect::Acknowledge(delivery.id));
    }

    /// An address for answers is from outside as a destination is: it could make a loop.
    fn checked(&mut self, reply_to: Option<ReplyTo>) -> Option<ReplyTo> {
        let reply_to = reply_to?;
        match Destination::parse(reply_to.name.as_str(), &self.config.layout.command_queues) {
            Ok(_) => Some(reply_to),
            Err(_) => {
                Counters::add(&mut self.out.counters.refused_destinations);
                None
            }
        }
    }

    fn on_command(
        &mut self,
        message: CommandMessage,
        reply_to: Option<ReplyTo>,
        correlation: Option<Text>,
    ) {
        let (subject, detail) = tell::command(&message);
        self.out.trace(
            Party::Driver,
            Party::Connector,
            message.agent(),
            subject,
            detail,
        );
        let agent = match message.subject {
            Subject::Destination(destination) => return self.on_hello(destination, correlation),
            Subject::Agent(agent) => agent,
        };
        let named = match &message.command {
            Command::Connect { destination, .. } => Some(destination.clone()),
            _ => None,
        };
        let is_connect = named.is_some();
        let sender = Sender {
            named,
            reply_to,
            correlation,
        };
        let (directory, mut cx) = self.parts();
        let is_known = match is_connect {
            true => directory.admit(&cx, &agent).is_some(),
            false => directory.get(&agent).is_some(),
        };
        if is_known {
            self.touch(&agent, |session, cx| {
                session.accept(cx, message.command, sender)
            });
            return;
        }
        let refusal = match is_connect {
            true => Refusal::new(
                ErrorCode::LicensesExceeded,
                "Too many agents are connected.",
            ),
            false => super::entry::not_connected(),
        };
        Counters::add(&mut cx.out.counters.commands_failed);
        let to = sender.named.map(Addressee::Driver);
        let to = to.or_else(|| sender.reply_to.map(Addressee::ReplyTo));
        refuse_stranger(&mut cx, to, agent, refusal, sender.correlation.as_ref());
    }

    fn on_malformed(
        &mut self,
        malformed: &Malformed,
        reply_to: Option<ReplyTo>,
        correlation: Option<&Text>,
    ) {
        let verb = malformed
            .verb
            .map_or_else(|| "?".into(), |verb| format!("{verb:?}"));
        let agent = malformed.agent.as_ref();
        let subject = format!("{verb}#{}", agent.map_or("?", AgentId::as_str));
        self.out.trace(
            Party::Driver,
            Party::Connector,
            agent,
            subject,
            format!("{malformed}"),
        );
        let (directory, mut cx) = self.parts();
        Counters::add(&mut cx.out.counters.malformed);
        Counters::add(&mut cx.out.counters.commands_failed);
        let refusal = Refusal::new(malformed.code(), &format!("{malformed}"));
        let session = agent.and_then(|agent| directory.get(agent));
        let bound = session.and_then(|session| session.destination().cloned());
        let to = bound
            .map(Addressee::Driver)
            .or_else(|| reply_to.map(Addressee::ReplyTo));
        let is_loop = matches!(malformed.fault, CommandFault::RemoteDestination(_));
        if is_loop {
            Counters::add(&mut cx.out.counters.refused_destinations);
        }
        let to = to.filter(|_| !is_loop);
        refuse_stranger(
            &mut cx,
            to,
            agent.cloned().unwrap_or_default(),
            refusal,
            correlation,
        );
    }

    fn on_hello(&mut self, destination: Destination, correlation: Option<Text>) {
        Counters::add(&mut self.out.counters.commands_done);
        if self.services.readiness() == Readiness::Unknown
            && self.timers.deadline(&Due::Waiting).is_some()
            && self.waiting.len() < self.config.limits.waiting_drivers
        {
            self.waiting.push_back((destination, correlation));
            return;
        }
        self.tell_status(destination, correlation.as_ref());
    }

    /// Finesse has spoken, or stayed silent for too long.
    fn answer_waiting(&mut self) {
        self.timers.clear(&Due::Waiting);
        while let Some((destination, correlation)) = self.waiting.pop_front() {
            self.tell_status(destination, correlation.as_ref());
        }
    }

    fn tell_status(&mut self, destination: Destination, correlation: Option<&Text>) {
        let status = match self.services.readiness() {
            Readiness::InService => SystemStatus::InService,
            Readiness::Unknown | Readiness::OutOfService => SystemStatus::OutOfService,
        };
        let (_, mut cx) = self.parts();
        let to = Addressee::Driver(destination);
        cx.publish(to, AgentId::default(), Event::System(status), correlation);
    }

    fn tell_status_to_all(&mut self) {
        for destination in self.directory.destinations() {
            self.tell_status(destination, None);
        }
    }

    fn on_update(&mut self, agent: &AgentId, update: Update) {
        Counters::add(&mut self.out.counters.notifications);
        let (subject, detail) = tell::fact(&update.fact);
        let detail = outbound::bounded(&detail);
        self.out.trace(
            Party::Finesse,
            Party::Connector,
            Some(agent),
            subject,
            detail,
        );
        if let Fact::System(info) = update.fact {
            if let Some(node) = self.directory.get(agent).map(|session| session.node) {
                self.learn(node, Ok(info));
            }
            return;
        }
        self.touch(agent, |session, cx| session.on_update(cx, update));
    }

    fn on_answer(&mut self, request: RequestId, answer: Answer) {
        let owner = self.requests.end(request);
        let counters = &mut self.out.counters;
        match &answer {
            Answer::Refused(_) => Counters::add(&mut counters.requests_refused),
            Answer::None { .. } => Counters::add(&mut counters.requests_unanswered),
            Answer::Accepted
            | Answer::System(_)
            | Answer::User(_)
            | Answer::Calls(_)
            | Answer::Reasons(_) => {}
        }
        let (subject, detail) = tell::answer(&answer);
        let about = match &owner {
            Some(Owner::Agent(agent, _)) => Some(agent),
            Some(Owner::Node(_)) | None => None,
        };
        let detail = outbound::bounded(&detail);
        self.out
            .trace(Party::Finesse, Party::Connector, about, subject, detail);
        match owner {
            Some(Owner::Node(node)) => self.on_node_answer(node, request, answer),
            Some(Owner::Agent(agent, _)) => {
                let mut is_late = true;
                self.touch(&agent, |session, cx| {
                    is_late = !session.on_answer(cx, request, answer);
                });
                if is_late {
                    Counters::add(&mut self.out.counters.late_answers);
                }
            }
            None => Counters::add(&mut self.out.counters.late_answers),
        }
    }

    fn on_node_answer(&mut self, node: NodeId, request: RequestId, answer: Answer) {
        if let Some(service) = self.services.get_mut(node)
            && service.asked == Some(request)
        {
            service.asked = None;
        }
        let info = match answer {
            Answer::System(info) => Ok(info),
            Answer::Refused(refused) => Err(Refusal::of(&refused).cause),
            Answer::None { text, .. } => Err(text),
            Answer::Accepted | Answer::User(_) | Answer::Calls(_) | Answer::Reasons(_) => {
                Err("the answer is no SystemInfo".into())
            }
        };
        self.learn(node, info);
    }

    fn learn(&mut self, node: NodeId, info: Result<SystemInfo, Text>) {
        let before = self.services.readiness();
        let has_changed = self.services.learn(self.now, node, info, &self.config);
        if let Some(service) = self.services.get(node) {
            self.timers.set(Due::Node(node), service.poll_at);
        }
        if !has_changed {
            return;
        }
        if let Some(service) = self.services.get(node) {
            let in_service = service.readiness == Readiness::InService;
            self.out.note(Note::ServiceChanged {
                node,
                in_service,
                why: service.info.why.clone(),
            });
        }
        let after = self.services.readiness();
        if after != Readiness::Unknown {
            self.answer_waiting();
        }
        if before != after {
            self.tell_status_to_all();
        }
        for agent in self.directory.agents() {
            self.touch(&agent, Session::on_service_changed);
        }
    }

    fn ask_node(&mut self, node: NodeId) {
        let Some(service) = self.services.get_mut(node) else {
            return;
        };
        if service.asked.is_some() || self.is_drained {
            return;
        }
        let request = outbound::ask(
            &mut self.requests,
            &mut self.out,
            &self.config,
            self.now,
            Owner::Node(node),
            node,
            Question::SystemInfo,
            None,
        );
        service.asked = Some(request);
    }

    fn on_shutting_down(&mut self) {
        if core::mem::replace(&mut self.is_ending, true) {
            return;
        }
        let deadline = self.now + GRACE;
        for agent in self.directory.agents() {
            self.touch(&agent, |session, cx| session.end(cx, deadline));
        }
        self.waiting.clear();
    }
}

/// Answers a sender who has no session, if there is anybody to answer.
fn refuse_stranger(
    cx: &mut Context<'_>,
    to: Option<Addressee>,
    agent: AgentId,
    refusal: Refusal,
    correlation: Option<&Text>,
) {
    match to {
        Some(to) => {
            cx.publish(
                to,
                agent,
                Event::error(refusal.code, refusal.text),
                correlation,
            );
        }
        None => {
            Counters::add(&mut cx.out.counters.commands_dropped);
            cx.out.note(Note::CommandDropped { why: refusal.cause });
        }
    }
}
