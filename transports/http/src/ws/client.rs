//! The client side: asks for a WebSocket and runs a protocol in it.

use super::handshake::check_answer;
use super::socket::Socket;
use super::{Fault, Limits, MessageProtocol, Side};
use crate::head::HeadReader;
use crate::{Bytes, HeaderMap, HeaderValue, Request, StatusCode, Uri, header, redact, write};
use base64::Engine;
use core::fmt;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, Instant, Party, PeerIdentity, Protocol, ProtocolInput,
    ProtocolOutput, Random,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// How a [`Client`] asks for its WebSocket.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The value of `Host`: the server's name, with the port unless it is the scheme's default.
    pub host: Arc<str>,
    /// The request target, as `/ws/`.
    pub path: Arc<str>,
    /// The value of `Origin`, which a browser would send; `None`: the field is left out.
    pub origin: Option<Arc<str>>,
    /// Further fields of the request.
    pub headers: HeaderMap,
    /// Bounds for frames and messages.
    pub limits: Limits,
    /// Bounds for the answer to the handshake.
    pub http_limits: crate::Limits,
    /// Who we are in traces.
    pub us: Party,
    /// Whom we talk to in traces.
    pub peer: Party,
}

impl ClientConfig {
    /// A WebSocket at `path` of the server `host`, without origin, with default limits, as the connector
    /// talking to Finesse in traces.
    #[must_use]
    pub fn new(host: &str, path: &str) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
            origin: None,
            headers: HeaderMap::new(),
            limits: Limits::default(),
            http_limits: crate::Limits::default(),
            us: Party::Connector,
            peer: Party::Finesse,
        }
    }
}

/// A protocol of messages in a WebSocket that we ask for; commands and events are those of the protocol inside.
///
/// Runs in a [`Link`](finewire_core::machine::Link), whose `ready_within` bounds the handshake. An answer other than 101
/// closes the stream: as [`Denied`](CloseReason::Denied) for 401, 403 and 404, else as
/// [`Other`](CloseReason::Other); the link then tries again by its policy.
pub struct Client<P: MessageProtocol> {
    config: ClientConfig,
    state: State,
    socket: Socket<P>,
    /// What is said before the WebSocket is open.
    outputs: VecDeque<ProtocolOutput<P::Event>>,
}

enum State {
    Down,
    Asking(Box<Asking>),
    Open,
    /// The handshake failed and we asked for the end.
    Closing,
}

struct Asking {
    key: String,
    head: HeadReader,
    identity: Option<PeerIdentity>,
}

impl<P: MessageProtocol> Client<P> {
    /// Runs `protocol` in a WebSocket; `random` makes keys and masks.
    #[must_use]
    pub fn new(config: ClientConfig, protocol: P, random: Random) -> Self {
        Self {
            socket: Socket::new(Side::Client, config.limits, protocol, Some(random)),
            config,
            state: State::Down,
            outputs: VecDeque::new(),
        }
    }

    /// How it was configured.
    #[must_use]
    pub const fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The protocol inside, to look at.
    #[must_use]
    pub const fn protocol(&self) -> &P {
        self.socket.protocol()
    }

    /// The protocol inside, to configure.
    pub const fn protocol_mut(&mut self) -> &mut P {
        self.socket.protocol_mut()
    }

    fn ask(&mut self, identity: Option<PeerIdentity>) {
        let mut nonce = [0; 16];
        if let Some(random) = self.socket.random_mut() {
            random.fill(&mut nonce);
        }
        let key = base64::engine::general_purpose::STANDARD.encode(nonce);
        let request = match self.request(&key) {
            Ok(request) => request,
            Err(text) => {
                let reason = CloseReason::Other(text.into());
                self.give_up(true, reason);
                return;
            }
        };
        let (us, peer) = (self.config.us, self.config.peer);
        let subject = format!("GET {} as websocket", self.config.path);
        let trace = write::trace(us, peer, subject, request.headers(), request.body());
        self.outputs.push_back(ProtocolOutput::Trace(trace));
        let mut chunks = Chunks::new();
        chunks.push(write::upgrade_request(&request, &self.config.host));
        self.outputs.push_back(ProtocolOutput::Send(chunks));
        self.state = State::Asking(Box::new(Asking {
            key,
            head: HeadReader::default(),
            identity,
        }));
    }

    fn request(&self, key: &str) -> Result<Request<Bytes>, &'static str> {
        const BAD: &str = "the configured websocket host, path or origin cannot stand in a request";
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| BAD);
        value(&self.config.host)?;
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.config.path.parse::<Uri>().map_err(|_| BAD)?;
        if !self.config.path.starts_with('/') {
            return Err(BAD);
        }
        let mut headers = self.config.headers.clone();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_KEY, value(key)?);
        headers.insert(
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        );
        if let Some(name) = self.protocol().subprotocol() {
            headers.insert(
                header::SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(name),
            );
        }
        if let Some(origin) = &self.config.origin {
            headers.insert(header::ORIGIN, value(origin)?);
        }
        redact::mark_secrets(&mut headers);
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn give_up(&mut self, for_good: bool, reason: CloseReason) {
        self.state = State::Closing;
        let closing = Closing::Abort;
        self.outputs.push_back(if for_good {
            ProtocolOutput::Finish(closing, reason)
        } else {
            ProtocolOutput::Close(closing, reason)
        });
    }

    fn on_received(&mut self, now: Instant, bytes: &[u8]) {
        match &mut self.state {
            State::Open => self.socket.received(now, bytes),
            State::Down | State::Closing => {}
            State::Asking(asking) => match asking.head.read(bytes, &self.config.http_limits) {
                Ok((_, false)) => {}
                Ok((used, true)) => {
                    self.on_answer(now, bytes.get(used..).unwrap_or_default());
                }
                Err(fault) => self.give_up(false, fault.close_reason()),
            },
        }
    }

    fn on_answer(&mut self, now: Instant, rest: &[u8]) {
        let State::Asking(mut asking) = core::mem::replace(&mut self.state, State::Closing) else {
            return;
        };
        let response = match asking.head.take_response(&self.config.http_limits) {
            Ok(response) => response,
            Err(fault) => return self.give_up(false, fault.close_reason()),
        };
        let status = response.status();
        let (us, peer) = (self.config.us, self.config.peer);
        let subject = format!("{status} for GET {} as websocket", self.config.path);
        let trace = write::trace(peer, us, subject, response.headers(), &Bytes::new());
        self.outputs.push_back(ProtocolOutput::Trace(trace));
        if status != StatusCode::SWITCHING_PROTOCOLS {
            let text = format!("no websocket: answered {status}");
            let denied = [
                StatusCode::UNAUTHORIZED,
                StatusCode::FORBIDDEN,
                StatusCode::NOT_FOUND,
            ];
            let reason = if denied.contains(&status) {
                CloseReason::Denied(text)
            } else {
                CloseReason::Other(text)
            };
            return self.give_up(false, reason);
        }
        let subprotocol = self.protocol().subprotocol();
        if let Err(fault) = check_answer(&response, &asking.key, subprotocol) {
            return self.give_up(false, Fault::close_reason(fault));
        }
        self.state = State::Open;
        self.socket.opened(now, asking.identity);
        if !rest.is_empty() {
            self.socket.received(now, rest);
        }
    }
}

impl<P: MessageProtocol> Protocol for Client<P> {
    type Command = P::Command;
    type Event = P::Event;

    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, P::Command>) {
        match input {
            ProtocolInput::Opened(identity) => self.ask(identity),
            ProtocolInput::Received(bytes) => self.on_received(now, bytes),
            ProtocolInput::Sent => {
                if matches!(self.state, State::Open) {
                    self.socket.sent(now);
                }
            }
            ProtocolInput::Closed(reason) => {
                self.state = State::Down;
                self.outputs.clear();
                self.socket.closed(now, reason);
            }
            ProtocolInput::Command(id, command) => self.socket.command(now, id, command),
            ProtocolInput::Wall(wall) => self.socket.wall(now, wall),
            ProtocolInput::Secured(_) => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.socket.timeout(now);
    }

    fn poll_output(&mut self) -> ProtocolOutput<P::Event> {
        match self.outputs.pop_front() {
            Some(output) => output,
            None => self.socket.poll(),
        }
    }

    fn keeps_while_down(&self, command: &P::Command) -> bool {
        self.protocol().keeps_while_down(command)
    }

    fn wants_stream(&self) -> bool {
        self.protocol().wants_stream()
    }
}

impl<P: MessageProtocol + fmt::Debug> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.config.host)
            .field("path", &self.config.path)
            .field("protocol", self.protocol())
            .finish_non_exhaustive()
    }
}
