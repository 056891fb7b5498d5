//! The machine: links, time, and the ways between REST, world and notifications.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use finewire_core::agent::{AgentId, DialogId, Text};
use finewire_core::machine::{
    Address, Closing, CommandId, Input, Instant, LinkId, ListenerId, Machine, Output, Outputs,
    Party, Peer, Random, Sorted, Timers, UnixMillis,
};
use finewire_finesse::{Resource, Update, UpdateData};
use finewire_http::http::Response;

use crate::agenda::Agenda;
use crate::config::{Config, Node, Service};
use crate::locks::Locks;
use crate::messages::Messages;
use crate::nodes::{self, NodeState};
use crate::pulse::Pulse;
use crate::rest::Effect;
use crate::scenario::Step;
use crate::session::{Session, Subscriptions};
use crate::shape::word;
use crate::sso::Tokens;
use crate::verbs::{Command, Event, Truth};
use crate::web::Web;
use crate::world::{Alarm, Happening, World};

/// Cisco Finesse as a machine. See the [crate's page](crate).
#[derive(Debug)]
pub struct Simulator {
    pub(crate) config: Config,
    pub(crate) world: World,
    /// The nodes of the site.
    pub(crate) nodes: BTreeMap<Node, NodeState>,
    /// Where each agent signed in last.
    pub(crate) signed_in_at: BTreeMap<AgentId, Node>,
    pub(crate) locks: Locks,
    pub(crate) random: Random,
    pub(crate) now: Instant,
    wall: (UnixMillis, Instant),
    /// REST links, some of which became WebSockets.
    pub(crate) web: BTreeMap<LinkId, Web>,
    /// XMPP links.
    pub(crate) streams: BTreeMap<LinkId, Peer<finewire_xmpp::Server>>,
    pub(crate) door: BTreeMap<LinkId, Peer<finewire_http::Server>>,
    /// The XMPP streams by their links, whatever carries them.
    pub(crate) sessions: BTreeMap<LinkId, Session>,
    /// The streams of each agent, by the local part of the address.
    pub(crate) streams_of: BTreeMap<AgentId, BTreeSet<LinkId>>,
    pub(crate) subscriptions: Subscriptions,
    /// What was told of each queue's statistics.
    pub(crate) pulses: BTreeMap<Text, Pulse>,
    pub(crate) messages: Messages,
    pub(crate) tokens: Tokens,
    /// The call that was brought in last.
    pub(crate) latest: Option<DialogId>,
    pub(crate) agenda: Agenda<Job>,
    lanes: BTreeMap<Lane, Instant>,
    /// At how many lanes it is looked which of them are needed no longer.
    most_lanes: usize,
    /// Counts the losses of presence, so that a late forced sign-out is known.
    pub(crate) absences: BTreeMap<AgentId, u64>,
    timers: Timers<LinkId>,
    touched: BTreeSet<LinkId>,
    pub(crate) outputs: Outputs<Event>,
    commands: u64,
    publisher: String,
    items: u64,
}

/// Something to be done later.
#[derive(Debug)]
pub(crate) enum Job {
    /// An accepted request takes effect.
    Effect(Box<Effect>),
    /// A notification goes out.
    Notify(Box<Update>),
    /// A notification goes out at one node.
    NotifyAt(Node, Box<Update>),
    /// A REST request is answered.
    Answer(LinkId, u64, Box<Response<Bytes>>),
    /// A deadline of the world.
    Alarm(Alarm),
    /// The statistics of a queue are to be told, if they are others.
    TellQueue(Text),
    /// A team message's time is over.
    EndMessage(Text),
    /// A step of a scenario.
    Step(Box<Step>),
    /// An agent has been away for too long.
    ForceOut(AgentId, u64),
}

/// So many lanes are not worth a look.
const FEW_LANES: usize = 64;

/// What keeps its order in spite of the random delays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// The requests that concern one agent.
    Effects(AgentId),
    /// The notifications of one node.
    Node(Resource),
}

impl Simulator {
    /// A simulator that listens as configured. Equal configurations, seeds and inputs give equal
    /// outputs.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mut random = Random::from_seed(seed);
        let mut outputs = Outputs::new();
        for (listener, n) in config.listeners.iter().zip(0..) {
            outputs.push(Output::Listen(ListenerId(n), listener.address.clone()));
        }
        let nodes = nodes::all(&config);
        Self {
            world: World::new(&config),
            config,
            nodes,
            signed_in_at: BTreeMap::new(),
            locks: Locks::default(),
            publisher: publisher(&mut random),
            random,
            now: Instant::START,
            // Any fixed day serves until the runtime says what time it is.
            wall: (UnixMillis(1_704_067_200_000), Instant::START),
            web: BTreeMap::new(),
            streams: BTreeMap::new(),
            door: BTreeMap::new(),
            sessions: BTreeMap::new(),
            streams_of: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            pulses: BTreeMap::new(),
            messages: Messages::default(),
            tokens: Tokens::default(),
            latest: None,
            agenda: Agenda::new(),
            lanes: BTreeMap::new(),
            most_lanes: FEW_LANES,
            absences: BTreeMap::new(),
            timers: Timers::new(),
            touched: BTreeSet::new(),
            outputs,
            commands: 0,
            items: 0,
        }
    }

    /// How things really are.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let jids = self
            .sessions
            .values()
            .filter_map(|session| session.jid.as_ref());
        let subscriptions = self.subscriptions.all();
        Truth {
            in_service: self.is_in_service(),
            agents: self.world.users(),
            calls: self.world.all_dialogs(),
            streams: jids.map(|jid| jid.as_str().into()).collect(),
            messages: self.messages.shown(),
            subscriptions: subscriptions
                .map(|(node, jid)| (node.into(), jid.as_str().into()))
                .collect(),
        }
    }

    /// Whether nothing that was asked for waits to take effect, to be answered or to be told: what clients
    /// were sent is how things are.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let mut jobs = self.agenda.jobs();
        jobs.all(|job| match job {
            Job::Effect(_) | Job::Notify(_) | Job::NotifyAt(..) | Job::Answer(..) => false,
            Job::Alarm(_)
            | Job::TellQueue(_)
            | Job::EndMessage(_)
            | Job::Step(_)
            | Job::ForceOut(..) => true,
        })
    }

    /// The configuration, with the knobs as they are now.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn wall(&self) -> UnixMillis {
        self.wall.0.plus(self.now - self.wall.1)
    }

    pub(crate) const fn next_command(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(self.commands)
    }

    /// A span out of a range, by the seed.
    pub(crate) fn span(&mut self, (least, most): (Duration, Duration)) -> Duration {
        let width = most.saturating_sub(least).as_micros();
        let width = u64::try_from(width).unwrap_or(u64::MAX - 1);
        least + Duration::from_micros(self.random.below(width + 1))
    }

    /// The time for something after `delay`, not before what is already in its lane.
    fn in_lane(&mut self, lane: Lane, delay: Duration) -> Instant {
        let at = self.now + delay;
        if self.lanes.len() >= self.most_lanes {
            // What lies in the past keeps nobody waiting.
            let now = self.now;
            self.lanes.retain(|_, last| *last > now);
            self.most_lanes = FEW_LANES.max(2 * self.lanes.len());
        }
        let last = self.lanes.entry(lane).or_insert(at);
        *last = at.max(*last);
        *last
    }

    /// Notes that a child has something to say.
    pub(crate) fn touch(&mut self, link: LinkId) {
        self.touched.insert(link);
    }

    /// An accepted request takes effect later, after those before it for the same agent.
    pub(crate) fn schedule_effect(&mut self, effect: Effect) {
        let delay = self.span(self.config.timing.effect);
        let at = self.in_lane(Lane::Effects(effect.agent.clone()), delay);
        self.agenda.add(at, Job::Effect(Box::new(effect)));
    }

    /// Lets the world do something, and takes up what it leaves behind.
    pub(crate) fn with_world<R>(
        &mut self,
        cause: Option<&Effect>,
        act: impl FnOnce(&mut World) -> R,
    ) -> R {
        let cause = cause.map(|effect| {
            let node = match effect.request.resource() {
                Resource::User(_) => Resource::User(effect.agent.clone()),
                _ => Resource::Dialogs(effect.agent.clone()),
            };
            (effect.request_id.clone(), node)
        });
        self.world.begin(self.wall(), cause);
        let result = act(&mut self.world);
        self.world.route();
        for happening in self.world.take_happenings() {
            match happening {
                Happening::Update(update) => self.schedule_update(update),
                Happening::Alarm(after, alarm) => {
                    self.agenda.add(self.now + after, Job::Alarm(alarm));
                }
                Happening::AgentChanged(agent, state) => {
                    self.outputs.event(Event::AgentChanged { agent, state });
                }
                Happening::QueueTouched(queue) => self.queue_touched(&queue),
                Happening::CallChanged(dialog) => {
                    self.outputs.event(Event::CallChanged { dialog });
                }
            }
        }
        result
    }

    pub(crate) fn schedule_update(&mut self, update: Update) {
        // While the telephone system is lost there are no notifications.
        if !self.is_in_service() {
            return;
        }
        let mut delay = self.span(self.config.timing.notification);
        delay += self.config.knobs.late_events.unwrap_or_default();
        if matches!(update.data, UpdateData::Errors(_)) {
            delay += self.config.knobs.late_errors.unwrap_or_default();
        }
        let at = self.in_lane(Lane::Node(update.node.clone()), delay);
        self.agenda.add(at, Job::Notify(Box::new(update)));
    }

    /// The id of the next notification. Seen: a UUID of the publishing process and, right behind
    /// it, a running number.
    pub(crate) fn next_item(&mut self) -> String {
        self.items += 1;
        format!("{}{}", self.publisher, self.items)
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::Effect(effect) => self.take_effect(&effect),
            Job::Notify(update) => self.notify(&update, None),
            Job::NotifyAt(node, update) => self.notify(&update, Some(node)),
            Job::Answer(link, exchange, response) => self.answer(link, exchange, *response),
            Job::Alarm(alarm) => self.with_world(None, |world| world.fire(alarm)),
            Job::TellQueue(queue) => self.tell_queue(&queue),
            Job::EndMessage(id) => self.end_message(&id),
            Job::Step(step) => self.make_step(*step),
            Job::ForceOut(agent, absence) => self.force_out(&agent, absence),
        }
    }

    /// Does what is due, and drains the children it touches, until nothing is left.
    fn settle(&mut self) {
        loop {
            while let Some(link) = self.touched.pop_first() {
                self.drain(link);
            }
            match self.agenda.pop_due(self.now) {
                Some(job) => self.run(job),
                None => return,
            }
        }
    }

    /// Takes everything from one child, and arms its timer.
    fn drain(&mut self, link: LinkId) {
        loop {
            if let Some(web) = self.web.get_mut(&link) {
                match self.outputs.pull(&mut web.peer) {
                    Sorted::Event(event) => self.on_web(link, event),
                    Sorted::Ended(..) => {}
                    Sorted::Wait(deadline) => return self.timers.arm(link, deadline),
                }
            } else if let Some(peer) = self.streams.get_mut(&link) {
                match self.outputs.pull(peer) {
                    Sorted::Event(event) => self.on_xmpp(link, event),
                    Sorted::Ended(..) => {}
                    Sorted::Wait(deadline) => return self.timers.arm(link, deadline),
                }
            } else if let Some(peer) = self.door.get_mut(&link) {
                match self.outputs.pull(peer) {
                    Sorted::Event(event) => self.on_door(link, event),
                    Sorted::Ended(..) => {}
                    Sorted::Wait(deadline) => return self.timers.arm(link, deadline),
                }
            } else {
                return self.timers.clear(&link);
            }
        }
    }

    /// Passes something on to the child that has this link.
    fn pass(&mut self, link: LinkId, input: Passed<'_>) {
        let now = self.now;
        if let Some(web) = self.web.get_mut(&link) {
            input.to(now, link, &mut web.peer);
        } else if let Some(peer) = self.streams.get_mut(&link) {
            input.to(now, link, peer);
        } else if let Some(peer) = self.door.get_mut(&link) {
            input.to(now, link, peer);
        } else {
            return;
        }
        self.touch(link);
    }

    fn accept(&mut self, listener: ListenerId, link: LinkId) {
        let held = self.web.len() + self.door.len() + self.streams.len();
        let listener = usize::try_from(listener.0)
            .ok()
            .and_then(|n| self.config.listeners.get(n));
        let room = held < self.config.most_links;
        let listener = listener.filter(|one| room && self.is_up(one.node, one.service));
        let Some(listener) = listener else {
            return self.outputs.push(Output::Close(link, Closing::Abort));
        };
        let (now, tls, node) = (self.now, listener.tls, listener.node);
        let http = finewire_http::ServerConfig::new(Party::Finesse, Party::Connector);
        match listener.service {
            service @ (Service::Rest | Service::XmppOverHttp | Service::PlainHttp) => {
                let web = Web::new(now, link, node, service, http, tls);
                self.web.insert(link, web);
            }
            Service::Door => {
                let peer = Peer::new(now, link, finewire_http::Server::new(http), tls);
                self.door.insert(link, peer);
            }
            Service::Xmpp => {
                let config = self.config.notification_service(node);
                let server = finewire_xmpp::Server::new(config, self.random.fork());
                self.streams.insert(link, Peer::new(now, link, server, tls));
                self.sessions.insert(link, Session::new(node));
            }
        }
        self.touch(link);
    }

    fn listening(&mut self, listener_id: ListenerId, address: Address) {
        let listener = usize::try_from(listener_id.0)
            .ok()
            .and_then(|n| self.config.listeners.get(n));
        let Some(listener) = listener else { return };
        let (node, service, tls) = (listener.node, listener.service, listener.tls.is_some());
        nodes::note_port(&mut self.nodes, node, service, tls, address.port);
        self.outputs.event(Event::Listening {
            node,
            service,
            address,
        });
    }
}

/// What comes to a child's link.
enum Passed<'a> {
    Secured(finewire_core::machine::PeerIdentity),
    Received(&'a [u8]),
    Sent,
    Closed(finewire_core::machine::CloseReason),
}

impl Passed<'_> {
    fn to<M: Machine>(self, now: Instant, link: LinkId, child: &mut M) {
        child.handle_input(
            now,
            match self {
                Self::Secured(identity) => Input::Secured(link, identity),
                Self::Received(bytes) => Input::Received(link, bytes),
                Self::Sent => Input::Sent(link),
                Self::Closed(reason) => Input::Closed(link, reason),
            },
        );
    }
}

/// The publishing process's name in the ids of notifications.
fn publisher(random: &mut Random) -> String {
    format!("{}-", word(random, 12).to_lowercase())
}

impl Machine for Simulator {
    type Command = Command;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Command>) {
        self.now = now;
        match input {
            Input::Received(link, bytes) => self.pass(link, Passed::Received(bytes)),
            Input::Sent(link) => self.pass(link, Passed::Sent),
            Input::Secured(link, identity) => self.pass(link, Passed::Secured(identity)),
            Input::Closed(link, reason) => self.pass(link, Passed::Closed(reason)),
            Input::Accepted(listener, link, _) => self.accept(listener, link),
            Input::Listening(listener, address) => self.listening(listener, address),
            Input::ListenFailed(listener, reason) => {
                let n = usize::try_from(listener.0).ok();
                if let Some(listener) = n.and_then(|n| self.config.listeners.get(n)) {
                    let (service, address) = (listener.service, listener.address.clone());
                    let node = listener.node;
                    self.outputs.event(Event::ListenFailed {
                        node,
                        service,
                        address,
                        reason,
                    });
                }
            }
            Input::Command(id, command) => self.command(id, command),
            Input::Wall(wall) => self.wall = (wall, now),
            // It opens no links.
            Input::Opened(_) => {}
        }
        // An input may come at the very moment of a deadline, before the deadline's own call.
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(link) = self.timers.pop_due(now) {
            if let Some(web) = self.web.get_mut(&link) {
                web.peer.handle_timeout(now);
            } else if let Some(peer) = self.streams.get_mut(&link) {
                peer.handle_timeout(now);
            } else if let Some(peer) = self.door.get_mut(&link) {
                peer.handle_timeout(now);
            }
            self.touch(link);
        }
        self.settle();
    }

    fn poll_output(&mut self) -> Output<Event> {
        if let Some(output) = self.outputs.pop() {
            return output;
        }
        let deadlines = [self.timers.next(), self.agenda.next()];
        Output::Wait(deadlines.into_iter().flatten().min())
    }
}
