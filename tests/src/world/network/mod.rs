//! An in-memory network with fake time: joins machines, obeys their outputs, brings them inputs.

mod digest;
mod happening;
mod obeying;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher as _};
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use finewire_core::machine::{
    Address, Chunks, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, ListenerId,
    Output, PeerIdentity, Random, TlsFault, TlsId, TraceEvent, UnixMillis,
};

use crate::world::invariants::{Invariants, Secrets};
use crate::world::station::{Guest, Node, Station};
use crate::world::weather::Weather;

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
    digest: DefaultHasher,
    rewriters: BTreeMap<u16, Rewriter>,
}

/// What somebody in between makes of what a server says.
type Rewriter = Box<dyn FnMut(&str) -> Option<String>>;

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
            digest: DefaultHasher::new(),
            rewriters: BTreeMap::new(),
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

    /// TLS handshakes on this port succeed again.
    pub fn mend_tls(&mut self, port: u16) {
        self.tls_faults.remove(&port);
    }

    /// What the server of this port says is rewritten on its way, one `Send` at a time, where the
    /// rewriter gives something else; what is no text passes as it is. An HTTP answer's
    /// `Content-Length` is not mended.
    pub fn rewrite(&mut self, port: u16, rewriter: impl FnMut(&str) -> Option<String> + 'static) {
        self.rewriters.insert(port, Box::new(rewriter));
    }

    /// What servers say passes as it is again.
    pub fn rewrite_nothing(&mut self) {
        self.rewriters.clear();
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

    /// Everything that all machines said so far, bytes and words, as one number.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// How long the debug text of each machine is: what it holds shows there.
    pub fn sizes_of_debug_texts(&self) -> Vec<(&str, usize)> {
        let sizes = self.stations.iter();
        let sizes = sizes.map(|place| (place.name.as_str(), place.station.machine_debug().len()));
        sizes.collect()
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
