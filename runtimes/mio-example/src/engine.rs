//! The loop: steps are performed, sockets have their turns, time and wishes come in.

use crate::listener::{Accepted, Listener, REST};
use crate::post::{Inbox, Note, NoteSender, Order};
use crate::queue::Giver;
use crate::socket::{Socket, Tried};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use finewire_core::machine::{
    Address, CloseReason, CommandId, LinkId, ListenerId, Machine, Outcome, Reason, TraceEvent,
};
use finewire_host::{Host, Step, close_reason};
use mio::net::TcpStream;
use mio::{Events, Poll, Token};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, ErrorKind};
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Instant;

/// The token of mio's waker.
pub(crate) const WAKER: Token = Token(0);

/// One buffer for all links.
const READ_AT_ONCE: usize = 64 * 1024;
/// How often a link is read, or a listener accepts, before the others have their turn.
const TURNS: usize = 8;
/// How many turns and commands there may be before time and mio are looked at again.
const ROUNDS: usize = 256;

/// Whom a token, a turn or an alarm is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Link(LinkId),
    Listener(ListenerId),
}

/// What the host asked for last.
enum Drained {
    Wait(Option<Duration>),
    Stopped,
}

/// Everything the machine's thread owns.
pub(crate) struct Engine<M: Machine> {
    host: Host<M>,
    poll: Poll,
    notes: NoteSender<M>,
    inbox: Inbox<M>,
    events: Giver<M::Event>,
    traces: Vec<Giver<TraceEvent>>,
    commands_at_most: usize,
    outstanding: BTreeMap<CommandId, SyncSender<Outcome>>,
    commands_so_far: u64,
    sockets: BTreeMap<LinkId, Socket>,
    listeners: BTreeMap<ListenerId, Listener>,
    tokens: BTreeMap<Token, Whom>,
    last_token: usize,
    /// Who has a turn, each once; mio tells of readiness only once, so that it is kept here.
    due: VecDeque<Whom>,
    is_due: BTreeSet<Whom>,
    /// When to look at somebody though mio says nothing.
    alarms: BTreeSet<(Instant, Whom)>,
    buffer: Vec<u8>,
    is_stopping: bool,
}

impl<M: Machine + 'static> Engine<M> {
    pub(crate) fn new(
        host: Host<M>,
        poll: Poll,
        notes: NoteSender<M>,
        inbox: Inbox<M>,
        events: Giver<M::Event>,
        commands_at_most: usize,
    ) -> Self {
        Self {
            host,
            poll,
            notes,
            inbox,
            events,
            traces: Vec::new(),
            commands_at_most,
            outstanding: BTreeMap::new(),
            commands_so_far: 0,
            sockets: BTreeMap::new(),
            listeners: BTreeMap::new(),
            tokens: BTreeMap::new(),
            last_token: WAKER.0,
            due: VecDeque::new(),
            is_due: BTreeSet::new(),
            alarms: BTreeSet::new(),
            buffer: vec![0; READ_AT_ONCE],
            is_stopping: false,
        }
    }

    /// Works until the host has stopped.
    pub(crate) fn run(mut self) -> io::Result<M> {
        let mut ready = Events::with_capacity(1024);
        while let Drained::Wait(wait) = self.drain() {
            self.take_notes();
            let may_go_on = self.may_go_on();
            if may_go_on && wait == Some(Duration::ZERO) {
                self.host.on_timeout(Instant::now());
            }
            let is_busy = may_go_on && self.work();
            let wait = match self.drain() {
                Drained::Stopped => break,
                Drained::Wait(_) if is_busy => Some(Duration::ZERO),
                Drained::Wait(wait) if self.may_go_on() => self.sooner(wait),
                // Nothing but a note or the taking of events can change that; both wake.
                Drained::Wait(_) => None,
            };
            self.look(&mut ready, wait)?;
        }
        Ok(self.host.into_machine())
    }

    fn may_go_on(&self) -> bool {
        self.is_stopping || self.events.has_room()
    }

    /// The host's wait, or less if an alarm is earlier.
    fn sooner(&self, wait: Option<Duration>) -> Option<Duration> {
        let alarm = self.alarms.first().map(|(at, _)| *at);
        let alarm = alarm.map(|at| at.saturating_duration_since(Instant::now()));
        match (wait, alarm) {
            (Some(wait), Some(alarm)) => Some(wait.min(alarm)),
            (wait, alarm) => wait.or(alarm),
        }
    }

    /// Waits for readiness at most so long, keeps what is ready, and tells the host when the time has come.
    fn look(&mut self, ready: &mut Events, wait: Option<Duration>) -> io::Result<()> {
        let until = wait.and_then(|wait| Instant::now().checked_add(wait));
        match self.poll.poll(ready, wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for event in ready.iter() {
            if let Some(whom) = self.tokens.get(&event.token()).copied() {
                self.give_turn(whom);
            }
        }
        let now = Instant::now();
        while let Some((at, whom)) = self.alarms.first().copied()
            && at <= now
        {
            self.alarms.pop_first();
            self.give_turn(whom);
        }
        if until.is_some_and(|until| until <= now) && self.may_go_on() {
            self.host.on_timeout(now);
        }
        Ok(())
    }

    fn give_turn(&mut self, whom: Whom) {
        if self.is_due.insert(whom) {
            self.due.push_back(whom);
        }
    }

    /// Serves sockets and commands for a while; whether there is more to do.
    fn work(&mut self) -> bool {
        for _ in 0..ROUNDS {
            let has_turned = match self.due.pop_front() {
                Some(whom) => {
                    self.is_due.remove(&whom);
                    match whom {
                        Whom::Link(link) => self.turn_link(link),
                        Whom::Listener(listener) => self.turn_listener(listener),
                    }
                    true
                }
                None => false,
            };
            let has_begun = self.take_order();
            if !has_turned && !has_begun {
                return false;
            }
            if matches!(self.drain(), Drained::Stopped) || !self.may_go_on() {
                return false;
            }
        }
        true
    }

    /// Performs the host's steps.
    fn drain(&mut self) -> Drained {
        loop {
            match self.host.step(Instant::now()) {
                Step::Connect { link, host, port } => self.connect(link, host, port),
                Step::Write { link, chunks } => {
                    if let Some(socket) = self.sockets.get_mut(&link) {
                        socket.begin_write(chunks);
                    }
                    self.write(link);
                }
                Step::Pause(link) => self.set_reading(link, false),
                Step::Resume(link) => {
                    self.set_reading(link, true);
                    self.give_turn(Whom::Link(link));
                }
                Step::ShutDown(link) => {
                    if let Some(socket) = self.sockets.get(&link) {
                        socket.shut_down();
                    }
                }
                Step::Close(link) => self.forget(link),
                Step::Listen(listener, address) => self.listen(listener, &address),
                Step::Unlisten(listener) => {
                    if let Some(socket) = self.listeners.remove(&listener) {
                        self.tokens.remove(&socket.token);
                    }
                }
                Step::Event(event) => self.events.give(event),
                Step::Ended(id, outcome) => {
                    if let Some(ended) = self.outstanding.remove(&id) {
                        // Whoever gave the command no longer waits for its end.
                        let _ = ended.try_send(outcome);
                    }
                }
                Step::Trace(trace) => self
                    .traces
                    .retain(|giver| giver.give_or_lose_oldest(trace.clone())),
                Step::Wait(wait) => return Drained::Wait(wait),
                Step::Stopped => return Drained::Stopped,
            }
        }
    }

    fn new_token(&mut self, whom: Whom) -> Token {
        loop {
            self.last_token = self.last_token.wrapping_add(1);
            let token = Token(self.last_token);
            if token != WAKER && !self.tokens.contains_key(&token) {
                self.tokens.insert(token, whom);
                return token;
            }
        }
    }

    fn connect(&mut self, link: LinkId, host: Arc<str>, port: u16) {
        let token = self.new_token(Whom::Link(link));
        self.sockets.insert(link, Socket::resolving(token));
        if let Ok(ip) = host.parse::<IpAddr>() {
            self.on_resolved(link, Ok(vec![SocketAddr::new(ip, port)]));
            return;
        }
        // The system's resolver blocks; a name that was given up is answered to nobody.
        let notes = self.notes.clone();
        let resolving = std::thread::Builder::new()
            .name(format!("resolve {link}"))
            .spawn(move || {
                let addresses = (&*host, port).to_socket_addrs().map(Iterator::collect);
                notes.send(Note::Resolved(link, addresses));
            });
        if let Err(error) = resolving {
            self.fail(link, close_reason(&error));
        }
    }

    fn on_resolved(&mut self, link: LinkId, addresses: io::Result<Vec<SocketAddr>>) {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return;
        };
        let tried = match addresses {
            Ok(addresses) => socket.try_addresses(addresses.into(), self.poll.registry()),
            Err(_) => Tried::Failed(CloseReason::NameNotFound),
        };
        self.on_tried(link, tried);
    }

    fn on_tried(&mut self, link: LinkId, tried: Tried) {
        match tried {
            Tried::Connected => {
                self.give_turn(Whom::Link(link));
                self.host.on_connected(Instant::now(), link);
            }
            Tried::Failed(reason) => self.fail(link, reason),
            Tried::Pending(Some(until)) => {
                self.alarms.insert((until, Whom::Link(link)));
            }
            Tried::Pending(None) => {}
        }
    }

    fn fail(&mut self, link: LinkId, reason: CloseReason) {
        self.forget(link);
        self.host.on_closed(Instant::now(), link, reason);
    }

    fn forget(&mut self, link: LinkId) {
        if let Some(socket) = self.sockets.remove(&link) {
            self.tokens.remove(&socket.token);
        }
    }

    fn set_reading(&mut self, link: LinkId, is_reading: bool) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.is_reading = is_reading;
        }
    }

    fn write(&mut self, link: LinkId) {
        match self.sockets.get_mut(&link).and_then(Socket::write) {
            Some(Ok(())) => self.host.on_written(Instant::now(), link),
            Some(Err(error)) => self
                .host
                .on_closed(Instant::now(), link, close_reason(&error)),
            None => {}
        }
    }

    fn turn_link(&mut self, link: LinkId) {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return;
        };
        if socket.is_connecting() {
            let tried = socket.try_connect(self.poll.registry());
            self.on_tried(link, tried);
            return;
        }
        self.write(link);
        for _ in 0..TURNS {
            let Some(socket) = self.sockets.get_mut(&link) else {
                return;
            };
            match socket.read(&mut self.buffer) {
                None => return,
                Some(Ok(0)) => {
                    socket.is_reading = false;
                    self.host.on_eof(Instant::now(), link);
                    return;
                }
                Some(Ok(count)) => {
                    let bytes = self.buffer.get(..count).unwrap_or_default();
                    self.host.on_received(Instant::now(), link, bytes);
                }
                Some(Err(error)) => {
                    self.host
                        .on_closed(Instant::now(), link, close_reason(&error));
                    return;
                }
            }
            // A pause must hold before the next read; so must a full queue of events.
            if matches!(self.drain(), Drained::Stopped) || !self.may_go_on() {
                break;
            }
        }
        self.give_turn(Whom::Link(link));
    }

    fn listen(&mut self, listener: ListenerId, address: &Address) {
        let token = self.new_token(Whom::Listener(listener));
        let now = Instant::now();
        match Listener::bind(address, self.poll.registry(), token) {
            Ok((socket, local)) => {
                self.listeners.insert(listener, socket);
                self.host.on_listening(now, listener, local);
            }
            Err(reason) => {
                self.tokens.remove(&token);
                self.host.on_listen_failed(now, listener, reason);
            }
        }
    }

    fn turn_listener(&mut self, listener: ListenerId) {
        for _ in 0..TURNS {
            let Some(socket) = self.listeners.get(&listener) else {
                return;
            };
            match socket.accept() {
                Accepted::Peer(stream, peer) => self.on_accepted(listener, stream, peer),
                Accepted::Nobody => return,
                Accepted::Trouble => {
                    let again = Instant::now() + REST;
                    self.alarms.insert((again, Whom::Listener(listener)));
                    return;
                }
            }
            // The machine may have stopped listening.
            if matches!(self.drain(), Drained::Stopped) || !self.may_go_on() {
                break;
            }
        }
        self.give_turn(Whom::Listener(listener));
    }

    fn on_accepted(&mut self, listener: ListenerId, stream: TcpStream, peer: SocketAddr) {
        let Some(link) = self.host.on_accepted(Instant::now(), listener, peer) else {
            return;
        };
        let token = self.new_token(Whom::Link(link));
        match Socket::open(token, stream, self.poll.registry()) {
            Ok(socket) => {
                self.sockets.insert(link, socket);
                self.give_turn(Whom::Link(link));
            }
            Err(error) => {
                self.tokens.remove(&token);
                self.host
                    .on_closed(Instant::now(), link, close_reason(&error));
            }
        }
    }

    fn take_notes(&mut self) {
        while let Ok(note) = self.inbox.notes.try_recv() {
            match note {
                Note::Inspect(look) => look(self.host.machine()),
                Note::Traces(giver) => self.traces.push(giver),
                Note::Resolved(link, addresses) => self.on_resolved(link, addresses),
                Note::ShutDown => self.begin_stop(),
            }
        }
    }

    fn begin_stop(&mut self) {
        self.is_stopping = true;
        self.host.shut_down(Instant::now());
    }

    /// Begins one command; whether there was one.
    fn take_order(&mut self) -> bool {
        let Order { command, ended } = match self.inbox.orders.try_recv() {
            Ok(order) => order,
            // The last handle says so by a note.
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return false,
        };
        let refusal = if self.is_stopping {
            Some((Reason::ShuttingDown, "the machine is shutting down"))
        } else if self.outstanding.len() >= self.commands_at_most {
            Some((Reason::Limit, "too many commands have not ended"))
        } else {
            None
        };
        if let Some((reason, why)) = refusal {
            // Whoever gave the command no longer waits for its end.
            let _ = ended.try_send(Outcome::refused(reason, why));
            return true;
        }
        let id = CommandId(self.commands_so_far);
        self.commands_so_far += 1;
        self.outstanding.insert(id, ended);
        self.host.on_command(Instant::now(), id, command);
        true
    }
}
