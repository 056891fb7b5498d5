//! Our XMPP client against a real server, Prosody.

use core::time::Duration;
use finewire_core::machine::{
    CloseReason, Endpoint, Instant, Link, LinkConfig, LinkEvent, LinkSlot, Outcome, Random, Reason,
    TlsFault, TlsId,
};
use finewire_tests::peers::{Prosody, publish};
use finewire_tokio::{ClientTls, Events, Handle, Options};
use finewire_xmpp::{Client, ClientCommand, ClientConfig, ClientEvent, Jid};

const PATIENCE: Duration = Duration::from_secs(20);
const TLS: TlsId = TlsId(1);
const NODE: &str = "/finesse/api/Team/1/Users";

struct Ours {
    handle: Handle<Link<Client>>,
    events: Events<LinkEvent<ClientEvent>>,
}

impl Ours {
    fn start(endpoint: Endpoint, config: ClientConfig, tls: Option<ClientTls>) -> Self {
        let mut link = Link::new(
            Client::new(config),
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

const USERS: &[(&str, &str)] = &[("1001001", "Passw0rd!"), ("finesse", "f1nesse")];

fn config(password: &str) -> ClientConfig {
    let mut config = ClientConfig::new("localhost", "1001001", password.into(), "finewire");
    config.ping_every = Duration::from_millis(200);
    config
}

fn secure(prosody: &Prosody) -> (Endpoint, Option<ClientTls>) {
    let tls = ClientTls::roots_pem(&prosody.certificate()).expect("a root");
    (
        Endpoint::secure("localhost", prosody.secure_port(), TLS),
        Some(tls),
    )
}

async fn start() -> Prosody {
    tokio::task::spawn_blocking(|| Prosody::start(USERS))
        .await
        .expect("no panic")
}

#[tokio::test]
async fn an_item_comes_by_an_explicit_subscription_over_tls_and_pings_are_answered() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, config("Passw0rd!"), tls);
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
    let payload = "<notification xmlns='http://jabber.org/protocol/pubsub'>\
                   &lt;Update&gt;&lt;event&gt;PUT&lt;/event&gt;&lt;/Update&gt;</notification>";
    tokio::task::spawn_blocking(move || {
        publish(port, "finesse", "f1nesse", NODE, "item-1", payload);
    })
    .await
    .expect("published");

    loop {
        if let ClientEvent::Notified { node, items, .. } = ours.said("the item").await {
            assert_eq!(node, NODE);
            assert_eq!(items[0].id.as_deref(), Some("item-1"));
            assert_eq!(items[0].payload, "<Update><event>PUT</event></Update>");
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
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, config("wrong"), tls);

    let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
        panic!("logged in with a wrong password");
    };

    assert!(matches!(reason, CloseReason::Denied(_)), "{reason}");
    assert_eq!(retry_at, None);
}

#[tokio::test]
async fn the_password_does_not_go_over_a_plain_stream_unless_allowed() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let endpoint = Endpoint::plain("127.0.0.1", prosody.plain_port());
    let mut ours = Ours::start(endpoint.clone(), config("Passw0rd!"), None);
    assert!(matches!(
        ours.event("the refusal").await,
        LinkEvent::Down { .. }
    ));

    let mut config = config("Passw0rd!");
    config.allow_plaintext = true;
    let mut ours = Ours::start(endpoint, config, None);
    assert!(matches!(
        ours.said("the login").await,
        ClientEvent::Bound { .. }
    ));
}

#[tokio::test]
async fn a_subscription_that_the_service_refuses_is_refused_with_its_condition() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, tls) = secure(&prosody);
    let mut ours = Ours::start(endpoint, config("Passw0rd!"), tls);
    let _ = ours.said("the login").await;

    let service = Jid::new(None, "nobody.localhost", None).expect("an address");
    let subscribe = ClientCommand::Subscribe {
        service,
        node: NODE.into(),
    };
    let outcome = ours.handle.command(subscribe).await;

    assert!(
        matches!(&outcome, Outcome::Refused(why) if why.reason == Reason::Denied),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_server_with_an_unknown_certificate_is_not_told_the_password() {
    if !Prosody::is_available() {
        return;
    }
    let prosody = start().await;
    let (endpoint, _) = secure(&prosody);
    let pinned = ClientTls::pinned(finewire_core::machine::Fingerprint([0; 32]));
    let mut ours = Ours::start(endpoint, config("Passw0rd!"), Some(pinned));

    let LinkEvent::Down { reason, .. } = ours.event("the refusal").await else {
        panic!("trusted a stranger");
    };

    assert!(
        matches!(reason, CloseReason::Tls(TlsFault::PinMismatch(_))),
        "{reason}"
    );
}
