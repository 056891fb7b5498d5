//! What each mode promises, with the wire cut at every step.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod world;

use core::time::Duration;
use std::collections::BTreeMap;

use finewire_core::machine::{CommandId, Outcome, Reason};
use finewire_openwire::client::{
    AckMode, ClientCommand, ClientConfig, ClientEvent, Confirm, ConsumerHandle, Delivered,
    OpenProducer, OpenSession, ProducerHandle, Send, SessionHandle, Subscribe,
};
use finewire_openwire::command::{Destination, Message};
use world::{World, config, text_of};

const SESSION: SessionHandle = SessionHandle(1);
const PRODUCER: ProducerHandle = ProducerHandle(1);

fn queue() -> Destination {
    Destination::queue("q")
}

fn holding(hold: Duration) -> ClientConfig {
    ClientConfig {
        hold_sends: hold,
        ..ClientConfig::default()
    }
}

fn send_by(producer: ProducerHandle, texts: &[&str], persistent: bool) -> ClientCommand {
    let messages = texts.iter().map(|text| {
        let mut message = Message::text(*text);
        message.persistent = persistent;
        message
    });
    ClientCommand::Send(Send {
        producer,
        destination: Some(queue()),
        messages: messages.collect(),
        confirm: Confirm::Persistent,
    })
}

fn open_producer(world: &mut World, peer: usize, session: SessionHandle, window: u32) -> CommandId {
    let asked = OpenProducer {
        producer: PRODUCER,
        session,
        destination: Some(queue()),
        window,
    };
    world.give(peer, ClientCommand::OpenProducer(asked))
}

fn open_session(world: &mut World, peer: usize) -> CommandId {
    let asked = OpenSession {
        session: SESSION,
        transacted: true,
    };
    world.give(peer, ClientCommand::OpenSession(asked))
}

/// How often each text lies in the queue, looked at by a client that was never cut.
fn in_queue(world: &mut World) -> BTreeMap<String, usize> {
    world.cut_after = None;
    world.chunk = usize::MAX;
    world.advance(Duration::from_secs(60));
    let looker = world.client(200, ClientConfig::default());
    world.subscribe(looker, 1, queue());
    let mut found = BTreeMap::new();
    for text in world.take_texts(looker) {
        *found.entry(text).or_default() += 1;
    }
    found
}

/// Tells a story with the wire cut after 0, 1, 2… bytes until it is told without a cut; how often.
fn at_every_cut(mut story: impl FnMut(&mut World)) -> usize {
    let mut cuts = 0;
    for cut in 0.. {
        let mut world = World::new(config());
        world.chunk = 16;
        world.cut_after = Some(cut);
        story(&mut world);
        cuts = cut;
        // Looking at the result takes the cut away: it has not come if no more was delivered.
        if world.deliveries <= cut {
            break;
        }
    }
    cuts
}

#[test]
fn a_send_that_is_done_lies_there_once_a_refused_one_never_and_a_failed_one_once_or_never() {
    for hold in [Duration::ZERO, Duration::MAX] {
        let mut seen = [0; 3];
        let cuts = at_every_cut(|world| {
            let peer = world.client(1, holding(hold));
            open_producer(world, peer, SessionHandle::PLAIN, 0);
            let sends: Vec<_> = ["a", "b", "c"]
                .map(|text| (text, world.give(peer, send_by(PRODUCER, &[text], true))))
                .into();
            world.advance(Duration::from_secs(30));
            world.cut_after = None;
            let later = world.give(peer, send_by(PRODUCER, &["later"], true));
            let found = in_queue(world);
            world.assert_all_ended_once();
            for (text, id) in sends {
                let count = found.get(text).copied().unwrap_or(0);
                match world.outcome(peer, id).unwrap() {
                    Outcome::Done => {
                        seen[0] += 1;
                        assert_eq!(count, 1, "{text}");
                    }
                    Outcome::Refused(_) => {
                        seen[1] += 1;
                        assert_eq!(count, 0, "{text}");
                    }
                    Outcome::Failed(_) => {
                        seen[2] += 1;
                        assert!(count <= 1, "{text}");
                    }
                }
            }
            assert!(world.is_done(peer, later) && found["later"] == 1);
        });
        assert!(cuts > 50, "the story is cut in many places: {cuts}");
        assert!(seen[0] > 0 && seen[2] > 0, "{seen:?}");
        assert_eq!(
            seen[1] == 0,
            hold == Duration::MAX,
            "who waits is not refused: {seen:?}"
        );
    }
}

#[test]
fn a_commit_that_is_done_took_all_of_it_a_refused_one_nothing_and_a_failed_one_all_or_nothing() {
    let mut seen = [0; 3];
    let cuts = at_every_cut(|world| {
        let peer = world.client(1, holding(Duration::MAX));
        open_session(world, peer);
        open_producer(world, peer, SESSION, 0);
        world.give(peer, send_by(PRODUCER, &["a"], true));
        world.give(peer, send_by(PRODUCER, &["b", "c"], false));
        let commit = world.give(peer, ClientCommand::Commit(SESSION));
        // Whatever became of it, the session works on.
        world.advance(Duration::from_secs(30));
        world.cut_after = None;
        world.give(peer, ClientCommand::Rollback(SESSION));
        world.give(peer, send_by(PRODUCER, &["next"], false));
        let next = world.give(peer, ClientCommand::Commit(SESSION));
        let found = in_queue(world);
        world.assert_all_ended_once();
        let count: usize = ["a", "b", "c"]
            .iter()
            .filter_map(|text| found.get(*text))
            .sum();
        match world.outcome(peer, commit).unwrap() {
            Outcome::Done => {
                seen[0] += 1;
                // A part may have been lost before the transaction began; its send said so.
                let lost = world.peers[peer]
                    .ended
                    .values()
                    .any(|ends| matches!(ends[0], Outcome::Failed(_) | Outcome::Refused(_)));
                assert!(count == 3 || lost, "{found:?}");
            }
            Outcome::Refused(why) => {
                seen[1] += 1;
                assert_eq!(why.reason, Reason::LinkDown, "{why}");
                assert_eq!(count, 0, "{found:?}");
            }
            Outcome::Failed(why) => {
                seen[2] += 1;
                assert!(why.text.starts_with("in doubt"), "{why}");
                assert!(count == 0 || count == 3, "{found:?}");
            }
        }
        assert!(world.is_done(peer, next) && found["next"] == 1, "{found:?}");
    });
    assert!(cuts > 50, "{cuts}");
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// Consumes four messages by a cut client, acknowledging all; gives how often each was delivered.
fn consume(world: &mut World, mode: AckMode, transacted: bool) -> BTreeMap<String, usize> {
    let left = world.cut_after.take();
    let sender = world.client(2, ClientConfig::default());
    for text in ["a", "b", "c", "d"] {
        world.give(sender, send_by(ProducerHandle::ANONYMOUS, &[text], true));
    }
    world.give(sender, ClientCommand::Disconnect);
    world.cut_after = left;
    let peer = world.client(1, ClientConfig::default());
    if transacted {
        open_session(world, peer);
    }
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.acknowledge = mode;
    asked.session = if transacted {
        SESSION
    } else {
        SessionHandle::PLAIN
    };
    world.give(peer, ClientCommand::Subscribe(asked));
    let mut delivered = BTreeMap::new();
    for _ in 0..8 {
        for one in world.take_deliveries(peer) {
            *delivered.entry(text_of(&one)).or_default() += 1;
            if let Some(token) = one.token {
                world.give(peer, ClientCommand::Acknowledge(token));
            }
        }
        if transacted {
            world.give(peer, ClientCommand::Commit(SESSION));
        }
        world.advance(Duration::from_secs(10));
    }
    world.give(peer, ClientCommand::Disconnect);
    assert_eq!(in_queue(world), BTreeMap::new(), "all were acknowledged");
    world.assert_all_ended_once();
    delivered
}

#[test]
fn every_message_comes_at_least_once_in_every_mode_and_once_where_nothing_is_cut() {
    for (mode, transacted) in [
        (AckMode::Auto, false),
        (AckMode::Cumulative, false),
        (AckMode::Individual, false),
        (AckMode::Individual, true),
    ] {
        let mut again = 0;
        let cuts = at_every_cut(|world| {
            let delivered = consume(world, mode, transacted);
            let texts: Vec<&str> = delivered.keys().map(String::as_str).collect();
            assert_eq!(texts, ["a", "b", "c", "d"], "{mode:?}");
            again += delivered.values().filter(|count| **count > 1).count();
        });
        assert!(cuts > 50, "{cuts}");
        assert!(
            again > 0,
            "{mode:?}: a lost acknowledgement brings a message again"
        );
        let mut world = World::new(config());
        let delivered = consume(&mut world, mode, transacted);
        assert!(delivered.values().all(|count| *count == 1), "{mode:?}");
    }
}

fn delivered_again(world: &World, peer: usize) -> Vec<Delivered> {
    let events = world.peers[peer].events.iter();
    let again = events.filter_map(|event| match event {
        ClientEvent::RolledBack { again, .. } => Some(again.clone()),
        _ => None,
    });
    again.flatten().collect()
}

#[test]
fn a_rollback_brings_what_was_acknowledged_again_until_it_is_too_often() {
    let mut world = World::new(config());
    let limited = ClientConfig {
        redeliveries_at_most: Some(2),
        ..ClientConfig::default()
    };
    let peer = world.client(1, limited);
    world.publish_persistent(peer, queue(), "a");
    world.publish_persistent(peer, queue(), "b");
    open_session(&mut world, peer);
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.session = SESSION;
    world.give(peer, ClientCommand::Subscribe(asked));
    let mut came = world.take_deliveries(peer);
    for round in 1..=2 {
        for one in &came {
            world.give(peer, ClientCommand::Acknowledge(one.token.unwrap()));
        }
        let rolled_back = world.give(peer, ClientCommand::Rollback(SESSION));
        assert!(world.is_done(peer, rolled_back));
        came = delivered_again(&world, peer);
        world.peers[peer].events.clear();
        let seen: Vec<_> = came
            .iter()
            .map(|one| (text_of(one), one.redeliveries))
            .collect();
        assert_eq!(seen, [("a".to_owned(), round), ("b".to_owned(), round)]);
    }
    for one in &came {
        world.give(peer, ClientCommand::Acknowledge(one.token.unwrap()));
    }
    world.give(peer, ClientCommand::Rollback(SESSION));

    assert_eq!(delivered_again(&world, peer), []);
    world.subscribe(peer, 2, Destination::queue("ActiveMQ.DLQ"));
    assert_eq!(world.take_texts(peer), ["a", "b"]);
    world.assert_all_ended_once();
}

#[test]
fn a_window_holds_a_sender_back_and_every_answer_lets_one_message_go() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    // Each message counts 1024 and some: two fit.
    open_producer(&mut world, peer, SessionHandle::PLAIN, 2500);
    world.peers[peer].frozen = true;
    let sends: Vec<_> = (0..3)
        .map(|n| world.give(peer, send_by(PRODUCER, &[&n.to_string()], false)))
        .collect();
    let backlog = world.peers[peer].link.protocol().backlog();
    assert_eq!(world.outcome(peer, sends[2]), None, "it waits");
    assert!(backlog < 3 * 100, "the third was not encoded: {backlog}");

    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    open_producer(&mut world, peer, SessionHandle::PLAIN, 2500);
    let many = world.give(peer, send_by(PRODUCER, &["x"; 50], false));
    assert!(world.is_done(peer, many));
    assert_eq!(in_queue(&mut world)["x"], 50);
}

#[test]
fn a_send_of_which_something_went_out_ends_with_the_link_and_its_rest_is_never_sent() {
    let mut world = World::new(config());
    let peer = world.client(1, holding(Duration::MAX));
    // Each message goes alone: the window is smaller than it.
    open_producer(&mut world, peer, SessionHandle::PLAIN, 1);
    world.peers[peer].frozen = true;
    let begun = world.give(peer, send_by(PRODUCER, &["a", "b", "c"], false));
    let behind = world.give(peer, send_by(PRODUCER, &["d"], false));
    world.cut(peer);
    let outcome = world.outcome(peer, begun).cloned();
    assert!(matches!(outcome, Some(Outcome::Failed(_))), "{outcome:?}");
    assert_eq!(world.outcome(peer, behind), None, "it waits for a broker");

    let found = in_queue(&mut world);

    assert!(world.is_done(peer, behind));
    let texts: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(texts, ["d"], "nobody counts on the rest of what has failed");
}

#[test]
fn a_send_waits_for_a_broker_as_long_as_the_uri_allows() {
    let mut world = World::new(config());
    world.reachable = false;
    let peer = world.client(1, holding(Duration::from_secs(3)));
    let early = world.give(peer, send_by(ProducerHandle::ANONYMOUS, &["early"], true));
    world.advance(Duration::from_secs(2));
    assert_eq!(world.outcome(peer, early), None);
    world.advance(Duration::from_millis(1100));
    let outcome = world.outcome(peer, early).unwrap();
    assert!(
        matches!(outcome, Outcome::Refused(why) if why.reason == Reason::TimedOut),
        "{outcome:?}"
    );
    let late = world.give(peer, send_by(ProducerHandle::ANONYMOUS, &["late"], true));
    world.reachable = true;
    world.advance(Duration::from_secs(40));

    let outcome = world.outcome(peer, late).unwrap().clone();
    let count = in_queue(&mut world).get("late").copied().unwrap_or(0);
    assert_eq!(count == 1, outcome == Outcome::Done, "{outcome:?}");
    let now = world.give(peer, send_by(ProducerHandle::ANONYMOUS, &["now"], true));
    assert!(world.is_done(peer, now));
}

#[test]
fn pulls_without_limit_are_asked_again_after_a_loss_and_others_are_answered_with_nothing() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.prefetch = 0;
    world.give(peer, ClientCommand::Subscribe(asked));
    for wait in [None, Some(Duration::from_secs(3600))] {
        world.give(
            peer,
            ClientCommand::Pull {
                consumer: ConsumerHandle(1),
                wait,
            },
        );
    }
    world.cut(peer);
    let nothing = ClientEvent::PulledNothing(ConsumerHandle(1));
    let told = world.peers[peer].events.iter().filter(|it| **it == nothing);
    assert_eq!(told.count(), 1);
    world.advance(Duration::from_secs(10));
    world.publish(peer, queue(), "pulled");
    world.publish(peer, queue(), "not pulled");

    assert_eq!(world.take_texts(peer), ["pulled"]);
    assert_eq!(in_queue(&mut world).len(), 1);
}

#[test]
fn a_closed_session_takes_its_consumers_producers_and_transaction_with_it() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    open_session(&mut world, peer);
    open_producer(&mut world, peer, SESSION, 0);
    world.publish_persistent(peer, queue(), "kept");
    let mut asked = Subscribe::to(ConsumerHandle(1), queue());
    asked.session = SESSION;
    world.give(peer, ClientCommand::Subscribe(asked));
    let token = world.take_deliveries(peer)[0].token.unwrap();
    world.give(peer, ClientCommand::Acknowledge(token));
    world.give(peer, send_by(PRODUCER, &["undone"], true));
    let closed = world.give(peer, ClientCommand::CloseSession(SESSION));

    assert!(world.is_done(peer, closed));
    assert_eq!(world.peers[peer].link.protocol().subscriptions().count(), 0);
    let refused = world.give(peer, send_by(PRODUCER, &["late"], true));
    assert!(matches!(
        world.outcome(peer, refused),
        Some(Outcome::Refused(_))
    ));
    let found = in_queue(&mut world);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["kept"]);
    world.assert_all_ended_once();
}

#[test]
fn sessions_and_producers_are_open_again_after_a_loss() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    open_session(&mut world, peer);
    open_producer(&mut world, peer, SESSION, 0);
    world.cut(peer);
    world.advance(Duration::from_secs(10));
    let sent = world.give(peer, send_by(PRODUCER, &["after"], true));
    let committed = world.give(peer, ClientCommand::Commit(SESSION));

    assert!(world.is_done(peer, sent) && world.is_done(peer, committed));
    assert_eq!(in_queue(&mut world)["after"], 1);
}

#[test]
fn misuse_is_refused_as_the_owners_fault() {
    let mut world = World::new(config());
    let peer = world.client(1, ClientConfig::default());
    open_producer(&mut world, peer, SessionHandle::PLAIN, 0);
    let elsewhere = ClientCommand::Send(Send {
        producer: PRODUCER,
        destination: Some(Destination::queue("elsewhere")),
        messages: vec![Message::text("x")],
        confirm: Confirm::Never,
    });
    let nowhere = ClientCommand::Send(Send {
        producer: ProducerHandle::ANONYMOUS,
        destination: None,
        messages: vec![Message::text("x")],
        confirm: Confirm::Never,
    });
    let again = OpenProducer {
        producer: PRODUCER,
        session: SessionHandle::PLAIN,
        destination: None,
        window: 0,
    };
    let unknown = OpenProducer {
        producer: ProducerHandle(9),
        session: SessionHandle(9),
        ..again.clone()
    };
    for command in [
        elsewhere,
        nowhere,
        send_by(ProducerHandle(77), &["x"], false),
        ClientCommand::OpenProducer(again),
        ClientCommand::OpenProducer(unknown),
        ClientCommand::Commit(SESSION),
        ClientCommand::Rollback(SessionHandle::PLAIN),
        ClientCommand::CloseSession(SESSION),
    ] {
        let shown = format!("{command:?}");
        let id = world.give(peer, command);
        let outcome = world.outcome(peer, id);
        assert!(
            matches!(outcome, Some(Outcome::Refused(why)) if why.reason == Reason::Local),
            "{shown}: {outcome:?}"
        );
    }
}
