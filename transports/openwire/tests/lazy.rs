//! A lazy consumer acknowledges rarely, soon enough, and not too early.
#![allow(clippy::unwrap_used, reason = "tests")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use finewire_core::machine::{
    Address, CommandId, Input, Instant, LinkId, ListenerId, Machine, Outcome, Output, UnixMillis,
};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_openwire::command::{Destination, Message};
use finewire_openwire::handle::{
    Acknowledge, Connection, Consumer, Desk, DeskCommand, Orders, Plan, Producer,
};

/// Orders that wait for the test to carry them to the desk.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    next: u64,
    given: VecDeque<(CommandId, DeskCommand)>,
    ended: BTreeMap<u64, Outcome>,
}

impl Tray {
    fn give(&self, command: DeskCommand) -> u64 {
        let mut tray = self.0.lock().unwrap();
        let number = tray.next;
        tray.next += 1;
        tray.given.push_back((CommandId(number), command));
        number
    }
}

impl Orders for Tray {
    async fn order(&self, command: DeskCommand) -> Outcome {
        let number = self.give(command);
        core::future::poll_fn(|_| match self.0.lock().unwrap().ended.remove(&number) {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        })
        .await
    }

    fn try_order(&self, command: DeskCommand) {
        self.give(command);
    }
}

/// A connection's desk and a broker, joined by a perfect wire.
struct Site {
    desk: Desk,
    broker: Broker,
    tray: Tray,
    connection: Connection<Tray>,
    now: Instant,
    wait: Option<Instant>,
    link: Option<LinkId>,
}

const THERE: LinkId = LinkId::accepted(1);

impl Site {
    fn new() -> Self {
        let plan = Plan::new("tcp://broker:1").unwrap();
        let (desk, shared) = Desk::new(&plan, None, [5; 32]).unwrap();
        let tray = Tray::default();
        let connection = Connection::new(tray.clone(), shared, desk.jms().clone());
        let listen = Listen {
            address: Address::new("broker", 1),
            tls: None,
        };
        let config = BrokerConfig {
            listen: vec![listen],
            ..BrokerConfig::default()
        };
        let mut site = Self {
            desk,
            broker: Broker::new(config, [6; 32]),
            tray,
            connection,
            now: Instant::START,
            wait: None,
            link: None,
        };
        let wall = Input::Wall(UnixMillis(1_700_000_000_000));
        site.broker.handle_input(site.now, wall);
        site.desk
            .handle_input(site.now, Input::Wall(UnixMillis(1_700_000_000_000)));
        site.settle();
        site
    }

    fn settle(&mut self) {
        loop {
            let order = self.tray.0.lock().unwrap().given.pop_front();
            if let Some((id, order)) = order {
                self.desk.handle_input(self.now, Input::Command(id, order));
            }
            let quiet = self.drain_broker();
            match self.desk.poll_output() {
                Output::Wait(at) => {
                    self.wait = at;
                    if quiet && self.tray.0.lock().unwrap().given.is_empty() {
                        return;
                    }
                }
                Output::Open(link, _) => {
                    self.link = Some(link);
                    let from = Address::new("client", 2);
                    let accepted = Input::Accepted(ListenerId(0), THERE, from);
                    self.broker.handle_input(self.now, accepted);
                    self.desk.handle_input(self.now, Input::Opened(link));
                }
                Output::Send(link, chunks) => {
                    let bytes = chunks.to_vec();
                    self.broker
                        .handle_input(self.now, Input::Received(THERE, &bytes));
                    self.desk.handle_input(self.now, Input::Sent(link));
                }
                Output::Ended(id, outcome) => {
                    self.tray.0.lock().unwrap().ended.insert(id.0, outcome);
                }
                _ => {}
            }
        }
    }

    fn drain_broker(&mut self) -> bool {
        let mut quiet = true;
        loop {
            match self.broker.poll_output() {
                Output::Wait(_) => return quiet,
                Output::Send(there, chunks) => {
                    quiet = false;
                    self.broker.handle_input(self.now, Input::Sent(there));
                    let bytes = chunks.to_vec();
                    let here = self.link.unwrap();
                    self.desk
                        .handle_input(self.now, Input::Received(here, &bytes));
                }
                _ => {}
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some(at) = self.wait.filter(|at| *at <= end) {
            self.now = at;
            self.desk.handle_timeout(at);
            self.broker.handle_timeout(at);
            self.settle();
        }
        self.now = end;
    }

    fn wait_for<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        for _ in 0..100 {
            if let Poll::Ready(ready) = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
            {
                return ready;
            }
            self.settle();
        }
        panic!("it does not come");
    }

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
