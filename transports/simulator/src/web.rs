//! Links that begin with HTTP: REST, and the notification service in a WebSocket.

use bytes::Bytes;
use finewire_core::machine::{Input, Instant, LinkEvent, LinkId, Machine, Peer, TlsId};
use finewire_http::http::header::{HeaderValue, UPGRADE};
use finewire_http::http::{self, Response, StatusCode};
use finewire_http::ws::{self, Handshake};
use finewire_xmpp::websocket::{HttpOrXmpp, SUBPROTOCOL, server_inside};

use crate::config::Node;
use crate::machine::Simulator;
use crate::session::Session;

/// Where the notification service takes WebSockets. Seen: clients ask for `/ws/`.
const WEBSOCKET: [&str; 2] = ["/ws/", "/ws"];

/// A link that speaks HTTP, or did until it became a WebSocket.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) node: Node,
    /// Whether REST is served on it.
    has_rest: bool,
    pub(crate) peer: Peer<HttpOrXmpp>,
}

impl Web {
    pub(crate) fn new(
        now: Instant,
        link: LinkId,
        node: Node,
        has_rest: bool,
        http: finewire_http::ServerConfig,
        tls: Option<TlsId>,
    ) -> Self {
        let server = ws::Server::new(http, ws::Limits::default());
        Self {
            node,
            has_rest,
            peer: Peer::new(now, link, server, tls),
        }
    }
}

impl Simulator {
    pub(crate) fn on_web(
        &mut self,
        link: LinkId,
        event: LinkEvent<ws::ServerEvent<finewire_xmpp::ServerEvent>>,
    ) {
        match event {
            LinkEvent::Said(ws::ServerEvent::Requested { exchange, request }) => {
                let Some(web) = self.web.get(&link) else {
                    return;
                };
                let (node, has_rest) = (web.node, web.has_rest);
                if WEBSOCKET.contains(&request.uri().path()) {
                    self.open_websocket(link, node, exchange, &request);
                } else if has_rest {
                    self.serve(link, node, exchange, &request);
                } else {
                    self.answer(link, exchange, status(StatusCode::NOT_FOUND));
                }
            }
            LinkEvent::Said(ws::ServerEvent::Inside(event)) => self.on_stream(link, event),
            LinkEvent::Down { .. } => self.forget(link),
            LinkEvent::Up => {}
        }
    }

    /// Makes the link a WebSocket with an XMPP stream in it (RFC 7395), or says why not.
    fn open_websocket(
        &mut self,
        link: LinkId,
        node: Node,
        exchange: u64,
        request: &http::Request<Bytes>,
    ) {
        let refusal = match Handshake::of(request) {
            // Nothing but WebSockets is to be had there.
            None => Some(upgrade_required()),
            Some(Err(refusal)) => Some(refusal.response()),
            Some(Ok(wish)) => (!wish.offers(SUBPROTOCOL)).then(|| status(StatusCode::BAD_REQUEST)),
        };
        if let Some(refusal) = refusal {
            return self.answer(link, exchange, refusal);
        }
        let config = finewire_xmpp::ServerConfig::new(self.config.domain_of(node).as_str());
        let protocol = Box::new(server_inside(config, self.random.fork()));
        let id = self.next_command();
        let now = self.now;
        if let Some(web) = self.web.get_mut(&link) {
            let accept = ws::ServerCommand::Accept { exchange, protocol };
            web.peer.handle_input(now, Input::Command(id, accept));
            self.sessions.insert(link, Session::new(node));
            self.touch(link);
        }
    }
}

/// RFC 9110 §15.5.22: with the protocol to upgrade to.
fn upgrade_required() -> Response<Bytes> {
    let mut response = status(StatusCode::UPGRADE_REQUIRED);
    let name = HeaderValue::from_static("websocket");
    response.headers_mut().insert(UPGRADE, name);
    response
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
