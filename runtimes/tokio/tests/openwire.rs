//! OpenWire handles on tokio against finewire's own broker.
#![cfg(feature = "openwire")]
#![allow(clippy::unwrap_used, reason = "tests")]

use core::time::Duration;
use finewire_core::machine::{Address, Reason};
use finewire_openwire::broker::{Admission, Broker, BrokerConfig, BrokerEvent, Listen};
use finewire_tokio::openwire::{
    Acknowledge, Advisory, AdvisoryTopic, Connection, ConnectionEvent, Delivery, Destination,
    DestinationAddress, Message, Plan, connect, open,
};
use finewire_tokio::{Handle, Options, Task};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    handle: Handle<Broker>,
    task: Task<Broker>,
    port: u16,
}

impl Running {
    async fn start(port: u16) -> Self {
        let config = BrokerConfig {
            listen: vec![Listen {
                address: Address::new("127.0.0.1", port),
                tls: None,
            }],
            admission: Admission::Anyone,
            ..BrokerConfig::default()
        };
        let broker = Broker::new(config, [9; 32]);
        let (handle, mut events, task) = finewire_tokio::spawn(broker, Options::default());
        let port = loop {
            if let Some(BrokerEvent::Listening { address, .. }) = events.next().await {
                break address.port;
            }
        };
        Self { handle, task, port }
    }

    fn url(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    async fn stop(self) {
        self.handle.shut_down().await;
        self.task.await.unwrap();
    }
}

async fn pair() -> (Running, Connection) {
    let broker = Running::start(0).await;
    let connection = connect(&broker.url()).await.unwrap();
    (broker, connection)
}

fn text(message: &Message) -> String {
    message.body().unwrap().as_text().unwrap().to_string()
}

async fn next(consumer: &mut finewire_tokio::openwire::Consumer) -> Delivery {
    let next = timeout(PATIENCE, consumer.next()).await.expect("in time");
    next.unwrap().expect("a message")
}

async fn next_text(consumer: &mut finewire_tokio::openwire::Consumer) -> String {
    let delivery = next(consumer).await;
    text(&delivery)
}

fn queue() -> Destination {
    Destination::queue("q")
}

#[tokio::test]
async fn what_is_taken_and_not_asked_beyond_comes_again_and_the_rest_is_gone() {
    let (_broker, connection) = pair().await;
    let producer = connection
        .producer(queue())
        .persistent()
        .open()
        .await
        .unwrap();
    for n in 0..5 {
        producer.send(Message::text(n.to_string())).await.unwrap();
    }
    let mut first = connection.consumer(queue()).open().await.unwrap();
    for n in 0..3 {
        assert_eq!(next_text(&mut first).await, n.to_string());
    }
    // Asking for the fourth would say that the third is done with.
    drop(first);

    let mut second = connection.consumer(queue()).open().await.unwrap();
    let again = next(&mut second).await;
    assert_eq!((text(&again).as_str(), again.redeliveries), ("2", 1));
    assert_eq!(next_text(&mut second).await, "3");
}

#[tokio::test]
async fn a_future_that_is_dropped_has_taken_nothing() {
    let (_broker, connection) = pair().await;
    let mut consumer = connection.consumer(queue()).open().await.unwrap();
    for _ in 0..3 {
        assert!(
            timeout(Duration::from_millis(1), consumer.next())
                .await
                .is_err()
        );
    }
    let producer = connection.producer(queue()).open().await.unwrap();
    producer
        .send_all(vec![Message::text("a"), Message::text("b")])
        .await
        .unwrap();
    // Whether or not it is there in time, it is not lost.
    let early = timeout(Duration::from_micros(10), consumer.next()).await;
    let mut texts: Vec<String> = early
        .into_iter()
        .map(|it| text(&it.unwrap().unwrap()))
        .collect();
    while texts.len() < 2 {
        texts.push(next_text(&mut consumer).await);
    }
    assert_eq!(texts, ["a", "b"]);
}

#[tokio::test]
async fn in_client_and_individual_mode_the_owner_acknowledges() {
    for (mode, left) in [
        (Acknowledge::Client, vec!["2"]),
        (Acknowledge::Individual, vec!["0", "2"]),
    ] {
        let (_broker, connection) = pair().await;
        let producer = connection.producer(queue()).open().await.unwrap();
        let messages = (0..3).map(|n| Message::text(n.to_string()));
        producer.send_all(messages.collect()).await.unwrap();
        let consumer = connection.consumer(queue()).acknowledge(mode);
        let mut consumer = consumer.open().await.unwrap();
        let _first = next(&mut consumer).await;
        let second = next(&mut consumer).await;
        let _third = next(&mut consumer).await;
        consumer.acknowledge(&second);
        consumer.close().await.unwrap();

        let mut other = connection.consumer(queue()).open().await.unwrap();
        for expected in left {
            assert_eq!(next_text(&mut other).await, expected, "{mode:?}");
        }
    }
}

#[tokio::test]
async fn a_session_takes_effect_with_its_commit_and_a_rollback_brings_everything_again() {
    let (_broker, connection) = pair().await;
    let outside = connection.producer(queue()).open().await.unwrap();
    outside.send(Message::text("in")).await.unwrap();
    let session = connection.session().await.unwrap();
    let mut consumer = session.consumer(queue()).open().await.unwrap();
    let answers = Destination::queue("answers");
    let producer = session.producer(answers.clone()).open().await.unwrap();
    let mut watcher = connection.consumer(answers).open().await.unwrap();

    assert_eq!(next_text(&mut consumer).await, "in");
    producer.send(Message::text("undone")).await.unwrap();
    session.rollback().await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!((text(&again).as_str(), again.redeliveries), ("in", 1));
    producer.send(Message::text("done")).await.unwrap();
    assert!(watcher.try_next().is_none(), "not before the commit");
    session.commit().await.unwrap();

    assert_eq!(next_text(&mut watcher).await, "done");
    drop(consumer);
    let mut other = connection.consumer(queue()).open().await.unwrap();
    assert!(
        timeout(Duration::from_millis(200), other.next())
            .await
            .is_err(),
        "it is gone"
    );
}

#[tokio::test]
async fn requests_are_answered_as_many_at_once_as_one_likes() {
    let (_broker, connection) = pair().await;
    let mut questions = connection.consumer(queue()).open().await.unwrap();
    let answers = connection.anonymous_producer().open().await.unwrap();
    let answering = tokio::spawn(async move {
        let mut asked = Vec::new();
        while asked.len() < 10 {
            asked.push(next(&mut questions).await);
        }
        // In the other order: each finds its own.
        for question in asked.iter().rev() {
            let mut answer = Message::text(format!("re: {}", text(question)));
            answer.correlation_id = question.correlation_id.clone();
            let to = question.reply_to.clone().unwrap();
            answers.send_to(to, answer).await.unwrap();
        }
    });
    let requester = connection.requester(queue()).await.unwrap();
    let requester = std::sync::Arc::new(requester);
    let mut asking = Vec::new();
    for n in 0..10 {
        let requester = requester.clone();
        asking.push(tokio::spawn(async move {
            let answer = requester.request(Message::text(n.to_string())).await;
            assert_eq!(text(&answer.unwrap()), format!("re: {n}"));
        }));
    }
    for one in asking {
        timeout(PATIENCE, one).await.expect("in time").unwrap();
    }
    answering.await.unwrap();
}

#[tokio::test]
async fn a_consumer_without_prefetch_gets_what_it_waits_for_and_no_more() {
    let (_broker, connection) = pair().await;
    let mut pulling = connection
        .consumer(queue())
        .prefetch(0)
        .open()
        .await
        .unwrap();
    let producer = connection.producer(queue()).open().await.unwrap();
    let messages = (0..3).map(|n| Message::text(n.to_string()));
    producer.send_all(messages.collect()).await.unwrap();

    assert_eq!(next_text(&mut pulling).await, "0");
    let mut other = connection.consumer(queue()).open().await.unwrap();
    assert_eq!(next_text(&mut other).await, "1");
    assert_eq!(next_text(&mut other).await, "2");
}

#[tokio::test]
async fn a_browser_ends_when_it_has_seen_everything_and_takes_nothing_away() {
    let (_broker, connection) = pair().await;
    let producer = connection.producer(queue()).open().await.unwrap();
    let messages = (0..5).map(|n| Message::text(n.to_string()));
    producer.send_all(messages.collect()).await.unwrap();
    for _ in 0..2 {
        let mut browser = connection.consumer(queue()).browse().open().await.unwrap();
        let mut seen = Vec::new();
        while let Some(delivery) = timeout(PATIENCE, browser.next()).await.unwrap().unwrap() {
            seen.push(text(&delivery));
        }
        assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    }
}

#[tokio::test]
async fn a_wrong_selector_is_refused_with_the_brokers_words() {
    let (_broker, connection) = pair().await;
    let consumer = connection
        .consumer(queue())
        .selector("price >")
        .open()
        .await;

    let error = consumer.unwrap_err();
    assert!(
        error.without_effect && error.why.reason == Reason::Denied,
        "{error}"
    );
    assert!(error.to_string().contains("InvalidSelector"), "{error}");
}

#[tokio::test]
async fn options_of_a_destination_reach_its_consumer() {
    let (_broker, connection) = pair().await;
    let address: DestinationAddress = "q?consumer.exclusive=true&consumer.priority=9"
        .parse()
        .unwrap();
    let mut first = connection
        .consumer(queue())
        .exclusive()
        .open()
        .await
        .unwrap();
    let mut second = connection.consumer(address).open().await.unwrap();
    let producer = connection.producer(queue()).open().await.unwrap();
    producer.send(Message::text("x")).await.unwrap();

    assert_eq!(next_text(&mut second).await, "x");
    assert!(first.try_next().is_none());
}

#[tokio::test]
async fn advisories_tell_of_consumers_that_come_and_go() {
    let (_broker, connection) = pair().await;
    let topic = AdvisoryTopic::Consumers(queue());
    let mut advisories = connection.advisories(&topic).await.unwrap();
    let consumer = connection.consumer(queue()).open().await.unwrap();
    let came = timeout(PATIENCE, advisories.next()).await.unwrap().unwrap();
    assert!(
        matches!(&came, Some(Advisory::ConsumerStarted { info, .. })
            if info.destination == Some(queue())),
        "{came:?}"
    );
    consumer.close().await.unwrap();
    let went = timeout(PATIENCE, advisories.next()).await.unwrap().unwrap();
    assert!(
        matches!(went, Some(Advisory::ConsumerStopped { .. })),
        "{went:?}"
    );
}

#[tokio::test]
async fn senders_wait_for_a_broker_that_restarts_and_everything_is_open_again() {
    let broker = Running::start(0).await;
    let port = broker.port;
    let plan = Plan::new(&format!(
        "failover:({})?maxReconnectDelay=100",
        broker.url()
    ))
    .unwrap();
    let (connection, mut events) = open(plan, Options::default()).unwrap();
    connection.connected().await.unwrap();
    let mut consumer = connection.consumer(queue()).open().await.unwrap();
    let producer = connection
        .producer(queue())
        .persistent()
        .open()
        .await
        .unwrap();
    let requester = connection
        .requester(Destination::queue("nobody"))
        .await
        .unwrap();
    let unanswered = tokio::spawn(async move { requester.request(Message::text("?")).await });
    producer.send(Message::text("before")).await.unwrap();
    assert_eq!(next_text(&mut consumer).await, "before");

    broker.stop().await;
    loop {
        let event = timeout(PATIENCE, events.next()).await.unwrap();
        if let Some(ConnectionEvent::Down { .. }) = event {
            break;
        }
    }
    let why = timeout(PATIENCE, unanswered)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert!(!why.without_effect, "the request may have arrived: {why}");
    let sending = tokio::spawn(async move { producer.send(Message::text("after")).await });
    let _broker = Running::start(port).await;
    timeout(PATIENCE, sending).await.unwrap().unwrap().unwrap();

    assert_eq!(next_text(&mut consumer).await, "after");
}

#[tokio::test]
async fn whoever_waits_is_told_when_the_connection_is_closed_or_cannot_be_made() {
    let (_broker, connection) = pair().await;
    let mut consumer = connection.consumer(queue()).open().await.unwrap();
    let waiting = tokio::spawn(async move { consumer.next().await });
    let producer = connection.producer(queue()).open().await.unwrap();
    connection.close().await.unwrap();
    let ended = timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!(ended, Ok(None));
    assert!(
        producer
            .send(Message::text("late"))
            .await
            .unwrap_err()
            .without_effect
    );

    // Nobody listens on port 1 of the loopback.
    let error = timeout(PATIENCE, connect("tcp://127.0.0.1:1"))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    let gone = "failover:(tcp://127.0.0.1:1)?startupMaxReconnectAttempts=2&initialReconnectDelay=1";
    let error = timeout(PATIENCE, connect(gone)).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("2 rounds"), "{error}");
    assert!(connect("tcp://127.0.0.1?keepalive=1").await.is_err());
}

#[tokio::test]
async fn a_sender_is_held_back_by_its_window_and_loses_nothing() {
    let (_broker, connection) = pair().await;
    let mut consumer = connection
        .consumer(Destination::topic("t"))
        .acknowledge(Acknowledge::DupsOk)
        .open()
        .await
        .unwrap();
    let producer = connection.producer(Destination::topic("t")).window(4096);
    let producer = producer.open().await.unwrap();
    let sending = tokio::spawn(async move {
        for chunk in 0..20 {
            let messages = (0..100).map(|n| Message::text((chunk * 100 + n).to_string()));
            producer.send_all(messages.collect()).await.unwrap();
        }
    });
    for n in 0..2000 {
        assert_eq!(next_text(&mut consumer).await, n.to_string());
    }
    sending.await.unwrap();
}
