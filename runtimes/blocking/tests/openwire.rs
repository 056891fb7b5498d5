//! OpenWire handles with time-outs against finewire's own broker.
#![cfg(feature = "openwire")]
#![allow(clippy::unwrap_used, reason = "tests")]

use core::time::Duration;
use finewire_blocking::openwire::{
    Acknowledge, Advisory, AdvisoryTopic, Connection, Destination, Message, connect,
};
use finewire_blocking::{Handle, Options};
use finewire_core::machine::{Address, Reason};
use finewire_openwire::broker::{Admission, Broker, BrokerConfig, BrokerEvent, Listen};
use std::time::Instant;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

fn broker() -> (Handle<Broker>, String) {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        admission: Admission::Anyone,
        ..BrokerConfig::default()
    };
    let broker = Broker::new(config, [9; 32]);
    let (handle, mut events, _task) = finewire_blocking::spawn(broker, Options::default()).unwrap();
    loop {
        if let BrokerEvent::Listening { address, .. } = events.next_within(PATIENCE).unwrap() {
            return (handle, format!("tcp://{address}"));
        }
    }
}

fn pair() -> (Handle<Broker>, Connection) {
    let (handle, url) = broker();
    (handle, connect(&url, PATIENCE).unwrap())
}

fn text(message: &Message) -> String {
    message.body().unwrap().as_text().unwrap().to_string()
}

fn queue() -> Destination {
    Destination::queue("q")
}

#[test]
fn messages_come_as_an_iterator_and_nothing_comes_within_a_time() {
    let (_broker, connection) = pair();
    let mut consumer = connection.consumer(queue(), |it| it).unwrap();
    assert_eq!(consumer.next_within(SHORT).unwrap(), None);
    let producer = connection.producer(queue(), |it| it.persistent()).unwrap();
    for n in 0..3 {
        producer.send(Message::text(n.to_string())).unwrap();
    }

    let texts: Vec<String> = consumer
        .by_ref()
        .take(3)
        .map(|it| text(&it.unwrap()))
        .collect();
    assert_eq!(texts, ["0", "1", "2"]);
    connection.close().unwrap();
    assert!(consumer.next().is_none());
}

#[test]
fn a_request_is_answered_and_one_that_nobody_answers_ends_in_time() {
    let (_broker, connection) = pair();
    let requester = connection.requester(queue()).unwrap();
    let error = requester.request(Message::text("?"), SHORT).unwrap_err();
    assert_eq!(error.why.reason, Reason::TimedOut);
    let mut questions = connection.consumer(queue(), |it| it).unwrap();
    let answers = connection.anonymous_producer(|it| it).unwrap();
    let answering = std::thread::spawn(move || {
        for _ in 0..2 {
            let question = questions.next_within(PATIENCE).unwrap().unwrap();
            let mut answer = Message::text(text(&question).to_uppercase());
            answer.correlation_id = question.correlation_id.clone();
            let to = question.reply_to.clone().unwrap();
            answers.send_to(to, answer).unwrap();
        }
    });

    let answer = requester.request(Message::text("how?"), PATIENCE).unwrap();
    assert_eq!(
        text(&answer),
        "HOW?",
        "and not the late answer to the first"
    );
    answering.join().unwrap();
}

#[test]
fn a_session_commits_and_rolls_back() {
    let (_broker, connection) = pair();
    let session = connection.session().unwrap();
    let producer = session.producer(queue(), |it| it).unwrap();
    let mut consumer = connection.consumer(queue(), |it| it).unwrap();
    producer.send(Message::text("undone")).unwrap();
    session.rollback().unwrap();
    producer.send_all(vec![Message::text("done")]).unwrap();
    assert_eq!(consumer.next_within(SHORT).unwrap(), None);
    session.commit().unwrap();

    assert_eq!(
        text(&consumer.next_within(PATIENCE).unwrap().unwrap()),
        "done"
    );
}

#[test]
fn what_is_rejected_becomes_a_dead_letter() {
    let (_broker, connection) = pair();
    let producer = connection.producer(queue(), |it| it.persistent()).unwrap();
    producer.send(Message::text("bad")).unwrap();
    let mut consumer = connection
        .consumer(queue(), |it| it.acknowledge(Acknowledge::Individual))
        .unwrap();
    let bad = consumer.next_within(PATIENCE).unwrap().unwrap();
    consumer.reject(&bad, "it does not read");
    let dead = Destination::queue("ActiveMQ.DLQ");
    let mut dead = connection.consumer(dead, |it| it).unwrap();

    let letter = dead.next_within(PATIENCE).unwrap().unwrap();
    assert_eq!(text(&letter), "bad");
    let cause = letter.properties().unwrap().text("dlqDeliveryFailureCause");
    assert!(cause.unwrap().to_str().contains("it does not read"));
}

#[test]
fn advisories_tell_of_queues() {
    let (_broker, connection) = pair();
    let mut advisories = connection.advisories(&AdvisoryTopic::Queues).unwrap();
    let _consumer = connection.consumer(queue(), |it| it).unwrap();
    let told = advisories.next_within(PATIENCE).unwrap().unwrap();
    assert_eq!(told, Advisory::DestinationCreated(queue()));
}

#[test]
fn a_connection_that_cannot_be_made_is_told_in_time() {
    let error = connect("tcp://127.0.0.1:1", PATIENCE).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    let gone = "failover:(tcp://127.0.0.1:1)";
    let error = connect(gone, SHORT).unwrap_err();
    assert!(error.to_string().contains("in time"), "{error}");
}

/// A connection that does not give its broker up.
fn lasting(options: &str) -> (Handle<Broker>, Connection) {
    let (handle, url) = broker();
    let url = format!("failover:({url})?{options}");
    (handle, connect(&url, PATIENCE).unwrap())
}

#[test]
fn a_request_ends_in_its_time_also_where_it_cannot_be_sent() {
    let (broker, connection) = lasting("initialReconnectDelay=10");
    let requester = connection.requester(queue()).unwrap();
    broker.shut_down();
    while connection.is_connected() {
        std::thread::yield_now();
    }

    let begun = Instant::now();
    let why = requester.request(Message::text("?"), SHORT).unwrap_err();

    assert_eq!(why.why.reason, Reason::TimedOut);
    assert!(begun.elapsed() < PATIENCE / 4, "{:?}", begun.elapsed());
}

#[test]
fn an_iterator_says_once_why_nothing_more_comes() {
    let (broker, connection) = lasting("initialReconnectDelay=10&maxReconnectAttempts=1");
    let consumer = connection.consumer(queue(), |it| it).unwrap();
    let advisories = connection.advisories(&AdvisoryTopic::Queues).unwrap();
    broker.shut_down();

    let said: Vec<_> = consumer.take(3).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].is_err(), "{said:?}");
    let told = advisories.skip_while(Result::is_ok).take(3).count();
    assert_eq!(told, 1);
}

#[test]
fn late_and_never_are_told_apart() {
    let (_broker, connection) = pair();
    let mut consumer = connection.consumer(queue(), |it| it).unwrap();
    assert_eq!(consumer.next_within(SHORT).unwrap(), None);
    assert!(!consumer.is_over());

    connection.close().unwrap();

    assert_eq!(consumer.next_within(PATIENCE).unwrap(), None);
    assert!(consumer.is_over());
}

#[test]
fn a_session_sends_anywhere_and_its_consumers_end_with_it() {
    let (_broker, connection) = pair();
    let session = connection.session().unwrap();
    let mut of_session = session.consumer(queue(), |it| it).unwrap();
    let producer = session.anonymous_producer(|it| it).unwrap();
    let elsewhere = Destination::queue("elsewhere");
    let order = Message::text("in a session");
    producer.send_to(elsewhere.clone(), order).unwrap();
    let mut consumer = connection.consumer(elsewhere, |it| it).unwrap();
    assert!(consumer.try_next().is_none());
    session.commit().unwrap();
    let sent = consumer.next_within(PATIENCE).unwrap().unwrap();
    assert_eq!(text(&sent), "in a session");

    drop(session);

    assert_eq!(of_session.next_within(PATIENCE).unwrap(), None);
    assert!(of_session.is_over());
}

#[test]
fn a_handle_knows_when_its_machine_has_stopped() {
    let (broker, connection) = pair();
    let orders = connection.orders().clone();
    assert!(!broker.is_stopped() && !orders.is_stopped());

    broker.shut_down();
    drop(connection);
    orders.shut_down();

    while !broker.is_stopped() || !orders.is_stopped() {
        std::thread::yield_now();
    }
    assert_eq!(orders.inspect(|_| (), SHORT), None);
}
