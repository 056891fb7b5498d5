//! What the broker does with sends for which it has no room.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod raw;

use core::time::Duration;

use finewire_core::machine::{CloseReason, Input, Machine};
use finewire_openwire::broker::{BrokerEvent, WhenFull};
use finewire_openwire::command::{
    Command, Destination, DestinationInfo, DestinationOperation, Message, MessageDispatch,
    ProducerInfo, RemoveInfo, ShutdownInfo, TransactionStep,
};
use raw::{Alone, Raw, dispatches, queue};

const PATIENCE: Duration = Duration::from_secs(10);

/// A broker whose queues have room for two messages.
fn small() -> Alone {
    Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.when_full = WhenFull::Hold(PATIENCE);
    })
}

/// A send that wants to be answered.
fn sync(raw: &Raw, sequence: i64) -> Message {
    let mut message = raw.message(sequence, queue());
    message.response_required = true;
    message
}

fn sequences(heard: &[Command]) -> Vec<i64> {
    let id = |it: &&MessageDispatch| it.message.as_ref()?.message_id.as_ref().cloned();
    let ids = dispatches(heard).iter().filter_map(id).collect::<Vec<_>>();
    ids.iter().map(|id| id.producer_sequence_id).collect()
}

/// Consumes whatever there is, until nothing comes any more; in which order it came.
fn consume_all(alone: &mut Alone, raw: &mut Raw) -> Vec<i64> {
    let consume = raw.consume(1, queue());
    let mut heard = alone.tell(raw, consume);
    let mut all = Vec::new();
    while !dispatches(&heard).is_empty() {
        all.extend(sequences(&heard));
        let acks = dispatches(&heard).into_iter().map(|it| raw.ack(1, it));
        let acks: Vec<_> = acks.collect();
        heard = acks
            .into_iter()
            .flat_map(|ack| alone.tell(raw, ack))
            .collect();
    }
    all
}

#[test]
fn a_send_to_a_full_queue_is_answered_when_there_is_room_for_it() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    let mut consumer = alone.client(2, "c");
    for sequence in 1..=2 {
        let send = sync(&producer, sequence);
        assert_eq!(alone.tell(&mut producer, send).len(), 1);
    }

    let send = sync(&producer, 3);
    assert!(alone.tell(&mut producer, send).is_empty(), "not yet");
    let send = producer.message(4, queue());
    assert!(alone.tell(&mut producer, send).is_empty(), "stands behind");
    let view = alone.broker.snapshot();
    assert_eq!((view.queues[0].waiting, view.counters.held_up), (2, 1));
    let told = alone.events.iter();
    let told = told.filter(|it| matches!(it, BrokerEvent::ProducerHeldUp { .. }));
    assert_eq!(told.count(), 1);

    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3, 4]);
    let heard = alone.hear(&mut producer);
    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    assert!(alone.paused.is_empty());
    alone.broker.assert_whole();
}

#[test]
fn a_send_that_was_held_up_too_long_is_refused_and_the_next_has_its_own_time() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    for sequence in 1..=3 {
        let send = sync(&producer, sequence);
        alone.tell(&mut producer, send);
    }
    alone.wait(&mut producer, Duration::from_secs(4));
    let send = sync(&producer, 4);
    alone.tell(&mut producer, send);

    let heard = alone.wait(&mut producer, Duration::from_secs(6));
    let [Command::ExceptionResponse(refused)] = &heard[..] else {
        panic!("{heard:?}");
    };
    let class = refused.exception.as_ref().unwrap().class.clone();
    assert_eq!(
        class.unwrap().to_str(),
        "javax.jms.ResourceAllocationException"
    );
    assert!(alone.wait(&mut producer, Duration::from_secs(3)).is_empty());
    let heard = alone.wait(&mut producer, Duration::from_secs(1));
    assert!(
        matches!(heard[..], [Command::ExceptionResponse(_)]),
        "{heard:?}"
    );

    alone.broker.assert_whole();
    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2]);
}

#[test]
fn a_connection_that_consumes_what_it_sends_makes_its_own_room() {
    let mut alone = Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.limits.held_up_bytes = 3_000;
        config.when_full = WhenFull::Hold(PATIENCE);
    });
    let mut raw = alone.client(1, "both");
    let consume = raw.consume(1, queue());
    alone.tell(&mut raw, consume);
    let mut out = Vec::new();
    for sequence in 1..=5 {
        let send = raw.message(sequence, queue());
        out.extend(alone.tell(&mut raw, send));
    }
    assert_eq!(
        sequences(&out),
        [1, 2],
        "two are in flight, the queue is full"
    );
    assert!(
        alone.paused.is_empty(),
        "its acknowledgements must be heard"
    );
    let complaints = out
        .iter()
        .filter(|it| matches!(it, Command::ConnectionError(_)));
    assert_eq!(complaints.count(), 1, "beyond what may be held up of it");

    for it in dispatches(&out.clone()) {
        let ack = raw.ack(1, it);
        out.extend(alone.tell(&mut raw, ack));
    }

    assert_eq!(sequences(&out), [1, 2, 3, 4]);
    alone.broker.assert_whole();
}

#[test]
fn a_connection_that_only_produces_is_not_read_while_too_much_of_it_is_held_up() {
    let mut alone = Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.limits.held_up_bytes = 3_000;
        config.when_full = WhenFull::Hold(Duration::from_secs(500));
    });
    let mut producer = alone.client(1, "p");
    for sequence in 1..=4 {
        let send = producer.message(sequence, queue());
        assert!(alone.tell(&mut producer, send).is_empty());
    }
    assert!(alone.paused.is_empty());
    for sequence in 5..=6 {
        let send = producer.message(sequence, queue());
        assert!(alone.tell(&mut producer, send).is_empty());
    }
    assert_eq!(alone.paused, [producer.link], "once");

    // A client that is not read from cannot show that it is alive.
    for _ in 0..40 {
        alone.wait(&mut producer, Duration::from_secs(10));
    }
    assert!(alone.closed.is_empty(), "and is not taken for dead");
    assert!(alone.resumed.is_empty());
    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3, 4, 5, 6]);

    assert_eq!(alone.resumed, [producer.link]);
    alone.broker.assert_whole();
}

#[test]
fn a_window_is_not_given_back_for_what_is_held_up() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    let info = ProducerInfo {
        producer_id: Some(producer.id.session(1).producer(1)),
        window_size: 10_000,
        ..ProducerInfo::default()
    };
    alone.tell(&mut producer, info);
    let mut heard = Vec::new();
    for sequence in 1..=3 {
        let send = producer.message(sequence, queue());
        heard.push(alone.tell(&mut producer, send).len());
    }
    assert_eq!(heard, [1, 1, 0]);

    let mut consumer = alone.client(2, "c");
    consume_all(&mut alone, &mut consumer);

    let heard = alone.hear(&mut producer);
    assert!(matches!(heard[..], [Command::ProducerAck(_)]), "{heard:?}");
}

/// Begins a transaction and sends in it.
fn send_in_transaction(
    alone: &mut Alone,
    raw: &mut Raw,
    sequences: core::ops::RangeInclusive<i64>,
) {
    let begin = raw.transaction(TransactionStep::BEGIN);
    let id = begin.transaction_id.clone();
    alone.tell(raw, begin);
    for sequence in sequences {
        let mut message = raw.message(sequence, queue());
        message.extras.transaction_id = id.clone();
        assert!(alone.tell(raw, message).is_empty());
    }
}

fn commit(raw: &Raw) -> Command {
    let mut commit = raw.transaction(TransactionStep::COMMIT_ONE_PHASE);
    commit.response_required = true;
    commit.into()
}

#[test]
fn a_commit_waits_for_room_for_all_its_sends() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    let first = producer.message(1, queue());
    alone.tell(&mut producer, first);
    send_in_transaction(&mut alone, &mut producer, 2..=3);

    let end = commit(&producer);
    assert!(
        alone.tell(&mut producer, end).is_empty(),
        "one place is not two"
    );
    assert_eq!(alone.broker.snapshot().queues[0].waiting, 1);
    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3]);

    let heard = alone.hear(&mut producer);
    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    alone.broker.assert_whole();
}

#[test]
fn what_a_transaction_consumes_is_room_for_what_it_sends() {
    let mut alone = small();
    let mut raw = alone.client(1, "both");
    for sequence in 1..=2 {
        let send = raw.message(sequence, queue());
        alone.tell(&mut raw, send);
    }
    let consume = raw.consume(1, queue());
    let heard = alone.tell(&mut raw, consume);
    send_in_transaction(&mut alone, &mut raw, 3..=4);
    for it in dispatches(&heard) {
        let mut ack = raw.ack(1, it);
        ack.transaction_id = raw.transaction(TransactionStep::BEGIN).transaction_id;
        alone.tell(&mut raw, ack);
    }

    let end = commit(&raw);
    let heard = alone.tell(&mut raw, end);

    assert_eq!(sequences(&heard), [3, 4]);
    assert!(heard.iter().any(|it| matches!(it, Command::Response(_))));
    alone.broker.assert_whole();
}

#[test]
fn a_commit_that_finds_no_room_in_time_is_rolled_back_as_a_whole() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    let first = producer.message(1, queue());
    alone.tell(&mut producer, first);
    send_in_transaction(&mut alone, &mut producer, 2..=3);
    let end = commit(&producer);
    alone.tell(&mut producer, end);

    let heard = alone.wait(&mut producer, PATIENCE);

    let [Command::ExceptionResponse(refused)] = &heard[..] else {
        panic!("{heard:?}");
    };
    let class = refused.exception.as_ref().unwrap().class.clone();
    assert_eq!(
        class.unwrap().to_str(),
        "javax.jms.TransactionRolledBackException"
    );
    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1]);
    alone.broker.assert_whole();
}

#[test]
fn a_client_that_takes_leave_is_let_go_when_what_it_sent_has_found_room() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    for sequence in 1..=3 {
        let send = producer.message(sequence, queue());
        alone.tell(&mut producer, send);
    }
    let mut close = RemoveInfo::new(Command::ConnectionId(producer.id.clone()));
    close.response_required = true;
    assert!(alone.tell(&mut producer, close).is_empty());
    alone.tell(&mut producer, ShutdownInfo::default());
    assert!(alone.closed.is_empty());

    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3]);

    let heard = alone.hear(&mut producer);
    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    assert_eq!(alone.closed, [producer.link]);
    alone.broker.assert_whole();
}

#[test]
fn what_was_held_up_of_a_lost_connection_is_gone_and_may_be_sent_again() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    for sequence in 1..=3 {
        let send = sync(&producer, sequence);
        alone.tell(&mut producer, send);
    }
    alone
        .broker
        .handle_input(alone.now, Input::Closed(producer.link, CloseReason::Eof));
    alone.broker.assert_whole();
    let mut again = alone.client(3, "p");
    let send = sync(&again, 3);
    assert!(alone.tell(&mut again, send).is_empty());

    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3]);

    let heard = alone.hear(&mut again);
    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    assert_eq!(alone.broker.snapshot().counters.duplicates, 0);
}

#[test]
fn the_whole_broker_is_bounded_over_all_queues_and_transactions() {
    let mut alone = Alone::new(|config| {
        config.limits.total_bytes = 5_000;
        config.when_full = WhenFull::Hold(PATIENCE);
    });
    let mut producer = alone.client(1, "p");
    let other = Destination::queue("other");
    for sequence in 1..=3 {
        let send = producer.message(sequence, queue());
        alone.tell(&mut producer, send);
    }
    send_in_transaction(&mut alone, &mut producer, 4..=4);

    let mut send = producer.message(5, other);
    send.response_required = true;
    assert!(
        alone.tell(&mut producer, send).is_empty(),
        "a fifth is too much"
    );
    assert!(alone.broker.snapshot().held_bytes <= 5_000);
    let back = producer.transaction(TransactionStep::ROLLBACK);
    let heard = alone.tell(&mut producer, back);

    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    alone.broker.assert_whole();
}

#[test]
fn where_nobody_is_held_up_a_full_queue_refuses_at_once() {
    let mut alone = Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.when_full = WhenFull::Refuse;
    });
    let mut producer = alone.client(1, "p");
    for sequence in 1..=2 {
        let send = producer.message(sequence, queue());
        alone.tell(&mut producer, send);
    }

    let send = sync(&producer, 3);
    let heard = alone.tell(&mut producer, send);
    assert!(
        matches!(heard[..], [Command::ExceptionResponse(_)]),
        "{heard:?}"
    );
    send_in_transaction(&mut alone, &mut producer, 4..=4);
    let end = commit(&producer);
    let heard = alone.tell(&mut producer, end);

    assert!(
        matches!(heard[..], [Command::ExceptionResponse(_)]),
        "{heard:?}"
    );
    assert_eq!(alone.broker.snapshot().queues[0].waiting, 2);
}

#[test]
fn what_could_never_fit_is_refused_at_once() {
    let mut alone = Alone::new(|config| config.limits.queue_bytes = 500);
    let mut producer = alone.client(1, "p");

    let send = sync(&producer, 1);
    let heard = alone.tell(&mut producer, send);

    assert!(
        matches!(heard[..], [Command::ExceptionResponse(_)]),
        "{heard:?}"
    );
}

#[test]
fn who_waits_longest_is_let_in_first() {
    let mut alone = small();
    let mut producers: Vec<Raw> = (1..=3).map(|n| alone.client(n, &format!("p{n}"))).collect();
    for sequence in 1..=2 {
        let send = producers[0].message(sequence, queue());
        alone.tell(&mut producers[0], send);
    }
    for n in [2, 1, 0] {
        let sequence = 10 + i64::try_from(n).unwrap();
        let send = producers[n].message(sequence, queue());
        alone.tell(&mut producers[n], send);
    }

    let mut consumer = alone.client(9, "c");

    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 12, 11, 10]);
}

#[test]
fn a_line_that_has_moved_stands_behind_the_others_again() {
    let mut alone = small();
    let [mut first, mut second] = [1, 2].map(|n| alone.client(n, &format!("p{n}")));
    for sequence in [1, 2, 10, 11] {
        let send = first.message(sequence, queue());
        alone.tell(&mut first, send);
    }
    let send = second.message(20, queue());
    alone.tell(&mut second, send);

    let mut consumer = alone.client(9, "c");

    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 10, 20, 11]);
}

#[test]
fn what_is_held_up_of_all_connections_is_bounded() {
    let mut alone = Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.limits.total_bytes = 9_000;
    });
    let mut answers = Vec::new();
    for n in 1..=5 {
        let mut producer = alone.client(n, &format!("p{n}"));
        let send = sync(&producer, 1);
        answers.push(alone.tell(&mut producer, send));
    }

    let lengths: Vec<usize> = answers.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 1, 0, 0, 1], "two kept, two held up");
    assert!(matches!(answers[4][..], [Command::ExceptionResponse(_)]));
    alone.broker.assert_whole();
}

#[test]
fn a_client_that_takes_leave_gives_back_at_once_what_it_consumed() {
    let mut alone = small();
    let mut raw = alone.client(1, "both");
    let consume = raw.consume(1, queue());
    alone.tell(&mut raw, consume);
    for sequence in 1..=3 {
        let send = raw.message(sequence, queue());
        alone.tell(&mut raw, send);
    }
    let close = RemoveInfo::new(Command::ConnectionId(raw.id.clone()));
    alone.tell(&mut raw, close);

    let mut other = alone.client(2, "c");

    assert_eq!(consume_all(&mut alone, &mut other), [1, 2, 3]);
    assert_eq!(alone.broker.snapshot().connections.len(), 1);
    alone.broker.assert_whole();
}

#[test]
fn a_session_ends_after_what_was_sent_in_it() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    for sequence in 1..=3 {
        let send = producer.message(sequence, queue());
        alone.tell(&mut producer, send);
    }
    let close = RemoveInfo::new(Command::SessionId(producer.id.session(1)));
    alone.tell(&mut producer, close);

    let mut consumer = alone.client(2, "c");

    assert_eq!(consume_all(&mut alone, &mut consumer), [1, 2, 3]);
}

#[test]
fn what_expires_makes_room_and_is_no_dead_letter_where_none_are_kept() {
    let mut alone = Alone::new(|config| {
        config.limits.queue_messages = 2;
        config.when_full = WhenFull::Hold(PATIENCE);
        config.dead_letters = None;
    });
    let mut producer = alone.client(1, "p");
    for sequence in 1..=2 {
        let mut send = producer.message(sequence, queue());
        send.persistent = true;
        send.expiration = 1_700_000_001_000;
        alone.tell(&mut producer, send);
    }
    let send = sync(&producer, 3);
    assert!(alone.tell(&mut producer, send).is_empty());

    let heard = alone.wait(&mut producer, Duration::from_secs(2));

    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    let view = alone.broker.snapshot();
    assert_eq!((view.queues.len(), view.counters.expired), (1, 2));
    alone.broker.assert_whole();
}

#[test]
fn a_queue_that_is_deleted_makes_room() {
    let mut alone = small();
    let mut producer = alone.client(1, "p");
    for sequence in 1..=3 {
        let send = sync(&producer, sequence);
        alone.tell(&mut producer, send);
    }
    let delete = DestinationInfo {
        connection_id: Some(producer.id.clone()),
        destination: Some(queue()),
        operation: DestinationOperation::REMOVE,
        ..DestinationInfo::default()
    };

    let heard = alone.tell(&mut producer, delete);

    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    let mut consumer = alone.client(2, "c");
    assert_eq!(consume_all(&mut alone, &mut consumer), [3]);
}

#[test]
fn what_a_transaction_holds_already_is_room_for_its_commit() {
    let mut alone = Alone::new(|config| config.limits.total_bytes = 5_000);
    let mut producer = alone.client(1, "p");
    for sequence in 1..=2 {
        let send = producer.message(sequence, queue());
        alone.tell(&mut producer, send);
    }
    send_in_transaction(&mut alone, &mut producer, 3..=4);

    let end = commit(&producer);
    let heard = alone.tell(&mut producer, end);

    assert!(matches!(heard[..], [Command::Response(_)]), "{heard:?}");
    alone.broker.assert_whole();
}
