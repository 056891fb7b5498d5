//! A machine, its clock, its TLS and the state of its sockets.

mod ending;
mod performing;
mod receiving;

use self::ending::PeerEnd;
use self::performing::Heard;
use crate::clock::Clock;
use crate::link::{Phase, SocketState};
use crate::step::Step;
use crate::tls::TlsProfiles;
use core::fmt;
use core::net::SocketAddr;
use finewire_core::machine::{
    Address, CloseReason, Closing, CommandId, Input, Instant, LinkId, ListenerId, Machine, Timers,
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
/// [`Step::Wait`] or [`Step::Stopped`]; reports may also follow one another directly. The machine is asked
/// what it wants as its steps are asked for: what it wants goes straight to the adapter.
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
    /// The machine was told something and was not asked since what it wants.
    is_unheard: bool,
    is_stopping: bool,
}

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
            is_unheard: true,
            is_stopping: false,
        };
        host.tick(now);
        host
    }

    /// The next thing to do. [`Step::Wait`] comes only when nothing else is left.
    #[must_use]
    pub fn step(&mut self, now: std::time::Instant) -> Step<M::Event> {
        if let Some(step) = self.steps.pop_front() {
            return step;
        }
        while self.is_unheard {
            let at = self.clock.at(now);
            match self.hear(at) {
                Heard::Step(step) => return step,
                Heard::Done => {}
                Heard::Nothing => self.feed_resumed(at),
            }
            if let Some(step) = self.steps.pop_front() {
                return step;
            }
        }
        if self.is_stopping && self.links.is_empty() {
            return Step::Stopped;
        }
        let deadline = match (self.deadline, self.timers.next()) {
            (Some(machine), Some(ours)) => Some(machine.min(ours)),
            (machine, ours) => machine.or(ours),
        };
        Step::Wait(deadline.map(|deadline| deadline - self.clock.at(now)))
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
        self.is_unheard = true;
    }

    /// The owner asks for something.
    pub fn on_command(&mut self, now: std::time::Instant, id: CommandId, command: M::Command) {
        let now = self.tick(now);
        self.machine.handle_input(now, Input::Command(id, command));
        self.is_unheard = true;
    }

    /// The connection that a [`Step::Connect`] asked for is there.
    pub fn on_connected(&mut self, now: std::time::Instant, link: LinkId) {
        let now = self.tick_heard(now);
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Connecting
        {
            socket.phase = Phase::Open;
            self.machine.handle_input(now, Input::Opened(link));
        }
        self.is_unheard = true;
    }

    /// Bytes came. They are held back while the machine has paused the link.
    pub fn on_received(&mut self, now: std::time::Instant, link: LinkId, bytes: &[u8]) {
        let now = self.tick_heard(now);
        self.take_in(now, link, bytes);
        self.is_unheard = true;
    }

    /// The write under way is done.
    pub fn on_written(&mut self, now: std::time::Instant, link: LinkId) {
        let now = self.tick(now);
        if let Some(socket) = self.links.get_mut(&link) {
            socket.outgoing.is_in_flight = false;
            if socket.is_all_written() {
                socket.outgoing.owes_sent = false;
                self.machine.handle_input(now, Input::Sent(link));
            } else {
                self.write_on(now, link);
            }
        }
        self.is_unheard = true;
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
        let now = self.tick_heard(now);
        if self.listeners.contains(&listener) {
            let address = to_address(address);
            self.machine
                .handle_input(now, Input::Listening(listener, address));
        }
        self.is_unheard = true;
    }

    /// It cannot listen, or no longer.
    pub fn on_listen_failed(
        &mut self,
        now: std::time::Instant,
        listener: ListenerId,
        reason: CloseReason,
    ) {
        let now = self.tick_heard(now);
        if self.listeners.remove(&listener) {
            self.machine
                .handle_input(now, Input::ListenFailed(listener, reason));
        }
        self.is_unheard = true;
    }

    /// A peer connected. Gives the link's id, or `None` when the connection is to be dropped:
    /// there are too many, or nobody listens any more.
    pub fn on_accepted(
        &mut self,
        now: std::time::Instant,
        listener: ListenerId,
        peer: SocketAddr,
    ) -> Option<LinkId> {
        let now = self.tick_heard(now);
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
        self.is_unheard = true;
        Some(link)
    }

    /// Begins the end: listens no more, closes every link after the write under way, opens none.
    /// [`Step::Stopped`] comes when the last is closed: 10 s at most for a peer that takes no
    /// bytes, a quarter of a second for one that only does not close its own half.
    pub fn shut_down(&mut self, now: std::time::Instant) {
        let now = self.tick_heard(now);
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
        self.is_unheard = true;
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

    /// Whether the link is still waited for: neither connected nor closed, as far as its steps were asked for.
    #[must_use]
    pub fn is_connecting(&self, link: LinkId) -> bool {
        let socket = self.links.get(&link);
        socket.is_some_and(|socket| socket.phase == Phase::Connecting)
    }

    /// How many links there are, counting those that are being opened or flushed, as far as their steps were
    /// asked for.
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
            self.is_unheard = true;
        }
        now
    }

    /// The same, and all that the machine wanted is done before it is told more: it may have paused or closed
    /// the very link that there is news of.
    fn tick_heard(&mut self, now: std::time::Instant) -> Instant {
        let now = self.tick(now);
        self.settle(now);
        now
    }

    /// Performs everything the machine wants, and feeds links that were resumed.
    fn settle(&mut self, now: Instant) {
        while self.is_unheard {
            self.perform(now);
            self.feed_resumed(now);
        }
    }

    /// Hands the machine what was held back of the next link that it has resumed.
    fn feed_resumed(&mut self, now: Instant) {
        let Some(link) = self.resumed.pop_front() else {
            self.is_unheard = false;
            return;
        };
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        let held = core::mem::take(&mut socket.held);
        self.take_in(now, link, &held);
        self.perform(now);
        if let Some(socket) = self.links.get_mut(&link)
            && !socket.is_paused
            && let Some(reason) = socket.ended.take()
        {
            self.end(now, link, reason);
        }
    }
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
