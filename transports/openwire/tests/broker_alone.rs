//! The broker and hand-made clients that say exactly what a test wants.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod raw;

use std::collections::BTreeSet;

use bytes::BytesMut;
use finewire_core::machine::{Input, Machine, Output};
use finewire_openwire::codec::{Encoder, WireFormat};
use finewire_openwire::command::{
    AckKind, Command, Destination, MessageDispatch, ProducerInfo, RemoveInfo, TransactionStep,
};
use raw::{Alone, NOW, Raw, dispatches, queue};

#[test]
fn a_confirmed_send_that_is_repeated_after_a_failover_counts_once() {
    let mut alone = Alone::new(|_| {});
    let mut first = alone.client(1, "c");
    let mut message = first.message(1, queue());
    message.persistent = true;
    message.response_required = true;
    let heard = alone.tell(&mut first, message.clone());
    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");

    // Its answer was lost with the link; the same connection comes back and sends again.
    let mut second = alone.client(2, "c");
    assert_eq!(alone.closed, [first.link], "the newer link wins");
    let heard = alone.tell(&mut second, message);

    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    let view = alone.broker.snapshot();
    assert_eq!((view.queues[0].waiting, view.counters.duplicates), (1, 1));
}

#[test]
fn a_transaction_takes_effect_at_its_commit_and_not_at_all_after_a_rollback() {
    let mut alone = Alone::new(|_| {});
    let mut raw = alone.client(1, "c");
    let consume = raw.consume(1, queue());
    alone.tell(&mut raw, consume);
    for (step, visible) in [
        (TransactionStep::ROLLBACK, 0),
        (TransactionStep::COMMIT_ONE_PHASE, 2),
    ] {
        let begin = raw.transaction(TransactionStep::BEGIN);
        alone.tell(&mut raw, begin);
        for sequence in 1..=2 {
            let mut message = raw.message(sequence, queue());
            message.extras.transaction_id = raw.transaction(step).transaction_id;
            assert!(
                alone.tell(&mut raw, message).is_empty(),
                "nothing is seen yet"
            );
        }
        let end = raw.transaction(step);
        assert_eq!(dispatches(&alone.tell(&mut raw, end)).len(), visible);
    }
    let late = raw.message(3, queue());
    let mut late = late;
    late.extras.transaction_id = raw.transaction(TransactionStep::BEGIN).transaction_id;
    let heard = alone.tell(&mut raw, late);
    assert!(
        matches!(heard[..], [Command::ConnectionError(_)]),
        "{heard:?}"
    );
}

#[test]
fn an_acknowledgement_in_a_transaction_is_undone_with_it() {
    let mut alone = Alone::new(|_| {});
    let mut raw = alone.client(1, "c");
    let mut other = alone.client(2, "d");
    let consume = raw.consume(1, queue());
    alone.tell(&mut raw, consume);
    let message = raw.message(1, queue());
    let heard = alone.tell(&mut raw, message);
    let begin = raw.transaction(TransactionStep::BEGIN);
    alone.tell(&mut raw, begin);
    let mut ack = raw.ack(1, dispatches(&heard)[0]);
    ack.transaction_id = raw.transaction(TransactionStep::BEGIN).transaction_id;
    alone.tell(&mut raw, ack);
    let close = RemoveInfo::new(raw.consumer(1));
    alone.tell(&mut raw, close);
    assert_eq!(
        alone.broker.snapshot().queues[0].waiting,
        0,
        "it is the transaction's"
    );

    let rollback = raw.transaction(TransactionStep::ROLLBACK);
    alone.tell(&mut raw, rollback);

    let consume = other.consume(1, queue());
    let heard = alone.tell(&mut other, consume);
    assert_eq!(dispatches(&heard)[0].redelivery_counter, 1);
}

#[test]
fn only_what_the_application_has_seen_counts_as_redelivered() {
    let mut alone = Alone::new(|_| {});
    let mut raw = alone.client(1, "c");
    let consume = raw.consume(1, queue());
    alone.tell(&mut raw, consume);
    let mut last = 0;
    for sequence in 1..=3 {
        let message = raw.message(sequence, queue());
        let heard = alone.tell(&mut raw, message);
        if sequence == 1 {
            let message = dispatches(&heard)[0].message.clone().unwrap();
            last = message.message_id.as_ref().unwrap().broker_sequence_id;
        }
    }
    let close = RemoveInfo {
        last_delivered_sequence_id: last,
        ..RemoveInfo::new(raw.consumer(1))
    };
    alone.tell(&mut raw, close);

    let consume = raw.consume(2, queue());
    let heard = alone.tell(&mut raw, consume);

    let counters: Vec<i32> = dispatches(&heard)
        .iter()
        .map(|dispatch| dispatch.redelivery_counter)
        .collect();
    assert_eq!(counters, [1, 0, 0]);
}

#[test]
fn a_producer_with_a_window_gets_its_bytes_back() {
    let mut alone = Alone::new(|_| {});
    let mut raw = alone.client(1, "c");
    let producer = ProducerInfo {
        producer_id: Some(raw.id.session(1).producer(1)),
        window_size: 10_000,
        ..ProducerInfo::default()
    };
    alone.tell(&mut raw, producer);
    let message = raw.message(1, queue());

    let heard = alone.tell(&mut raw, message);

    assert!(
        matches!(&heard[..], [Command::ProducerAck(ack)] if ack.size == 1024 + 8),
        "{heard:?}"
    );
}

#[test]
fn nobody_forges_advisories_or_speaks_for_another_connection() {
    let mut alone = Alone::new(|_| {});
    let mut honest = alone.client(1, "honest");
    let mut raw = alone.client(2, "forger");
    let topic = Destination::topic("ActiveMQ.Advisory.TempQueue");
    let consume = honest.consume(1, topic.clone());
    alone.tell(&mut honest, consume);
    let attempts: Vec<Command> = vec![
        raw.message(1, topic).into(),
        honest.message(1, queue()).into(),
        RemoveInfo::new(honest.consumer(1)).into(),
        RemoveInfo::new(honest.id.clone()).into(),
        honest.consume(2, queue()).into(),
    ];
    for attempt in attempts {
        let heard = alone.tell(&mut raw, attempt);
        assert!(
            matches!(heard[..], [Command::ConnectionError(_)]),
            "{heard:?}"
        );
    }
    let view = alone.broker.snapshot();
    assert_eq!(view.connections.len(), 2);
    assert_eq!(
        (view.connections[0].consumers, view.counters.received),
        (1, 0)
    );
}

#[test]
fn a_client_that_does_not_read_holds_a_bounded_number_of_bytes() {
    let mut alone = Alone::new(|config| {
        config.limits.outbox_bytes = 20_000;
        config.limits.backlog_bytes = 50_000;
    });
    let mut sender = alone.client(1, "sender");
    let mut deaf = alone.client(2, "deaf");
    for (number, from) in [(1, queue()), (2, Destination::topic("t"))] {
        let mut consume = deaf.consume(number, from);
        consume.prefetch_size = 30_000;
        alone.tell(&mut deaf, consume);
    }
    alone.stuck.insert(deaf.link);
    for sequence in 0..300 {
        for to in [queue(), Destination::topic("t")] {
            let mut message = sender.message(sequence, to);
            message.content = Some(vec![7; 1000].into());
            alone.tell(&mut sender, message);
        }
    }
    let view = alone.broker.snapshot();
    let backlog = view.connections[1].backlog;
    assert!((20_000..25_000).contains(&backlog), "{backlog}");
    assert!(
        view.queues[0].waiting > 200,
        "the queue keeps what it cannot deliver"
    );
    assert!(
        view.topics[0].backlog < 30 && view.counters.dropped > 200,
        "{view:?}"
    );

    alone.stuck.clear();
    alone.broker.handle_input(NOW, Input::Sent(deaf.link));
    let heard = alone.hear(&mut deaf);

    let got = dispatches(&heard);
    let of_queue = got.iter();
    let of_queue = of_queue.filter(|dispatch| dispatch.destination == Some(queue()));
    assert_eq!(of_queue.count(), 300, "nothing of the queue is lost");
}

#[test]
fn what_is_unwritten_to_all_clients_together_is_bounded_and_they_get_room_again() {
    let mut alone = Alone::new(|config| {
        config.limits.outbox_bytes = 1_000_000;
        config.limits.total_bytes = 4_000_000;
    });
    let mut sender = alone.client(1, "sender");
    let topic = Destination::topic("t");
    let mut deaf: Vec<Raw> = (2..=21)
        .map(|n| alone.client(n, &format!("deaf {n}")))
        .collect();
    for raw in &mut deaf {
        let mut consume = raw.consume(1, topic.clone());
        consume.prefetch_size = 30_000;
        alone.tell(raw, consume);
        alone.stuck.insert(raw.link);
    }
    for sequence in 1..=1500 {
        let mut message = sender.message(sequence, topic.clone());
        message.content = Some(vec![7; 1000].into());
        alone.tell(&mut sender, message);
    }

    let unwritten = |alone: &Alone| -> usize {
        let connections = alone.broker.snapshot().connections;
        connections.iter().map(|it| it.backlog).sum()
    };
    let sum = unwritten(&alone);
    assert!(
        (1_000_000..1_000_000 + 21 * 66_000).contains(&sum),
        "a quarter of all, and 64 KiB for each: {sum}"
    );
    alone.broker.assert_whole();

    alone.stuck.clear();
    for raw in &mut deaf {
        while alone
            .broker
            .snapshot()
            .connections
            .iter()
            .any(|it| it.link == raw.link && it.backlog > 0)
        {
            alone.broker.handle_input(NOW, Input::Sent(raw.link));
            alone.hear(raw);
        }
    }
    assert_eq!(unwritten(&alone), 0);
    alone.broker.assert_whole();
    let message = sender.message(1501, topic);
    alone.tell(&mut sender, message);
    for raw in &mut deaf {
        assert_eq!(dispatches(&alone.hear(raw)).len(), 1);
    }
}

#[test]
fn a_client_that_asks_without_reading_is_no_longer_read_from() {
    let mut alone = Alone::new(|config| config.limits.outbox_bytes = 1000);
    let mut raw = alone.client(1, "c");
    alone.stuck.insert(raw.link);
    for _ in 0..200 {
        let mut command = raw.consume(1, Destination::queue(""));
        command.response_required = true;
        alone.tell(&mut raw, command);
    }

    assert_eq!(alone.paused, [raw.link], "once");
}

#[test]
fn users_do_what_they_may_and_nothing_else() {
    let mut alone = Alone::new(|config| {
        let lines = "joe read,write,admin queue://q\njoe write topic://t\nann read queue://q";
        config.permissions = Some(lines.parse().unwrap());
    });
    let mut joe = alone.client(1, "joe");
    let mut ann = alone.client(2, "ann");
    let secret = Destination::queue("secret");
    let both = Destination::queue("q,secret");
    let denied: Vec<(bool, Command)> = vec![
        (false, ann.consume(1, queue()).into()),
        (true, joe.message(1, secret).into()),
        (true, joe.message(2, both.clone()).into()),
        (true, joe.consume(1, Destination::queue(">")).into()),
        (true, joe.consume(2, Destination::topic("t")).into()),
        (false, ann.message(3, Destination::topic("t")).into()),
        (false, ann.consume(4, both).into()),
    ];
    for (is_joe, command) in denied {
        let raw = if is_joe { &mut joe } else { &mut ann };
        let heard = alone.tell(raw, command);
        let [Command::ConnectionError(error)] = &heard[..] else {
            panic!("{heard:?}");
        };
        let exception = error.exception.as_ref().unwrap().to_string();
        assert!(exception.contains("is not authorized to"), "{exception}");
        assert!(
            exception.contains("java.lang.SecurityException"),
            "{exception}"
        );
    }
    assert!(
        alone.broker.snapshot().queues.is_empty(),
        "nothing was made on the way"
    );

    // What joe made, ann may read but neither write nor delete.
    let message = joe.message(4, queue());
    assert!(alone.tell(&mut joe, message).is_empty());
    let consume = ann.consume(5, queue());
    assert_eq!(dispatches(&alone.tell(&mut ann, consume)).len(), 1);
    let message = ann.message(6, queue());
    assert!(matches!(
        alone.tell(&mut ann, message)[..],
        [Command::ConnectionError(_)]
    ));
    let advisories = ann.consume(7, Destination::topic("ActiveMQ.Advisory.TempQueue"));
    assert!(
        alone.tell(&mut ann, advisories).is_empty(),
        "every Java client asks for these"
    );
    let connections = ann.consume(8, Destination::topic("ActiveMQ.Advisory.Connection"));
    assert!(matches!(
        alone.tell(&mut ann, connections)[..],
        [Command::ConnectionError(_)]
    ));
}

#[test]
fn in_any_order_of_steps_every_message_is_consumed_once_and_nothing_is_held_afterwards() {
    for seed in 0..150_u64 {
        let mut dice = finewire_core::machine::Random::from_seed([u8::try_from(seed).unwrap(); 32]);
        let mut roll = |sides: u64| dice.next_u64() % sides;
        let mut alone = Alone::new(|_| {});
        let mut producer = alone.client(1, "producer");
        let mut next_client = 2;
        // Each with its open deliveries.
        let mut consumers: Vec<(Raw, Vec<MessageDispatch>)> = Vec::new();
        let mut sent = 0;
        let mut consumed: Vec<i64> = Vec::new();
        let sequence = |dispatch: &MessageDispatch| {
            let id = dispatch.message.as_ref().unwrap().message_id.as_ref();
            id.unwrap().producer_sequence_id
        };
        for _ in 0..120 {
            match roll(10) {
                0..=3 => {
                    sent += 1;
                    let mut message = producer.message(sent, queue());
                    message.priority = i8::try_from(roll(3)).unwrap();
                    if roll(4) == 0 {
                        message.extras.group_id = Some("g".into());
                    }
                    assert!(alone.tell(&mut producer, message).is_empty());
                }
                4 if consumers.len() < 4 => {
                    let mut raw = alone.client(next_client, &format!("consumer-{next_client}"));
                    next_client += 1;
                    let mut info = raw.consume(1, queue());
                    info.prefetch_size = i32::try_from(1 + roll(5)).unwrap();
                    if roll(2) == 0 {
                        info.selector = Some(format!("JMSPriority = {}", roll(3)).into());
                    }
                    let heard = alone.tell(&mut raw, info);
                    let out = dispatches(&heard).into_iter().cloned().collect();
                    consumers.push((raw, out));
                }
                5 if !consumers.is_empty() => {
                    let gone =
                        consumers.remove(usize::try_from(roll(consumers.len() as u64)).unwrap());
                    let reason = finewire_core::machine::CloseReason::Eof;
                    alone
                        .broker
                        .handle_input(NOW, Input::Closed(gone.0.link, reason));
                }
                _ if !consumers.is_empty() => {
                    let n = usize::try_from(roll(consumers.len() as u64)).unwrap();
                    let (raw, out) = &mut consumers[n];
                    if !out.is_empty() {
                        let done = out.remove(usize::try_from(roll(out.len() as u64)).unwrap());
                        consumed.push(sequence(&done));
                        let mut ack = raw.ack(1, &done);
                        ack.kind = AckKind::INDIVIDUAL;
                        let heard = alone.tell(raw, ack);
                        out.extend(dispatches(&heard).into_iter().cloned());
                    }
                }
                _ => {}
            }
            for (raw, out) in &mut consumers {
                let heard = alone.hear(raw);
                out.extend(dispatches(&heard).into_iter().cloned());
            }
        }
        for (raw, _) in consumers {
            let reason = finewire_core::machine::CloseReason::Eof;
            alone
                .broker
                .handle_input(NOW, Input::Closed(raw.link, reason));
        }
        let mut last = alone.client(next_client, "last");
        let info = last.consume(1, queue());
        let mut heard = alone.tell(&mut last, info);
        while let Some(first) = dispatches(&heard).first().copied().cloned() {
            let out: Vec<MessageDispatch> = dispatches(&heard).into_iter().cloned().collect();
            consumed.extend(out.iter().map(sequence));
            let mut ack = last.ack(1, out.last().unwrap());
            ack.first_message_id = first.message.unwrap().message_id.clone();
            ack.message_count = i32::try_from(out.len()).unwrap();
            heard = alone.tell(&mut last, ack);
        }
        consumed.sort_unstable();
        let all: Vec<i64> = (1..=sent).collect();
        assert_eq!(consumed, all, "seed {seed}");
        let view = alone.broker.snapshot();
        assert_eq!(view.held_bytes, 0, "seed {seed}");
    }
}

#[test]
fn a_large_body_for_a_hundred_consumers_is_in_memory_once() {
    let mut alone = Alone::new(|_| {});
    let topic = Destination::topic("t");
    for n in 1..=100 {
        let mut consumer = alone.client(n, &format!("c{n}"));
        let consume = consumer.consume(1, topic.clone());
        alone.tell(&mut consumer, consume);
    }
    let producer = alone.client(101, "p");
    let mut message = producer.message(1, topic);
    message.content = Some(vec![b'x'; 10_000].into());
    let mut frame = BytesMut::new();
    let mut encoder = Encoder::new(&WireFormat::greeting());
    encoder.encode(&message.into(), &mut frame).unwrap();

    alone
        .broker
        .handle_input(NOW, Input::Received(producer.link, &frame));

    let mut places = BTreeSet::new();
    let (mut sends, mut own) = (0, 0);
    loop {
        match alone.broker.poll_output() {
            Output::Send(_, chunks) => {
                sends += 1;
                for chunk in chunks.as_slice() {
                    if chunk.len() >= 10_000 {
                        places.insert(chunk.as_ptr());
                    } else {
                        own += chunk.len();
                    }
                }
            }
            Output::Wait(_) => break,
            _ => {}
        }
    }
    assert_eq!((sends, places.len()), (100, 1));
    assert!(own < 100 * 1024, "{own} bytes beside the body");
}

#[test]
fn what_waits_for_all_slow_consumers_together_is_bounded_and_room_comes_back_when_one_goes() {
    let mut alone = Alone::new(|config| config.limits.total_bytes = 10_000);
    let mut consumer = alone.client(1, "slow");
    let mut producer = alone.client(2, "producer");
    let topics = ["a", "b"].map(Destination::topic);
    for (number, topic) in (1..).zip(&topics) {
        let mut consume = consumer.consume(number, topic.clone());
        consume.prefetch_size = 1;
        alone.tell(&mut consumer, consume);
    }
    let waiting = |alone: &Alone| {
        let view = alone.broker.snapshot();
        let topics = view.topics.iter();
        let of = |name: &str| {
            let mut found = topics.clone();
            found
                .find(|topic| topic.destination.name() == name)
                .map_or(0, |it| it.backlog)
        };
        (of("a"), of("b"), view.counters.dropped)
    };
    // One is out, the others wait: each counts 1024 and some.
    for sequence in 1..=7 {
        let message = producer.message(sequence, topics[0].clone());
        alone.tell(&mut producer, message);
    }
    assert_eq!(waiting(&alone), (6, 0, 0));
    for sequence in 11..=20 {
        let message = producer.message(sequence, topics[1].clone());
        alone.tell(&mut producer, message);
    }
    let (of_a, of_b, dropped) = waiting(&alone);
    assert_eq!((of_a, of_b + usize::try_from(dropped).unwrap()), (6, 9));
    assert!(
        (1..=3).contains(&of_b),
        "10,000 bytes are nine messages: {of_b}"
    );
    alone.broker.assert_whole();

    let gone = RemoveInfo::new(Command::ConsumerId(consumer.consumer(1)));
    alone.tell(&mut consumer, gone);
    for sequence in 21..=26 {
        let message = producer.message(sequence, topics[1].clone());
        alone.tell(&mut producer, message);
    }

    assert_eq!(waiting(&alone).1, of_b + 6, "the room of the first is free");
    assert_eq!(waiting(&alone).2, dropped);
    alone.broker.assert_whole();
}

#[test]
fn a_browser_that_stands_still_keeps_nothing_that_others_have_taken() {
    let mut alone = Alone::new(|_| {});
    let mut peer = alone.client(1, "c");
    for n in 1..=4 {
        let message = peer.message(n, queue());
        alone.tell(&mut peer, message);
    }
    let mut look = peer.consume(1, queue());
    look.browser = true;
    look.prefetch_size = 1;
    let heard = alone.tell(&mut peer, look);
    let seen: Vec<_> = dispatches(&heard).into_iter().cloned().collect();
    assert_eq!(places(&seen), [Some(1)], "as far as its prefetch goes");

    // Another one takes the second; a fifth comes after the browser did.
    let mut take = peer.consume(2, queue());
    take.prefetch_size = 2;
    let taken: Vec<_> = dispatches(&alone.tell(&mut peer, take))
        .into_iter()
        .cloned()
        .collect();
    assert_eq!(places(&taken), [Some(1), Some(2)]);
    let ack = peer.ack(2, &taken[1]);
    let individual = finewire_openwire::command::MessageAck {
        kind: AckKind::INDIVIDUAL,
        ..ack
    };
    alone.tell(&mut peer, individual);
    let consumer = peer.consumer(2);
    alone.tell(
        &mut peer,
        RemoveInfo {
            object_id: Some(Box::new(Command::ConsumerId(consumer))),
            ..RemoveInfo::default()
        },
    );
    let message = peer.message(5, queue());
    alone.tell(&mut peer, message);

    let mut all = Vec::new();
    let mut next = seen;
    while let Some(last) = next.last().filter(|it| it.message.is_some()) {
        let ack = peer.ack(1, last);
        all.extend(next);
        let heard = alone.tell(&mut peer, ack);
        next = dispatches(&heard).into_iter().cloned().collect();
        let end = next.iter().position(|it| it.message.is_none());
        if let Some(end) = end {
            assert_eq!(end + 1, next.len(), "nothing after the end");
            all.extend(next.drain(..end));
            break;
        }
    }

    assert_eq!(places(&all), [Some(1), Some(3), Some(4)]);
    assert_eq!(places(&next), [None], "it is told that this was all");
}

/// The producer's numbers of messages; `None`: the end of a queue.
fn places(dispatches: &[MessageDispatch]) -> Vec<Option<i64>> {
    let id = |it: &MessageDispatch| {
        Some(
            it.message
                .as_ref()?
                .message_id
                .as_ref()?
                .producer_sequence_id,
        )
    };
    dispatches.iter().map(id).collect()
}
