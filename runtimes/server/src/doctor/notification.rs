//! One node's notification service: the way to it, its greeting, and an agent's login by XMPP.

use super::advice::Place;
use super::handshake::{self, Wire};
use super::report::Finding;
use super::speech::Speech;
use super::tls;
use super::way::{Clock, Way};
use crate::config::{Node, XmppRoad};
use crate::parts::{self, options, seed};
use core::net::SocketAddr;
use finewire_core::machine::{
    CloseReason, Endpoint, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Protocol, Random, TlsId,
};
use finewire_core::password::Secret;
use finewire_host::{ClientTls, TlsProfiles};
use finewire_http::ws;
use finewire_xmpp::websocket::client_inside;
use finewire_xmpp::{Client, ClientCommand, ClientConfig, ClientEvent};

const TLS: TlsId = TlsId(1);
/// Where Finesse's web server takes WebSockets.
const WEBSOCKET: &str = "/ws/";

/// A service that greeted us.
#[derive(Debug)]
pub(crate) struct Greeted {
    /// The trust to talk to it with; `None`: plain.
    pub(crate) tls: Option<ClientTls>,
}

/// Whether the road has TLS.
pub(crate) fn is_secured(node: &Node) -> bool {
    match node.xmpp {
        XmppRoad::Tls => true,
        XmppRoad::Tcp => false,
        XmppRoad::WebSocket => !node.is_plain,
    }
}

/// The host of the notification service.
pub(crate) fn host(node: &Node) -> &str {
    node.xmpp_host.as_deref().unwrap_or(&node.host)
}

/// Looks at a node's notification service, as far as that needs no password.
pub(crate) async fn look(way: &mut Way, node: &Node, place: Place<'_>) -> Option<Greeted> {
    let host = host(node);
    let at = way.reach(host, node.xmpp_port).await?;
    let target = format!("{host}:{}", node.xmpp_port);
    let (wire, tls) = if is_secured(node) {
        let client = match parts::client_tls(&node.trust) {
            Ok(client) => client,
            Err(e) => {
                let hint = "name a PEM file as ca_file in [[finesse.node]], or pin the certificate";
                way.find("tls", &target, Finding::failed(format!("{e:#}"), hint));
                return None;
            }
        };
        let wire = way
            .step("tls", &target, tls::secure(at, place, &client))
            .await?;
        (Some(wire), Some(client))
    } else {
        (None, None)
    };
    let clock = way.clock();
    way.step("greeting", &target, greet(wire, at, node, clock))
        .await?;
    Some(Greeted { tls })
}

async fn greet(
    wire: Option<Wire>,
    at: SocketAddr,
    node: &Node,
    clock: Clock,
) -> Result<((), Finding), Finding> {
    let is_plain = wire.is_none();
    let failed =
        |text: String| Finding::failed(text, "is Cisco Finesse Notification Service running?");
    let mut wire = match wire {
        Some(wire) => wire,
        None => Wire::open(at).await.map_err(failed)?,
    };
    let answer = match node.xmpp {
        XmppRoad::WebSocket => {
            wire.ask(&upgrade(node), |bytes| holds(bytes, b"\r\n\r\n"))
                .await
        }
        XmppRoad::Tls | XmppRoad::Tcp => {
            let is_whole = |bytes: &[u8]| {
                holds(bytes, b"</stream:features>") || holds(bytes, b"</stream:stream>")
            };
            wire.ask(&stream_header(host(node)), is_whole).await
        }
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return Err(instead_of(failed(why), is_plain, at, node, clock).await),
    };
    let finding = match node.xmpp {
        XmppRoad::WebSocket => judge_upgrade(&answer),
        XmppRoad::Tls | XmppRoad::Tcp => judge_stream(&answer),
    };
    match finding {
        Ok(finding) => Ok(((), finding)),
        Err(finding) => Err(instead_of(finding, is_plain, at, node, clock).await),
    }
}

/// A failure on a plain road is another one where the peer speaks TLS.
async fn instead_of(
    finding: Finding,
    is_plain: bool,
    at: SocketAddr,
    node: &Node,
    clock: Clock,
) -> Finding {
    if !is_plain || !handshake::speaks_tls(at, host(node), clock).await {
        return finding;
    }
    let text = "the port speaks TLS, and the configuration says plain text";
    let hint = match node.xmpp {
        XmppRoad::WebSocket => "remove security = \"plain\" from [[finesse.node]]",
        XmppRoad::Tcp | XmppRoad::Tls => "set xmpp = \"tls\" in [[finesse.node]]",
    };
    Finding::failed(text, hint)
}

/// RFC 6120 §4.7.
fn stream_header(domain: &str) -> Vec<u8> {
    let domain: String = domain
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'))
        .collect();
    format!(
        "<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    .into_bytes()
}

/// RFC 7395 §3.1. The key is RFC 6455's own example: nothing depends on it, for we leave at once.
fn upgrade(node: &Node) -> Vec<u8> {
    format!(
        "GET {WEBSOCKET} HTTP/1.1\r\nHost: {}:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: xmpp\r\n\r\n",
        host(node),
        node.xmpp_port
    )
    .into_bytes()
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

fn judge_upgrade(answer: &[u8]) -> Result<Finding, Finding> {
    let text = String::from_utf8_lossy(answer);
    let status = text.lines().next().unwrap_or_default();
    if status.starts_with("HTTP/1.1 101") {
        return Ok(Finding::ok("a WebSocket for XMPP is opened"));
    }
    let hint = "is it the port with /ws/ (8445 from Finesse 12.6 on, 7443 before)?";
    Err(Finding::failed(
        format!("no WebSocket for XMPP: {status:?}"),
        hint,
    ))
}

fn judge_stream(answer: &[u8]) -> Result<Finding, Finding> {
    let hint = "is it the XMPP port of Finesse (5223 with TLS)?";
    match Speech::of(answer) {
        Speech::Xmpp => {}
        Speech::Unknown if answer.is_empty() => {
            let text = "it closed the connection when it was greeted";
            return Err(Finding::failed(text, hint));
        }
        other => {
            let text = format!("no XMPP there: it speaks {}", other.name());
            return Err(Finding::failed(text, hint));
        }
    }
    if holds(answer, b">PLAIN<") {
        return Ok(Finding::ok("XMPP, login by SASL PLAIN"));
    }
    if holds(answer, b"host-unknown") {
        return Ok(Finding::ok(
            "XMPP, under another domain than the host's name",
        ));
    }
    if holds(answer, b"<starttls") {
        let text = "XMPP that wants STARTTLS before a login";
        return Err(Finding::failed(
            text,
            "set xmpp = \"tls\" and the port that has TLS from the start",
        ));
    }
    let text = "XMPP, but no login by SASL PLAIN is offered";
    Err(Finding::failed(
        text,
        "switch SASL PLAIN on at the notification service",
    ))
}

/// Logs an agent in and out. Nothing is sent to that resource, and its presence is the least important one.
pub(crate) async fn log_in(
    node: &Node,
    tls: Option<ClientTls>,
    domain: &str,
    agent: &str,
    password: &Secret,
) -> Result<((), Finding), Finding> {
    let mut config = ClientConfig::new(domain, agent, password.clone(), "finewire-doctor");
    config.priority = -1;
    config.allow_plaintext = tls.is_none();
    let mut profiles = TlsProfiles::new();
    let endpoint = match tls {
        Some(tls) => {
            profiles.set_client(TLS, tls);
            Endpoint::secure(host(node), node.xmpp_port, TLS)
        }
        None => Endpoint::plain(host(node), node.xmpp_port),
    };
    let jid = match node.xmpp {
        XmppRoad::WebSocket => {
            let socket = ws::ClientConfig::new(&endpoint.to_string(), WEBSOCKET);
            let seed = seed().map_err(|e| Finding::failed(e.to_string(), ""))?;
            let client = client_inside(socket, config, Random::from_seed(seed));
            bound(client, endpoint, profiles).await
        }
        XmppRoad::Tls | XmppRoad::Tcp => bound(Client::new(config), endpoint, profiles).await,
    };
    jid.map(|jid| ((), Finding::ok(format!("logged in as {jid}"))))
}

async fn bound<P>(protocol: P, endpoint: Endpoint, tls: TlsProfiles) -> Result<String, Finding>
where
    P: Protocol<Command = ClientCommand, Event = ClientEvent> + Send + 'static,
{
    let hint = "look at the log of the Cisco Finesse Notification Service";
    let random = Random::from_seed(seed().map_err(|e| Finding::failed(e.to_string(), ""))?);
    let config = LinkConfig::keep_open(vec![endpoint]);
    let mut link = Link::new(protocol, config, LinkSlot(0), random);
    link.start(Instant::START);
    let (handle, mut events, _task) = finewire_tokio::spawn(link, options(tls));
    while let Some(event) = events.next().await {
        match event {
            LinkEvent::Said(ClientEvent::Bound { jid }) => {
                handle.command(ClientCommand::Disconnect).await;
                return Ok(jid.to_string());
            }
            LinkEvent::Down {
                reason: CloseReason::Denied(why),
                ..
            } => {
                let text = format!("the login is refused: {why}");
                return Err(Finding::failed(
                    text,
                    "REST took the same password: look at the XMPP domain",
                ));
            }
            LinkEvent::Down { reason, .. } => {
                return Err(Finding::failed(format!("no login: {reason}"), hint));
            }
            _ => {}
        }
    }
    Err(Finding::failed("no login: the client has stopped", hint))
}
