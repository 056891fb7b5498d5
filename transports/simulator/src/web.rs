//! Links that begin with HTTP: REST, and the notification service in a WebSocket.

use bytes::Bytes;
use finewire_core::machine::{Input, Instant, LinkEvent, LinkId, Machine, Peer, TlsId};
use finewire_http::http::header::{HOST, HeaderValue, LOCATION, UPGRADE};
use finewire_http::http::{self, Response, StatusCode};
use finewire_http::ws::{self, Handshake};
use finewire_xmpp::websocket::{HttpOrXmpp, SUBPROTOCOL, server_inside};

use crate::config::{Node, Service};
use crate::machine::Simulator;
use crate::session::Session;
use crate::sso;

/// Where the notification service takes WebSockets. Seen: clients ask for `/ws/`.
const WEBSOCKET: [&str; 2] = ["/ws/", "/ws"];

/// Where the notification service takes BOSH (XEP-0124).
const BOSH: &str = "/http-bind";

/// What is said there.
const NO_BOSH: &str = "This simulator speaks no BOSH. Use the WebSocket at /ws/ (RFC 7395).\n";

/// A link that speaks HTTP, or did until it became a WebSocket.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) node: Node,
    service: Service,
    pub(crate) peer: Peer<HttpOrXmpp>,
}

impl Web {
    pub(crate) fn new(
        now: Instant,
        link: LinkId,
        node: Node,
        service: Service,
        http: finewire_http::ServerConfig,
        tls: Option<TlsId>,
    ) -> Self {
        let server = ws::Server::new(http, ws::Limits::default());
        Self {
            node,
            service,
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
                let (node, service) = (web.node, web.service);
                let path = request.uri().path();
                if service == Service::PlainHttp {
                    let response = self.elsewhere(node, &request);
                    self.answer(link, exchange, response);
                } else if WEBSOCKET.contains(&path) {
                    self.open_websocket(link, node, exchange, &request);
                } else if path.trim_end_matches('/') == BOSH {
                    let mut response = status(StatusCode::NOT_FOUND);
                    *response.body_mut() = Bytes::from_static(NO_BOSH.as_bytes());
                    self.answer(link, exchange, response);
                } else if service == Service::Rest && path == sso::PATH {
                    let response = self.give_token(&request);
                    self.answer(link, exchange, response);
                } else if service == Service::Rest {
                    self.serve(link, node, exchange, &request);
                } else {
                    self.answer(link, exchange, status(StatusCode::NOT_FOUND));
                }
            }
            LinkEvent::Said(ws::ServerEvent::Inside(event)) => self.on_stream(link, event),
            LinkEvent::Down { .. } => self.forget(link),
            LinkEvent::Up | LinkEvent::Said(_) => {}
        }
    }

    /// 301 to the same path at the REST port. Finesse Developer Guide, "HTTPS requests": from 12.5
    /// on.
    fn elsewhere(&self, node: Node, request: &http::Request<Bytes>) -> Response<Bytes> {
        let asked = request.headers().get(HOST);
        let asked = asked
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let host = match asked.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => asked,
        };
        let host = if host.is_empty() {
            self.config.domain_of(node).as_str()
        } else {
            host
        };
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        let port = self.rest_port(node);
        let target = HeaderValue::from_str(&format!("https://{host}:{port}{path}"));
        let mut response = status(StatusCode::MOVED_PERMANENTLY);
        if let Ok(target) = target {
            response.headers_mut().insert(LOCATION, target);
        }
        response
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
        let config = self.config.notification_service(node);
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
