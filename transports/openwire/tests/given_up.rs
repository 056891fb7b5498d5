//! What its owner gives up, before it is there or later, leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "tests")]

mod desk;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use desk::{Site, Tray};
use finewire_openwire::command::{Destination, Message};
use finewire_openwire::handle::{Connection, Delivery};

/// Above every limit of the client (1024 of each kind).
const MANY: usize = 1100;

fn queue() -> Destination {
    Destination::queue("q")
}

type Opening = Pin<Box<dyn Future<Output = bool>>>;

/// Each thing that a connection opens; the future says whether it was.
const KINDS: [fn(Connection<Tray>) -> Opening; 5] = [
    |connection| Box::pin(async move { connection.consumer(queue()).open().await.is_ok() }),
    |connection| Box::pin(async move { connection.producer(queue()).open().await.is_ok() }),
    |connection| Box::pin(async move { connection.session().await.is_ok() }),
    |connection| {
        Box::pin(async move {
            let Ok(topic) = connection.temporary_topic().await else {
                return false;
            };
            connection.remove_destination(topic).await.is_ok()
        })
    },
    |connection| Box::pin(async move { connection.requester(queue()).await.is_ok() }),
];

/// Drops a future after so many steps: it is polled, the machine does what it was told, it is polled…
fn give_up_after(site: &mut Site, steps: usize, mut future: Opening) {
    let mut cx = Context::from_waker(Waker::noop());
    for step in 0..steps {
        if step % 2 == 1 {
            site.settle();
        } else if future.as_mut().poll(&mut cx).is_ready() {
            return;
        }
    }
}

#[test]
fn what_is_given_up_while_it_opens_takes_no_room() {
    for (n, kind) in KINDS.into_iter().enumerate() {
        // Some take two orders.
        for steps in 1..=5 {
            let mut site = Site::new();
            let connection = site.connection.clone();
            for _ in 0..MANY {
                give_up_after(&mut site, steps, kind(connection.clone()));
                site.settle();
            }
            let opens = site.wait_for(kind(connection));
            assert!(opens, "kind {n} after {steps} steps");
        }
    }
}

#[test]
fn a_consumer_that_is_given_up_while_it_opens_takes_no_messages() {
    let mut site = Site::new();
    let connection = site.connection.clone();
    for steps in 1..=2 {
        for _ in 0..10 {
            let open = connection.consumer(queue()).open();
            give_up_after(&mut site, steps, Box::pin(async { open.await.is_ok() }));
        }
    }
    site.settle();
    assert_eq!(site.broker.snapshot().connections[0].consumers, 0);

    let producer = site.wait_for(connection.producer(queue()).open()).unwrap();
    let messages = (0..10).map(|n| Message::text(n.to_string())).collect();
    site.wait_for(producer.send_all(messages)).unwrap();
    let mut real = site.wait_for(connection.consumer(queue()).open()).unwrap();
    site.settle();

    assert_eq!(core::iter::from_fn(|| real.try_next()).count(), 10);
}

#[test]
fn a_consumer_ends_with_its_session_and_takes_nothing_more() {
    let mut site = Site::new();
    let connection = site.connection.clone();
    let producer = site.wait_for(connection.producer(queue()).open()).unwrap();
    let messages = (0..3).map(|n| Message::text(n.to_string())).collect();
    site.wait_for(producer.send_all(messages)).unwrap();
    let session = site.wait_for(connection.session()).unwrap();
    let mut consumer = site.wait_for(session.consumer(queue()).open()).unwrap();
    let first = site.wait_for(consumer.next()).unwrap();
    assert!(first.is_some());

    drop(session);
    site.settle();

    let next: Option<Delivery> = site.wait_for(consumer.next()).unwrap();
    assert_eq!(next, None, "the rest goes to others");
    let mut other = site.wait_for(connection.consumer(queue()).open()).unwrap();
    site.settle();
    assert_eq!(core::iter::from_fn(|| other.try_next()).count(), 3);
}

#[test]
fn nothing_is_opened_on_a_connection_that_was_closed() {
    for kind in KINDS {
        let mut site = Site::new();
        let connection = site.connection.clone();
        site.wait_for(site.connection.clone().close()).unwrap();
        site.settle();

        assert!(!site.wait_for(kind(connection)));
    }
}

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn who_no_longer_waits_for_a_broker_is_forgotten() {
    let plan = finewire_openwire::handle::Plan::new("tcp://broker:1").unwrap();
    let (desk, shared) = finewire_openwire::handle::Desk::new(&plan, None, [5; 32]).unwrap();
    let connection = Connection::new(Tray::default(), shared, desk.jms().clone());
    let nobody = Arc::new(Nobody);
    for _ in 0..10 {
        let waker = nobody.clone().into();
        let mut connected = Box::pin(connection.connected());
        let polled = connected.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
    }
    assert_eq!(Arc::strong_count(&nobody), 1);
}
