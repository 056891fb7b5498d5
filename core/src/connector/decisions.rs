//! The whole of the decisions: every signal finds its session.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

use super::config::Config;
use super::counters::Counters;
use super::directory::{self, Directory};
use super::effect::{Addressee, Effect, Note, Question};
use super::outbound::{self, Context, Outbound};
use super::refusal::Refusal;
use super::requests::{Owner, Requests};
use super::service::{Readiness, Services};
use super::session::Session;
use super::signal::{Answer, Fact, NodeId, Signal, Update};
use super::status::{AgentReport, Subscription};
use super::{RequestId, trace};
use crate::agent::{AgentId, AgentState, Text};
use crate::contract::{Destination, Event, SystemStatus, TimeFormat};
use crate::machine::{Instant, Party, Random, Timers};

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Agent(AgentId),
    Node(NodeId),
    /// Whether a server's notifications can be had is to be looked at.
    Feed(NodeId),
    Driver(Destination),
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
    pub(super) config: Config,
    pub(super) services: Services,
    pub(super) directory: Directory,
    requests: Requests,
    pub(super) out: Outbound,
    pub(super) timers: Timers<Due>,
    /// How many agents each destination has.
    pub(super) homes: BTreeMap<Destination, usize>,
    /// Destinations whose drivers have said hello or beaten. One that has only connected an agent
    /// may have others that this connector has never heard of.
    pub(super) acquainted: BTreeSet<Destination>,
    /// Agents with commands that have not ended.
    pub(super) busy: BTreeSet<AgentId>,
    /// Drivers that said hello before Finesse's first word.
    pub(super) waiting: VecDeque<(Destination, Option<Text>)>,
    pub(super) random: Random,
    pub(super) now: Instant,
    has_seen_broker: bool,
    /// Counts what happens to agents.
    revision: u64,
    /// The operator wants no new commands taken on.
    pub(super) is_draining: bool,
    pub(super) is_ending: bool,
    is_drained: bool,
}

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
            homes: BTreeMap::new(),
            acquainted: BTreeSet::new(),
            busy: BTreeSet::new(),
            waiting: VecDeque::new(),
            random,
            now: Instant::START,
            has_seen_broker: false,
            revision: 0,
            is_draining: false,
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
            Signal::BrokerDown => self.on_broker_down(),
            Signal::Received(delivery) => self.on_delivery(delivery),
            Signal::SubscriptionUp(agent) => {
                self.touch(&agent, Session::on_subscription_up);
                self.on_feed_flows(&agent);
            }
            Signal::SubscriptionDown {
                agent,
                reason,
                retries,
            } => {
                self.touch(&agent, |session, cx| {
                    session.on_subscription_down(cx, &reason, retries);
                });
                self.on_feed_stops(&agent, &reason, retries);
            }
            Signal::FinesseSeen { agent, is_there } => self.on_finesse_seen(&agent, is_there),
            Signal::Notified { agent, update } => self.on_update(&agent, update),
            Signal::Answered { request, answer } => self.on_answer(request, answer),
            Signal::Displaced => self.on_displaced(),
            Signal::Wall(_) => {}
            Signal::Draining => self.set_draining(true),
            Signal::Resumed => self.set_draining(false),
            Signal::ResyncAsked(agent) => self.touch(&agent, Session::read_again),
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
                Due::Feed(node) => self.on_feed_due(node),
                Due::Driver(destination) => self.on_silence(&destination),
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

    /// Times in events are told in this zone from now on: its offset has changed.
    pub const fn set_time(&mut self, time: TimeFormat) {
        self.config.time = time;
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
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

    /// Each Finesse server: whether it serves, since when, and what it says about it or why it is
    /// not used.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, Readiness, Instant, Text)> {
        self.services
            .iter()
            .map(|(node, service)| (node, service.readiness, service.since, service.why()))
    }

    /// Every agent, ordered by id.
    pub fn agents(&self) -> impl Iterator<Item = AgentReport> + '_ {
        self.directory.reports()
    }

    /// The agents that something has happened to after `revision`, ordered by id; 0 gives all. The
    /// highest revision among the reports is the one to ask with next.
    pub fn agents_since(&self, revision: u64) -> impl Iterator<Item = AgentReport> + '_ {
        self.directory.reports_since(revision)
    }

    /// The ids of all agents, in order.
    pub fn agent_ids(&self) -> impl Iterator<Item = &AgentId> {
        self.directory.ids()
    }

    /// How many agents have been forgotten to make room for others, since the start.
    #[must_use]
    pub const fn agents_forgotten(&self) -> u64 {
        self.directory.removals()
    }

    /// Whether the operator wants no new commands taken on.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// One agent.
    #[must_use]
    pub fn agent(&self, agent: &AgentId) -> Option<AgentReport> {
        self.directory.get(agent).map(directory::report)
    }

    /// The members of the teams that this supervisor follows, with the states that its driver was
    /// told; nothing for who is no supervisor.
    pub fn followed_by(
        &self,
        supervisor: &AgentId,
    ) -> impl Iterator<Item = (&AgentId, &AgentState)> {
        let session = self.directory.get(supervisor);
        session
            .into_iter()
            .flat_map(|session| session.members.followed())
    }

    /// How many agents are known, and how many requests to Finesse are under way.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.directory.len(), self.requests.len())
    }

    pub(super) fn parts(&mut self) -> (&mut Directory, Context<'_>) {
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
    pub(super) fn touch(
        &mut self,
        agent: &AgentId,
        act: impl FnOnce(&mut Session, &mut Context<'_>),
    ) {
        self.revision += 1;
        let revision = self.revision;
        let (directory, mut cx) = self.parts();
        let Some(session) = directory.get_mut(agent) else {
            return;
        };
        let home = session.destination().cloned();
        session.revision = revision;
        act(session, &mut cx);
        let (deadline, is_busy) = (session.deadline(), session.is_busy());
        let new_home = session.destination().cloned();
        self.move_home(home, new_home);
        self.timers.arm(Due::Agent(agent.clone()), deadline);
        if is_busy {
            self.busy.insert(agent.clone());
        } else {
            self.busy.remove(agent);
        }
    }

    pub(super) fn move_home(&mut self, from: Option<Destination>, to: Option<Destination>) {
        if from == to {
            return;
        }
        if let Some(from) = from
            && let Some(agents) = self.homes.get_mut(&from)
        {
            *agents = agents.saturating_sub(1);
            if *agents == 0 {
                self.homes.remove(&from);
                self.timers.clear(&Due::Driver(from));
            }
        }
        if let Some(to) = to {
            *self.homes.entry(to.clone()).or_default() += 1;
            self.hear(&to);
        }
    }

    /// The agents whose sessions are so.
    pub(super) fn directory_where(
        &self,
        is_so: impl Fn(&Session) -> bool,
    ) -> alloc::vec::Vec<AgentId> {
        self.directory.agents_where(is_so)
    }

    /// The driver of this destination has said hello or has beaten; whether it had before.
    pub(super) fn meet(&mut self, destination: &Destination) -> bool {
        if self.acquainted.contains(destination) {
            return true;
        }
        let most = self.config.limits.agents + self.config.limits.waiting_drivers;
        if self.acquainted.len() >= most {
            let homes = &self.homes;
            self.acquainted.retain(|known| homes.contains_key(known));
        }
        self.acquainted.insert(destination.clone());
        false
    }

    /// Whether some agent's events go there.
    pub(super) fn is_home(&self, destination: &Destination) -> bool {
        self.homes.contains_key(destination)
    }

    /// What any signal may have brought about.
    fn follow_up(&mut self) {
        while let Some(node) = self.out.suspects.pop_front() {
            self.ask_node(node);
        }
        if self.is_ending && !self.is_drained && self.busy.is_empty() {
            // Their commands are answered; nobody serves them until another connector does.
            self.tell_status_to_all();
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

    fn on_broker_down(&mut self) {
        if core::mem::replace(&mut self.out.broker_is_up, false) {
            for agent in self.directory.agents() {
                self.touch(&agent, Session::doubt);
            }
        }
    }

    fn on_broker_up(&mut self) {
        self.out.broker_is_up = true;
        if core::mem::replace(&mut self.has_seen_broker, true) {
            self.tell_status_to_all();
            let homes: alloc::vec::Vec<Destination> = self.homes.keys().cloned().collect();
            for destination in &homes {
                self.hear(destination);
            }
            for agent in self.directory.agents() {
                self.touch(&agent, Session::retell);
            }
        }
    }

    /// Commands go to another connector from now on, and that one knows no agents: their drivers
    /// are told to connect them again, and nobody is told anything twice.
    fn on_displaced(&mut self) {
        let homes: alloc::vec::Vec<Destination> = self.homes.keys().cloned().collect();
        for agent in self.directory.agents() {
            self.touch(&agent, Session::give_up);
        }
        self.acquainted.clear();
        for destination in homes {
            let (_, mut cx) = self.parts();
            let to = Addressee::Driver(destination);
            let event = Event::System(SystemStatus::Reconnect);
            cx.publish(to, AgentId::default(), event, None);
        }
        self.out.note(Note::Displaced);
    }

    pub(super) fn tell_status(&mut self, destination: Destination, correlation: Option<&Text>) {
        let status = match self.services.readiness() {
            Readiness::InService if !self.is_ending && !self.is_draining => SystemStatus::InService,
            Readiness::InService | Readiness::Unknown | Readiness::OutOfService => {
                SystemStatus::OutOfService
            }
        };
        let (_, mut cx) = self.parts();
        let to = Addressee::Driver(destination);
        cx.publish(to, AgentId::default(), Event::System(status), correlation);
    }

    pub(super) fn tell_status_to_all(&mut self) {
        let homes: alloc::vec::Vec<Destination> = self.homes.keys().cloned().collect();
        for destination in homes {
            self.tell_status(destination, None);
        }
    }

    fn on_update(&mut self, agent: &AgentId, update: Update) {
        Counters::add(&mut self.out.counters.notifications);
        let (subject, detail) = trace::fact(&update.fact);
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
                self.services.overtake(node, info.in_service);
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
            | Answer::Reasons(_)
            | Answer::List(_) => {}
        }
        let (subject, detail) = trace::answer(&answer);
        let about = match &owner {
            Some(Owner::Agent(agent, _)) => Some(agent),
            Some(Owner::Node(_)) | None => None,
        };
        let detail = outbound::bounded(&detail);
        if !self.is_routine(owner.as_ref(), &answer) {
            self.out
                .trace(Party::Finesse, Party::Connector, about, subject, detail);
        }
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

    /// That a server that serves still does is worth no line in a trace.
    fn is_routine(&self, owner: Option<&Owner>, answer: &Answer) -> bool {
        let Some(Owner::Node(node)) = owner else {
            return false;
        };
        self.services.is_serving(*node) && matches!(answer, Answer::System(info) if info.in_service)
    }

    fn on_node_answer(&mut self, node: NodeId, request: RequestId, answer: Answer) {
        if !self.services.is_answered(node, request) {
            self.ask_node(node);
            return;
        }
        let info = match answer {
            Answer::System(info) => Ok(info),
            Answer::Refused(refused) => Err(Refusal::of(&refused).cause),
            Answer::None { text, .. } => Err(text),
            Answer::Accepted
            | Answer::User(_)
            | Answer::Calls(_)
            | Answer::Reasons(_)
            | Answer::List(_) => Err("the answer is no SystemInfo".into()),
        };
        self.learn(node, info);
    }

    pub(super) fn ask_node(&mut self, node: NodeId) {
        let Some(service) = self.services.get_mut(node) else {
            return;
        };
        if service.asked.is_some() || self.is_drained {
            return;
        }
        if service.readiness != Readiness::InService {
            self.out.trace_question(None, &Question::SystemInfo);
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
        self.services.ask(node, request);
    }

    fn set_draining(&mut self, is_draining: bool) {
        if core::mem::replace(&mut self.is_draining, is_draining) != is_draining {
            self.tell_status_to_all();
        }
    }

    fn on_shutting_down(&mut self) {
        if core::mem::replace(&mut self.is_ending, true) {
            return;
        }
        let deadline = self.now + self.config.timing.drain;
        for agent in self.directory.agents() {
            self.touch(&agent, |session, cx| session.end(cx, deadline));
        }
        self.waiting.clear();
    }
}
