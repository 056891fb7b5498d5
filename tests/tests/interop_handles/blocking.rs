//! What a JMS client knows in the handles without futures.

use crate::suite::{PATIENCE, SHORT, text};
use finewire_blocking::openwire::{
    Acknowledge, Advisory, AdvisoryTopic, Confirm, Connection, Consumer, Delivery, Destination,
    DestinationAddress, Message, connect,
};
use finewire_core::machine::Reason;
use finewire_openwire::body::Properties;

fn queue(name: &str) -> Destination {
    Destination::queue(format!("blocking.{name}"))
}

fn topic(name: &str) -> Destination {
    Destination::topic(format!("blocking.{name}"))
}

fn next(consumer: &mut Consumer) -> Delivery {
    let next = consumer.next_within(PATIENCE).expect("no trouble");
    next.expect("a message in time")
}

fn next_text(consumer: &mut Consumer) -> String {
    text(&next(consumer))
}

fn nothing(consumer: &mut Consumer) {
    let next = consumer.next_within(SHORT).expect("no trouble");
    assert!(next.is_none(), "{next:?}");
}

fn consumer(connection: &Connection, from: &Destination) -> Consumer {
    let consumer = connection.consumer(from.clone(), |it| it);
    consumer.expect("a consumer")
}

fn send(connection: &Connection, to: &Destination, texts: &[&str]) {
    let producer = connection.producer(to.clone(), |it| it.persistent());
    let producer = producer.expect("a producer");
    let messages = texts.iter().map(|text| Message::text(*text)).collect();
    producer.send_all(messages).expect("sent");
}

/// Everything, one after the other.
pub fn everything(url: &str) {
    let connection = connect(url, PATIENCE).expect("a connection");
    selectors(&connection);
    transactions(&connection);
    rollbacks_end_at_the_dead_letter_queue(&connection);
    pulls(&connection);
    browsing(&connection);
    requests(&connection);
    advisories(&connection);
    exclusive(url, &connection);
    individual_and_client(&connection);
    window(&connection);
    wildcards_and_composites(&connection);
    time_to_live_and_priority(&connection);
    no_local(&connection);
    connection.close().expect("closed");
}

fn selectors(connection: &Connection) {
    let queue = queue("selectors");
    let producer = connection.producer(queue.clone(), |it| it);
    let producer = producer.expect("a producer");
    for (colour, weight) in [("red", 5), ("blue", 50), ("red", 500)] {
        let mut message = Message::text(format!("{colour} {weight}"));
        let mut properties = Properties::default();
        properties.set("colour", colour);
        properties.set("weight", weight);
        message.set_properties(&properties).expect("properties");
        producer.send(message).expect("sent");
    }
    let wanted = "colour = 'red' AND weight > 100";
    let heavy = connection.consumer(queue.clone(), |it| it.selector(wanted));
    let mut heavy = heavy.expect("a consumer");
    assert_eq!(next_text(&mut heavy), "red 500");
    nothing(&mut heavy);
    let wrong = connection.consumer(queue, |it| it.selector("weight >"));
    let error = wrong.map(|_| ()).expect_err("it does not read");
    assert!(error.without_effect && error.why.reason == Reason::Denied);
    let said = error.to_string();
    assert!(said.contains("InvalidSelectorException"), "{said}");
}

fn transactions(connection: &Connection) {
    let (from, to) = (queue("tx-in"), queue("tx-out"));
    send(connection, &from, &["order"]);
    let session = connection.session().expect("a session");
    let mut orders = session.consumer(from.clone(), |it| it).expect("a consumer");
    let bills = session.producer(to.clone(), |it| it.persistent());
    let bills = bills.expect("a producer");
    let mut watcher = consumer(connection, &to);

    assert_eq!(next_text(&mut orders), "order");
    bills.send(Message::text("wrong bill")).expect("sent");
    session.rollback().expect("rolled back");
    let again = next(&mut orders);
    assert_eq!((text(&again).as_str(), again.redeliveries), ("order", 1));
    bills.send(Message::text("bill")).expect("sent");
    session.commit().expect("committed");
    assert_eq!(next_text(&mut watcher), "bill");
    nothing(&mut watcher);
    drop(orders);
    nothing(&mut consumer(connection, &from));
}

fn rollbacks_end_at_the_dead_letter_queue(connection: &Connection) {
    let queue = queue("poison");
    send(connection, &queue, &["bad"]);
    let session = connection.session().expect("a session");
    let mut taken = session.consumer(queue, |it| it).expect("a consumer");
    for _ in 0..=6 {
        assert_eq!(next_text(&mut taken), "bad");
        session.rollback().expect("rolled back");
    }
    let mut dead = consumer(connection, &Destination::queue("ActiveMQ.DLQ"));
    assert_eq!(next_text(&mut dead), "bad");
    assert!(taken.try_next().is_none());
}

fn pulls(connection: &Connection) {
    let pulled = queue("pulled");
    let pulling = connection.consumer(pulled.clone(), |it| it.prefetch(0));
    let mut pulling = pulling.expect("a consumer");
    send(connection, &pulled, &["0", "1", "2"]);
    assert_eq!(next_text(&mut pulling), "0");
    let mut other = consumer(connection, &pulled);
    assert_eq!(next_text(&mut other), "1");
    assert_eq!(next_text(&mut other), "2");
    let later = queue("pulled-later");
    let waiting = connection.consumer(later.clone(), |it| it.prefetch(0));
    let mut waiting = waiting.expect("a consumer");
    nothing(&mut waiting);
    send(connection, &later, &["late"]);
    assert_eq!(next_text(&mut waiting), "late");
}

fn browsing(connection: &Connection) {
    let queue = queue("browsed");
    send(connection, &queue, &["0", "1", "2"]);
    for _ in 0..2 {
        let browser = connection.consumer(queue.clone(), |it| it.browse());
        let browser = browser.expect("a browser");
        let seen: Vec<String> = browser.map(|one| text(&one.expect("one"))).collect();
        assert_eq!(seen, ["0", "1", "2"]);
    }
}

fn requests(connection: &Connection) {
    let queue = queue("asked");
    let mut questions = consumer(connection, &queue);
    let answers = connection.anonymous_producer(|it| it).expect("a producer");
    let requester = connection.requester(queue).expect("a requester");
    let answering = std::thread::spawn(move || {
        let question = next(&mut questions);
        let mut answer = Message::text("forty-two");
        answer.correlation_id = question.correlation_id.clone();
        let to = question.reply_to.clone().expect("a temporary queue");
        answers.send_to(to, answer).expect("sent");
    });
    let answer = requester.request(Message::text("how many?"), PATIENCE);
    answering.join().expect("no panic");
    assert_eq!(text(&answer.expect("an answer")), "forty-two");
}

fn advisories(connection: &Connection) {
    let queue = queue("watched");
    let watched = AdvisoryTopic::Consumers(queue.clone());
    let mut told = connection.advisories(&watched).expect("advisories");
    let opened = consumer(connection, &queue);
    let started = told.next_within(PATIENCE).expect("one");
    assert!(
        matches!(&started, Some(Advisory::ConsumerStarted { info, count: Some(1) })
            if info.destination.as_ref() == Some(&queue)),
        "{started:?}"
    );
    opened.close().expect("closed");
    let stopped = told.next_within(PATIENCE).expect("one");
    assert!(
        matches!(&stopped, Some(Advisory::ConsumerStopped { destination, count: Some(0), .. })
            if destination.as_ref() == Some(&queue)),
        "{stopped:?}"
    );
    let told = connection.advisories(&AdvisoryTopic::Connections);
    let there = told.expect("advisories").next_within(PATIENCE);
    let there = there.expect("one");
    assert!(
        matches!(there, Some(Advisory::ConnectionStarted(_))),
        "{there:?}"
    );
}

fn exclusive(url: &str, connection: &Connection) {
    let address: DestinationAddress =
        "blocking.taken?consumer.exclusive=true&consumer.priority=127"
            .parse()
            .expect("an address");
    let queue = address.destination.clone();
    let second = connection.consumer(queue.clone(), |it| it.exclusive());
    let mut second = second.expect("a consumer");
    let other = connect(url, PATIENCE).expect("a connection");
    let mut first = other.consumer(address, |it| it).expect("a consumer");
    send(connection, &queue, &["0", "1"]);
    assert_eq!(next_text(&mut first), "0");
    assert_eq!(next_text(&mut first), "1");
    assert!(second.try_next().is_none());
    other.close().expect("closed");
    send(connection, &queue, &["2"]);
    // The last one taken was not done with.
    let mut rest = [next_text(&mut second), next_text(&mut second)];
    rest.sort();
    assert_eq!(rest, ["1", "2"]);
}

fn individual_and_client(connection: &Connection) {
    for (name, mode, left) in [
        ("client", Acknowledge::Client, vec!["2"]),
        ("individual", Acknowledge::Individual, vec!["0", "2"]),
    ] {
        let queue = queue(name);
        send(connection, &queue, &["0", "1", "2"]);
        let taken = connection.consumer(queue.clone(), |it| it.acknowledge(mode));
        let mut taken = taken.expect("a consumer");
        let _first = next(&mut taken);
        let second = next(&mut taken);
        let _third = next(&mut taken);
        taken.acknowledge(&second);
        taken.close().expect("closed");
        let mut other = consumer(connection, &queue);
        for expected in left {
            assert_eq!(next_text(&mut other), expected, "{name}");
        }
    }
}

fn window(connection: &Connection) {
    let topic = topic("windowed");
    let hearing = connection.consumer(topic.clone(), |it| it.acknowledge(Acknowledge::DupsOk));
    let mut hearing = hearing.expect("a consumer");
    let producer = connection.producer(topic, |it| it.window(8192).confirm(Confirm::Never));
    let producer = producer.expect("a producer");
    let sending = std::thread::spawn(move || {
        let messages = (0..500).map(|n| Message::text(n.to_string()));
        producer.send_all(messages.collect()).expect("sent");
    });
    for n in 0..500 {
        assert_eq!(next_text(&mut hearing), n.to_string());
    }
    sending.join().expect("no panic");
}

fn wildcards_and_composites(connection: &Connection) {
    let mut all = consumer(connection, &topic("prices.*.>"));
    let both = Destination::topic("blocking.prices.eur.a,blocking.prices.eur.b.c");
    send(connection, &both, &["x"]);
    let mut places: Vec<String> = (0..2)
        .map(|_| next(&mut all).destination.clone().expect("one").to_string())
        .collect();
    places.sort();
    assert_eq!(
        places,
        [
            "topic://blocking.prices.eur.a",
            "topic://blocking.prices.eur.b.c"
        ]
    );
}

fn time_to_live_and_priority(connection: &Connection) {
    let queue = queue("hasty");
    let producer = connection.producer(queue.clone(), |it| {
        it.time_to_live(core::time::Duration::from_secs(60))
            .priority(7)
    });
    let producer = producer.expect("a producer");
    producer.send(Message::text("x")).expect("sent");
    let delivery = next(&mut consumer(connection, &queue));
    assert_eq!(delivery.priority, 7);
    assert_eq!(delivery.expiration - delivery.timestamp, 60_000);
}

fn no_local(connection: &Connection) {
    let topic = topic("local");
    let deaf = connection.consumer(topic.clone(), |it| it.no_local());
    let mut deaf = deaf.expect("a consumer");
    let mut hearing = consumer(connection, &topic);
    send(connection, &topic, &["x"]);
    assert_eq!(next_text(&mut hearing), "x");
    nothing(&mut deaf);
}
