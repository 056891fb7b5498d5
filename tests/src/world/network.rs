//! An in-memory network with fake time: joins machines, obeys their outputs, brings them inputs.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use finewire_core::machine::{
    Address, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, ListenerId, Output,
    PeerIdentity, Random, TlsFault, TlsId, TraceEvent, UnixMillis,
};

use super::invariants::{Invariants, Secrets};
use super::station::{Guest, Node, Station};
use super::weather::Weather;

/// Which machine of the network; knows its type.
#[derive(Debug)]
pub struct Seat<M>(usize, PhantomData<fn() -> M>);

impl<M> Clone for Seat<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Seat<M> {}

impl<M> Seat<M> {
    /// The number of the machine in its network.
    pub const fn number(self) -> usize {
        self.0
    }
}

/// One connection between two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PipeId(u64);

/// One machine's view of a connection, for tests that choose which one to hurt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeInfo {
    /// The connection.
    pub id: PipeId,
    /// The name of the machine that opened it.
    pub client: String,
    /// The name of the machine that accepted it.
    pub server: String,
    /// The port it was opened to.
    pub port: u16,
}

/// A [`TraceEvent`] with its time and the name of the machine that told it.
#[derive(Clone, Debug)]
pub struct Traced {
    /// When.
    pub at: Instant,
    /// Who told it.
    pub by: String,
    /// What passed.
    pub event: TraceEvent,
}

/// How many bytes may wait at a reader before the writer's `Sent` is held back.
const SOCKET_BUFFER: usize = 64 * 1024;

/// The network and everything in it.
pub struct Network {
    now: Instant,
    wall: UnixMillis,
    random: Random,
    weather: Weather,
    stations: Vec<Place>,
    agenda: BTreeMap<(Instant, u64), Happening>,
    next_happening: u64,
    pipes: BTreeMap<PipeId, Pipe>,
    next_pipe: u64,
    ends: BTreeMap<(usize, LinkId), (PipeId, Side)>,
    hosts: BTreeMap<String, usize>,
    doors: BTreeMap<(usize, u16), Door>,
    next_port: u16,
    shut: BTreeMap<(usize, u16), Shut>,
    tls_faults: BTreeMap<u16, TlsFault>,
    steps: u64,
    traces: Vec<Traced>,
    secrets: Secrets,
    accidents: BTreeMap<u64, Accident>,
}

/// What is to happen to the network at a certain step.
type Accident = Box<dyn FnOnce(&mut Network)>;

struct Place {
    name: String,
    station: Box<dyn Station>,
    rules: Invariants,
    wake: u64,
    dirty: bool,
    accepted: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shut {
    Refusing,
    Silent,
}

struct Door {
    listener: ListenerId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

struct Pipe {
    port: u16,
    client: End,
    server: Option<End>,
    server_place: usize,
    stalled: Option<Vec<Happening>>,
    deaf: bool,
    last_arrival: [Instant; 2],
}

struct End {
    place: usize,
    link: LinkId,
    open: bool,
    paused: bool,
    securing: Option<TlsId>,
    secured: bool,
    waiting: VecDeque<Bytes>,
    buffered: usize,
    hangup: Option<CloseReason>,
    owed_sent: bool,
}

impl End {
    const fn new(place: usize, link: LinkId, open: bool) -> Self {
        Self {
            place,
            link,
            open,
            paused: false,
            securing: None,
            secured: false,
            waiting: VecDeque::new(),
            buffered: 0,
            hangup: None,
            owed_sent: false,
        }
    }
}

#[derive(Clone, Debug)]
enum Happening {
    Wake(usize, u64),
    Drain(usize),
    Connect(PipeId),
    Connected(PipeId),
    Fail(PipeId, CloseReason),
    Arrive(PipeId, Side, Bytes),
    Written(PipeId, Side),
    HangUp(PipeId, Side, CloseReason),
    Handshake(PipeId),
    Listening(usize, ListenerId, Result<Address, CloseReason>),
    Gone(usize, LinkId, CloseReason),
}

impl Network {
    /// An empty network; everything that happens in it depends on `seed` alone.
    pub fn new(seed: u64, weather: Weather) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            now: Instant::START,
            wall: UnixMillis(1_709_296_704_345),
            random: Random::from_seed(bytes),
            weather,
            stations: Vec::new(),
            agenda: BTreeMap::new(),
            next_happening: 0,
            pipes: BTreeMap::new(),
            next_pipe: 0,
            ends: BTreeMap::new(),
            hosts: BTreeMap::new(),
            doors: BTreeMap::new(),
            next_port: 40_000,
            shut: BTreeMap::new(),
            tls_faults: BTreeMap::new(),
            steps: 0,
            traces: Vec::new(),
            secrets: Secrets::default(),
            accidents: BTreeMap::new(),
        }
    }

    /// Adds a machine that others reach under the host names `hosts`, and tells it the wall time.
    pub fn add<M: Guest>(&mut self, name: &str, hosts: &[&str], machine: M) -> Seat<M> {
        self.add_node(name, hosts, machine, false)
    }

    /// As [`Network::add`]; what the machine is told and answers is recorded.
    pub fn add_recorded<M: Guest>(&mut self, name: &str, hosts: &[&str], machine: M) -> Seat<M> {
        self.add_node(name, hosts, machine, true)
    }

    fn add_node<M: Guest>(
        &mut self,
        name: &str,
        hosts: &[&str],
        machine: M,
        record: bool,
    ) -> Seat<M> {
        let place = self.stations.len();
        for host in hosts {
            self.hosts.insert((*host).to_owned(), place);
        }
        let mut node = Node::new(machine);
        if record {
            node.record();
        }
        self.stations.push(Place {
            name: name.to_owned(),
            station: Box::new(node),
            rules: Invariants::new(name),
            wake: 0,
            dirty: false,
            accepted: 0,
        });
        self.tell(place, Input::Wall(self.wall()));
        self.drain(place);
        Seat(place, PhantomData)
    }

    /// A machine dies with all its sockets, and another one takes its seat; what the first was
    /// asked for and said stays on record with it and is lost.
    pub fn replace<M: Guest>(&mut self, seat: Seat<M>, machine: M) {
        let place = seat.0;
        let mine: Vec<(LinkId, PipeId, Side)> = self
            .ends
            .iter()
            .filter(|((owner, _), _)| *owner == place)
            .map(|((_, link), (pipe, side))| (*link, *pipe, *side))
            .collect();
        for (link, pipe, side) in mine {
            self.ends.remove(&(place, link));
            if let Some(end) = self.end(pipe, side) {
                end.open = false;
            }
            if let Some(far) = self.end(pipe, side.other()) {
                let (far_place, far_link) = (far.place, far.link);
                let gone = Happening::Gone(far_place, far_link, CloseReason::Eof);
                self.soon(Duration::ZERO, gone);
            }
        }
        self.doors.retain(|(owner, _), _| *owner != place);
        self.agenda.retain(|_, happening| match happening {
            Happening::Wake(owner, _)
            | Happening::Drain(owner)
            | Happening::Listening(owner, ..)
            | Happening::Gone(owner, ..) => *owner != place,
            _ => true,
        });
        let old = &self.stations[place];
        let (name, accepted) = (old.name.clone(), old.accepted);
        self.stations[place] = Place {
            rules: Invariants::new(&name),
            name,
            station: Box::new(Node::new(machine)),
            wake: 0,
            dirty: false,
            accepted,
        };
        self.tell(place, Input::Wall(self.wall()));
        self.drain(place);
    }

    /// Lets a text be forbidden in every trace, event and debug text from now on.
    pub fn forbid(&mut self, secret: &str) {
        self.secrets.forbid(secret);
    }

    /// What happened so far never depends on this; what follows does.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The wall clock.
    pub fn wall(&self) -> UnixMillis {
        self.wall.plus(self.now - Instant::START)
    }

    /// How many things have happened.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Everything that machines traced, oldest first.
    pub fn traces(&self) -> &[Traced] {
        &self.traces
    }

    /// The machine in a seat with what it has said.
    ///
    /// # Panics
    ///
    /// When the seat is of another network.
    pub fn node<M: Guest>(&self, seat: Seat<M>) -> &Node<M> {
        let node = self.stations[seat.0].station.as_any().downcast_ref();
        node.expect("a seat knows the type of its machine")
    }

    /// Gives a command and drains the machine.
    ///
    /// # Panics
    ///
    /// When the seat is of another network, or an invariant breaks.
    pub fn command<M: Guest>(&mut self, seat: Seat<M>, command: M::Command) -> CommandId {
        let now = self.now;
        let node = self.stations[seat.0]
            .station
            .as_any_mut()
            .downcast_mut::<Node<M>>();
        let id = node
            .expect("a seat knows the type of its machine")
            .give(now, command);
        self.stations[seat.0].rules.on_input(now);
        self.drain(seat.0);
        id
    }

    /// The connections that are open at both ends, oldest first.
    pub fn pipes(&self) -> Vec<PipeInfo> {
        let alive = self.pipes.iter().filter(|(_, pipe)| {
            pipe.client.open && pipe.server.as_ref().is_some_and(|server| server.open)
        });
        let info = alive.map(|(id, pipe)| PipeInfo {
            id: *id,
            client: self.stations[pipe.client.place].name.clone(),
            server: self.stations[pipe.server_place].name.clone(),
            port: pipe.port,
        });
        info.collect()
    }

    /// How many sockets a machine has.
    pub fn sockets(&self, place: usize) -> usize {
        self.ends
            .keys()
            .filter(|(owner, _)| *owner == place)
            .count()
    }

    /// Cuts a connection: both ends learn it, bytes under way are lost.
    pub fn cut(&mut self, id: PipeId) {
        self.hurt(id, [Some(CloseReason::Eof), Some(CloseReason::Eof)]);
    }

    /// Cuts a connection so that only the opener learns it.
    pub fn half_open(&mut self, id: PipeId) {
        self.hurt(id, [Some(CloseReason::Eof), None]);
    }

    /// Cuts a connection so that nobody learns it: what is written vanishes.
    pub fn lose(&mut self, id: PipeId) {
        self.hurt(id, [None, None]);
    }

    fn hurt(&mut self, id: PipeId, told: [Option<CloseReason>; 2]) {
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        pipe.deaf = true;
        pipe.stalled = None;
        let places = [
            Some((pipe.client.place, pipe.client.link)),
            pipe.server.as_ref().map(|end| (end.place, end.link)),
        ];
        for (place, reason) in places.into_iter().zip(told) {
            if let (Some((place, link)), Some(reason)) = (place, reason) {
                self.agree(place, link);
                self.soon(Duration::ZERO, Happening::Gone(place, link, reason));
            }
        }
    }

    /// Lets nothing pass on a connection until [`Network::flow`].
    pub fn stall(&mut self, id: PipeId) {
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.stalled.get_or_insert_default();
        }
    }

    /// Lets everything pass again that [`Network::stall`] held back.
    pub fn flow(&mut self, id: PipeId) {
        let held = self.pipes.get_mut(&id).and_then(|pipe| pipe.stalled.take());
        for happening in held.into_iter().flatten() {
            self.soon(Duration::ZERO, happening);
        }
    }

    /// New connections to this port are refused.
    pub fn refuse(&mut self, host: &str, port: u16) {
        if let Some(place) = self.hosts.get(host) {
            self.shut.insert((*place, port), Shut::Refusing);
        }
    }

    /// New connections to this port get no answer.
    pub fn swallow(&mut self, host: &str, port: u16) {
        if let Some(place) = self.hosts.get(host) {
            self.shut.insert((*place, port), Shut::Silent);
        }
    }

    /// New connections to this port are accepted again.
    pub fn admit(&mut self, host: &str, port: u16) {
        if let Some(place) = self.hosts.get(host) {
            self.shut.remove(&(*place, port));
        }
    }

    /// TLS handshakes on this port fail.
    pub fn break_tls(&mut self, port: u16, fault: TlsFault) {
        self.tls_faults.insert(port, fault);
    }

    /// Sets the wall clocks of all machines.
    pub fn step_wall_clock(&mut self, by_millis: i64) {
        self.wall = UnixMillis(self.wall.0.saturating_add(by_millis));
        for place in 0..self.stations.len() {
            self.tell(place, Input::Wall(self.wall()));
            self.drain(place);
        }
    }

    /// Lets `accident` happen right after the step with this number.
    pub fn at_step(&mut self, step: u64, accident: impl FnOnce(&mut Self) + 'static) {
        self.accidents.insert(step, Box::new(accident));
    }

    /// Lets the next thing happen, if it is due at or before `limit`.
    pub fn step(&mut self, limit: Instant) -> bool {
        let Some(entry) = self.agenda.first_entry() else {
            return false;
        };
        if entry.key().0 > limit {
            return false;
        }
        let ((at, _), happening) = entry.remove_entry();
        self.now = self.now.max(at);
        self.steps += 1;
        self.happen(happening);
        if let Some(accident) = self.accidents.remove(&self.steps) {
            accident(self);
        }
        true
    }

    /// Lets everything happen that is due within `span`.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
        self.now = end;
    }

    /// Runs until `is_true`, at most for `span`; whether it became true.
    pub fn run_until(&mut self, span: Duration, is_true: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + span;
        loop {
            if is_true(self) {
                return true;
            }
            if !self.step(end) {
                self.now = end;
                return is_true(self);
            }
        }
    }

    /// Whether bytes or connections are under way; deadlines of machines do not count.
    pub fn is_quiet(&self) -> bool {
        self.agenda
            .values()
            .all(|happening| matches!(happening, Happening::Wake(..)))
    }

    /// Checks that no debug text of any machine holds a secret.
    ///
    /// # Panics
    ///
    /// When one does.
    pub fn check_debug_texts(&self) {
        for place in &self.stations {
            self.secrets
                .check(&place.name, "debug", &place.station.debug());
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake(place, generation) => {
                if self.stations[place].wake == generation {
                    let now = self.now;
                    self.stations[place].rules.on_input(now);
                    self.stations[place].station.handle_timeout(now);
                    self.drain(place);
                }
            }
            Happening::Drain(place) => self.drain(place),
            Happening::Listening(place, listener, result) => {
                match result {
                    Ok(address) => self.tell(place, Input::Listening(listener, address)),
                    Err(reason) => self.tell(place, Input::ListenFailed(listener, reason)),
                }
                self.drain_some_time(place);
            }
            Happening::Gone(place, link, reason) => self.gone(place, link, reason),
            Happening::Connect(id) => self.connect(id),
            Happening::Connected(id) => self.unless_stalled(id, Happening::Connected(id), |net| {
                let Some(pipe) = net.pipes.get_mut(&id) else {
                    return;
                };
                if pipe.deaf
                    || !net
                        .ends
                        .contains_key(&(pipe.client.place, pipe.client.link))
                {
                    return;
                }
                pipe.client.open = true;
                let (place, link) = (pipe.client.place, pipe.client.link);
                net.tell(place, Input::Opened(link));
                net.drain_some_time(place);
            }),
            Happening::Fail(id, reason) => {
                if let Some(pipe) = self.pipes.get(&id) {
                    let (place, link) = (pipe.client.place, pipe.client.link);
                    self.gone(place, link, reason);
                }
            }
            Happening::Arrive(id, side, bytes) => {
                let again = Happening::Arrive(id, side, bytes.clone());
                self.unless_stalled(id, again, |net| net.arrive(id, side, bytes));
            }
            Happening::Written(id, side) => {
                let again = Happening::Written(id, side);
                self.unless_stalled(id, again, |net| net.written(id, side));
            }
            Happening::HangUp(id, side, reason) => {
                let again = Happening::HangUp(id, side, reason.clone());
                self.unless_stalled(id, again, |net| net.hang_up(id, side, reason));
            }
            Happening::Handshake(id) => {
                self.unless_stalled(id, Happening::Handshake(id), |net| net.handshake(id));
            }
        }
    }

    fn unless_stalled(&mut self, id: PipeId, again: Happening, act: impl FnOnce(&mut Self)) {
        if let Some(pipe) = self.pipes.get_mut(&id)
            && let Some(held) = &mut pipe.stalled
        {
            held.push(again);
            return;
        }
        act(self);
    }

    fn connect(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let place = pipe.server_place;
        let port = pipe.port;
        let shut = self.shut.get(&(place, port)).copied();
        if shut == Some(Shut::Silent) {
            return;
        }
        let client = (pipe.client.place, pipe.client.link);
        if !self.ends.contains_key(&client) {
            return;
        }
        let door = self.doors.get(&(place, port));
        let (None, Some(door)) = (shut, door) else {
            let latency = self.weather.latency(&mut self.random);
            return self.soon(latency, Happening::Fail(id, CloseReason::Refused));
        };
        let listener = door.listener;
        self.stations[place].accepted += 1;
        let link = LinkId::accepted(self.stations[place].accepted);
        pipe.server = Some(End::new(place, link, true));
        self.ends.insert((place, link), (id, Side::Server));
        self.stations[place].rules.on_accepted(link);
        let from = Address::new(
            "127.0.0.1",
            50_000 + u16::try_from(id.0 % 10_000).unwrap_or(0),
        );
        let latency = self.weather.latency(&mut self.random);
        let reached = self.now + latency;
        if let Some(pipe) = self.pipes.get_mut(&id) {
            pipe.last_arrival[0] = reached;
        }
        self.soon(latency, Happening::Connected(id));
        self.tell(place, Input::Accepted(listener, link, from));
        self.drain_some_time(place);
    }

    fn arrive(&mut self, id: PipeId, side: Side, bytes: Bytes) {
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.open {
            return;
        }
        let (place, link) = (end.place, end.link);
        if end.paused || !end.waiting.is_empty() {
            end.buffered += bytes.len();
            end.waiting.push_back(bytes);
            return;
        }
        self.tell(place, Input::Received(link, &bytes));
        self.drain_some_time(place);
    }

    fn written(&mut self, id: PipeId, side: Side) {
        if self
            .end(id, side.other())
            .is_some_and(|far| far.buffered > SOCKET_BUFFER)
        {
            if let Some(end) = self.end(id, side) {
                end.owed_sent = true;
            }
            return;
        }
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.open {
            return;
        }
        let (place, link) = (end.place, end.link);
        self.stations[place].rules.on_sent(link);
        self.tell(place, Input::Sent(link));
        self.drain_some_time(place);
    }

    fn hang_up(&mut self, id: PipeId, side: Side, reason: CloseReason) {
        let Some(end) = self.end(id, side) else {
            return;
        };
        if !end.waiting.is_empty() {
            end.hangup = Some(reason);
            return;
        }
        let (place, link) = (end.place, end.link);
        self.gone(place, link, reason);
    }

    fn handshake(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let fault = self.tls_faults.get(&pipe.port).cloned();
        let mut ends = Vec::new();
        let parties = [Some(&mut pipe.client), pipe.server.as_mut()];
        for end in parties.into_iter().flatten() {
            end.securing = None;
            end.secured = true;
            if end.open {
                ends.push((end.place, end.link));
            }
        }
        for (place, link) in ends {
            match &fault {
                Some(fault) => self.gone(place, link, CloseReason::Tls(fault.clone())),
                None => {
                    self.stations[place].rules.on_secured(link);
                    let identity = PeerIdentity {
                        certificate: None,
                        version: Some("TLSv1.3".into()),
                    };
                    self.tell(place, Input::Secured(link, identity));
                    self.drain_some_time(place);
                }
            }
        }
    }

    fn gone(&mut self, place: usize, link: LinkId, reason: CloseReason) {
        let Some((id, side)) = self.ends.remove(&(place, link)) else {
            return;
        };
        if let Some(end) = self.end(id, side) {
            end.open = false;
            end.waiting.clear();
        }
        let dirty = self.stations[place].dirty;
        self.stations[place].rules.on_closed(link, dirty);
        self.tell(place, Input::Closed(link, reason));
        self.drain_some_time(place);
        self.sweep(id);
    }

    /// Forgets a pipe that nobody holds any more.
    fn sweep(&mut self, id: PipeId) {
        let held = self.ends.values().any(|(pipe, _)| *pipe == id);
        let under_way = self.agenda.values().any(|happening| match happening {
            Happening::Connect(pipe) => *pipe == id,
            _ => false,
        });
        if !held && !under_way {
            self.pipes.remove(&id);
        }
    }

    fn end(&mut self, id: PipeId, side: Side) -> Option<&mut End> {
        let pipe = self.pipes.get_mut(&id)?;
        match side {
            Side::Client => Some(&mut pipe.client),
            Side::Server => pipe.server.as_mut(),
        }
    }

    fn agree(&mut self, place: usize, link: LinkId) {
        debug_assert!(place < self.stations.len(), "no such machine for {link}");
    }

    fn tell(&mut self, place: usize, input: Input<'_, Infallible>) {
        let now = self.now;
        let at = &mut self.stations[place];
        at.rules.on_input(now);
        at.dirty = true;
        at.station.handle_input(now, input);
    }

    fn drain_some_time(&mut self, place: usize) {
        if self.weather.lazy_drains && self.random.below(4) == 0 {
            let late = Duration::from_nanos(self.random.below(2_000_000));
            self.soon(late, Happening::Drain(place));
        } else {
            self.drain(place);
        }
    }

    fn drain(&mut self, place: usize) {
        let now = self.now;
        let mut outputs = 0_u32;
        loop {
            outputs += 1;
            let at = &mut self.stations[place];
            assert!(
                outputs < 200_000,
                "{}: an endless stream of outputs",
                at.name
            );
            let output = at.station.poll_output(now);
            at.rules.on_output(&output);
            match output {
                Output::Wait(deadline) => {
                    at.dirty = false;
                    at.wake += 1;
                    let wake = at.wake;
                    if let Some(deadline) = deadline {
                        self.put(deadline, Happening::Wake(place, wake));
                    }
                    return;
                }
                output => self.obey(place, output),
            }
        }
    }

    fn obey(&mut self, place: usize, output: Output<String>) {
        match output {
            Output::Open(link, endpoint) => self.open(place, link, &endpoint),
            Output::Send(link, chunks) => {
                let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
                    return;
                };
                let pieces = self.weather.cut(chunks, &mut self.random);
                let latency = self.weather.latency(&mut self.random);
                let which = usize::from(side == Side::Client);
                let now = self.now;
                let Some(pipe) = self.pipes.get_mut(&id) else {
                    return;
                };
                let arrival = pipe.last_arrival[which].max(now + latency);
                pipe.last_arrival[which] = arrival;
                let deaf = pipe.deaf;
                for piece in pieces {
                    if !deaf {
                        self.put(arrival, Happening::Arrive(id, side.other(), piece));
                    }
                }
                let written = self.random.below(3);
                let at = if written == 0 { now } else { arrival };
                self.put(at, Happening::Written(id, side));
            }
            Output::Pause(link) => self.set_paused(place, link, true),
            Output::Resume(link) => self.set_paused(place, link, false),
            Output::Secure(link, tls) => {
                let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
                    return;
                };
                if let Some(end) = self.end(id, side) {
                    end.securing = Some(tls);
                }
                let both = self
                    .end(id, side.other())
                    .is_some_and(|end| end.securing.is_some());
                if both {
                    let latency = self.weather.latency(&mut self.random);
                    self.soon(latency, Happening::Handshake(id));
                }
            }
            Output::Close(link, closing) => self.close(place, link, closing),
            Output::Listen(listener, address) => self.listen(place, listener, &address),
            Output::Unlisten(listener) => {
                self.doors
                    .retain(|(owner, _), door| *owner != place || door.listener != listener);
            }
            Output::Event(text) => {
                self.secrets
                    .check(&self.stations[place].name, "event", &text);
            }
            Output::Ended(id, outcome) => {
                let text = format!("{id:?} {outcome:?}");
                self.secrets
                    .check(&self.stations[place].name, "end of a command", &text);
            }
            Output::Trace(event) => {
                let by = self.stations[place].name.clone();
                self.secrets.check(&by, "trace", &format!("{event:?}"));
                let at = self.now;
                self.traces.push(Traced { at, by, event });
            }
            Output::Wait(_) => {}
        }
    }

    fn open(&mut self, place: usize, link: LinkId, endpoint: &Endpoint) {
        let id = PipeId(self.next_pipe);
        self.next_pipe += 1;
        self.ends.insert((place, link), (id, Side::Client));
        let server = self.hosts.get(&*endpoint.host).copied();
        let latency = self.weather.latency(&mut self.random);
        let pipe = Pipe {
            port: endpoint.port,
            client: End::new(place, link, false),
            server: None,
            server_place: server.unwrap_or(place),
            stalled: None,
            deaf: false,
            last_arrival: [Instant::START; 2],
        };
        self.pipes.insert(id, pipe);
        match server {
            Some(_) => self.soon(latency, Happening::Connect(id)),
            None => self.soon(latency, Happening::Fail(id, CloseReason::NameNotFound)),
        }
    }

    fn close(&mut self, place: usize, link: LinkId, closing: Closing) {
        let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
            return;
        };
        let latency = self.weather.latency(&mut self.random);
        let which = usize::from(side == Side::Client);
        let now = self.now;
        let Some(pipe) = self.pipes.get_mut(&id) else {
            return;
        };
        let arrival = pipe.last_arrival[which].max(now + latency);
        pipe.last_arrival[which] = arrival;
        let deaf = pipe.deaf;
        if closing == Closing::Abort {
            self.agenda.retain(|_, happening| {
                !matches!(happening, Happening::Arrive(pipe, to, _)
                    if *pipe == id && *to == side.other())
            });
        }
        if !deaf {
            self.put(
                arrival,
                Happening::HangUp(id, side.other(), CloseReason::Eof),
            );
        }
        if let Some(end) = self.end(id, side) {
            end.open = false;
        }
        self.soon(
            Duration::ZERO,
            Happening::Gone(place, link, CloseReason::Asked),
        );
    }

    fn listen(&mut self, place: usize, listener: ListenerId, address: &Address) {
        let mut port = address.port;
        if port == 0 {
            port = self.next_port;
            self.next_port += 1;
        }
        let result = match self.doors.entry((place, port)) {
            Entry::Occupied(_) => Err(CloseReason::AddressInUse),
            Entry::Vacant(free) => {
                free.insert(Door { listener });
                Ok(Address::new(&address.host, port))
            }
        };
        self.soon(
            Duration::ZERO,
            Happening::Listening(place, listener, result),
        );
    }

    fn set_paused(&mut self, place: usize, link: LinkId, paused: bool) {
        let Some((id, side)) = self.ends.get(&(place, link)).copied() else {
            return;
        };
        let Some(end) = self.end(id, side) else {
            return;
        };
        end.paused = paused;
        if paused {
            return;
        }
        let waiting = std::mem::take(&mut end.waiting);
        end.buffered = 0;
        let hangup = end.hangup.take();
        for bytes in waiting {
            self.soon(Duration::ZERO, Happening::Arrive(id, side, bytes));
        }
        if let Some(reason) = hangup {
            self.soon(Duration::ZERO, Happening::HangUp(id, side, reason));
        }
        if self
            .end(id, side.other())
            .is_some_and(|far| std::mem::take(&mut far.owed_sent))
        {
            self.soon(Duration::ZERO, Happening::Written(id, side.other()));
        }
    }

    fn soon(&mut self, after: Duration, happening: Happening) {
        self.put(self.now + after, happening);
    }

    fn put(&mut self, at: Instant, happening: Happening) {
        let number = self.next_happening;
        self.next_happening += 1;
        self.agenda.insert((at.max(self.now), number), happening);
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("now", &self.now)
            .field("steps", &self.steps)
            .field("pipes", &self.pipes())
            .finish_non_exhaustive()
    }
}
