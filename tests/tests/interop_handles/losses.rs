//! The handles while ActiveMQ restarts, and over TLS.

use crate::suite::{PATIENCE, next_text, send, timeout};
use finewire_tests::peers::{Broker, available, certificate};
use finewire_tokio::openwire::{ConnectionEvent, Destination, Message, Plan, TLS, open};
use finewire_tokio::{ClientTls, Options};
use tempfile::TempDir;

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[tokio::test]
async fn a_restart_of_activemq_is_waited_out_and_a_transaction_over_it_is_told_as_rolled_back() {
    if !Broker::is_available() {
        return;
    }
    let broker = blocking(Broker::start).await;
    let (port, url) = (broker.port(), broker.url());
    let plan = Plan::new(&format!("failover:({url})?maxReconnectDelay=200")).expect("a URI");
    let (connection, mut events) = open(plan, Options::default()).expect("a connection");
    connection.connected().await.expect("a broker");
    let queue = Destination::queue("kept");
    let mut consumer = connection
        .consumer(queue.clone())
        .open()
        .await
        .expect("a consumer");
    let session = connection.session().await.expect("a session");
    let inside = session
        .producer(queue.clone())
        .open()
        .await
        .expect("a producer");
    inside.send(Message::text("never")).await.expect("sent");
    blocking(move || broker.kill()).await;
    loop {
        let event = timeout(PATIENCE, events.next()).await.expect("in time");
        if let Some(ConnectionEvent::Down { .. }) = event {
            break;
        }
    }
    let error = session.commit().await.expect_err("it was rolled back");
    assert!(error.without_effect, "{error}");
    let sending = tokio::spawn({
        let connection = connection.clone();
        async move { send(&connection, &Destination::queue("kept"), &["after"]).await }
    });
    let _broker = blocking(move || Broker::start_on(port)).await;
    timeout(PATIENCE, sending)
        .await
        .expect("in time")
        .expect("sent");
    assert_eq!(next_text(&mut consumer).await, "after");
    inside.send(Message::text("works on")).await.expect("sent");
    session.commit().await.expect("committed");
    assert_eq!(next_text(&mut consumer).await, "works on");
}

#[tokio::test]
async fn activemq_is_reached_over_tls_with_a_root_of_ones_own() {
    if !Broker::is_available() || !available("OpenSSL", &["/usr/bin/openssl"]) {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    certificate(folder.path());
    let store = folder.path().join("store.p12");
    let broker = blocking(move || Broker::start_with_tls(&store, "changeit")).await;
    let pem = std::fs::read(folder.path().join("cert.pem")).expect("a certificate");
    let mut options = Options::default();
    options
        .host
        .tls
        .set_client(TLS, ClientTls::roots_pem(&pem).expect("a root"));
    let plan = Plan::new(&format!("ssl://localhost:{}", broker.port())).expect("a URI");
    let (connection, _events) = open(plan, options).expect("a connection");
    timeout(PATIENCE, connection.connected())
        .await
        .expect("in time")
        .expect("a broker");
    let queue = Destination::queue("sealed");
    let mut consumer = connection
        .consumer(queue.clone())
        .open()
        .await
        .expect("a consumer");
    send(&connection, &queue, &["sealed"]).await;
    assert_eq!(next_text(&mut consumer).await, "sealed");
}
