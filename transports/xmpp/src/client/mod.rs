//! The client side: login, presence, keep-alive, subscriptions.

mod inbound;
mod login;
mod notification;
mod requests;
mod subscriptions;
mod verbs;

pub use notification::Item;
pub use verbs::{ClientCommand, ClientConfig, ClientEvent};

use crate::framing::{Intake, Piece};
use crate::trace::{self, Shown};
use crate::{Element, Fault, Jid, StanzaError, StreamError, ns};
use bytes::Bytes;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Closing, CommandId, Instant, Outbox, Outcome, Protocol, ProtocolInput,
    ProtocolOutput, Reason, Timers,
};
use login::{Failure, Login, Step};
use std::collections::VecDeque;
use subscriptions::Subscriptions;

/// The client side of XMPP on one stream; runs in a [`Link`](finewire_core::machine::Link) that is
/// [kept open](finewire_core::machine::LinkConfig::keep_open).
pub struct Client {
    config: ClientConfig,
    phase: Phase,
    intake: Intake,
    outbox: Outbox,
    subscriptions: Subscriptions,
    /// The number of the last request.
    requests: u64,
    pings_missed: u32,
    ignored: u64,
    timers: Timers<Timer>,
    outputs: VecDeque<ProtocolOutput<ClientEvent>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    LoggingIn(Login),
    Ready {
        jid: Jid,
    },
    /// The end of the stream is to be written, then we close, or finish if it was our wish.
    Leaving {
        finish: bool,
    },
    /// We asked for the end; what still comes is ignored.
    Closing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Ping,
    Pong,
    /// A command that waits for the stream.
    Waiting(CommandId),
    /// A request that waits for its answer.
    Reply(u64),
    /// The writing of the end of the stream.
    Leave,
}

/// A server that makes us answer faster than it reads is left at this backlog, which some ten
/// thousand subscriptions made again at once do not reach.
const MOST_BACKLOG: usize = 8 * 1024 * 1024;

/// How long the last bytes of a stream may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// A deadline lies in the future, also for a time of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Client {
    /// A client that behaves as configured.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            intake: Intake::new(config.framing, config.limits),
            config,
            phase: Phase::Down,
            outbox: Outbox::new(),
            subscriptions: Subscriptions::default(),
            requests: 0,
            pings_missed: 0,
            ignored: 0,
            timers: Timers::new(),
            outputs: VecDeque::new(),
        }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Our full address while logged in.
    #[must_use]
    pub const fn jid(&self) -> Option<&Jid> {
        match &self.phase {
            Phase::Ready { jid } => Some(jid),
            _ => None,
        }
    }

    /// Stanzas that came and meant nothing to us.
    #[must_use]
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    fn on_opened(&mut self, secured: bool) {
        self.intake = Intake::new(self.config.framing, self.config.limits);
        self.outbox.clear();
        self.begin_stream(Login::Features {
            secured,
            authenticated: false,
        });
    }

    fn begin_stream(&mut self, login: Login) {
        self.phase = Phase::LoggingIn(login);
        let header = Element::new("stream", ns::STREAM)
            .with_attribute("to", &self.config.domain)
            .with_attribute("version", "1.0");
        let lang = self.config.lang.as_deref();
        let text = self.config.framing.write_open(header, lang);
        self.send_bytes("stream header", Shown::All, text);
    }

    fn send(&mut self, subject: &str, element: &Element) {
        let shown = if element.is("auth", ns::SASL) {
            Shown::Nothing
        } else {
            Shown::All
        };
        self.send_bytes(subject, shown, self.config.framing.write(element));
    }

    fn send_bytes(&mut self, subject: &str, shown: Shown, text: String) {
        let (us, peer) = (self.config.us, self.config.peer);
        let trace = trace::message(us, peer, &self.config.user, subject, shown, text.as_bytes());
        self.outputs.push_back(ProtocolOutput::Trace(trace));
        self.outbox.push(Bytes::from(text));
        if self.outbox.backlog() > MOST_BACKLOG {
            let text = "the server does not read what it makes us send";
            self.close(Closing::Abort, CloseReason::Limit(text.into()));
        }
    }

    fn on_received(&mut self, now: Instant, bytes: &[u8]) {
        if matches!(self.phase, Phase::Down | Phase::Closing) {
            return;
        }
        if self.phase == Phase::LoggingIn(Login::Securing) {
            // Clear text behind `proceed` would be read as if TLS had brought it.
            self.close(Closing::Abort, Fault::RemoteUnexpected.close_reason());
            return;
        }
        self.intake.push(bytes);
        while !matches!(self.phase, Phase::Down | Phase::Closing) {
            let taken = match self.intake.next_piece() {
                Ok(None) => return,
                Ok(Some(piece)) => self.on_piece(now, piece),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = taken {
                self.close(Closing::Abort, fault.close_reason());
            }
        }
    }

    fn on_piece(&mut self, now: Instant, piece: Piece) -> Result<(), Fault> {
        match piece {
            Piece::Open(_) => {}
            Piece::Stanza(stanza, bytes) => {
                let (us, peer) = (self.config.us, self.config.peer);
                let subject = trace::subject(&stanza);
                let user = &self.config.user;
                let trace = trace::message(peer, us, user, &subject, Shown::All, &bytes);
                self.outputs.push_back(ProtocolOutput::Trace(trace));
                self.on_stanza(now, &stanza)?;
            }
            Piece::Close if matches!(self.phase, Phase::Leaving { .. }) => {}
            Piece::Close => self.end_stream(now, false),
        }
        Ok(())
    }

    fn on_stanza(&mut self, now: Instant, stanza: &Element) -> Result<(), Fault> {
        if stanza.is("error", ns::STREAM) {
            self.on_stream_error(StreamError::of(stanza));
            return Ok(());
        }
        self.pings_missed = 0;
        self.timers.clear(&Timer::Pong);
        match &self.phase {
            Phase::LoggingIn(login) => {
                let step = login.clone().step(stanza, &self.config);
                self.on_step(now, step)?;
            }
            Phase::Ready { jid } => {
                let jid = jid.clone();
                self.on_ready_stanza(&jid, stanza);
            }
            Phase::Down | Phase::Leaving { .. } | Phase::Closing => {}
        }
        Ok(())
    }

    fn on_stream_error(&mut self, error: StreamError) {
        let denied = CloseReason::Denied(error.condition().into());
        match error {
            // Somebody took our resource. Taking it back would begin a fight.
            StreamError::Conflict | StreamError::NotAuthorized => {
                self.finish(Closing::Flush, denied);
            }
            _ => {
                let text = format!("stream error {error}");
                self.close(Closing::Flush, CloseReason::Other(text));
            }
        }
    }

    fn on_step(&mut self, now: Instant, step: Result<Step, Failure>) -> Result<(), Fault> {
        match step {
            Ok(Step::Send(element, login)) => {
                self.phase = Phase::LoggingIn(login);
                self.send(&trace::subject(&element), &element);
            }
            Ok(Step::Secure(tls)) => {
                // What came in clear before the handshake must not count as secured (RFC 6120 §5.4.3.3).
                if self.intake.unread() > 0 {
                    return Err(Fault::RemoteUnexpected);
                }
                self.phase = Phase::LoggingIn(Login::Securing);
                self.outputs.push_back(ProtocolOutput::Secure(tls));
            }
            Ok(Step::Restart(login)) => {
                self.intake.restart();
                self.begin_stream(login);
            }
            Ok(Step::Bound(jid)) => self.on_bound(now, jid),
            Err(Failure::Final(reason)) => self.finish(Closing::Flush, reason),
            Err(Failure::Passing(reason)) => self.close(Closing::Flush, reason),
        }
        Ok(())
    }

    fn on_bound(&mut self, now: Instant, jid: Jid) {
        self.phase = Phase::Ready { jid: jid.clone() };
        let priority = self.config.priority.to_string();
        let presence = Element::new("presence", ns::CLIENT)
            .with_child(Element::new("priority", ns::CLIENT).with_text(&priority));
        self.send("presence", &presence);
        self.outputs.push_back(ProtocolOutput::Ready);
        let event = ClientEvent::Bound { jid };
        self.outputs.push_back(ProtocolOutput::Event(event));
        self.pings_missed = 0;
        self.arm_ping(now);
        for wish in self.subscriptions.to_replay() {
            self.ask(now, None, wish);
        }
        self.ask_waiting(now);
    }

    fn arm_ping(&mut self, now: Instant) {
        let every = self.config.ping_every.max(SHORTEST);
        self.timers.set(Timer::Ping, now + every);
    }

    fn leave(&mut self, now: Instant, id: CommandId) {
        for other in self.subscriptions.lose_asked() {
            let text = "disconnected before the answer";
            self.end(Some(other), Outcome::failed(Reason::ShuttingDown, text));
        }
        for other in self.subscriptions.lose_waiting() {
            let text = "disconnected before the stream was there";
            self.end(Some(other), Outcome::refused(Reason::ShuttingDown, text));
        }
        self.subscriptions.forget();
        self.timers = Timers::new();
        match self.phase {
            Phase::Ready { .. } => {
                let presence =
                    Element::new("presence", ns::CLIENT).with_attribute("type", "unavailable");
                self.send("presence unavailable", &presence);
                self.end_stream(now, true);
            }
            Phase::Leaving { .. } => self.phase = Phase::Leaving { finish: true },
            Phase::LoggingIn(_) | Phase::Down | Phase::Closing => {
                self.finish(Closing::Abort, CloseReason::Asked);
            }
        }
        self.end(Some(id), Outcome::Done);
    }

    fn end_stream(&mut self, now: Instant, finish: bool) {
        let text = self.config.framing.close_text();
        self.send_bytes("stream end", Shown::All, text.into());
        if !matches!(self.phase, Phase::Closing) {
            self.phase = Phase::Leaving { finish };
            self.timers.set(Timer::Leave, now + LEAVE_WITHIN);
        }
    }

    fn end(&mut self, command: Option<CommandId>, outcome: Outcome) {
        if let Some(command) = command {
            self.timers.clear(&Timer::Waiting(command));
            self.outputs
                .push_back(ProtocolOutput::Ended(command, outcome));
        }
    }

    fn close(&mut self, closing: Closing, reason: CloseReason) {
        if self.phase == (Phase::Leaving { finish: true }) {
            self.finish(closing, CloseReason::Asked);
            return;
        }
        self.phase = Phase::Closing;
        self.outputs
            .push_back(ProtocolOutput::Close(closing, reason));
    }

    fn finish(&mut self, closing: Closing, reason: CloseReason) {
        self.phase = Phase::Closing;
        let denied = match &reason {
            CloseReason::Denied(text) => Some((Reason::Denied, text.clone())),
            CloseReason::Asked => None,
            other => Some((Reason::Local, other.to_string())),
        };
        if let Some((reason, text)) = denied {
            for waiting in self.subscriptions.lose_waiting() {
                self.end(Some(waiting), Outcome::refused(reason, text.clone()));
            }
        }
        self.outputs
            .push_back(ProtocolOutput::Finish(closing, reason));
    }

    fn on_closed(&mut self, reason: &CloseReason) {
        let was = core::mem::replace(&mut self.phase, Phase::Down);
        if was == (Phase::Leaving { finish: true }) {
            self.outputs
                .push_back(ProtocolOutput::Finish(Closing::Abort, CloseReason::Asked));
        }
        if *reason == CloseReason::Asked && was != Phase::Closing {
            // We had not asked for it, so the owner of the link has: no other stream will follow.
            for waiting in self.subscriptions.lose_waiting() {
                let outcome = Outcome::refused(Reason::ShuttingDown, "the link was stopped");
                self.end(Some(waiting), outcome);
            }
        }
        self.intake = Intake::new(self.config.framing, self.config.limits);
        self.outbox.clear();
        for timer in [Timer::Ping, Timer::Pong, Timer::Leave] {
            self.timers.clear(&timer);
        }
        while let Some(number) = self.subscriptions.first_asked() {
            self.timers.clear(&Timer::Reply(number));
            let Some((command, _)) = self.subscriptions.take_asked(number) else {
                break;
            };
            let text = format!("stream lost before the answer: {reason}");
            self.end(command, Outcome::failed(Reason::LinkDown, text));
        }
    }

    fn on_timer(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::Ping => {
                self.arm_ping(now);
                if self.timers.deadline(&Timer::Pong).is_none() {
                    self.ping(now);
                }
            }
            Timer::Pong => {
                self.pings_missed += 1;
                if self.pings_missed > self.config.ping_retries {
                    self.close(Closing::Abort, CloseReason::TimedOut);
                } else {
                    self.ping(now);
                }
            }
            Timer::Leave => match self.phase {
                Phase::Leaving { finish: true } => {
                    self.finish(Closing::Abort, CloseReason::Asked);
                }
                Phase::Leaving { finish: false } => self.close(Closing::Abort, CloseReason::Eof),
                _ => {}
            },
            Timer::Waiting(command) => {
                if self.subscriptions.give_up_waiting(command) {
                    let text = "no stream within the time for an answer";
                    self.end(Some(command), Outcome::refused(Reason::TimedOut, text));
                }
            }
            Timer::Reply(number) => {
                if let Some((command, wish)) = self.subscriptions.take_asked(number) {
                    let text = "no answer within the time for it";
                    let outcome = Outcome::failed(Reason::TimedOut, text);
                    self.end_wish(command, wish, StanzaError::RemoteServerTimeout, outcome);
                }
            }
        }
    }
}

impl Protocol for Client {
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ClientCommand>) {
        match input {
            ProtocolInput::Opened(identity) => self.on_opened(identity.is_some()),
            ProtocolInput::Secured(_) => {
                if self.phase == Phase::LoggingIn(Login::Securing) {
                    self.intake.restart();
                    self.begin_stream(Login::Features {
                        secured: true,
                        authenticated: false,
                    });
                }
            }
            ProtocolInput::Received(bytes) => self.on_received(now, bytes),
            ProtocolInput::Sent => self.outbox.on_sent(),
            ProtocolInput::Closed(reason) => self.on_closed(&reason),
            ProtocolInput::Command(id, command) => self.on_command(now, id, command),
            ProtocolInput::Wall(_) => {}
        }
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            self.on_timer(now, timer);
        }
    }

    fn poll_output(&mut self) -> ProtocolOutput<ClientEvent> {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if !matches!(self.phase, Phase::Down | Phase::Closing)
            && let Some(chunks) = self.outbox.take()
        {
            return ProtocolOutput::Send(chunks);
        }
        if let Phase::Leaving { finish } = self.phase
            && !self.outbox.has_pending()
        {
            self.phase = Phase::Closing;
            self.timers.clear(&Timer::Leave);
            return if finish {
                ProtocolOutput::Finish(Closing::Flush, CloseReason::Asked)
            } else {
                ProtocolOutput::Close(Closing::Flush, CloseReason::Eof)
            };
        }
        ProtocolOutput::Wait(self.timers.next())
    }

    fn keeps_while_down(&self, _command: &ClientCommand) -> bool {
        true
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("domain", &self.config.domain)
            .field("user", &self.config.user)
            .field("phase", &self.phase)
            .field("subscriptions", &self.subscriptions.len())
            .finish_non_exhaustive()
    }
}
