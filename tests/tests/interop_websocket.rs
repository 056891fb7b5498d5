//! Our XMPP client in a WebSocket against a real server, Prosody.

use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Endpoint, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Outcome, Random, TlsId,
};
use finewire_http::ws;
use finewire_tests::peers::{Prosody, publish};
use finewire_tokio::{ClientTls, Events, Handle, Options};
use finewire_xmpp::websocket::client_inside;
use finewire_xmpp::{ClientCommand, ClientConfig, ClientEvent, Jid, XmppOverWebSocket};

const PATIENCE: Duration = Duration::from_secs(20);
const TLS: TlsId = TlsId(1);
const NODE: &str = "/finesse/api/Team/1/Users";
const PATH: &str = "/xmpp-websocket";
const USERS: &[(&str, &str)] = &[("1001001", "Passw0rd!"), ("finesse", "f1nesse")];

struct Ours {
    handle: Handle<Link<XmppOverWebSocket>>,
    events: Events<LinkEvent<ClientEvent>>,
}

impl Ours {
    fn start(endpoint: Endpoint, path: &str, config: ClientConfig, tls: Option<ClientTls>) -> Self {
        let socket = ws::ClientConfig::new(&endpoint.to_string(), path);
        let client = client_inside(socket, config, Random::from_seed([4; 32]));
        let mut link = Link::new(
            client,
            LinkConfig::keep_open(vec![endpoint]),
            LinkSlot(0),
            Random::from_seed([3; 32]),
        );
        link.start(Instant::START);
        let mut options = Options::default();
        if let Some(tls) = tls {
            options.host.tls.set_client(TLS, tls);
        }
        let (handle, events, _task) = finewire_tokio::spawn(link, options);
        Self { handle, events }
    }

    async fn event(&mut self, what: &str) -> LinkEvent<ClientEvent> {
        let next = tokio::time::timeout(PATIENCE, self.events.next()).await;
        next.unwrap_or_else(|_| panic!("{what} did not come"))
            .expect("the client runs")
    }

    async fn said(&mut self, what: &str) -> ClientEvent {
        loop {
            match self.event(what).await {
                LinkEvent::Said(event) => return event,
                LinkEvent::Up => {}
                LinkEvent::Down { reason, .. } => panic!("down while waiting for {what}: {reason}"),
            }
        }
    }
}

fn config(password: &str) -> ClientConfig {
    let mut config = ClientConfig::new("localhost", "1001001", password.into(), "finewire");
    config.ping_every = Duration::from_millis(200);
    config
}

fn secure(prosody: &Prosody) -> (Endpoint, Option<ClientTls>) {
    let tls = ClientTls::roots_pem(&prosody.certificate()).expect("a root");
    (
        Endpoint::secure("localhost", prosody.https_port(), TLS),
        Some(tls),
    )
}

async fn start() -> Prosody {
    tokio::task::spawn_blocking(|| Prosody::start(USERS))
        .await
        .expect("no panic")
}

#[tokio::test]
async fn an_item_comes_in_a_websocket_over_tls_and_pings_are_answered() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, PATH, config("Passw0rd!"), tls);
    let ClientEvent::Bound { jid } = ours.said("the login").await else {
        panic!("something before the login");
    };
    assert_eq!(jid.as_str(), "1001001@localhost/finewire");

    let service = Jid::new(None, "pubsub.localhost", None).expect("an address");
    let subscribe = ClientCommand::Subscribe {
        service,
        node: NODE.into(),
    };
    assert_eq!(ours.handle.command(subscribe).await, Outcome::Done);
    let port = prosody.plain_port();
    // Longer than fits into a frame of the shortest or the middle form.
    let update = format!("<Update>{}</Update>", "€&amp;".repeat(20_000));
    let payload = format!(
        "<notification xmlns='http://jabber.org/protocol/pubsub'>{}</notification>",
        update.replace('&', "&amp;").replace('<', "&lt;")
    );
    tokio::task::spawn_blocking(move || {
        publish(port, "finesse", "f1nesse", NODE, "item-1", &payload);
    })
    .await
    .expect("published");

    loop {
        if let ClientEvent::Notified { node, items, .. } = ours.said("the item").await {
            assert_eq!(node, NODE);
            assert_eq!(items[0].id.as_deref(), Some("item-1"));
            assert_eq!(items[0].payload, update);
            break;
        }
    }
    // Several ping intervals pass; a link that got no answers would be lost.
    let quiet = tokio::time::timeout(Duration::from_secs(2), ours.event("nothing")).await;
    assert!(quiet.is_err(), "{quiet:?}");
    assert_eq!(
        ours.handle.command(ClientCommand::Disconnect).await,
        Outcome::Done
    );
    let LinkEvent::Down { reason, retry_at } = ours.event("the end").await else {
        panic!("still up after the goodbye");
    };
    assert_eq!((reason, retry_at), (CloseReason::Asked, None));
}

#[tokio::test]
async fn the_password_goes_through_a_plain_websocket_only_if_allowed() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let endpoint = Endpoint::plain("127.0.0.1", prosody.http_port());
    let mut ours = Ours::start(endpoint.clone(), PATH, config("Passw0rd!"), None);
    let LinkEvent::Down { retry_at, .. } = ours.event("the refusal").await else {
        panic!("logged in without TLS");
    };
    assert_eq!(retry_at, None);

    let mut config = config("Passw0rd!");
    config.allow_plaintext = true;
    let mut ours = Ours::start(endpoint, PATH, config, None);
    let login = ours.said("the login").await;
    assert!(matches!(login, ClientEvent::Bound { .. }), "{login:?}");
}

#[tokio::test]
async fn a_wrong_password_in_a_websocket_is_tried_once() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, PATH, config("wrong"), tls);

    let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
        panic!("logged in with a wrong password");
    };

    assert!(matches!(reason, CloseReason::Denied(_)), "{reason}");
    assert_eq!(retry_at, None);
}

#[tokio::test]
async fn a_path_without_a_websocket_is_named_in_the_reason_and_tried_again() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, "/nothing", config("Passw0rd!"), tls);

    let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
        panic!("logged in nowhere");
    };

    assert!(reason.to_string().contains("404"), "{reason}");
    assert!(retry_at.is_some());
}
