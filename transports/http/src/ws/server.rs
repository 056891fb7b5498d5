//! The server side: HTTP until its owner accepts a WebSocket.

use super::socket::Socket;
use super::{Handshake, Limits, MessageProtocol, Side};
use crate::{Bytes, Request, redact};
use core::fmt;
use finewire_core::machine::{
    CommandId, Instant, Outcome, PeerIdentity, Protocol, ProtocolInput, ProtocolOutput, Reason,
};

/// An HTTP server on one accepted stream that can become a WebSocket with `P` inside; runs in a
/// [`Peer`](finewire_core::machine::Peer).
///
/// Every request comes to the owner as [`ServerEvent::Requested`]. One of them may ask for a WebSocket, which
/// [`Handshake::of`] tells; the owner looks at path, `Origin`, credentials and subprotocols and either accepts
/// or gives an HTTP answer, upon which HTTP goes on.
pub struct Server<P: MessageProtocol> {
    http: crate::Server,
    limits: Limits,
    identity: Option<PeerIdentity>,
    /// The request for a WebSocket that waits for its answer.
    asked: Option<(u64, Result<Handshake, super::Refusal>)>,
    /// The protocol that was accepted, and whether HTTP has ended.
    socket: Option<Box<Socket<P>>>,
    switched: bool,
    outputs: Vec<ProtocolOutput<ServerEvent<P::Event>>>,
}

/// What a [`Server`] can be asked for.
#[non_exhaustive]
pub enum ServerCommand<P: MessageProtocol> {
    /// Gives an HTTP answer: see [`ServerCommand::Answer`](crate::ServerCommand::Answer).
    Http(crate::ServerCommand),
    /// Accepts a WebSocket; refused if the request did not properly ask for one with the subprotocol of
    /// `protocol`. Ends as done when the answer 101 is written.
    Accept {
        /// The number that [`ServerEvent::Requested`] gave.
        exchange: u64,
        /// What is spoken in it from now on.
        protocol: Box<P>,
    },
    /// A command to the protocol inside; refused as long as there is none.
    Inside(P::Command),
}

/// What a [`Server`] says.
#[expect(
    clippy::large_enum_variant,
    reason = "a request is moved once; boxing each would cost more"
)]
#[non_exhaustive]
pub enum ServerEvent<E> {
    /// A complete request has come. Each is to be answered once.
    Requested {
        /// Counts the requests of this connection from 0.
        exchange: u64,
        /// The request, body complete.
        request: Request<Bytes>,
    },
    /// The protocol inside says something.
    Inside(E),
}

impl<P: MessageProtocol> Server<P> {
    /// A server that behaves as configured; `limits` are those of a WebSocket.
    #[must_use]
    pub fn new(config: crate::ServerConfig, limits: Limits) -> Self {
        Self {
            http: crate::Server::new(config),
            limits,
            identity: None,
            asked: None,
            socket: None,
            switched: false,
            outputs: Vec::new(),
        }
    }

    /// The protocol inside, once a WebSocket was accepted.
    #[must_use]
    pub fn protocol(&self) -> Option<&P> {
        self.socket.as_ref().map(|socket| socket.protocol())
    }

    /// The HTTP server around it.
    #[must_use]
    pub const fn http(&self) -> &crate::Server {
        &self.http
    }

    fn on_command(&mut self, now: Instant, id: CommandId, command: ServerCommand<P>) {
        match command {
            ServerCommand::Http(command) => {
                self.http
                    .handle_input(now, ProtocolInput::Command(id, command));
            }
            ServerCommand::Accept { exchange, protocol } => {
                if let Err((reason, text)) = self.accept(now, id, exchange, *protocol) {
                    let outcome = Outcome::refused(reason, text);
                    self.outputs.push(ProtocolOutput::Ended(id, outcome));
                }
            }
            ServerCommand::Inside(command) => match &mut self.socket {
                Some(socket) => socket.command(now, id, command),
                None => {
                    let outcome = Outcome::refused(Reason::Local, "no websocket was accepted");
                    self.outputs.push(ProtocolOutput::Ended(id, outcome));
                }
            },
        }
        self.follow(now);
    }

    fn accept(
        &mut self,
        now: Instant,
        id: CommandId,
        exchange: u64,
        protocol: P,
    ) -> Result<(), (Reason, &'static str)> {
        let asked = self.asked.take_if(|(asked, _)| *asked == exchange);
        let Some((_, wish)) = asked else {
            return Err((Reason::Local, "no such request asks for a websocket"));
        };
        let subprotocol = protocol.subprotocol();
        let refusal = match &wish {
            Err(_) => Some("the request for a websocket is malformed"),
            Ok(wish) if !subprotocol.is_none_or(|name| wish.offers(name)) => {
                Some("the subprotocol is not on offer")
            }
            Ok(_) => None,
        };
        if let (Some(text), wish) = (refusal, wish.clone()) {
            // It still waits for an HTTP answer.
            self.asked = Some((exchange, wish));
            return Err((Reason::Remote, text));
        }
        let Ok(wish) = wish else { return Ok(()) };
        if !self
            .http
            .switch(now, id, exchange, wish.response(subprotocol))
        {
            return Err((Reason::LinkDown, "the connection is gone or ends"));
        }
        let socket = Socket::new(Side::Server, self.limits, protocol, None);
        self.socket = Some(Box::new(socket));
        Ok(())
    }

    /// Lets the protocol inside begin as soon as HTTP has ended.
    fn follow(&mut self, now: Instant) {
        if self.switched {
            return;
        }
        if let (Some(unread), Some(socket)) = (self.http.take_switched(), &mut self.socket) {
            self.switched = true;
            socket.opened(now, self.identity.take());
            if !unread.is_empty() {
                socket.received(now, &unread);
            }
        }
    }
}

impl<P: MessageProtocol> Protocol for Server<P> {
    type Command = ServerCommand<P>;
    type Event = ServerEvent<P::Event>;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, ServerCommand<P>>) {
        match input {
            ProtocolInput::Opened(identity) => {
                self.identity.clone_from(&identity);
                self.http.handle_input(now, ProtocolInput::Opened(identity));
            }
            ProtocolInput::Received(bytes) => match &mut self.socket {
                Some(socket) if self.switched => socket.received(now, bytes),
                _ => self.http.handle_input(now, ProtocolInput::Received(bytes)),
            },
            ProtocolInput::Sent => match &mut self.socket {
                Some(socket) if self.switched && self.http.is_drained() => socket.sent(now),
                _ => self.http.handle_input(now, ProtocolInput::Sent),
            },
            ProtocolInput::Closed(reason) => {
                self.http
                    .handle_input(now, ProtocolInput::Closed(reason.clone()));
                if let Some(socket) = &mut self.socket {
                    socket.closed(now, reason);
                }
            }
            ProtocolInput::Command(id, command) => self.on_command(now, id, command),
            ProtocolInput::Wall(wall) => {
                self.http.handle_input(now, ProtocolInput::Wall(wall));
                if let Some(socket) = &mut self.socket {
                    socket.wall(now, wall);
                }
            }
            ProtocolInput::Secured(_) => {}
        }
        self.follow(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.http.handle_timeout(now);
        if let Some(socket) = &mut self.socket {
            socket.timeout(now);
        }
        self.follow(now);
    }

    fn poll_output(&mut self) -> ProtocolOutput<ServerEvent<P::Event>> {
        if !self.outputs.is_empty() {
            return self.outputs.remove(0);
        }
        let theirs = match lift(self.http.poll_output(), |event| {
            let crate::ServerEvent::Requested { exchange, request } = event;
            if let Some(wish) = Handshake::of(&request) {
                self.asked = Some((exchange, wish));
            }
            ServerEvent::Requested { exchange, request }
        }) {
            ProtocolOutput::Wait(deadline) => deadline,
            output => return output,
        };
        let Some(socket) = &mut self.socket else {
            return ProtocolOutput::Wait(theirs);
        };
        // Its first frame goes behind the answer that opens the WebSocket.
        if self.switched && !self.http.is_drained() && !self.http.is_gone() {
            return ProtocolOutput::Wait(theirs);
        }
        loop {
            return match lift(socket.poll(), ServerEvent::Inside) {
                // The link was up with the first byte of HTTP.
                ProtocolOutput::Ready => continue,
                ProtocolOutput::Wait(ours) => ProtocolOutput::Wait(match (ours, theirs) {
                    (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
                    (ours, theirs) => ours.or(theirs),
                }),
                output => output,
            };
        }
    }
}

fn lift<A, B>(output: ProtocolOutput<A>, event: impl FnOnce(A) -> B) -> ProtocolOutput<B> {
    match output {
        ProtocolOutput::Send(chunks) => ProtocolOutput::Send(chunks),
        ProtocolOutput::Pause => ProtocolOutput::Pause,
        ProtocolOutput::Resume => ProtocolOutput::Resume,
        ProtocolOutput::Secure(tls) => ProtocolOutput::Secure(tls),
        ProtocolOutput::Ready => ProtocolOutput::Ready,
        ProtocolOutput::Close(closing, reason) => ProtocolOutput::Close(closing, reason),
        ProtocolOutput::Finish(closing, reason) => ProtocolOutput::Finish(closing, reason),
        ProtocolOutput::Event(it) => ProtocolOutput::Event(event(it)),
        ProtocolOutput::Ended(id, outcome) => ProtocolOutput::Ended(id, outcome),
        ProtocolOutput::Trace(trace) => ProtocolOutput::Trace(trace),
        ProtocolOutput::Wait(deadline) => ProtocolOutput::Wait(deadline),
    }
}

impl<P: MessageProtocol> fmt::Debug for Server<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("http", &self.http)
            .field("switched", &self.switched)
            .finish_non_exhaustive()
    }
}

impl<P: MessageProtocol> fmt::Debug for ServerCommand<P>
where
    P::Command: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(command) => f.debug_tuple("Http").field(command).finish(),
            Self::Accept { exchange, .. } => write!(f, "Accept({exchange})"),
            Self::Inside(command) => f.debug_tuple("Inside").field(command).finish(),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for ServerEvent<E> {
    /// Shows a request without body and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested { exchange, request } => f
                .debug_struct("Requested")
                .field("exchange", exchange)
                .field("request", &redact::request(request))
                .finish(),
            Self::Inside(event) => f.debug_tuple("Inside").field(event).finish(),
        }
    }
}
