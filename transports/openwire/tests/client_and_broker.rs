//! The client and the broker with each other, on wires of memory.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod world;

use std::time::Duration;

use finewire_core::machine::{Outcome, Reason};
use finewire_openwire::broker::BrokerEvent;
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
    assert_eq!((snapshot.queues[0].waiting, snapshot.queues[0].in_flight), (0, 0));
    assert_eq!(snapshot.held_bytes, 0);
    world.assert_all_ended_once();
}
