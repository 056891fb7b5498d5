//! A connection's desk and handles, and a broker, without sockets.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "tests; each uses what it needs"
)]

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
use finewire_openwire::handle::{Connection, Desk, DeskCommand, Orders, Plan};

/// Orders that wait for the test to carry them to the desk.
#[derive(Clone, Default)]
pub(crate) struct Tray(Arc<Mutex<State>>);

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
pub(crate) struct Site {
    desk: Desk,
    pub(crate) broker: Broker,
    pub(crate) tray: Tray,
    pub(crate) connection: Connection<Tray>,
    pub(crate) now: Instant,
    wait: Option<Instant>,
    link: Option<LinkId>,
}

const THERE: LinkId = LinkId::accepted(1);

impl Site {
    /// Connected, and nothing else.
    pub(crate) fn new() -> Self {
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

    /// Carries orders and bytes until there is nothing to carry.
    pub(crate) fn settle(&mut self) {
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

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Duration) {
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

    /// What a future comes to.
    pub(crate) fn wait_for<T>(&mut self, future: impl Future<Output = T>) -> T {
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
}
