//! What a JMS client knows, feature by feature, in the handles of any runtime with futures.

use core::future::Future;
use core::time::Duration;
use finewire_core::machine::Reason;
use finewire_openwire::body::Properties;
use finewire_openwire::client::{Advisory, AdvisoryTopic, Confirm, DestinationAddress};
use finewire_openwire::command::{Destination, Message};
use finewire_openwire::handle::{Acknowledge, Connection, Consumer, Delivery, Orders};
use smol::future::{or, zip};

pub const PATIENCE: Duration = Duration::from_secs(30);
pub const SHORT: Duration = Duration::from_millis(500);

/// Two connections of one runtime to one broker, whose destinations nobody else uses.
pub struct Site<O> {
    pub name: &'static str,
    pub first: Connection<O>,
    pub second: Connection<O>,
}

impl<O> Site<O> {
    fn queue(&self, name: &str) -> Destination {
        Destination::queue(self.options(name))
    }

    fn topic(&self, name: &str) -> Destination {
        Destination::topic(self.options(name))
    }

    fn options(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }
}

/// It did not end in time.
#[derive(Debug)]
pub struct TooLate;

/// A time-out that needs no runtime.
pub async fn timeout<T>(within: Duration, future: impl Future<Output = T>) -> Result<T, TooLate> {
    or(async { Ok(future.await) }, async {
        smol::Timer::after(within).await;
        Err(TooLate)
    })
    .await
}

pub fn text(message: &Message) -> String {
    let body = message.body().expect("a body");
    body.as_text().expect("text").to_string()
}

async fn next<O: Orders>(consumer: &mut Consumer<O>) -> Delivery {
    let next = timeout(PATIENCE, consumer.next()).await.expect("in time");
    next.expect("no trouble").expect("a message")
}

pub async fn next_text<O: Orders>(consumer: &mut Consumer<O>) -> String {
    let delivery = next(consumer).await;
    text(&delivery)
}

pub async fn send<O: Orders>(connection: &Connection<O>, to: &Destination, texts: &[&str]) {
    let producer = connection.producer(to.clone()).persistent();
    let producer = producer.open().await.expect("a producer");
    let messages = texts.iter().map(|text| Message::text(*text)).collect();
    producer.send_all(messages).await.expect("sent");
}

/// Everything, one after the other.
pub async fn everything<O: Orders>(site: Site<O>) {
    selectors(&site).await;
    transactions(&site).await;
    rollbacks_end_at_the_dead_letter_queue(&site).await;
    pulls(&site).await;
    browsing(&site).await;
    requests(&site).await;
    advisories(&site).await;
    individual_and_client(&site).await;
    window(&site).await;
    wildcards_and_composites(&site).await;
    time_to_live_and_priority(&site).await;
    no_local(&site).await;
    exclusive(&site).await;
    site.first.close().await.expect("closed");
}

async fn selectors<O: Orders>(site: &Site<O>) {
    let queue = site.queue("selectors");
    let producer = site
        .first
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
    let heavy = site
        .first
        .consumer(queue.clone())
        .selector("colour = 'red' AND weight > 100");
    let mut heavy = heavy.open().await.expect("a consumer");
    assert_eq!(next_text(&mut heavy).await, "red 500");
    assert!(timeout(SHORT, heavy.next()).await.is_err());
    let wrong = site.first.consumer(queue).selector("weight >").open().await;
    let error = wrong.map(|_| ()).expect_err("it does not read");
    assert!(
        error.without_effect && error.why.reason == Reason::Denied,
        "{error}"
    );
    assert!(
        error.to_string().contains("InvalidSelectorException"),
        "{error}"
    );
}

async fn transactions<O: Orders>(site: &Site<O>) {
    let (from, to) = (site.queue("tx-in"), site.queue("tx-out"));
    send(&site.first, &from, &["order"]).await;
    let session = site.first.session().await.expect("a session");
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
    let mut watcher = site.first.consumer(to).open().await.expect("a consumer");

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
    let mut rest = site.first.consumer(from).open().await.expect("a consumer");
    assert!(
        timeout(SHORT, rest.next()).await.is_err(),
        "it was consumed"
    );
}

async fn rollbacks_end_at_the_dead_letter_queue<O: Orders>(site: &Site<O>) {
    let queue = site.queue("poison");
    send(&site.first, &queue, &["bad"]).await;
    let session = site.first.session().await.expect("a session");
    let mut consumer = session.consumer(queue).open().await.expect("a consumer");
    for _ in 0..=6 {
        assert_eq!(next_text(&mut consumer).await, "bad");
        session.rollback().await.expect("rolled back");
    }
    let dead = site.first.consumer(Destination::queue("ActiveMQ.DLQ"));
    let mut dead = dead.open().await.expect("a consumer");
    assert_eq!(next_text(&mut dead).await, "bad");
    assert!(consumer.try_next().is_none());
}

async fn pulls<O: Orders>(site: &Site<O>) {
    let queue = site.queue("pulled");
    let pulling = site.first.consumer(queue.clone()).prefetch(0);
    let mut pulling = pulling.open().await.expect("a consumer");
    send(&site.first, &queue, &["0", "1", "2"]).await;
    assert_eq!(next_text(&mut pulling).await, "0");
    let mut other = site.first.consumer(queue).open().await.expect("a consumer");
    assert_eq!(next_text(&mut other).await, "1");
    assert_eq!(next_text(&mut other).await, "2");
    // It waits for one that comes later.
    drop(other);
    let later = site.queue("pulled-later");
    let waiting = site.first.consumer(later.clone()).prefetch(0);
    let mut waiting = waiting.open().await.expect("a consumer");
    assert!(timeout(SHORT, waiting.next()).await.is_err());
    send(&site.first, &later, &["late"]).await;
    assert_eq!(next_text(&mut waiting).await, "late");
}

async fn browsing<O: Orders>(site: &Site<O>) {
    let queue = site.queue("browsed");
    send(&site.first, &queue, &["0", "1", "2"]).await;
    for _ in 0..2 {
        let browser = site.first.consumer(queue.clone()).browse();
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

async fn requests<O: Orders>(site: &Site<O>) {
    let queue = site.queue("asked");
    let mut questions = site
        .first
        .consumer(queue.clone())
        .open()
        .await
        .expect("a consumer");
    let answers = site
        .first
        .anonymous_producer()
        .open()
        .await
        .expect("a producer");
    let requester = site.first.requester(queue).await.expect("a requester");
    let answering = async {
        let question = next(&mut questions).await;
        let mut answer = Message::text("forty-two");
        answer.correlation_id = question.correlation_id.clone();
        let to = question.reply_to.clone().expect("a temporary queue");
        answers.send_to(to, answer).await.expect("sent");
    };
    let (answer, ()) = zip(
        timeout(PATIENCE, requester.request(Message::text("how many?"))),
        answering,
    )
    .await;
    assert_eq!(
        text(&answer.expect("in time").expect("an answer")),
        "forty-two"
    );
}

async fn advisories<O: Orders>(site: &Site<O>) {
    let queue = site.queue("watched");
    let topic = AdvisoryTopic::Consumers(queue.clone());
    let mut told = site.first.advisories(&topic).await.expect("advisories");
    let consumer = site
        .first
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
    let mut told = site
        .first
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

async fn exclusive<O: Orders>(site: &Site<O>) {
    let address: DestinationAddress = site
        .options("taken?consumer.exclusive=true&consumer.priority=127")
        .parse()
        .expect("an address");
    let queue = address.destination.clone();
    let second = site.first.consumer(queue.clone()).exclusive();
    let mut second = second.open().await.expect("a consumer");
    let other = &site.second;
    let mut first = other.consumer(address).open().await.expect("a consumer");
    send(&site.first, &queue, &["0", "1"]).await;
    assert_eq!(next_text(&mut first).await, "0");
    assert_eq!(next_text(&mut first).await, "1");
    assert!(second.try_next().is_none());
    other.clone().close().await.expect("closed");
    send(&site.first, &queue, &["2"]).await;
    // The last one taken was not done with.
    let mut rest = [next_text(&mut second).await, next_text(&mut second).await];
    rest.sort();
    assert_eq!(rest, ["1", "2"]);
}

async fn individual_and_client<O: Orders>(site: &Site<O>) {
    for (name, mode, left) in [
        ("client", Acknowledge::Client, vec!["2"]),
        ("individual", Acknowledge::Individual, vec!["0", "2"]),
    ] {
        let queue = site.queue(name);
        send(&site.first, &queue, &["0", "1", "2"]).await;
        let consumer = site.first.consumer(queue.clone()).acknowledge(mode);
        let mut consumer = consumer.open().await.expect("a consumer");
        let _first = next(&mut consumer).await;
        let second = next(&mut consumer).await;
        let _third = next(&mut consumer).await;
        consumer.acknowledge(&second);
        consumer.close().await.expect("closed");
        let mut other = site.first.consumer(queue).open().await.expect("a consumer");
        for expected in left {
            assert_eq!(next_text(&mut other).await, expected, "{name}");
        }
    }
}

async fn window<O: Orders>(site: &Site<O>) {
    let topic = site.topic("windowed");
    let consumer = site
        .first
        .consumer(topic.clone())
        .acknowledge(Acknowledge::DupsOk);
    let mut consumer = consumer.open().await.expect("a consumer");
    let producer = site
        .first
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
    zip(sending, receiving).await;
}

async fn wildcards_and_composites<O: Orders>(site: &Site<O>) {
    let all = site.first.consumer(site.topic("prices.*.>"));
    let mut all = all.open().await.expect("a consumer");
    let both = Destination::topic(format!("{0}.prices.eur.a,{0}.prices.eur.b.c", site.name));
    send(&site.first, &both, &["x"]).await;
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
    let wanted = ["a", "b.c"].map(|end| format!("topic://{}.prices.eur.{end}", site.name));
    assert_eq!(places, wanted);
}

async fn time_to_live_and_priority<O: Orders>(site: &Site<O>) {
    let queue = site.queue("hasty");
    let producer = site
        .first
        .producer(queue.clone())
        .time_to_live(Duration::from_secs(60))
        .priority(7);
    let producer = producer.open().await.expect("a producer");
    producer.send(Message::text("x")).await.expect("sent");
    let mut consumer = site.first.consumer(queue).open().await.expect("a consumer");
    let delivery = next(&mut consumer).await;
    assert_eq!(delivery.priority, 7);
    let life = delivery.expiration - delivery.timestamp;
    assert_eq!(life, 60_000);
}

async fn no_local<O: Orders>(site: &Site<O>) {
    let topic = site.topic("local");
    let deaf = site.first.consumer(topic.clone()).no_local();
    let mut deaf = deaf.open().await.expect("a consumer");
    let mut hearing = site
        .first
        .consumer(topic.clone())
        .open()
        .await
        .expect("a consumer");
    send(&site.first, &topic, &["x"]).await;
    assert_eq!(next_text(&mut hearing).await, "x");
    assert!(timeout(SHORT, deaf.next()).await.is_err());
}
