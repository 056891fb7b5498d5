//! Our XMPP client against real servers, Prosody and ejabberd, on every way that Finesse offers.

use core::time::Duration;
use finewire_core::machine::{CloseReason, Fingerprint, LinkEvent, Outcome, Reason, TlsFault};
use finewire_tests::peers::{Way, XmppClient, XmppProduct, XmppServer, publish, xmpp_config};
use finewire_tokio::ClientTls;
use finewire_xmpp::{ClientCommand, ClientEvent};

const NODE: &str = "/finesse/api/Team/1/Users";
const SERVICE: &str = "pubsub.localhost";
const PASSWORD: &str = "Passw0rd!";
const USERS: &[(&str, &str)] = &[("1001001", PASSWORD), ("finesse", "f1nesse")];

/// Each of these is tried with each server.
macro_rules! with_each_server {
    ($($check:ident),* $(,)?) => {
        mod prosody {
            $(#[tokio::test]
            async fn $check() {
                super::$check(finewire_tests::peers::XmppProduct::Prosody).await;
            })*
        }
        mod ejabberd {
            $(#[tokio::test]
            async fn $check() {
                super::$check(finewire_tests::peers::XmppProduct::Ejabberd).await;
            })*
        }
    };
}

with_each_server!(
    an_item_comes_by_an_explicit_subscription_on_every_way_and_pings_are_answered,
    a_wrong_password_is_tried_once_and_named,
    the_password_does_not_go_without_tls_unless_allowed,
    a_subscription_that_the_service_refuses_is_refused_with_its_condition,
    a_server_with_an_unknown_certificate_is_not_told_the_password,
    a_path_without_a_websocket_is_named_in_the_reason_and_tried_again,
    who_loses_its_resource_to_another_does_not_take_it_back,
    after_a_restart_of_the_server_login_and_subscription_are_made_again,
);

async fn start(product: XmppProduct) -> Option<XmppServer> {
    if !XmppServer::is_available(product) {
        return None;
    }
    let start = move || XmppServer::start(product, USERS);
    Some(blocking(start).await)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

fn ours(server: &XmppServer, way: Way, password: &str) -> XmppClient {
    XmppClient::start(server, way, xmpp_config("1001001", password, way))
}

/// Publishes `update` as Finesse does: XML as text in a notification. Makes the node, too.
async fn publish_update(server: &XmppServer, id: &'static str, update: &str) {
    let port = server.plain_port();
    let payload = format!(
        "<notification xmlns='http://jabber.org/protocol/pubsub'>{}</notification>",
        update.replace('&', "&amp;").replace('<', "&lt;")
    );
    blocking(move || publish(port, "finesse", "f1nesse", NODE, id, &payload)).await;
}

async fn an_item_comes_by_an_explicit_subscription_on_every_way_and_pings_are_answered(
    product: XmppProduct,
) {
    let Some(server) = start(product).await else {
        return;
    };
    // ejabberd has a node once somebody has published to it.
    publish_update(&server, "item-0", "<Update/>").await;
    // Longer than fits into a WebSocket's frame of the shortest or the middle form.
    let update = format!("<Update>{}</Update>", "€&amp;".repeat(10_000));
    for way in [Way::Plain, Way::Tls, Way::PlainWebSocket, Way::WebSocket] {
        let mut ours = ours(&server, way, PASSWORD);
        assert_eq!(ours.bound().await.as_str(), "1001001@localhost/finewire");
        assert_eq!(ours.subscribe(SERVICE, NODE).await, Outcome::Done);
        publish_update(&server, "item-1", &update).await;
        assert!(ours.item(NODE, "item-1").await == update, "{way:?}");
        ours.pongs(3).await;

        let service = finewire_xmpp::Jid::new(None, SERVICE, None).expect("an address");
        let node = NODE.into();
        let taken_back = ClientCommand::Unsubscribe { service, node };
        assert_eq!(ours.command(taken_back).await, Outcome::Done, "{way:?}");
        let goodbye = ours.command(ClientCommand::Disconnect).await;
        assert_eq!(goodbye, Outcome::Done, "{way:?}");
        let (reason, retry_at) = down(&mut ours).await;
        assert_eq!((reason, retry_at), (CloseReason::Asked, None), "{way:?}");
    }
}

/// Waits for the loss of the link, passing over what comes before.
async fn down(ours: &mut XmppClient) -> (CloseReason, Option<finewire_core::machine::Instant>) {
    loop {
        if let LinkEvent::Down { reason, retry_at } = ours.event("the end").await {
            return (reason, retry_at);
        }
    }
}

async fn a_wrong_password_is_tried_once_and_named(product: XmppProduct) {
    let Some(server) = start(product).await else {
        return;
    };
    for way in [Way::Tls, Way::WebSocket] {
        let mut ours = ours(&server, way, "wrong");
        let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
            panic!("logged in with a wrong password");
        };
        assert_eq!(
            (reason, retry_at),
            (CloseReason::Denied("not-authorized".into()), None),
            "{way:?}"
        );
    }
}

async fn the_password_does_not_go_without_tls_unless_allowed(product: XmppProduct) {
    let Some(server) = start(product).await else {
        return;
    };
    for way in [Way::Plain, Way::PlainWebSocket] {
        let mut config = xmpp_config("1001001", PASSWORD, way);
        config.allow_plaintext = false;
        let mut ours = XmppClient::start(&server, way, config.clone());
        let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
            panic!("logged in without TLS");
        };
        assert!(reason.to_string().contains("plain"), "{reason}");
        assert_eq!(retry_at, None);

        config.allow_plaintext = true;
        let _ = XmppClient::start(&server, way, config).bound().await;
    }
}

async fn a_subscription_that_the_service_refuses_is_refused_with_its_condition(
    product: XmppProduct,
) {
    let Some(server) = start(product).await else {
        return;
    };
    let mut ours = ours(&server, Way::Tls, PASSWORD);
    let _ = ours.bound().await;

    let outcome = ours.subscribe("nobody.localhost", NODE).await;

    assert!(
        matches!(&outcome, Outcome::Refused(why) if why.reason == Reason::Denied),
        "{outcome:?}"
    );
}

async fn a_server_with_an_unknown_certificate_is_not_told_the_password(product: XmppProduct) {
    let Some(server) = start(product).await else {
        return;
    };
    for way in [Way::Tls, Way::WebSocket] {
        let pinned = ClientTls::pinned(Fingerprint([0; 32]));
        let config = xmpp_config("1001001", PASSWORD, way);
        let mut ours =
            XmppClient::start_with(&server, way, server.websocket_path(), pinned, config);

        let LinkEvent::Down { reason, .. } = ours.event("the refusal").await else {
            panic!("trusted a stranger");
        };

        assert!(
            matches!(reason, CloseReason::Tls(TlsFault::PinMismatch(_))),
            "{reason}"
        );
    }
}

async fn a_path_without_a_websocket_is_named_in_the_reason_and_tried_again(product: XmppProduct) {
    let Some(server) = start(product).await else {
        return;
    };
    let tls = ClientTls::roots_pem(&server.certificate()).expect("a root");
    let config = xmpp_config("1001001", PASSWORD, Way::WebSocket);
    let mut ours = XmppClient::start_with(&server, Way::WebSocket, "/nothing", tls, config);

    let LinkEvent::Down { reason, retry_at } = ours.event("the refusal").await else {
        panic!("logged in nowhere");
    };

    assert!(reason.to_string().contains("404"), "{reason}");
    assert!(retry_at.is_some());
}

async fn who_loses_its_resource_to_another_does_not_take_it_back(product: XmppProduct) {
    let Some(server) = start(product).await else {
        return;
    };
    let mut first = ours(&server, Way::Tls, PASSWORD);
    let address = first.bound().await;

    let mut second = ours(&server, Way::WebSocket, PASSWORD);
    assert_eq!(second.bound().await, address);

    let lost = down(&mut first).await;
    assert_eq!(lost, (CloseReason::Denied("conflict".into()), None));
    second.pongs(3).await;
}

async fn after_a_restart_of_the_server_login_and_subscription_are_made_again(product: XmppProduct) {
    let Some(mut server) = start(product).await else {
        return;
    };
    publish_update(&server, "item-0", "<Update/>").await;
    let mut clients = Vec::new();
    for way in [Way::Tls, Way::WebSocket] {
        let mut config = xmpp_config("1001001", PASSWORD, way);
        config.resource = format!("{way:?}").into();
        let mut ours = XmppClient::start(&server, way, config);
        let _ = ours.bound().await;
        assert_eq!(ours.subscribe(SERVICE, NODE).await, Outcome::Done);
        clients.push(ours);
    }

    let mut server = blocking(move || {
        server.stop();
        server
    })
    .await;
    for ours in &mut clients {
        let (reason, retry_at) = down(ours).await;
        assert!(retry_at.is_some(), "gave up: {reason}");
    }
    let server = blocking(move || {
        server.start_again();
        server
    })
    .await;
    for ours in &mut clients {
        back(ours).await;
        // Nothing says when the subscription stands again: published until one gets through.
        let item = loop {
            publish_update(&server, "item-1", "<Update>again</Update>").await;
            let within = Duration::from_secs(1);
            if let Ok(item) = tokio::time::timeout(within, ours.item(NODE, "item-1")).await {
                break item;
            }
        };
        assert_eq!(item, "<Update>again</Update>");
    }
}

/// Waits for the next login, passing over attempts that fail.
async fn back(ours: &mut XmppClient) {
    loop {
        match ours.event("the next login").await {
            LinkEvent::Said(ClientEvent::Bound { .. }) => return,
            LinkEvent::Down { reason, retry_at } => {
                assert!(retry_at.is_some(), "gave up: {reason}");
            }
            LinkEvent::Up | LinkEvent::Said(_) => {}
        }
    }
}
