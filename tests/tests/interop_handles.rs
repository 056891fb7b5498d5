//! Our OpenWire handles against the real ActiveMQ, feature by feature.

use core::time::Duration;
use finewire_core::machine::Reason;
use finewire_openwire::body::Properties;
use finewire_tests::peers::{Broker, available, certificate};
use finewire_tokio::openwire::{
    Acknowledge, Advisory, AdvisoryTopic, Confirm, Connection, ConnectionEvent, Consumer, Delivery,
    Destination, DestinationAddress, Message, Plan, TLS, connect, open,
};
use finewire_tokio::{ClientTls, Options};
use tempfile::TempDir;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

fn text(message: &Message) -> String {
    let body = message.body().expect("a body");
    body.as_text().expect("text").to_string()
}

async fn next(consumer: &mut Consumer) -> Delivery {
    let next = timeout(PATIENCE, consumer.next()).await.expect("in time");
    next.expect("no trouble").expect("a message")
}

async fn next_text(consumer: &mut Consumer) -> String {
    let delivery = next(consumer).await;
    text(&delivery)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

async fn send(connection: &Connection, to: &Destination, texts: &[&str]) {
    let producer = connection.producer(to.clone()).persistent();
    let producer = producer.open().await.expect("a producer");
    let messages = texts.iter().map(|text| Message::text(*text)).collect();
    producer.send_all(messages).await.expect("sent");
}

#[tokio::test]
async fn everything_a_jms_client_knows_works_with_activemq() {
    if !Broker::is_available() {
        return;
    }
    let broker = blocking(Broker::start).await;
    let connection = connect(&broker.url()).await.expect("a connection");
    selectors(&connection).await;
    transactions(&connection).await;
    rollbacks_end_at_the_dead_letter_queue(&connection).await;
    pulls(&connection).await;
    browsing(&connection).await;
    requests(&connection).await;
    advisories(&connection).await;
    exclusive(&broker.url(), &connection).await;
    individual_and_client(&connection).await;
    window(&connection).await;
    wildcards_and_composites(&connection).await;
    time_to_live_and_priority(&connection).await;
    no_local(&connection).await;
    connection.close().await.expect("closed");
}

async fn selectors(connection: &Connection) {
    let queue = Destination::queue("selectors");
    let producer = connection
        .producer(queue.clone())
        .open()
        .await
        .expect("a producer");
    for (colour, weight) in [("red", 5), ("blue", 50), ("red", 500)] {
        let mut message = Message::text(format!("{colour} {weight}"));
        let mut properties = Properties::default();
        properties.set("colour", colour);
        properties.set("weight", weight);
        message.set_properties(&properties).expect("properties");
        producer.send(message).await.expect("sent");
    }
    let heavy = connection
        .consumer(queue.clone())
        .selector("colour = 'red' AND weight > 100");
    let mut heavy = heavy.open().await.expect("a consumer");
    assert_eq!(next_text(&mut heavy).await, "red 500");
    assert!(timeout(SHORT, heavy.next()).await.is_err());
    let wrong = connection.consumer(queue).selector("weight >").open().await;
    let error = wrong.expect_err("it does not read");
    assert!(
        error.without_effect && error.why.reason == Reason::Denied,
        "{error}"
    );
    assert!(
        error.to_string().contains("InvalidSelectorException"),
        "{error}"
    );
}

async fn transactions(connection: &Connection) {
    let (from, to) = (Destination::queue("tx-in"), Destination::queue("tx-out"));
    send(connection, &from, &["order"]).await;
    let session = connection.session().await.expect("a session");
    let mut orders = session
        .consumer(from.clone())
        .open()
        .await
        .expect("a consumer");
    let bills = session
        .producer(to.clone())
        .persistent()
        .open()
        .await
        .expect("a producer");
    let mut watcher = connection.consumer(to).open().await.expect("a consumer");

    assert_eq!(next_text(&mut orders).await, "order");
    bills.send(Message::text("wrong bill")).await.expect("sent");
    session.rollback().await.expect("rolled back");
    let again = next(&mut orders).await;
    assert_eq!((text(&again).as_str(), again.redeliveries), ("order", 1));
    bills.send(Message::text("bill")).await.expect("sent");
    session.commit().await.expect("committed");
    assert_eq!(next_text(&mut watcher).await, "bill");
    assert!(
        timeout(SHORT, watcher.next()).await.is_err(),
        "the other was undone"
    );
    drop(orders);
    let mut rest = connection.consumer(from).open().await.expect("a consumer");
    assert!(
        timeout(SHORT, rest.next()).await.is_err(),
        "it was consumed"
    );
}

async fn rollbacks_end_at_the_dead_letter_queue(connection: &Connection) {
    let queue = Destination::queue("poison");
    send(connection, &queue, &["bad"]).await;
    let session = connection.session().await.expect("a session");
    let mut consumer = session.consumer(queue).open().await.expect("a consumer");
    for _ in 0..=6 {
        assert_eq!(next_text(&mut consumer).await, "bad");
        session.rollback().await.expect("rolled back");
    }
    let dead = connection.consumer(Destination::queue("ActiveMQ.DLQ"));
    let mut dead = dead.open().await.expect("a consumer");
    assert_eq!(next_text(&mut dead).await, "bad");
    assert!(consumer.try_next().is_none());
}

async fn pulls(connection: &Connection) {
    let queue = Destination::queue("pulled");
    let pulling = connection.consumer(queue.clone()).prefetch(0);
    let mut pulling = pulling.open().await.expect("a consumer");
    send(connection, &queue, &["0", "1", "2"]).await;
    assert_eq!(next_text(&mut pulling).await, "0");
    let mut other = connection.consumer(queue).open().await.expect("a consumer");
    assert_eq!(next_text(&mut other).await, "1");
    assert_eq!(next_text(&mut other).await, "2");
    // It waits for one that comes later.
    drop(other);
    let later = Destination::queue("pulled-later");
    let waiting = connection.consumer(later.clone()).prefetch(0);
    let mut waiting = waiting.open().await.expect("a consumer");
    assert!(timeout(SHORT, waiting.next()).await.is_err());
    send(connection, &later, &["late"]).await;
    assert_eq!(next_text(&mut waiting).await, "late");
}

async fn browsing(connection: &Connection) {
    let queue = Destination::queue("browsed");
    send(connection, &queue, &["0", "1", "2"]).await;
    for _ in 0..2 {
        let browser = connection.consumer(queue.clone()).browse();
        let mut browser = browser.open().await.expect("a browser");
        let mut seen = Vec::new();
        while let Some(one) = timeout(PATIENCE, browser.next())
            .await
            .expect("in time")
            .expect("one")
        {
            seen.push(text(&one));
        }
        assert_eq!(seen, ["0", "1", "2"]);
    }
}

async fn requests(connection: &Connection) {
    let queue = Destination::queue("asked");
    let mut questions = connection
        .consumer(queue.clone())
        .open()
        .await
        .expect("a consumer");
    let answers = connection
        .anonymous_producer()
        .open()
        .await
        .expect("a producer");
    let requester = connection.requester(queue).await.expect("a requester");
    let answering = async {
        let question = next(&mut questions).await;
        let mut answer = Message::text("forty-two");
        answer.correlation_id = question.correlation_id.clone();
        let to = question.reply_to.clone().expect("a temporary queue");
        answers.send_to(to, answer).await.expect("sent");
    };
    let (answer, ()) = tokio::join!(
        timeout(PATIENCE, requester.request(Message::text("how many?"))),
        answering
    );
    assert_eq!(
        text(&answer.expect("in time").expect("an answer")),
        "forty-two"
    );
}

async fn advisories(connection: &Connection) {
    let queue = Destination::queue("watched");
    let topic = AdvisoryTopic::Consumers(queue.clone());
    let mut told = connection.advisories(&topic).await.expect("advisories");
    let consumer = connection
        .consumer(queue.clone())
        .open()
        .await
        .expect("a consumer");
    let started = timeout(PATIENCE, told.next())
        .await
        .expect("in time")
        .expect("one");
    assert!(
        matches!(&started, Some(Advisory::ConsumerStarted { info, count: Some(1) })
            if info.destination.as_ref() == Some(&queue)),
        "{started:?}"
    );
    consumer.close().await.expect("closed");
    let stopped = timeout(PATIENCE, told.next())
        .await
        .expect("in time")
        .expect("one");
    assert!(
        matches!(&stopped, Some(Advisory::ConsumerStopped { destination, count: Some(0), .. })
            if destination.as_ref() == Some(&queue)),
        "{stopped:?}"
    );
    let mut told = connection
        .advisories(&AdvisoryTopic::Connections)
        .await
        .expect("advisories");
    let there = timeout(PATIENCE, told.next())
        .await
        .expect("in time")
        .expect("one");
    assert!(
        matches!(there, Some(Advisory::ConnectionStarted(_))),
        "{there:?}"
    );
}

async fn exclusive(url: &str, connection: &Connection) {
    let address: DestinationAddress = "taken?consumer.exclusive=true&consumer.priority=127"
        .parse()
        .expect("an address");
    let queue = address.destination.clone();
    let second = connection.consumer(queue.clone()).exclusive();
    let mut second = second.open().await.expect("a consumer");
    let other = connect(url).await.expect("a connection");
    let mut first = other.consumer(address).open().await.expect("a consumer");
    send(connection, &queue, &["0", "1"]).await;
    assert_eq!(next_text(&mut first).await, "0");
    assert_eq!(next_text(&mut first).await, "1");
    assert!(second.try_next().is_none());
    other.close().await.expect("closed");
    send(connection, &queue, &["2"]).await;
    // The last one taken was not done with.
    let mut rest = [next_text(&mut second).await, next_text(&mut second).await];
    rest.sort();
    assert_eq!(rest, ["1", "2"]);
}

async fn individual_and_client(connection: &Connection) {
    for (name, mode, left) in [
        ("client", Acknowledge::Client, vec!["2"]),
        ("individual", Acknowledge::Individual, vec!["0", "2"]),
    ] {
        let queue = Destination::queue(name);
        send(connection, &queue, &["0", "1", "2"]).await;
        let consumer = connection.consumer(queue.clone()).acknowledge(mode);
        let mut consumer = consumer.open().await.expect("a consumer");
        let _first = next(&mut consumer).await;
        let second = next(&mut consumer).await;
        let _third = next(&mut consumer).await;
        consumer.acknowledge(&second);
        consumer.close().await.expect("closed");
        let mut other = connection.consumer(queue).open().await.expect("a consumer");
        for expected in left {
            assert_eq!(next_text(&mut other).await, expected, "{name}");
        }
    }
}

async fn window(connection: &Connection) {
    let topic = Destination::topic("windowed");
    let consumer = connection
        .consumer(topic.clone())
        .acknowledge(Acknowledge::DupsOk);
    let mut consumer = consumer.open().await.expect("a consumer");
    let producer = connection
        .producer(topic)
        .window(8192)
        .confirm(Confirm::Never);
    let producer = producer.open().await.expect("a producer");
    let sending = async {
        let messages = (0..500).map(|n| Message::text(n.to_string()));
        producer.send_all(messages.collect()).await.expect("sent");
    };
    let receiving = async {
        for n in 0..500 {
            assert_eq!(next_text(&mut consumer).await, n.to_string());
        }
    };
    tokio::join!(sending, receiving);
}

async fn wildcards_and_composites(connection: &Connection) {
    let all = connection.consumer(Destination::topic("prices.*.>"));
    let mut all = all.open().await.expect("a consumer");
    let both = Destination::topic("prices.eur.a,prices.eur.b.c");
    send(connection, &both, &["x"]).await;
    let mut places = Vec::new();
    for _ in 0..2 {
        let delivery = next(&mut all).await;
        places.push(
            delivery
                .destination
                .clone()
                .expect("a destination")
                .to_string(),
        );
    }
    places.sort();
    assert_eq!(places, ["topic://prices.eur.a", "topic://prices.eur.b.c"]);
}

async fn time_to_live_and_priority(connection: &Connection) {
    let queue = Destination::queue("hasty");
    let producer = connection
        .producer(queue.clone())
        .time_to_live(Duration::from_secs(60))
        .priority(7);
    let producer = producer.open().await.expect("a producer");
    producer.send(Message::text("x")).await.expect("sent");
    let mut consumer = connection.consumer(queue).open().await.expect("a consumer");
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.priority, 7);
    let life = delivery.expiration - delivery.timestamp;
    assert_eq!(life, 60_000);
}

async fn no_local(connection: &Connection) {
    let topic = Destination::topic("local");
    let deaf = connection.consumer(topic.clone()).no_local();
    let mut deaf = deaf.open().await.expect("a consumer");
    let mut hearing = connection
        .consumer(topic.clone())
        .open()
        .await
        .expect("a consumer");
    send(connection, &topic, &["x"]).await;
    assert_eq!(next_text(&mut hearing).await, "x");
    assert!(timeout(SHORT, deaf.next()).await.is_err());
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
