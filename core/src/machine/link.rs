//! A protocol that survives its sockets.

use super::{Backoff, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, LinkSlot};
use super::{Machine, Outcome, Output, Protocol, ProtocolInput, ProtocolOutput, Random, Reason};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// How a link opens and comes back.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// Where to connect, in order of preference.
    pub endpoints: Vec<Endpoint>,
    /// Draw the first endpoint of each round by lot instead of keeping the order.
    pub randomize: bool,
    /// When to open.
    pub reopen: Reopen,
    /// How long one attempt may take from `Open` until the protocol is ready.
    pub ready_within: Duration,
    /// The wait after a round in which no endpoint answered; doubles up to `retry_max`.
    pub retry_first: Duration,
    /// The longest wait between rounds.
    pub retry_max: Duration,
    /// By how much the wait grows from round to round, percent: 200 doubles it, 100 leaves it.
    pub retry_growth: u32,
    /// How many rounds in a row may fail, once it was ready, before it gives up with
    /// [`CloseReason::GaveUp`]; `None`: any number; 0: it does not come back at all.
    pub attempts_at_most: Option<u32>,
    /// The same before it was ready for the first time.
    pub first_attempts_at_most: Option<u32>,
    /// How many of the first endpoints are preferred: while it is ready at another one, it looks
    /// from time to time whether a preferred one takes connections, and moves there.
    pub preferred: usize,
    /// How long it waits between such looks.
    pub look_every: Duration,
}

impl LinkConfig {
    /// Keeps a connection to one of `endpoints`: 10 s for each attempt, retries from 100 ms to 30 s.
    #[must_use]
    pub fn keep_open(endpoints: Vec<Endpoint>) -> Self {
        Self {
            endpoints,
            randomize: false,
            reopen: Reopen::Always,
            ready_within: Duration::from_secs(10),
            retry_first: Duration::from_millis(100),
            retry_max: Duration::from_secs(30),
            retry_growth: 200,
            attempts_at_most: None,
            first_attempts_at_most: None,
            preferred: 0,
            look_every: Duration::from_secs(10),
        }
    }

    /// Connects to `endpoint` when a command needs it, and does not come back by itself.
    #[must_use]
    pub fn on_command(endpoint: Endpoint) -> Self {
        Self {
            reopen: Reopen::OnCommand,
            ..Self::keep_open(alloc::vec![endpoint])
        }
    }
}

/// When a link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopen {
    /// After [`Link::start`], and again whenever it is lost, until [`Link::stop`].
    Always,
    /// When a command comes that the protocol keeps while down.
    OnCommand,
}

/// What a link tells its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent<E> {
    /// The protocol is ready.
    Up,
    /// The link is down, or an attempt has failed; `retry_at` says when it will try again,
    /// `None` that it will not by itself.
    Down {
        /// Why.
        reason: CloseReason,
        /// When the next attempt begins.
        retry_at: Option<Instant>,
    },
    /// The protocol says something.
    Said(E),
}

/// What a link is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing: not started, stopped, or waiting for a command.
    Idle,
    /// Connecting.
    Opening,
    /// In the TLS handshake.
    Securing,
    /// In the protocol's own handshake.
    Greeting,
    /// Up.
    Ready,
    /// Waiting for the next attempt.
    Waiting {
        /// When it begins.
        retry_at: Instant,
    },
}

/// A [`Protocol`] with the sockets it goes through, one at a time.
///
/// It opens, has TLS done where the endpoint says so, tries the next endpoint when one fails,
/// backs off with jitter after a round of failures, and refuses commands while it is down
/// (except those that the protocol [keeps](Protocol::keeps_while_down)).
pub struct Link<P: Protocol> {
    protocol: P,
    config: LinkConfig,
    slot: LinkSlot,
    generation: u32,
    current: Option<LinkId>,
    endpoint: usize,
    tried: usize,
    state: LinkState,
    give_up_at: Option<Instant>,
    ready_since: Instant,
    was_ready: bool,
    /// Rounds that failed in a row.
    failed: u32,
    backoff: Backoff,
    scout: Scout,
    random: Random,
    now: Instant,
    queue: VecDeque<Output<LinkEvent<P::Event>>>,
}

/// The look at preferred endpoints while another one is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scout {
    /// There is nothing to look for.
    Resting,
    /// The next look is at the endpoint of this index.
    Due { at: Instant, endpoint: usize },
    /// It is being connected.
    Looking {
        link: LinkId,
        endpoint: usize,
        until: Instant,
    },
}

/// A link that was up for at least this long was no failure: the next attempt comes soon.
/// A peer that takes us in and throws us out at once is met with growing delays.
const STEADY: Duration = Duration::from_secs(5);

impl<P: Protocol> Link<P> {
    /// A link in `slot` of its machine; idle until [`Link::start`] or a command.
    pub fn new(protocol: P, config: LinkConfig, slot: LinkSlot, random: Random) -> Self {
        Self {
            protocol,
            backoff: Backoff::new(config.retry_first, config.retry_max)
                .growing(config.retry_growth),
            config,
            slot,
            generation: 0,
            current: None,
            endpoint: 0,
            tried: 0,
            state: LinkState::Idle,
            give_up_at: None,
            ready_since: Instant::START,
            was_ready: false,
            failed: 0,
            scout: Scout::Resting,
            random,
            now: Instant::START,
            queue: VecDeque::new(),
        }
    }

    /// Begins to keep the link open.
    pub fn start(&mut self, now: Instant) {
        self.now = now;
        if self.state == LinkState::Idle {
            self.begin_round();
        }
    }

    /// As [`start`](Self::start), with the first attempt not before `at`: an owner of many links
    /// begins them one after the other.
    pub fn start_at(&mut self, now: Instant, at: Instant) {
        self.now = now;
        if self.state == LinkState::Idle && at > now {
            self.reset_round();
            self.state = LinkState::Waiting { retry_at: at };
        } else {
            self.start(now);
        }
    }

    /// Delays the next attempt, where one is waited for, until `until` at the earliest.
    pub fn postpone(&mut self, until: Instant) {
        if let LinkState::Waiting { retry_at } = &mut self.state {
            *retry_at = until.max(*retry_at);
        }
    }

    /// Closes the link and stays down until started again.
    pub fn stop(&mut self, now: Instant, closing: Closing) {
        self.now = now;
        self.close(closing, CloseReason::Asked, false);
    }

    /// What it is doing.
    #[must_use]
    pub const fn state(&self) -> LinkState {
        self.state
    }

    /// Whether the protocol is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == LinkState::Ready
    }

    /// The socket in use.
    #[must_use]
    pub const fn current(&self) -> Option<LinkId> {
        self.current
    }

    /// The endpoint in use or tried last.
    #[must_use]
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.config.endpoints.get(self.endpoint)
    }

    /// The slot it was given.
    #[must_use]
    pub const fn slot(&self) -> LinkSlot {
        self.slot
    }

    /// The protocol, to look at.
    #[must_use]
    pub const fn protocol(&self) -> &P {
        &self.protocol
    }

    /// The protocol, to configure.
    pub const fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// Replaces the endpoints; a link in use stays. None of them is preferred then.
    ///
    /// An empty list is ignored.
    pub fn set_endpoints(&mut self, endpoints: Vec<Endpoint>) {
        if endpoints.is_empty() {
            return;
        }
        self.config.endpoints = endpoints;
        self.config.preferred = 0;
        self.endpoint = 0;
        self.tried = 0;
        self.rest_scout();
    }

    /// Leaves the socket in use for this reason, if any, and begins anew with the first endpoint.
    pub fn reopen(&mut self, now: Instant, reason: CloseReason) {
        self.now = now;
        if self.current.is_some() {
            self.close(Closing::Flush, reason, true);
        }
    }

    fn begin_round(&mut self) {
        self.reset_round();
        self.open();
    }

    fn reset_round(&mut self) {
        self.tried = 0;
        self.endpoint = 0;
        if self.config.randomize && self.config.endpoints.len() > 1 {
            let count = u64::try_from(self.config.endpoints.len()).unwrap_or(1);
            self.endpoint = usize::try_from(self.random.below(count)).unwrap_or(0);
        }
    }

    fn open(&mut self) {
        let Some(endpoint) = self.config.endpoints.get(self.endpoint).cloned() else {
            self.state = LinkState::Idle;
            self.protocol
                .handle_input(self.now, ProtocolInput::Closed(CloseReason::NameNotFound));
            let reason = CloseReason::Other("no endpoint configured".into());
            self.queue.push_back(Output::Event(LinkEvent::Down {
                reason,
                retry_at: None,
            }));
            return;
        };
        let id = self.slot.link(self.generation);
        self.generation = self.generation.wrapping_add(1);
        self.current = Some(id);
        self.state = LinkState::Opening;
        self.give_up_at = Some(self.now + self.config.ready_within);
        self.queue.push_back(Output::Open(id, endpoint));
    }

    /// The socket in use is gone, or this attempt is; decides what comes next.
    fn lose(&mut self, reason: CloseReason, again: bool) {
        let was_ready = self.state == LinkState::Ready;
        self.current = None;
        self.give_up_at = None;
        self.state = LinkState::Idle;
        self.rest_scout();
        let is_last = self.tried + 1 >= self.config.endpoints.len();
        self.failed = match (was_ready, is_last) {
            (true, _) => 0,
            (false, true) => self.failed.saturating_add(1),
            (false, false) => self.failed,
        };
        let at_most = if self.was_ready || was_ready {
            self.config.attempts_at_most
        } else {
            self.config.first_attempts_at_most
        };
        let gives_up = again && at_most.is_some_and(|most| self.failed >= most.max(1));
        let gives_up = gives_up || (again && was_ready && at_most == Some(0));
        let (reason, again) = if gives_up {
            let text = format!("gave up after {} rounds: {reason}", self.failed);
            (CloseReason::GaveUp(text), false)
        } else {
            (reason, again)
        };
        self.protocol
            .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
        let mut retry_at = None;
        if again && self.config.reopen == Reopen::Always {
            self.tried = if was_ready { 0 } else { self.tried + 1 };
            let retry = if was_ready {
                self.endpoint = 0;
                if self.now - self.ready_since >= STEADY {
                    self.backoff.reset();
                }
                self.now + self.backoff.next(&mut self.random)
            } else if self.tried < self.config.endpoints.len() {
                self.endpoint = (self.endpoint + 1) % self.config.endpoints.len();
                self.now
            } else {
                self.tried = 0;
                self.endpoint = 0;
                self.now + self.backoff.next(&mut self.random)
            };
            self.state = LinkState::Waiting { retry_at: retry };
            retry_at = Some(retry);
        }
        self.queue
            .push_back(Output::Event(LinkEvent::Down { reason, retry_at }));
        if retry_at.is_some_and(|at| at <= self.now) {
            self.open();
        } else if again
            && was_ready
            && self.config.reopen == Reopen::OnCommand
            && self.protocol.wants_stream()
        {
            self.begin_round();
        }
    }

    fn close(&mut self, closing: Closing, reason: CloseReason, again: bool) {
        match (self.current, self.state) {
            (Some(id), _) => {
                self.queue.push_back(Output::Close(id, closing));
                self.lose(reason, again);
            }
            (None, LinkState::Waiting { .. }) if !again => {
                self.state = LinkState::Idle;
                let retry_at = None;
                self.queue
                    .push_back(Output::Event(LinkEvent::Down { reason, retry_at }));
            }
            (None, _) => {}
        }
    }

    /// Looks no more.
    fn rest_scout(&mut self) {
        if let Scout::Looking { link, .. } = self.scout {
            self.queue.push_back(Output::Close(link, Closing::Abort));
        }
        self.scout = Scout::Resting;
    }

    /// Says when to look at this preferred endpoint, or the first one after the last.
    fn plan_scout(&mut self, endpoint: usize) {
        let preferred = self.config.preferred.min(self.config.endpoints.len());
        self.scout = if self.endpoint < preferred || preferred == 0 {
            Scout::Resting
        } else {
            let at = self.now + self.config.look_every;
            let endpoint = if endpoint < preferred { endpoint } else { 0 };
            Scout::Due { at, endpoint }
        };
    }

    fn check_scout(&mut self) {
        match self.scout {
            Scout::Due { at, endpoint } if at <= self.now => {
                let Some(found) = self.config.endpoints.get(endpoint).cloned() else {
                    self.scout = Scout::Resting;
                    return;
                };
                let link = self.slot.link(self.generation);
                self.generation = self.generation.wrapping_add(1);
                let until = self.now + self.config.ready_within;
                self.scout = Scout::Looking {
                    link,
                    endpoint,
                    until,
                };
                self.queue.push_back(Output::Open(link, found));
            }
            Scout::Looking {
                link,
                endpoint,
                until,
            } if until <= self.now => {
                self.queue.push_back(Output::Close(link, Closing::Abort));
                self.plan_scout(endpoint + 1);
            }
            Scout::Resting | Scout::Due { .. } | Scout::Looking { .. } => {}
        }
    }

    /// A preferred endpoint takes connections: the link moves there.
    fn move_to_scout(&mut self, link: LinkId, endpoint: usize) {
        let reason = CloseReason::Other("a preferred endpoint is there again".into());
        if let Some(id) = self.current.take() {
            self.queue.push_back(Output::Close(id, Closing::Flush));
        }
        self.protocol
            .handle_input(self.now, ProtocolInput::Closed(reason.clone()));
        let retry_at = Some(self.now);
        self.queue
            .push_back(Output::Event(LinkEvent::Down { reason, retry_at }));
        self.scout = Scout::Resting;
        self.tried = 0;
        self.endpoint = endpoint;
        self.current = Some(link);
        self.give_up_at = Some(self.now + self.config.ready_within);
        self.opened(link);
    }

    fn opened(&mut self, id: LinkId) {
        match self.endpoint().and_then(|endpoint| endpoint.tls) {
            Some(tls) => {
                self.state = LinkState::Securing;
                self.queue.push_back(Output::Secure(id, tls));
            }
            None => {
                self.state = LinkState::Greeting;
                self.protocol
                    .handle_input(self.now, ProtocolInput::Opened(None));
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.state {
            LinkState::Waiting { retry_at } => Some(retry_at),
            LinkState::Ready => match self.scout {
                Scout::Resting => None,
                Scout::Due { at, .. } => Some(at),
                Scout::Looking { until, .. } => Some(until),
            },
            LinkState::Idle | LinkState::Opening | LinkState::Securing | LinkState::Greeting => {
                self.give_up_at
            }
        }
    }

    fn on_command(&mut self, id: CommandId, command: P::Command) {
        let keeps = self.state == LinkState::Ready || self.protocol.keeps_while_down(&command);
        if !keeps {
            let text = match (self.state, self.endpoint()) {
                (LinkState::Idle, _) | (_, None) => "the link is down".into(),
                (_, Some(endpoint)) => format!("the link to {endpoint} is down").into(),
            };
            let why = super::Why {
                reason: Reason::LinkDown,
                text,
            };
            self.queue
                .push_back(Output::Ended(id, Outcome::Refused(why)));
            return;
        }
        self.protocol
            .handle_input(self.now, ProtocolInput::Command(id, command));
        if self.config.reopen == Reopen::OnCommand && self.state == LinkState::Idle {
            self.begin_round();
        }
    }

    fn is_current(&self, id: LinkId) -> bool {
        self.current == Some(id)
    }

    fn takes_bytes(&self) -> bool {
        matches!(self.state, LinkState::Greeting | LinkState::Ready)
    }
}

impl<P: Protocol> Machine for Link<P> {
    type Command = P::Command;
    type Event = LinkEvent<P::Event>;

    fn handle_input(&mut self, now: Instant, input: Input<'_, P::Command>) {
        self.now = now;
        match input {
            Input::Opened(id) if self.is_current(id) && self.state == LinkState::Opening => {
                self.opened(id);
            }
            Input::Opened(id) => match self.scout {
                Scout::Looking { link, endpoint, .. } if link == id => {
                    self.move_to_scout(link, endpoint);
                }
                Scout::Resting | Scout::Due { .. } | Scout::Looking { .. } => {}
            },
            Input::Secured(id, identity) if self.is_current(id) => {
                if self.state == LinkState::Securing {
                    self.state = LinkState::Greeting;
                    self.protocol
                        .handle_input(now, ProtocolInput::Opened(Some(identity)));
                } else if self.takes_bytes() {
                    self.protocol
                        .handle_input(now, ProtocolInput::Secured(identity));
                }
            }
            Input::Received(id, bytes) if self.is_current(id) && self.takes_bytes() => {
                self.protocol
                    .handle_input(now, ProtocolInput::Received(bytes));
            }
            Input::Sent(id) if self.is_current(id) && self.takes_bytes() => {
                self.protocol.handle_input(now, ProtocolInput::Sent);
            }
            Input::Closed(id, reason) if self.is_current(id) => self.lose(reason, true),
            Input::Closed(id, _) => match self.scout {
                Scout::Looking { link, endpoint, .. } if link == id => {
                    self.plan_scout(endpoint + 1);
                }
                Scout::Resting | Scout::Due { .. } | Scout::Looking { .. } => {}
            },
            Input::Command(id, command) => self.on_command(id, command),
            Input::Wall(wall) => self.protocol.handle_input(now, ProtocolInput::Wall(wall)),
            Input::Secured(..)
            | Input::Received(..)
            | Input::Sent(_)
            | Input::Listening(..)
            | Input::ListenFailed(..)
            | Input::Accepted(..) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.protocol.handle_timeout(now);
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match self.state {
            LinkState::Waiting { .. } => self.open(),
            LinkState::Opening | LinkState::Securing | LinkState::Greeting => {
                self.close(Closing::Abort, CloseReason::TimedOut, true);
            }
            LinkState::Ready => self.check_scout(),
            LinkState::Idle => {}
        }
    }

    fn poll_output(&mut self) -> Output<LinkEvent<P::Event>> {
        loop {
            let output = match self.protocol.poll_output() {
                ProtocolOutput::Send(chunks) => match self.current {
                    Some(id) if self.takes_bytes() => Output::Send(id, chunks),
                    _ => continue,
                },
                ProtocolOutput::Pause => match self.current {
                    Some(id) => Output::Pause(id),
                    None => continue,
                },
                ProtocolOutput::Resume => match self.current {
                    Some(id) => Output::Resume(id),
                    None => continue,
                },
                ProtocolOutput::Secure(tls) => match self.current {
                    Some(id) => Output::Secure(id, tls),
                    None => continue,
                },
                ProtocolOutput::Ready => {
                    if self.state != LinkState::Greeting {
                        continue;
                    }
                    self.state = LinkState::Ready;
                    self.give_up_at = None;
                    self.ready_since = self.now;
                    self.was_ready = true;
                    self.failed = 0;
                    self.plan_scout(0);
                    Output::Event(LinkEvent::Up)
                }
                ProtocolOutput::Close(closing, reason) => {
                    self.close(closing, reason, true);
                    continue;
                }
                ProtocolOutput::Finish(closing, reason) => {
                    self.close(closing, reason, false);
                    continue;
                }
                ProtocolOutput::Event(event) => Output::Event(LinkEvent::Said(event)),
                ProtocolOutput::Ended(id, outcome) => Output::Ended(id, outcome),
                ProtocolOutput::Trace(mut trace) => {
                    trace.link = trace.link.or(self.current);
                    Output::Trace(trace)
                }
                ProtocolOutput::Wait(theirs) => match self.queue.pop_front() {
                    Some(output) => output,
                    None => {
                        let ours = self.deadline();
                        let next = match (ours, theirs) {
                            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
                            (ours, theirs) => ours.or(theirs),
                        };
                        return Output::Wait(next);
                    }
                },
            };
            return output;
        }
    }
}

impl<P: Protocol> fmt::Debug for Link<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("slot", &self.slot.0)
            .field("state", &self.state)
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}
