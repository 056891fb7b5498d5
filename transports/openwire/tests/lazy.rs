//! A lazy consumer acknowledges rarely, soon enough, and not too early.
#![allow(clippy::unwrap_used, reason = "tests")]

mod desk;

use core::time::Duration;

use desk::{Site, Tray};
use finewire_openwire::command::{Destination, Message};
use finewire_openwire::handle::{Acknowledge, Consumer, Producer};

impl Site {
    /// A lazy consumer of a queue and its producer.
    fn open(&mut self, prefetch: u16) -> (Consumer<Tray>, Producer<Tray>) {
        let connection = self.connection.clone();
        let consumer = connection
            .consumer(Destination::queue("q"))
            .acknowledge(Acknowledge::DupsOk)
            .prefetch(prefetch);
        let consumer = self.wait_for(consumer.open()).unwrap();
        let producer = connection.producer(Destination::queue("q"));
        let producer = self.wait_for(producer.open()).unwrap();
        (consumer, producer)
    }

    fn send(&mut self, producer: &Producer<Tray>, count: usize) {
        let messages = (0..count).map(|n| Message::text(n.to_string())).collect();
        self.wait_for(producer.send_all(messages)).unwrap();
        self.settle();
    }

    /// Messages that the broker still has, with the consumer or waiting.
    fn held(&mut self) -> usize {
        self.settle();
        let snapshot = self.broker.snapshot();
        let queue = snapshot
            .queues
            .iter()
            .find(|queue| queue.destination == Destination::queue("q"));
        queue.map_or(0, |queue| queue.waiting + queue.in_flight)
    }
}

fn take_all(consumer: &mut Consumer<Tray>) -> usize {
    core::iter::from_fn(|| consumer.try_next()).count()
}

#[test]
fn what_was_taken_is_acknowledged_once_for_all_a_tenth_of_a_second_after_the_last() {
    let mut site = Site::new();
    let (mut consumer, producer) = site.open(1000);
    for _ in 0..3 {
        site.send(&producer, 10);
        assert_eq!(take_all(&mut consumer), 10);
        site.pass(Duration::from_millis(20));
    }
    assert_eq!(site.held(), 30, "more may come");

    site.pass(Duration::from_millis(39));
    assert_eq!(site.held(), 30);
    site.pass(Duration::from_millis(2));
    assert_eq!(site.held(), 0);

    site.send(&producer, 5);
    assert_eq!(take_all(&mut consumer), 5);
    assert_eq!(site.held(), 5);
    site.pass(Duration::from_millis(101));
    assert_eq!(site.held(), 0, "every time");
}

#[test]
fn half_of_the_prefetch_is_not_waited_with() {
    let mut site = Site::new();
    let (mut consumer, producer) = site.open(8);
    site.send(&producer, 9);

    assert_eq!(take_all(&mut consumer), 8);
    site.settle();
    assert_eq!(take_all(&mut consumer), 1);
    assert_eq!(site.held(), 1, "eight were acknowledged, four at a time");
}

#[test]
fn what_was_not_asked_beyond_is_not_acknowledged() {
    let mut site = Site::new();
    let (mut consumer, producer) = site.open(1000);
    site.send(&producer, 3);
    assert!(consumer.try_next().is_some());
    assert!(consumer.try_next().is_some());

    site.pass(Duration::from_secs(1));
    assert_eq!(
        site.held(),
        3,
        "the owner may still be at work with the second"
    );
}

#[test]
fn a_dropped_consumer_leaves_what_it_is_done_with_to_nobody() {
    let mut site = Site::new();
    let (mut consumer, producer) = site.open(1000);
    site.send(&producer, 3);
    assert_eq!(take_all(&mut consumer), 3);

    drop(consumer);

    assert_eq!(site.held(), 0);
}

#[test]
fn a_rejected_delivery_does_not_take_those_before_it_along() {
    let mut site = Site::new();
    let (mut consumer, producer) = site.open(1000);
    site.send(&producer, 2);
    assert_eq!(take_all(&mut consumer), 2);
    site.send(&producer, 1);
    let last = consumer.try_next().unwrap();

    consumer.reject(&last, "no use");
    site.pass(Duration::from_secs(1));

    assert_eq!(site.held(), 0);
}
