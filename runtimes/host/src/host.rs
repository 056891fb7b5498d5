//! A machine, its clock, its TLS and the state of its sockets.

use crate::clock::Clock;
use crate::link::{Phase, SocketState};
use crate::step::Step;
use crate::tls::TlsProfiles;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use finewire_core::machine::{
    Address, Chunks, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, ListenerId,
    Machine, Output, Timers, TlsId,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

/// What a host is configured with.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// The TLS profiles that the machine may name.
    pub tls: TlsProfiles,
    /// How many accepted links there may be at once; more are dropped as they come. The
    /// default of 16 384 keeps a flood of connections from taking all memory.
    pub accepted_at_most: usize,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            tls: TlsProfiles::new(),
            accepted_at_most: 16_384,
        }
    }
}

/// Owns a machine and says, step by step, what its adapter does.
///
/// After each report the adapter asks for [steps](Host::step) until one is
/// [`Step::Wait`] or [`Step::Stopped`]; reports may also follow one another directly.
pub struct Host<M: Machine> {
    machine: M,
    clock: Clock,
    config: HostConfig,
    links: BTreeMap<LinkId, SocketState>,
    listeners: BTreeSet<ListenerId>,
    accepted_so_far: u64,
    accepted_now: usize,
    timers: Timers<LinkId>,
    deadline: Option<Instant>,
    resumed: VecDeque<LinkId>,
    steps: VecDeque<Step<M::Event>>,
    plain: Vec<u8>,
    is_stopping: bool,
}

/// How long the write under way may take once the link is closing.
const FLUSH_WITHIN: Duration = Duration::from_secs(10);

/// How long the peer's own end is waited for after ours.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// The same when the whole host is being shut down: many peers wait for us to close first.
const DRAIN_WITHIN_STOPPING: Duration = Duration::from_millis(250);

/// How long the handshake of an accepted link may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);

/// The size of a TLS record's content (RFC 8446 §5.1): what one read of rustls can give.
const PLAIN_AT_ONCE: usize = 16 * 1024;

impl<M: Machine> Host<M> {
    /// A host for `machine`, whose time begins now.
    #[must_use]
    pub fn new(machine: M, config: HostConfig, now: std::time::Instant) -> Self {
        let mut host = Self {
            machine,
            clock: Clock::new(now),
            config,
            links: BTreeMap::new(),
            listeners: BTreeSet::new(),
            accepted_so_far: 0,
            accepted_now: 0,
            timers: Timers::new(),
            deadline: None,
            resumed: VecDeque::new(),
            steps: VecDeque::new(),
            plain: Vec::new(),
            is_stopping: false,
        };
        let now = host.tick(now);
        host.settle(now);
        host
    }

    /// The next thing to do. [`Step::Wait`] comes only when nothing else is left.
    #[must_use]
    pub fn step(&mut self, now: std::time::Instant) -> Step<M::Event> {
        if let Some(step) = self.steps.pop_front() {
            return step;
        }
        if self.is_stopping && self.links.is_empty() {
            return Step::Stopped;
        }
        let now = self.clock.at(now);
        let deadline = match (self.deadline, self.timers.next()) {
            (Some(machine), Some(ours)) => Some(machine.min(ours)),
            (machine, ours) => machine.or(ours),
        };
        Step::Wait(deadline.map(|deadline| deadline - now))
    }

    /// Time has passed.
    pub fn on_timeout(&mut self, now: std::time::Instant) {
        let now = self.tick(now);
        while let Some(link) = self.timers.pop_due(now) {
            self.on_overdue(now, link);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.machine.handle_timeout(now);
        }
        self.settle(now);
    }

    /// The owner asks for something.
    pub fn on_command(&mut self, now: std::time::Instant, id: CommandId, command: M::Command) {
        let now = self.tick(now);
        self.machine.handle_input(now, Input::Command(id, command));
        self.settle(now);
    }

    /// The connection that a [`Step::Connect`] asked for is there.
    pub fn on_connected(&mut self, now: std::time::Instant, link: LinkId) {
        let now = self.tick(now);
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Connecting
        {
            socket.phase = Phase::Open;
            self.machine.handle_input(now, Input::Opened(link));
        }
        self.settle(now);
    }

    /// Bytes came. They are held back while the machine has paused the link.
    pub fn on_received(&mut self, now: std::time::Instant, link: LinkId, bytes: &[u8]) {
        let now = self.tick(now);
        self.take_in(now, link, bytes);
        self.settle(now);
    }

    /// The write under way is done.
    pub fn on_written(&mut self, now: std::time::Instant, link: LinkId) {
        let now = self.tick(now);
        if let Some(socket) = self.links.get_mut(&link) {
            socket.outgoing.is_in_flight = false;
            self.write_on(now, link);
        }
        self.settle(now);
    }

    /// The peer has ended its half of the stream (FIN).
    pub fn on_eof(&mut self, now: std::time::Instant, link: LinkId) {
        self.on_failed(now, link, CloseReason::Eof, PeerEnd::Half);
    }

    /// Connecting, reading or writing failed for good; see
    /// [`close_reason`](crate::close_reason()).
    pub fn on_closed(&mut self, now: std::time::Instant, link: LinkId, reason: CloseReason) {
        self.on_failed(now, link, reason, PeerEnd::Both);
    }

    /// It listens on this address.
    pub fn on_listening(
        &mut self,
        now: std::time::Instant,
        listener: ListenerId,
        address: SocketAddr,
    ) {
        let now = self.tick(now);
        if self.listeners.contains(&listener) {
            let address = to_address(address);
            self.machine
                .handle_input(now, Input::Listening(listener, address));
        }
        self.settle(now);
    }

    /// It cannot listen, or no longer.
    pub fn on_listen_failed(
        &mut self,
        now: std::time::Instant,
        listener: ListenerId,
        reason: CloseReason,
    ) {
        let now = self.tick(now);
        if self.listeners.remove(&listener) {
            self.machine
                .handle_input(now, Input::ListenFailed(listener, reason));
        }
        self.settle(now);
    }

    /// A peer connected. Gives the link's id, or `None` when the connection is to be dropped:
    /// there are too many, or nobody listens any more.
    pub fn on_accepted(
        &mut self,
        now: std::time::Instant,
        listener: ListenerId,
        peer: SocketAddr,
    ) -> Option<LinkId> {
        let now = self.tick(now);
        let is_full = self.accepted_now >= self.config.accepted_at_most;
        if is_full || self.is_stopping || !self.listeners.contains(&listener) {
            return None;
        }
        self.accepted_so_far += 1;
        self.accepted_now += 1;
        let link = LinkId::accepted(self.accepted_so_far);
        self.links
            .insert(link, SocketState::new("".into(), Phase::Open));
        self.machine
            .handle_input(now, Input::Accepted(listener, link, to_address(peer)));
        self.settle(now);
        Some(link)
    }

    /// Begins the end: listens no more, closes every link after the write under way, opens none.
    /// [`Step::Stopped`] comes when the last is closed: 10 s at most for a peer that takes no
    /// bytes, a quarter of a second for one that only does not close its own half.
    pub fn shut_down(&mut self, now: std::time::Instant) {
        let now = self.tick(now);
        if !self.is_stopping {
            self.is_stopping = true;
            for listener in core::mem::take(&mut self.listeners) {
                self.steps.push_back(Step::Unlisten(listener));
            }
            let links: Vec<LinkId> = self.links.keys().copied().collect();
            for link in links {
                self.close(now, link, Closing::Flush);
            }
        }
        self.settle(now);
    }

    /// The machine, to look at.
    #[must_use]
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, for whoever comes after; its links are gone.
    #[must_use]
    pub fn into_machine(self) -> M {
        self.machine
    }

    /// Whether the link is still waited for: neither connected nor closed.
    #[must_use]
    pub fn is_connecting(&self, link: LinkId) -> bool {
        let socket = self.links.get(&link);
        socket.is_some_and(|socket| socket.phase == Phase::Connecting)
    }

    /// How many links there are, counting those that are being opened or flushed.
    #[must_use]
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// Now, after the machine was told of a step of the wall clock.
    fn tick(&mut self, now: std::time::Instant) -> Instant {
        let now = self.clock.at(now);
        if self.clock.is_due(now)
            && let Some(wall) = self.clock.look(now, SystemTime::now())
        {
            self.machine.handle_input(now, Input::Wall(wall));
        }
        now
    }

    /// Performs everything the machine wants, and feeds links that were resumed.
    fn settle(&mut self, now: Instant) {
        self.perform(now);
        while let Some(link) = self.resumed.pop_front() {
            let Some(socket) = self.links.get_mut(&link) else {
                continue;
            };
            let held = core::mem::take(&mut socket.held);
            self.take_in(now, link, &held);
            self.perform(now);
            if let Some(socket) = self.links.get_mut(&link)
                && !socket.is_paused
                && let Some(reason) = socket.ended.take()
            {
                self.end(now, link, reason);
                self.perform(now);
            }
        }
    }

    fn perform(&mut self, now: Instant) {
        loop {
            match self.machine.poll_output() {
                Output::Open(link, endpoint) => self.open(link, endpoint),
                Output::Send(link, chunks) => self.send(now, link, chunks),
                Output::Pause(link) => self.pause(link),
                Output::Resume(link) => self.resume(link),
                Output::Secure(link, tls) => self.secure(now, link, tls),
                Output::Close(link, closing) => self.close(now, link, closing),
                Output::Listen(listener, address) => {
                    if !self.is_stopping && self.listeners.insert(listener) {
                        self.steps.push_back(Step::Listen(listener, address));
                    }
                }
                Output::Unlisten(listener) => {
                    if self.listeners.remove(&listener) {
                        self.steps.push_back(Step::Unlisten(listener));
                    }
                }
                Output::Event(event) => self.steps.push_back(Step::Event(event)),
                Output::Ended(id, outcome) => self.steps.push_back(Step::Ended(id, outcome)),
                Output::Trace(trace) => self.steps.push_back(Step::Trace(trace)),
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return;
                }
            }
        }
    }

    fn open(&mut self, link: LinkId, endpoint: Endpoint) {
        if self.is_stopping || self.links.contains_key(&link) {
            return;
        }
        let socket = SocketState::new(endpoint.host.clone(), Phase::Connecting);
        self.links.insert(link, socket);
        self.steps.push_back(Step::Connect {
            link,
            host: endpoint.host,
            port: endpoint.port,
        });
    }

    fn send(&mut self, now: Instant, link: LinkId, chunks: Chunks) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
        {
            socket.outgoing.push(chunks, socket.tls.is_some());
            self.write_on(now, link);
        }
    }

    fn pause(&mut self, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && !socket.is_paused
        {
            socket.is_paused = true;
            self.steps.push_back(Step::Pause(link));
        }
    }

    fn resume(&mut self, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && socket.is_paused
        {
            socket.is_paused = false;
            self.steps.push_back(Step::Resume(link));
            self.resumed.push_back(link);
        }
    }

    fn secure(&mut self, now: Instant, link: LinkId, tls: TlsId) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        if socket.phase != Phase::Open || socket.tls.is_some() {
            return;
        }
        let host = link.is_opened_by_us().then_some(&*socket.host);
        match self.config.tls.begin(tls, host) {
            Ok(session) => {
                socket.tls = Some(Box::new(session));
                if !link.is_opened_by_us() {
                    self.timers.set(link, now + HANDSHAKE_WITHIN);
                }
                self.write_on(now, link);
            }
            Err(fault) => self.end(now, link, CloseReason::Tls(fault)),
        }
    }

    /// The machine closes, or the host does for it.
    fn close(&mut self, now: Instant, link: LinkId, closing: Closing) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        match (socket.phase, closing) {
            (Phase::Open, Closing::Flush) => {
                socket.farewell = Some(CloseReason::Asked);
                self.flush(now, link);
            }
            (Phase::Connecting, _) | (_, Closing::Abort) => {
                if matches!(socket.phase, Phase::Connecting | Phase::Open) {
                    socket.farewell = Some(CloseReason::Asked);
                }
                self.drop_link(now, link);
            }
            (Phase::Flushing | Phase::Draining, Closing::Flush) => {}
        }
    }

    /// Hands bytes to the machine, through TLS where there is TLS.
    fn take_in(&mut self, now: Instant, link: LinkId, mut bytes: &[u8]) {
        loop {
            let Some(socket) = self.links.get_mut(&link) else {
                return;
            };
            if socket.phase != Phase::Open {
                return;
            }
            if socket.is_paused {
                socket.held.extend_from_slice(bytes);
                return;
            }
            let Some(session) = socket.tls.as_mut() else {
                if !bytes.is_empty() {
                    self.machine.handle_input(now, Input::Received(link, bytes));
                }
                return;
            };
            if let Some(identity) = session.newly_secured() {
                self.timers.clear(&link);
                self.machine
                    .handle_input(now, Input::Secured(link, identity));
                self.perform(now);
                self.write_on(now, link);
                continue;
            }
            if self.plain.is_empty() {
                self.plain.resize(PLAIN_AT_ONCE, 0);
            }
            let count = session.read(&mut self.plain);
            if let Some(plain) = self.plain.get(..count).filter(|plain| !plain.is_empty()) {
                self.machine.handle_input(now, Input::Received(link, plain));
                self.perform(now);
                continue;
            }
            if session.has_peer_ended() {
                self.end(now, link, CloseReason::Eof);
                return;
            }
            if bytes.is_empty() {
                return;
            }
            match session.take_in(&mut bytes) {
                Ok(()) => self.write_on(now, link),
                Err(fault) => {
                    self.take_rest(now, link);
                    self.end(now, link, CloseReason::Tls(fault));
                    return;
                }
            }
        }
    }

    /// Hands over what TLS had decrypted before it met a fault in the same bytes.
    fn take_rest(&mut self, now: Instant, link: LinkId) {
        let mut plain = core::mem::take(&mut self.plain);
        while let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && let Some(session) = socket.tls.as_mut()
            && session.is_secured()
            && let count @ 1.. = session.read(&mut plain)
        {
            let bytes = plain.get(..count).unwrap_or_default();
            self.machine.handle_input(now, Input::Received(link, bytes));
            self.perform(now);
        }
        self.plain = plain;
    }

    /// Starts the next write, or does what waited for the last one.
    fn write_on(&mut self, now: Instant, link: LinkId) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        if let Some(chunks) = socket.next_write() {
            self.steps.push_back(Step::Write { link, chunks });
            return;
        }
        if socket.outgoing.is_in_flight {
            return;
        }
        match socket.phase {
            Phase::Connecting | Phase::Draining => {}
            Phase::Open => {
                let has_waiting = socket.outgoing.has_plain();
                if !has_waiting && core::mem::take(&mut socket.outgoing.owes_sent) {
                    self.machine.handle_input(now, Input::Sent(link));
                }
            }
            Phase::Flushing => {
                if let Some(session) = socket.tls.as_mut()
                    && !core::mem::replace(&mut socket.is_closing_announced, true)
                {
                    session.end();
                    self.write_on(now, link);
                } else if socket.is_peer_done {
                    self.drop_link(now, link);
                } else {
                    socket.phase = Phase::Draining;
                    let within = if self.is_stopping {
                        DRAIN_WITHIN_STOPPING
                    } else {
                        DRAIN_WITHIN
                    };
                    self.timers.set(link, now + within);
                    self.steps.push_back(Step::ShutDown(link));
                }
            }
        }
    }

    fn on_failed(
        &mut self,
        now: std::time::Instant,
        link: LinkId,
        reason: CloseReason,
        end: PeerEnd,
    ) {
        let now = self.tick(now);
        if let Some(socket) = self.links.get_mut(&link) {
            socket.is_peer_done = true;
            if end == PeerEnd::Both {
                if matches!(socket.phase, Phase::Connecting | Phase::Open) {
                    socket.farewell = Some(reason);
                }
                self.drop_link(now, link);
            } else if socket.is_paused && (!socket.held.is_empty() || socket.tls.is_some()) {
                // The machine gets the bytes before the end when it resumes.
                socket.ended = Some(reason);
            } else {
                self.end(now, link, reason);
            }
        }
        self.settle(now);
    }

    /// The stream is over for the machine, which learns it at once; what is under way is
    /// still written (a TLS alert, the rest of an answer).
    fn end(&mut self, now: Instant, link: LinkId, reason: CloseReason) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        match socket.phase {
            Phase::Connecting => {
                socket.farewell = Some(reason);
                self.drop_link(now, link);
            }
            Phase::Open => {
                let is_sound = reason == CloseReason::Eof;
                // After a TLS fault rustls has an alert to send; close_notify would follow it
                // in vain, and the machine's bytes must not go out unprotected or at all.
                socket.is_closing_announced |= !is_sound;
                if !is_sound {
                    socket.outgoing.drop_plain();
                }
                self.machine.handle_input(now, Input::Closed(link, reason));
                self.flush(now, link);
            }
            Phase::Flushing => {}
            Phase::Draining => self.drop_link(now, link),
        }
    }

    fn flush(&mut self, now: Instant, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link) {
            socket.phase = Phase::Flushing;
            socket.held = Vec::new();
            if core::mem::take(&mut socket.is_paused) {
                self.steps.push_back(Step::Resume(link));
            }
            self.timers.set(link, now + FLUSH_WITHIN);
            self.write_on(now, link);
        }
    }

    fn on_overdue(&mut self, now: Instant, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link) {
            if socket.phase == Phase::Open {
                socket.farewell = Some(CloseReason::TimedOut);
            }
            self.drop_link(now, link);
        }
    }

    /// Forgets the socket, and tells the machine unless it knows.
    fn drop_link(&mut self, now: Instant, link: LinkId) {
        let Some(socket) = self.links.remove(&link) else {
            return;
        };
        self.timers.clear(&link);
        if !link.is_opened_by_us() {
            self.accepted_now -= 1;
        }
        self.steps.push_back(Step::Close(link));
        if let Some(reason) = socket.farewell {
            self.machine.handle_input(now, Input::Closed(link, reason));
        }
    }
}

/// How much of a stream its peer has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PeerEnd {
    Half,
    Both,
}

fn to_address(address: SocketAddr) -> Address {
    Address::new(&address.ip().to_canonical().to_string(), address.port())
}

impl<M: Machine> fmt::Debug for Host<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("links", &self.links.len())
            .field("listeners", &self.listeners.len())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
