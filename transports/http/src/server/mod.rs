//! The server side: complete requests out, answers in order.
//!
//! ```text
//!   idle --> in head --> in body --> requested --> answered --> written --> idle
//!              |            |
//!              `------------`--> 400, 408, 413, 417, 431, 505 and the end of the connection
//! ```
//!
//! Requests may be pipelined (RFC 9112 §9.3.2): up to [`ServerConfig::pipeline`] are handed out before their
//! answers come, and reading pauses beyond that.

mod answers;
mod intake;
mod verbs;

pub use verbs::{ServerCommand, ServerConfig, ServerEvent};

use crate::ws::asks_for_websocket;
use crate::{Bytes, Fault, Method, Request, Response, StatusCode, Version, head, write};
use answers::{Answers, Slot};
use bytes::{Buf, BytesMut};
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Closing, CommandId, Instant, Outcome, Protocol, ProtocolInput, ProtocolOutput,
    Reason, Timers,
};
use intake::{Intake, Step};
use std::collections::VecDeque;

/// The server side of HTTP/1.1 on one accepted stream; runs in a
/// [`Peer`](finewire_core::machine::Peer).
pub struct Server {
    config: ServerConfig,
    state: State,
    intake: Intake,
    /// Bytes that came while reading was paused.
    unread: BytesMut,
    paused: bool,
    /// A request that asks to leave HTTP: what follows it is read when it is answered.
    leaving: Option<u64>,
    /// Whether it was granted.
    switching: bool,
    answers: Answers,
    requests: u64,
    timers: Timers<Timer>,
    outputs: VecDeque<ProtocolOutput<ServerEvent>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No stream yet.
    New,
    /// Taking requests.
    Open,
    /// The last request was taken; when its answer is written the stream ends for this reason.
    Last(CloseReason),
    /// HTTP is over when the last answer is written; the stream belongs to another protocol.
    Switched,
    /// Everything is written; what still comes is thrown away, so that the peer gets to read it.
    Lingering(CloseReason),
    /// We asked for the end, or it came.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Idle,
    Head,
    Body,
    Write,
    Linger,
}

/// How long a peer that was sent an error may take to read it (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(1);

/// A deadline lies in the future, also for a time of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Server {
    /// A server that behaves as configured.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self {
            answers: Answers::new(config.us, config.peer),
            config,
            state: State::New,
            intake: Intake::default(),
            unread: BytesMut::new(),
            paused: false,
            leaving: None,
            switching: false,
            requests: 0,
            timers: Timers::new(),
            outputs: VecDeque::new(),
        }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Requests handed out whose answers are not yet given.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.answers.unanswered()
    }

    fn is_full(&self) -> bool {
        self.leaving.is_some() || self.answers.slots() >= self.config.pipeline.max(1)
    }

    /// Answers a request by leaving HTTP; `false` if that is not possible (any more).
    pub(crate) fn switch(
        &mut self,
        now: Instant,
        id: CommandId,
        exchange: u64,
        response: Response<Bytes>,
    ) -> bool {
        let can = self.state == State::Open
            && self.leaving == Some(exchange)
            && self.answers.give(exchange, id, response);
        if can {
            self.switching = true;
            self.handle_timeout(now);
        }
        can
    }

    /// What came behind the request, once HTTP has been left.
    pub(crate) fn take_switched(&mut self) -> Option<BytesMut> {
        (self.state == State::Switched).then(|| core::mem::take(&mut self.unread))
    }

    /// Whether every answer is written.
    pub(crate) fn is_drained(&self) -> bool {
        self.answers.is_drained()
    }

    /// Whether the stream has ended.
    pub(crate) fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    fn on_received(&mut self, now: Instant, bytes: &[u8]) {
        if self.state != State::Open {
            return;
        }
        let mut used = 0;
        if self.unread.is_empty() {
            used = self.read(now, bytes);
        }
        if self.state != State::Open {
            return;
        }
        let rest = bytes.get(used..).unwrap_or_default();
        let most = self.config.limits.head_bytes + self.config.limits.body_bytes;
        if self.unread.len() + rest.len() > most {
            // A runtime stops reading soon after `Pause`.
            self.close(Closing::Abort, Fault::LimitBody.close_reason());
        } else {
            self.unread.extend_from_slice(rest);
        }
    }

    /// Takes requests until the bytes or the places in the pipeline are used up.
    fn read(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let mut used = 0;
        while self.state == State::Open && !self.is_full() {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match self.intake.read(rest, &self.config.limits) {
                Ok((n, step)) => {
                    used += n;
                    self.on_step(now, step);
                }
                Err(fault) => self.refuse(fault.status(), fault.close_reason()),
            }
        }
        used
    }

    fn on_step(&mut self, now: Instant, step: Step) {
        match step {
            Step::Idle => {}
            Step::InHead => self.begin_timer(Timer::Head, now, self.config.head_within),
            Step::InBody => {
                self.timers.clear(&Timer::Head);
                self.begin_timer(Timer::Body, now, self.config.body_within);
            }
            Step::Done(request) => {
                self.timers.clear(&Timer::Head);
                self.timers.clear(&Timer::Body);
                self.hand_out(*request);
            }
        }
    }

    fn begin_timer(&mut self, timer: Timer, now: Instant, span: Duration) {
        if self.timers.deadline(&timer).is_none() {
            self.timers.set(timer, now + span.max(SHORTEST));
        }
    }

    fn hand_out(&mut self, request: Request<Bytes>) {
        let slot = Slot {
            exchange: self.next_exchange(),
            head_only: request.method() == Method::HEAD,
            keeps_alive: head::keeps_alive(request.headers(), request.version()),
            http10: request.version() == Version::HTTP_10,
            subject: format!("{} {}", request.method(), write::target(&request)),
            answer: None,
        };
        self.outputs.push_back(ProtocolOutput::Trace(write::trace(
            self.config.peer,
            self.config.us,
            slot.subject.clone(),
            request.headers(),
            request.body(),
        )));
        if !slot.keeps_alive {
            self.state = State::Last(CloseReason::Asked);
        }
        let exchange = slot.exchange;
        if slot.keeps_alive && asks_for_websocket(&request) {
            self.leaving = Some(exchange);
        }
        self.answers.expect(slot);
        let event = ServerEvent::Requested { exchange, request };
        self.outputs.push_back(ProtocolOutput::Event(event));
    }

    fn next_exchange(&mut self) -> u64 {
        let exchange = self.requests;
        self.requests = exchange.wrapping_add(1);
        exchange
    }

    /// Answers what cannot be understood, after everything before it, and ends the stream.
    fn refuse(&mut self, status: StatusCode, reason: CloseReason) {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        let exchange = self.next_exchange();
        self.answers.expect(Slot {
            exchange,
            head_only: false,
            keeps_alive: false,
            http10: false,
            subject: "unreadable request".into(),
            answer: Some((None, response)),
        });
        self.state = State::Last(reason);
        for timer in [Timer::Idle, Timer::Head, Timer::Body] {
            self.timers.clear(&timer);
        }
    }

    fn on_command(&mut self, id: CommandId, command: ServerCommand) {
        let ServerCommand::Answer { exchange, response } = command;
        let gone = matches!(self.state, State::New | State::Gone | State::Lingering(_));
        let refusal = if gone {
            Some((Reason::LinkDown, "the connection is gone"))
        } else if response.status().is_informational() {
            Some((Reason::Local, "an interim answer ends no exchange"))
        } else if self.answers.give(exchange, id, response) {
            None
        } else if self.state == State::Open || exchange >= self.requests {
            Some((Reason::Local, "no such request waits for an answer"))
        } else {
            Some((
                Reason::LinkDown,
                "the connection ends with an earlier answer",
            ))
        };
        if let Some((reason, text)) = refusal {
            let outcome = Outcome::refused(reason, text);
            self.outputs.push_back(ProtocolOutput::Ended(id, outcome));
        }
    }

    /// Lets everything follow from what the input changed.
    fn settle(&mut self, now: Instant) {
        loop {
            if self.answers.flush(now, &mut self.outputs) && self.state == State::Open {
                self.state = State::Last(CloseReason::Asked);
            }
            if self.leaving.is_some_and(|it| !self.answers.waits(it)) {
                self.leaving = None;
                if self.switching && self.state == State::Open {
                    self.state = State::Switched;
                    if core::mem::take(&mut self.paused) {
                        self.outputs.push_back(ProtocolOutput::Resume);
                    }
                }
            }
            if self.answers.slots() == 0 && self.state == State::Open && self.intake.take_continue()
            {
                self.answers.push_continue();
            }
            if self.unread.is_empty() || self.is_full() || self.state != State::Open {
                break;
            }
            let mut unread = core::mem::take(&mut self.unread);
            let used = self.read(now, &unread);
            unread.advance(used);
            self.unread = unread;
        }
        if self.paused != self.is_full() && self.state == State::Open {
            self.paused = !self.paused;
            self.outputs.push_back(if self.paused {
                ProtocolOutput::Pause
            } else {
                ProtocolOutput::Resume
            });
        }
        let idle =
            self.state == State::Open && self.answers.is_drained() && !self.intake.has_begun();
        if idle {
            self.begin_timer(Timer::Idle, now, self.config.keep_idle);
        } else {
            self.timers.clear(&Timer::Idle);
        }
        if let State::Last(reason) = &self.state
            && self.answers.is_drained()
        {
            let reason = reason.clone();
            if reason == CloseReason::Asked {
                self.close(Closing::Flush, reason);
            } else {
                self.state = State::Lingering(reason);
                self.timers.set(Timer::Linger, now + LINGER);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Idle => self.close(Closing::Flush, CloseReason::Asked),
            Timer::Head | Timer::Body => {
                self.refuse(StatusCode::REQUEST_TIMEOUT, CloseReason::TimedOut);
            }
            Timer::Write => self.close(Closing::Abort, CloseReason::TimedOut),
            Timer::Linger => {
                if let State::Lingering(reason) = self.state.clone() {
                    self.close(Closing::Flush, reason);
                }
            }
        }
    }

    fn close(&mut self, closing: Closing, reason: CloseReason) {
        self.state = State::Gone;
        self.timers = Timers::new();
        self.outputs
            .push_back(ProtocolOutput::Close(closing, reason));
    }

    fn on_closed(&mut self, reason: &CloseReason) {
        self.state = State::Gone;
        self.timers = Timers::new();
        self.unread.clear();
        self.intake = Intake::default();
        for id in self.answers.abandon() {
            let text = format!("connection lost before the answer was written: {reason}");
            let outcome = Outcome::failed(Reason::LinkDown, text);
            self.outputs.push_back(ProtocolOutput::Ended(id, outcome));
        }
    }
}

impl Protocol for Server {
    type Command = ServerCommand;
    type Event = ServerEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ServerCommand>) {
        match input {
            ProtocolInput::Opened(_) => {
                self.state = State::Open;
                self.paused = false;
                self.leaving = None;
                self.switching = false;
                self.outputs.push_back(ProtocolOutput::Ready);
            }
            ProtocolInput::Received(bytes) => self.on_received(now, bytes),
            ProtocolInput::Sent => {
                self.timers.clear(&Timer::Write);
                for id in self.answers.on_sent() {
                    self.outputs
                        .push_back(ProtocolOutput::Ended(id, Outcome::Done));
                }
            }
            ProtocolInput::Closed(reason) => self.on_closed(&reason),
            ProtocolInput::Command(id, command) => self.on_command(id, command),
            ProtocolInput::Wall(wall) => self.answers.on_wall(now, wall),
            ProtocolInput::Secured(_) => {}
        }
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            self.on_timer(timer);
        }
        self.settle(now);
        if self.state != State::Gone
            && let Some(chunks) = self.answers.take()
        {
            self.begin_timer(Timer::Write, now, self.config.write_within);
            self.outputs.push_back(ProtocolOutput::Send(chunks));
        }
    }

    fn poll_output(&mut self) -> ProtocolOutput<ServerEvent> {
        match self.outputs.pop_front() {
            Some(output) => output,
            None => ProtocolOutput::Wait(self.timers.next()),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("state", &self.state)
            .field("unanswered", &self.unanswered())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
