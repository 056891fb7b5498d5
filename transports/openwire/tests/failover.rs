//! The wire is cut at every step, byte by byte: the client comes back, and every command ends once.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod world;

use core::time::Duration;

use finewire_core::machine::CommandId;
use finewire_openwire::client::{AckMode, ClientCommand, ClientConfig, ConsumerHandle, Subscribe};
use finewire_openwire::command::Destination;
use world::{World, config, text_of};

/// What a connector does in its first minute; gives the persistent sends.
fn story(world: &mut World, peer: usize) -> Vec<CommandId> {
    let queue = Destination::queue("Connector1");
    let mut asked = Subscribe::to(ConsumerHandle(1), queue.clone());
    asked.acknowledge = AckMode::Individual;
    asked.exclusive = true;
    world.give(peer, ClientCommand::Subscribe(asked));
    world.subscribe(peer, 2, Destination::topic("events"));
    world.give(peer, ClientCommand::CreateTemporary { topic: false });
    let mut confirmed = Vec::new();
    for n in 0..3 {
        confirmed.push(world.publish_persistent(peer, queue.clone(), &format!("command {n}")));
        world.publish(peer, Destination::topic("events"), &format!("event {n}"));
        acknowledge_all(world, peer);
        world.advance(Duration::from_millis(200));
    }
    confirmed
}

/// Acknowledges what came to subscription 1; gives the texts.
fn acknowledge_all(world: &mut World, peer: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for delivered in world.take_deliveries(peer) {
        if let Some(token) = delivered.token {
            texts.push(text_of(&delivered));
            world.give(peer, ClientCommand::Acknowledge(token));
        }
    }
    texts
}

#[test]
fn a_cut_at_any_byte_costs_no_subscription_and_no_confirmed_command() {
    let deliveries = {
        let mut world = World::new(config());
        world.chunk = 1;
        let peer = world.client(1, ClientConfig::default());
        story(&mut world, peer);
        world.assert_all_ended_once();
        world.deliveries
    };
    assert!(
        deliveries > 1000,
        "the story is told byte by byte: {deliveries}"
    );
    // Every step in the handshake, then each 7th byte: the story repeats itself.
    let cuts = (0..400).chain((400..deliveries).step_by(7));
    for cut in cuts {
        let mut world = World::new(config());
        world.chunk = 1;
        world.cut_after = Some(cut);
        let peer = world.client(1, ClientConfig::default());
        let watcher = world.client(2, ClientConfig::default());
        story(&mut world, peer);
        world.chunk = usize::MAX;
        world.advance(Duration::from_secs(20));

        world.assert_all_ended_once();
        assert!(world.peers[peer].link.is_ready(), "cut {cut}");
        acknowledge_all(&mut world, peer);
        let told = world.publish(watcher, Destination::topic("events"), "still there");
        assert!(world.is_done(watcher, told), "cut {cut}");
        assert_eq!(world.take_texts(peer), ["still there"], "cut {cut}");
        world.publish(watcher, Destination::queue("Connector1"), "next");
        assert_eq!(acknowledge_all(&mut world, peer), ["next"], "cut {cut}");
        let view = world.broker.snapshot();
        let queue = view
            .queues
            .iter()
            .find(|queue| queue.destination.name() == "Connector1");
        let queue = queue.unwrap();
        assert_eq!((queue.waiting, queue.in_flight), (0, 0), "cut {cut}");
        assert_eq!(view.connections.len(), 2, "cut {cut}");
    }
}

#[test]
fn any_chunking_gives_the_same_conversation() {
    let run = |chunk: usize| {
        let mut world = World::new(config());
        world.chunk = chunk;
        let peer = world.client(1, ClientConfig::default());
        story(&mut world, peer);
        (
            format!("{:?}", world.peers[peer].events),
            world.peers[peer].ended.clone(),
        )
    };

    let whole = run(usize::MAX);
    for chunk in [1, 2, 3, 7, 64] {
        assert_eq!(run(chunk), whole, "chunks of {chunk}");
    }
}

#[test]
fn a_subscription_given_while_down_is_taken_up_when_a_broker_is_there() {
    let mut world = World::new(config());
    world.reachable = false;
    let peer = world.client(1, ClientConfig::default());
    let subscribed = world.subscribe(peer, 1, Destination::queue("q"));
    let given_up = world.subscribe(peer, 2, Destination::queue("r"));
    let gone = world.give(peer, ClientCommand::Unsubscribe(ConsumerHandle(2)));
    world.advance(Duration::from_secs(300));
    assert_eq!(world.outcome(peer, subscribed), None);
    assert!(
        world
            .outcome(peer, given_up)
            .is_some_and(|outcome| !outcome.is_done())
    );
    assert!(world.is_done(peer, gone));

    world.reachable = true;
    world.advance(Duration::from_secs(60));

    assert!(world.is_done(peer, subscribed));
    assert_eq!(world.broker.snapshot().queues.len(), 1);
}

#[test]
fn disconnecting_ends_everything_whatever_the_stage() {
    for advance in [0u64, 1, 50, 5000] {
        for reachable in [true, false] {
            let mut world = World::new(config());
            world.reachable = reachable;
            let peer = world.client(1, ClientConfig::default());
            world.subscribe(peer, 1, Destination::queue("q"));
            world.publish_persistent(peer, Destination::queue("q"), "x");
            world.advance(Duration::from_millis(advance));
            world.give(peer, ClientCommand::Disconnect);
            world.give(peer, ClientCommand::Disconnect);
            world.advance(Duration::from_secs(60));

            world.assert_all_ended_once();
            assert_eq!(world.broker.snapshot().connections.len(), 0);
            assert_eq!(world.peers[peer].link.protocol().subscriptions().count(), 0);
        }
    }
}

#[test]
fn a_client_that_was_leaving_when_its_link_broke_does_not_come_back() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    let pending = {
        world.peers[peer].frozen = true;
        world.subscribe(peer, 1, Destination::queue("q"))
    };
    let leave = world.give(peer, ClientCommand::Disconnect);
    assert_eq!(
        world.outcome(peer, leave),
        None,
        "the broker has yet to let us go"
    );

    world.cut(peer);
    world.advance(Duration::from_secs(60));

    assert!(world.is_done(peer, leave));
    assert!(
        world
            .outcome(peer, pending)
            .is_some_and(|outcome| !outcome.is_done())
    );
    assert_eq!(world.peers[peer].ups, 1);
    assert_eq!(world.broker.snapshot().connections.len(), 0);
}
