//! The server side of one client's stream: mechanics without policy.
//!
//! ```text
//!   header --> features --> (TLS --> header --> features) --> auth --> Authenticating / Authenticate
//!          --> success --> header --> features --> bind --> Bound --> stanzas
//! ```
//!
//! Answered here: resource binding, session, ping, an empty roster, service discovery, and refusals of
//! everything unknown. Left to the owner: passwords, conflicts, presence, publish-subscribe.

mod answers;
mod greeting;
mod login;
mod verbs;

pub use verbs::{PubSubRequest, ServerCommand, ServerConfig, ServerEvent};

use crate::framing::{self, Framing, Intake, Piece};
use crate::trace::{self, Shown};
use crate::{Element, Fault, Jid, StanzaError, StreamError, ns};
use bytes::Bytes;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Closing, Instant, Outbox, Outcome, Protocol, ProtocolInput, ProtocolOutput,
    Random, Reason, Timers,
};
use std::collections::{BTreeMap, VecDeque};

/// The server side of XMPP on one accepted stream; runs in a
/// [`Peer`](finewire_core::machine::Peer).
pub struct Server {
    config: ServerConfig,
    random: Random,
    phase: Phase,
    secured: bool,
    intake: Intake,
    /// Whether our own header was sent on the stream under way.
    greeted: bool,
    attempts: u32,
    user: String,
    available: bool,
    outbox: Outbox,
    /// Publish-subscribe requests that wait for their owner.
    pending: BTreeMap<u64, Pending>,
    requests: u64,
    /// When the client last said anything.
    heard: Instant,
    timers: Timers<Timer>,
    outputs: VecDeque<ProtocolOutput<ServerEvent>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    New,
    /// Waiting for STARTTLS or authentication.
    Anonymous,
    Securing,
    /// The owner judges the password.
    Judging,
    /// Waiting for the binding of a resource.
    Authenticated,
    Bound {
        jid: Jid,
    },
    /// The end of the stream is to be written.
    Leaving(CloseReason),
    Gone,
}

struct Pending {
    id: String,
    service: Jid,
    what: PubSubRequest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Login,
    Silence,
    Leave,
}

/// Wrong passwords on one stream, at most (RFC 6120 §6.4.5 recommends 2 to 5).
const MOST_ATTEMPTS: u32 = 3;

/// How long the last bytes of a stream may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// A deadline lies in the future, also for a time of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Server {
    /// A server that behaves as configured. `random` makes stream ids and resources.
    #[must_use]
    pub fn new(config: ServerConfig, random: Random) -> Self {
        Self {
            intake: Intake::new(config.framing, config.limits),
            config,
            random,
            phase: Phase::New,
            secured: false,
            greeted: false,
            attempts: 0,
            user: String::new(),
            available: false,
            outbox: Outbox::new(),
            pending: BTreeMap::new(),
            requests: 0,
            heard: Instant::START,
            timers: Timers::new(),
            outputs: VecDeque::new(),
        }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// The full address of the client, once bound.
    #[must_use]
    pub const fn jid(&self) -> Option<&Jid> {
        match &self.phase {
            Phase::Bound { jid } => Some(jid),
            _ => None,
        }
    }

    /// Bytes not yet written.
    #[must_use]
    pub const fn backlog(&self) -> usize {
        self.outbox.backlog()
    }

    fn takes_stanzas(&self) -> bool {
        matches!(
            self.phase,
            Phase::Anonymous | Phase::Authenticated | Phase::Bound { .. }
        )
    }

    fn on_received(&mut self, now: Instant, bytes: &[u8]) {
        if self.takes_stanzas() || self.phase == Phase::Judging {
            self.intake.push(bytes);
        }
        if self.intake.unread() > self.config.limits.stanza_bytes && self.phase == Phase::Judging {
            let reason = Fault::LimitStanza.close_reason();
            self.fail(now, StreamError::PolicyViolation, reason);
        }
        while self.takes_stanzas() {
            let taken = match self.intake.next_piece() {
                Ok(None) => return,
                Ok(Some(piece)) => self.on_piece(now, piece),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = taken {
                self.fail(now, greeting::stream_error(fault), fault.close_reason());
            }
        }
    }

    fn on_piece(&mut self, now: Instant, piece: Piece) -> Result<(), Fault> {
        match piece {
            Piece::Open(header) => self.greet(now, &header),
            Piece::Stanza(stanza, bytes) => {
                let (us, peer) = (self.config.us, self.config.peer);
                let shown = self.shown(&stanza);
                let subject = trace::subject(&stanza);
                let trace = trace::message(peer, us, &self.user, &subject, shown, &bytes);
                self.outputs.push_back(ProtocolOutput::Trace(trace));
                self.on_stanza(now, &stanza)?;
            }
            Piece::Close => self.leave(now, CloseReason::Eof),
        }
        Ok(())
    }

    /// Before login anything may hold a password, and old ways to log in or register may always.
    fn shown(&self, stanza: &Element) -> Shown {
        let old =
            |child: &Element| matches!(&*child.namespace, "jabber:iq:auth" | "jabber:iq:register");
        if matches!(self.phase, Phase::Bound { .. } | Phase::Authenticated)
            && &*stanza.namespace != ns::SASL
            && !stanza.elements().any(old)
        {
            Shown::All
        } else {
            Shown::Nothing
        }
    }

    fn on_stanza(&mut self, now: Instant, stanza: &Element) -> Result<(), Fault> {
        match self.phase.clone() {
            Phase::Anonymous if stanza.is("starttls", ns::TLS) => self.start_tls(stanza)?,
            Phase::Anonymous if stanza.is("auth", ns::SASL) => self.on_auth(now, stanza),
            Phase::Authenticated if answers::is_bind(stanza) => self.bind(now, stanza),
            Phase::Bound { jid } => self.on_bound_stanza(&jid, stanza),
            _ => {
                let reason = CloseReason::Remote(format!("{} before login", stanza.name));
                self.fail(now, StreamError::NotAuthorized, reason);
            }
        }
        Ok(())
    }

    fn on_bound_stanza(&mut self, jid: &Jid, stanza: &Element) {
        match (&*stanza.namespace, stanza.name.as_str()) {
            (ns::CLIENT, "presence") => self.on_presence(stanza),
            (ns::CLIENT, "iq") => self.on_iq(jid, stanza),
            _ => {}
        }
    }

    fn on_presence(&mut self, presence: &Element) {
        let to = presence.attribute("to");
        match (presence.attribute("type"), to) {
            (None, None) => {
                let priority = presence
                    .child("priority", ns::CLIENT)
                    .and_then(|priority| priority.text().trim().parse().ok())
                    .unwrap_or(0);
                self.available = true;
                self.presence_changed(priority);
            }
            (Some("unavailable"), None) => {
                self.available = false;
                self.presence_changed(0);
            }
            (Some(kind @ ("subscribe" | "unsubscribe")), Some(to)) => {
                if let Ok(to) = to.parse() {
                    let subscribe = kind == "subscribe";
                    let event = ServerEvent::PresenceSubscription { to, subscribe };
                    self.outputs.push_back(ProtocolOutput::Event(event));
                }
            }
            _ => {}
        }
    }

    fn presence_changed(&mut self, priority: i8) {
        let event = ServerEvent::PresenceChanged {
            available: self.available,
            priority,
        };
        self.outputs.push_back(ProtocolOutput::Event(event));
    }

    fn on_iq(&mut self, jid: &Jid, iq: &Element) {
        if !matches!(iq.attribute("type"), Some("get" | "set")) {
            return;
        }
        let answer = match answers::read(iq, jid, &self.config) {
            answers::Answer::Ours(answer) => answer,
            answers::Answer::Owners { service, what } => {
                if self.pending.len() >= self.config.most_pending {
                    answers::error(iq, StanzaError::ResourceConstraint)
                } else {
                    let request = self.requests;
                    self.requests = request.wrapping_add(1);
                    let id = iq.attribute("id").unwrap_or_default().to_owned();
                    let pending = Pending {
                        id,
                        service: service.clone(),
                        what: what.clone(),
                    };
                    self.pending.insert(request, pending);
                    self.outputs
                        .push_back(ProtocolOutput::Event(ServerEvent::PubSub {
                            request,
                            service,
                            what,
                        }));
                    return;
                }
            }
        };
        self.send(&trace::subject(&answer), &answer);
    }

    fn on_command(&mut self, now: Instant, command: ServerCommand) -> Outcome {
        if matches!(self.phase, Phase::New | Phase::Leaving(_) | Phase::Gone) {
            return Outcome::refused(Reason::LinkDown, "the stream is not there");
        }
        match command {
            ServerCommand::Authenticate { accept } => {
                if self.phase != Phase::Judging {
                    return Outcome::refused(Reason::Local, "nobody waits for a verdict");
                }
                if accept {
                    self.send("success", &Element::new("success", ns::SASL));
                    self.phase = Phase::Authenticated;
                    self.restart();
                } else {
                    self.refuse_login(now, "not-authorized");
                }
            }
            ServerCommand::Reply { request, result } => {
                let Some(pending) = self.pending.remove(&request) else {
                    return Outcome::refused(Reason::Local, "no such request waits for an answer");
                };
                let Phase::Bound { jid } = &self.phase else {
                    return Outcome::refused(Reason::LinkDown, "the stream is not there");
                };
                let answer = answers::reply(&pending, jid, result);
                self.send(&trace::subject(&answer), &answer);
            }
            ServerCommand::Send { stanza } => {
                if !matches!(self.phase, Phase::Bound { .. }) {
                    return Outcome::refused(Reason::Local, "no resource is bound");
                }
                let messages = match self.config.framing {
                    Framing::Stream => None,
                    Framing::WebSocket => match framing::split(&stanza, self.config.limits) {
                        Ok(messages) => Some(messages),
                        Err(fault) => {
                            return Outcome::refused(Reason::Local, fault.to_string());
                        }
                    },
                };
                let subject = "stanza";
                let (us, peer) = (self.config.us, self.config.peer);
                let trace = trace::message(us, peer, &self.user, subject, Shown::All, &stanza);
                self.outputs.push_back(ProtocolOutput::Trace(trace));
                match messages {
                    None => self.outbox.push(stanza),
                    Some(messages) => {
                        for message in messages {
                            self.outbox.push(message.into());
                        }
                    }
                }
                self.check_backlog();
            }
            ServerCommand::Close { error: None } => self.leave(now, CloseReason::Asked),
            ServerCommand::Close { error: Some(error) } => {
                self.fail(now, error, CloseReason::Asked);
            }
        }
        Outcome::Done
    }

    fn restart(&mut self) {
        self.intake.restart();
        self.greeted = false;
    }

    fn send(&mut self, subject: &str, element: &Element) {
        self.send_text(subject, Shown::All, self.config.framing.write(element));
    }

    fn send_text(&mut self, subject: &str, shown: Shown, text: String) {
        let (us, peer) = (self.config.us, self.config.peer);
        let trace = trace::message(us, peer, &self.user, subject, shown, text.as_bytes());
        self.outputs.push_back(ProtocolOutput::Trace(trace));
        self.outbox.push(Bytes::from(text));
        self.check_backlog();
    }

    fn check_backlog(&mut self) {
        if self.outbox.backlog() > self.config.most_backlog && self.phase != Phase::Gone {
            let text = "the client does not read what it is sent";
            self.close(Closing::Abort, CloseReason::Limit(text.into()));
        }
    }

    /// Looks again after half of the silence that is borne. What the client says in between moves
    /// no timer: a busy stream costs nothing more.
    fn await_word(&mut self, now: Instant) {
        if let Some(silence) = self.config.silence {
            let next = (self.heard + silence / 2).max(now + SHORTEST);
            self.timers.set(Timer::Silence, next);
        }
    }

    /// A stream whose link died without a word ends, too. XEP-0199 §4.3, "Server-To-Client Pings".
    fn on_silence(&mut self, now: Instant, jid: &Jid) {
        let Some(silence) = self.config.silence else {
            return;
        };
        let quiet = now.since(self.heard);
        if quiet < silence / 2 {
            return self.await_word(now);
        }
        if quiet >= silence {
            return self.fail(now, StreamError::ConnectionTimeout, CloseReason::TimedOut);
        }
        let ping = Element::new("iq", ns::CLIENT)
            .with_attribute("type", "get")
            .with_attribute("from", &self.config.domain)
            .with_attribute("to", jid.as_str())
            .with_attribute("id", "ping")
            .with_child(Element::new("ping", ns::PING));
        self.send("ping", &ping);
        let end = (self.heard + silence).max(now + SHORTEST);
        self.timers.set(Timer::Silence, end);
    }

    /// Ends the stream with an error.
    fn fail(&mut self, now: Instant, error: StreamError, reason: CloseReason) {
        if matches!(self.phase, Phase::Leaving(_) | Phase::Gone) {
            return;
        }
        if self.phase == Phase::Securing {
            // Nothing of ours may come between the bytes of a TLS handshake.
            self.close(Closing::Abort, reason);
            return;
        }
        if !self.greeted {
            let id = format!("{:016x}", self.random.next_u64());
            let text = greeting::header(&self.config, &id, None);
            self.send_text("stream header", Shown::All, text);
            self.greeted = true;
        }
        self.send(&format!("stream error {error}"), &error.to_element());
        self.leave(now, reason);
    }

    /// Ends the stream; what is queued is still written.
    fn leave(&mut self, now: Instant, reason: CloseReason) {
        if matches!(self.phase, Phase::Leaving(_) | Phase::Gone) {
            return;
        }
        if !self.greeted || self.phase == Phase::Securing {
            self.close(Closing::Flush, reason);
            return;
        }
        let text = self.config.framing.close_text();
        self.send_text("stream end", Shown::All, text.into());
        if self.phase != Phase::Gone {
            self.phase = Phase::Leaving(reason);
            self.timers.set(Timer::Leave, now + LEAVE_WITHIN);
        }
    }

    fn close(&mut self, closing: Closing, reason: CloseReason) {
        self.phase = Phase::Gone;
        self.timers = Timers::new();
        self.outputs
            .push_back(ProtocolOutput::Close(closing, reason));
    }

    fn on_closed(&mut self) {
        self.phase = Phase::Gone;
        self.timers = Timers::new();
        self.intake = Intake::new(self.config.framing, self.config.limits);
        self.outbox.clear();
        self.pending.clear();
        if core::mem::take(&mut self.available) {
            self.presence_changed(0);
        }
    }
}

impl Protocol for Server {
    type Command = ServerCommand;
    type Event = ServerEvent;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ServerCommand>) {
        match input {
            ProtocolInput::Opened(identity) => {
                self.secured = identity.is_some();
                self.phase = Phase::Anonymous;
                let within = self.config.login_within.max(SHORTEST);
                self.timers.set(Timer::Login, now + within);
            }
            ProtocolInput::Secured(_) => {
                if self.phase == Phase::Securing {
                    self.secured = true;
                    self.phase = Phase::Anonymous;
                    self.restart();
                }
            }
            ProtocolInput::Received(bytes) => {
                self.heard = now;
                self.on_received(now, bytes);
            }
            ProtocolInput::Sent => self.outbox.on_sent(),
            ProtocolInput::Closed(_) => self.on_closed(),
            ProtocolInput::Command(id, command) => {
                let outcome = self.on_command(now, command);
                self.outputs.push_back(ProtocolOutput::Ended(id, outcome));
                // A verdict lets what was sent behind the password be read.
                self.on_received(now, &[]);
            }
            ProtocolInput::Wall(_) => {}
        }
        self.handle_timeout(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match (timer, self.phase.clone()) {
                (Timer::Leave, Phase::Leaving(reason)) => self.close(Closing::Abort, reason),
                (Timer::Leave, _) => {}
                (Timer::Silence, Phase::Bound { jid }) => self.on_silence(now, &jid),
                (Timer::Silence, _) => {}
                (Timer::Login, _) => {
                    self.fail(now, StreamError::ConnectionTimeout, CloseReason::TimedOut);
                }
            }
        }
    }

    fn poll_output(&mut self) -> ProtocolOutput<ServerEvent> {
        if let Some(output) = self.next_output() {
            return output;
        }
        ProtocolOutput::Wait(self.timers.next())
    }
}

impl Server {
    fn next_output(&mut self) -> Option<ProtocolOutput<ServerEvent>> {
        // `proceed` must be on its way before the handshake begins.
        let secure_is_next = matches!(self.outputs.front(), Some(ProtocolOutput::Secure(_)));
        if (secure_is_next || self.outputs.is_empty())
            && self.phase != Phase::Gone
            && let Some(chunks) = self.outbox.take()
        {
            return Some(ProtocolOutput::Send(chunks));
        }
        if secure_is_next && !self.outbox.is_drained() {
            return None;
        }
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        if let Phase::Leaving(reason) = &self.phase
            && !self.outbox.has_pending()
        {
            let reason = reason.clone();
            self.phase = Phase::Gone;
            self.timers = Timers::new();
            return Some(ProtocolOutput::Close(Closing::Flush, reason));
        }
        None
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("domain", &self.config.domain)
            .field("user", &self.user)
            .field("phase", &self.phase)
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}
