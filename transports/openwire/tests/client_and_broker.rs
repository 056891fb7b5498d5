//! The client and the broker with each other, on wires of memory.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod world;

use core::time::Duration;

use finewire_core::machine::{Outcome, Reason};
use finewire_openwire::broker::{BrokerEvent, WhenFull};
use finewire_openwire::client::{
    AckMode, ClientCommand, ClientConfig, ClientEvent, ConsumerHandle, Subscribe,
};
use finewire_openwire::command::Destination;
use world::{World, config, text_of};

fn queue() -> Destination {
    Destination::queue("Connector1")
}

#[test]
fn a_message_to_a_queue_reaches_its_consumer_and_is_gone_when_acknowledged() {
    let mut world = World::new(config());
    let sender = world.client(1, ClientConfig::default());
    let receiver = world.client(2, ClientConfig::default());
    let sent = world.publish(sender, queue(), "Hello");
    assert!(world.is_done(sender, sent));
    let subscribed = world.subscribe(receiver, 1, queue());

    assert!(world.is_done(receiver, subscribed));
    assert_eq!(world.take_texts(receiver), ["Hello"]);
    let snapshot = world.broker.snapshot();
    assert_eq!(
        (snapshot.queues[0].waiting, snapshot.queues[0].in_flight),
        (0, 0)
    );
    assert_eq!(snapshot.held_bytes, 0);
    world.assert_all_ended_once();
}

#[test]
fn every_subscriber_of_a_topic_gets_each_message_and_wildcards_count() {
    let mut world = World::new(config());
    let sender = world.client(1, ClientConfig::default());
    let first = world.client(2, ClientConfig::default());
    let second = world.client(3, ClientConfig::default());
    world.subscribe(first, 1, Destination::topic("dest.1"));
    world.subscribe(second, 1, Destination::topic("dest.>"));
    world.subscribe(second, 2, Destination::queue("dest.1"));

    world.publish(sender, Destination::topic("dest.1"), "a");
    world.publish(sender, Destination::topic("dest.2"), "b");
    world.publish(sender, Destination::queue("dest.1,topic://dest.1"), "c");

    assert_eq!(world.take_texts(first), ["a", "c"]);
    let seen = world.take_deliveries(second);
    let texts: Vec<_> = seen.iter().map(|it| (it.consumer.0, text_of(it))).collect();
    let expected = [(1, "a"), (1, "b"), (2, "c"), (1, "c")].map(|(n, text)| (n, text.to_owned()));
    assert_eq!(texts, expected);
    let composite = &seen[2].message;
    assert_eq!(composite.destination, Some(Destination::queue("dest.1")));
    let original = composite.extras.original_destination.as_ref().unwrap();
    assert_eq!(original.name(), "dest.1,topic://dest.1");
    world.assert_all_ended_once();
}

#[test]
fn what_a_topic_consumer_cannot_take_yet_waits_for_it_alone() {
    let mut world = World::new(config());
    let sender = world.client(1, ClientConfig::default());
    let slow = world.client(2, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), Destination::topic("t"));
    asked.prefetch = 1;
    asked.acknowledge = AckMode::Individual;
    world.give(slow, ClientCommand::Subscribe(asked));
    for _ in 0..4 {
        world.publish(sender, Destination::topic("t"), "x");
    }
    let snapshot = world.broker.snapshot();

    assert_eq!(world.take_texts(slow).len(), 1);
    assert_eq!(snapshot.topics[0].backlog, 3);
}

fn exclusive(handle: u32, priority: i8) -> ClientCommand {
    let asked = Subscribe::at(
        ConsumerHandle(handle),
        format!("Connector1?consumer.exclusive=true&consumer.priority={priority}")
            .parse()
            .unwrap(),
    );
    ClientCommand::Subscribe(asked)
}

#[test]
fn of_exclusive_consumers_the_higher_priority_is_served_and_the_other_takes_over() {
    let mut world = World::new(config());
    let sender = world.client(1, ClientConfig::default());
    let secondary = world.client(2, ClientConfig::default());
    let primary = world.client(3, ClientConfig::default());
    world.give(secondary, exclusive(1, 100));
    world.publish(sender, queue(), "to the secondary, alone so far");
    world.give(primary, exclusive(1, 127));
    world.publish(sender, queue(), "to the primary");
    world.cut(primary);
    world.reachable = false;
    world.publish(sender, queue(), "to the secondary again");

    assert_eq!(
        world.take_texts(secondary),
        ["to the secondary, alone so far", "to the secondary again"]
    );
    assert_eq!(world.take_texts(primary), ["to the primary"]);

    world.reachable = true;
    world.advance(Duration::from_secs(10));
    world.publish(sender, queue(), "to the primary that came back");
    assert_eq!(world.take_texts(primary), ["to the primary that came back"]);
    assert_eq!(world.peers[primary].ups, 2);
}

#[test]
fn no_more_than_the_prefetch_is_delivered_unacknowledged() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.prefetch = 2;
    asked.acknowledge = AckMode::Individual;
    world.give(peer, ClientCommand::Subscribe(asked));
    for text in ["a", "b", "c", "d"] {
        world.publish(peer, queue(), text);
    }
    let first = world.take_deliveries(peer);
    assert_eq!(first.iter().map(text_of).collect::<Vec<_>>(), ["a", "b"]);

    let acknowledged = world.give(peer, ClientCommand::Acknowledge(first[1].token.unwrap()));

    assert!(world.is_done(peer, acknowledged));
    assert_eq!(world.take_texts(peer), ["c"], "one place was freed");
    let again = world.give(peer, ClientCommand::Acknowledge(first[1].token.unwrap()));
    assert!(matches!(
        world.outcome(peer, again),
        Some(Outcome::Refused(why)) if why.reason == Reason::Local
    ));
    let view = &world.broker.snapshot().queues[0];
    assert_eq!((view.waiting, view.in_flight), (1, 2));
}

#[test]
fn what_was_not_acknowledged_comes_again_and_says_so() {
    let mut world = World::new(config());
    let dying = world.client(1, ClientConfig::default());
    let heir = world.client(2, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.acknowledge = AckMode::Cumulative;
    world.give(dying, ClientCommand::Subscribe(asked));
    for text in ["a", "b", "c"] {
        world.publish(heir, queue(), text);
    }
    let seen = world.take_deliveries(dying);
    world.give(dying, ClientCommand::Acknowledge(seen[0].token.unwrap()));
    world.subscribe(heir, 1, queue());
    assert!(world.take_texts(heir).is_empty(), "both are out");

    world.cut(dying);

    let again = world.take_deliveries(heir);
    assert_eq!(
        again.iter().map(text_of).collect::<Vec<_>>(),
        ["b", "c"],
        "in their old order"
    );
    assert!(again.iter().all(|delivered| delivered.redeliveries == 1));
    world.advance(Duration::from_secs(5));
    let stale = world.give(dying, ClientCommand::Acknowledge(seen[2].token.unwrap()));
    assert!(matches!(
        world.outcome(dying, stale),
        Some(Outcome::Refused(why)) if why.reason == Reason::LinkDown
    ));
}

#[test]
fn competing_consumers_take_turns() {
    let mut world = World::new(config());
    let peers: Vec<usize> = (1..=3)
        .map(|n| world.client(n, ClientConfig::default()))
        .collect();
    for peer in &peers {
        world.subscribe(*peer, 1, queue());
    }
    for n in 0..9 {
        world.publish(peers[0], queue(), &n.to_string());
    }

    for (n, peer) in peers.iter().enumerate() {
        let expected: Vec<String> = (0..3).map(|turn| (turn * 3 + n).to_string()).collect();
        assert_eq!(world.take_texts(*peer), expected);
    }
}

#[test]
fn a_temporary_queue_carries_the_reply_and_ends_with_its_client() {
    let mut world = World::new(config());
    let asking = world.client(1, ClientConfig::default());
    let answering = world.client(2, ClientConfig::default());
    let watching = world.client(3, ClientConfig::default());
    let advisories = "ActiveMQ.Advisory.TempQueue,ActiveMQ.Advisory.TempTopic";
    world.subscribe(watching, 1, Destination::topic(advisories));
    world.subscribe(answering, 1, queue());
    world.give(asking, ClientCommand::CreateTemporary { topic: false });
    let named = world.peers[asking]
        .events
        .iter()
        .find_map(|event| match event {
            ClientEvent::TemporaryCreated { destination, .. } => Some(destination.clone()),
            _ => None,
        });
    let temporary = named.unwrap();
    assert_eq!(
        world.take_deliveries(watching).len(),
        1,
        "the advisory came before any request"
    );
    world.subscribe(asking, 1, temporary.clone());
    let foreign = world.subscribe(answering, 2, temporary.clone());
    assert!(matches!(
        world.outcome(answering, foreign),
        Some(Outcome::Refused(why)) if why.text.contains("InvalidDestinationException")
    ));
    world.peers[asking].events.clear();

    world.publish(answering, temporary.clone(), "reply");

    assert_eq!(world.take_texts(asking), ["reply"]);
    let gone = world.give(asking, ClientCommand::Disconnect);
    assert!(world.is_done(asking, gone));
    assert_eq!(world.take_deliveries(watching).len(), 1, "it is gone");
    let late = world.publish_persistent(answering, temporary, "too late");
    assert!(matches!(
        world.outcome(answering, late),
        Some(Outcome::Refused(why)) if why.reason == Reason::Denied
    ));
    let late = world.subscribe(watching, 2, Destination::topic(advisories));
    assert!(world.is_done(watching, late));
    assert!(
        world.take_deliveries(watching).is_empty(),
        "nothing is left to tell"
    );
    world.assert_all_ended_once();
}

#[test]
fn a_quiet_connection_lives_and_a_frozen_one_is_dropped_by_both_sides() {
    let mut world = World::new(config());
    let quiet = world.client(1, ClientConfig::default());
    world.advance(Duration::from_secs(600));
    assert_eq!(
        (world.peers[quiet].ups, world.peers[quiet].downs.len()),
        (1, 0)
    );

    world.peers[quiet].frozen = true;
    world.reachable = false;
    world.advance(Duration::from_secs(59));
    assert!(
        world.peers[quiet].downs.is_empty(),
        "not before twice the inactivity"
    );
    assert_eq!(world.broker.snapshot().connections.len(), 1);
    world.advance(Duration::from_secs(32));

    assert!(!world.peers[quiet].downs.is_empty());
    assert_eq!(world.broker.snapshot().connections.len(), 0);
    world.reachable = true;
    world.advance(Duration::from_secs(60));
    assert_eq!(world.peers[quiet].ups, 2);
}

#[test]
fn a_peer_that_never_greets_is_dropped() {
    use finewire_core::machine::{Address, Input, LinkId, ListenerId, Machine};

    let mut world = World::new(config());
    let address = Address::new("127.0.0.1", 1);
    let link = LinkId::accepted(99);
    world
        .broker
        .handle_input(world.now, Input::Accepted(ListenerId(0), link, address));
    world.settle();
    world.advance(Duration::from_secs(29));
    assert!(
        !world
            .broker_events
            .iter()
            .any(|event| matches!(event, BrokerEvent::TurnedAway { .. }))
    );

    world.advance(Duration::from_secs(2));

    assert!(
        world
            .broker_events
            .iter()
            .any(|event| matches!(event, BrokerEvent::TurnedAway { .. }))
    );
}

#[test]
fn wrong_credentials_end_the_link_for_good_and_show_no_password() {
    use finewire_core::password::Secret;
    use finewire_openwire::broker::Admission;

    let users = [("joe".to_owned(), Secret::from("right"))].into();
    let mut broker = config();
    broker.admission = Admission::Users(users);
    let mut world = World::new(broker);
    let login = |password: &str| ClientConfig {
        user: Some("joe".into()),
        password: Some(Secret::from(password)),
        ..ClientConfig::default()
    };
    let wrong = world.client(1, login("hunter2"));
    let right = world.client(2, login("right"));
    let kept = world.subscribe(wrong, 1, queue());
    world.advance(Duration::from_secs(120));

    assert_eq!(world.peers[right].ups, 1);
    assert_eq!(world.peers[wrong].ups, 0);
    assert_eq!(
        world.peers[wrong].downs.len(),
        1,
        "it does not come back by itself"
    );
    let text = format!("{:?} {:?}", world.peers[wrong].downs, world.broker_events);
    assert!(
        text.contains("SecurityException") && !text.contains("hunter2"),
        "{text}"
    );
    let state = format!("{:?}{:?}", world.peers[wrong].link.protocol(), world.broker);
    assert!(!state.contains("hunter2"));
    assert_eq!(
        world.outcome(wrong, kept),
        None,
        "it waits for the next start"
    );
}

#[test]
fn expired_messages_are_not_delivered_and_their_place_is_freed() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    for (text, expiration) in [("short", world::WALL + 1000), ("long", 0)] {
        let mut message = finewire_openwire::command::Message::text(text);
        message.expiration = expiration;
        let publish = finewire_openwire::client::Publish {
            destination: queue(),
            message,
        };
        world.give(peer, ClientCommand::Publish(publish));
    }
    world.advance(Duration::from_millis(1500));
    let view = world.broker.snapshot();
    assert_eq!((view.queues[0].waiting, view.queues[0].expired), (1, 1));

    world.subscribe(peer, 1, queue());

    assert_eq!(world.take_texts(peer), ["long"]);
}

#[test]
fn a_full_queue_refuses_what_wants_an_answer_and_complains_of_the_rest() {
    let mut broker = config();
    broker.limits.queue_messages = 2;
    broker.when_full = WhenFull::Refuse;
    let mut world = World::new(broker);
    let peer = world.client(1, ClientConfig::default());
    world.publish_persistent(peer, queue(), "1");
    world.publish_persistent(peer, queue(), "2");

    let third = world.publish_persistent(peer, queue(), "3");
    world.publish(peer, queue(), "4");

    assert!(matches!(
        world.outcome(peer, third),
        Some(Outcome::Refused(why)) if why.text.contains("ResourceAllocationException")
    ));
    let said = world.peers[peer].events.iter().any(|event| {
        matches!(event, ClientEvent::BrokerSaid(what) if what.to_string().contains("Usage limit"))
    });
    assert!(said);
    assert_eq!(world.broker.snapshot().queues[0].waiting, 2);
}

#[test]
fn a_slow_topic_consumer_misses_the_oldest_and_it_is_counted() {
    let mut broker = config();
    broker.limits.backlog_messages = 3;
    let mut world = World::new(broker);
    let sender = world.client(1, ClientConfig::default());
    let slow = world.client(2, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), Destination::topic("t"));
    asked.prefetch = 1;
    asked.acknowledge = AckMode::Individual;
    world.give(slow, ClientCommand::Subscribe(asked));
    for n in 0..10 {
        world.publish(sender, Destination::topic("t"), &n.to_string());
    }
    let mut texts = Vec::new();
    loop {
        let delivered = world.take_deliveries(slow);
        let Some(first) = delivered.first() else {
            break;
        };
        texts.push(text_of(first));
        world.give(slow, ClientCommand::Acknowledge(first.token.unwrap()));
    }

    assert_eq!(texts, ["0", "7", "8", "9"]);
    assert_eq!(world.broker.snapshot().counters.dropped, 6);
    let told = world.broker_events.iter();
    let told = told
        .filter(|event| matches!(event, BrokerEvent::SlowConsumer { .. }))
        .count();
    assert_eq!(told, 1);
}

#[test]
fn the_newer_link_of_a_connection_wins() {
    let mut world = World::new(config());
    let old = world.client(1, ClientConfig::default());
    world.subscribe(old, 1, queue());
    // The same seed makes the same connection id: what a failover looks like to the broker.
    world.peers[old].frozen = true;
    let new = world.client(1, ClientConfig::default());
    world.subscribe(new, 1, queue());
    let sender = world.client(3, ClientConfig::default());
    world.publish(sender, queue(), "x");

    assert_eq!(world.take_texts(new), ["x"]);
    assert_eq!(world.broker.snapshot().connections.len(), 2);
}

#[test]
fn pulls_get_one_message_each_or_hear_that_there_is_none() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.prefetch = 0;
    world.give(peer, ClientCommand::Subscribe(asked));
    world.publish(peer, queue(), "a");
    world.publish(peer, queue(), "b");
    assert!(world.take_deliveries(peer).is_empty());
    let pull = |wait| ClientCommand::Pull {
        consumer: ConsumerHandle(1),
        wait,
    };

    world.give(peer, pull(Some(Duration::ZERO)));
    assert_eq!(world.take_texts(peer), ["a"]);
    world.give(peer, pull(None));
    assert_eq!(world.take_texts(peer), ["b"]);
    world.give(peer, pull(Some(Duration::from_millis(300))));
    assert!(world.peers[peer].events.is_empty());
    world.advance(Duration::from_millis(301));
    assert_eq!(
        world.peers[peer].events,
        [ClientEvent::PulledNothing(ConsumerHandle(1))]
    );
}

#[test]
fn a_browser_sees_what_waits_and_takes_nothing() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    world.publish(peer, queue(), "a");
    world.publish(peer, queue(), "b");
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.browse = true;
    world.give(peer, ClientCommand::Subscribe(asked));

    assert_eq!(
        world.peers[peer].events.last(),
        Some(&ClientEvent::BrowseEnded(ConsumerHandle(1)))
    );
    assert_eq!(world.take_texts(peer), ["a", "b"]);
    assert_eq!(world.broker.snapshot().queues[0].waiting, 2);
}

#[test]
fn requests_that_are_never_answered_end_in_time() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    world.peers[peer].frozen = true;

    let sent = world.publish_persistent(peer, queue(), "x");
    let made = world.give(peer, ClientCommand::CreateTemporary { topic: true });
    let subscribed = world.subscribe(peer, 1, queue());
    world.advance(Duration::from_secs(16));

    for id in [sent, made, subscribed] {
        assert!(
            matches!(world.outcome(peer, id), Some(Outcome::Failed(why)) if why.reason == Reason::TimedOut),
            "{:?}",
            world.outcome(peer, id)
        );
    }
    assert_eq!(world.peers[peer].link.protocol().subscriptions().count(), 0);
}

#[test]
fn publishing_beyond_the_outbox_or_without_a_link_is_refused_at_once() {
    let mut world = World::new(config());
    let mut small = ClientConfig::default();
    small.limits.outbox_bytes = 2000;
    let peer = world.client(1, small);
    world.peers[peer].frozen = true;
    let big = "x".repeat(1000);
    let outcomes: Vec<_> = (0..4)
        .map(|_| {
            let id = world.publish(peer, queue(), &big);
            world.outcome(peer, id).cloned()
        })
        .collect();
    assert_eq!(outcomes[0], None, "not written yet");
    assert!(matches!(&outcomes[3], Some(Outcome::Refused(why)) if why.reason == Reason::Limit));

    world.reachable = false;
    world.cut(peer);
    let down = world.publish(peer, queue(), "x");

    assert!(matches!(
        world.outcome(peer, down),
        Some(Outcome::Refused(why)) if why.reason == Reason::LinkDown
    ));
    world.assert_all_ended_once();
}

#[test]
fn the_broker_stops_when_asked_and_tells_once() {
    use finewire_openwire::broker::BrokerCommand;

    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    world.subscribe(peer, 1, queue());
    let stop = world.ask_broker(BrokerCommand::Stop);
    world.advance(Duration::from_secs(3));

    assert_eq!(world.broker_ended[&stop], [Outcome::Done]);
    assert!(!world.peers[peer].downs.is_empty());
    let again = world.ask_broker(BrokerCommand::Stop);
    assert!(matches!(world.broker_ended[&again][0], Outcome::Refused(_)));
}
