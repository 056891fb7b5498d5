//! The connector with somebody who writes down what it is told.

use super::keeper::{Feeder, Item};
use super::told::Order;
use bytes::Bytes;
use core::ops::Deref;
use finewire_connector::{Command, Connector, Event};
use finewire_core::machine::{Input, Instant, Machine, Output};
use finewire_host::record::{Entry, Told};
use std::sync::{Arc, Mutex, PoisonError};

/// The connector; where it is recorded, everything that it is told is written down first.
#[derive(Debug)]
pub(crate) struct Recorded {
    connector: Connector,
    tap: Option<Tap>,
}

impl Recorded {
    pub(crate) const fn new(connector: Connector, tap: Option<Tap>) -> Self {
        Self { connector, tap }
    }
}

impl Deref for Recorded {
    type Target = Connector;

    fn deref(&self) -> &Connector {
        &self.connector
    }
}

impl Machine for Recorded {
    type Command = Command;
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Command>) {
        if let Some(tap) = &mut self.tap {
            tap.note(now, &input);
        }
        self.connector.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(tap) = &mut self.tap {
            tap.push(now, Told::Time);
        }
        self.connector.handle_timeout(now);
    }

    fn poll_output(&mut self) -> Output<Event> {
        self.connector.poll_output()
    }
}

/// By whom settings are said before the connector is told to decide by them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcer(Arc<Mutex<Option<String>>>);

impl Announcer {
    /// The next `Configure` is of these settings, which are without secrets.
    pub(crate) fn announce(&self, settings: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
    }

    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Who writes down.
#[derive(Debug)]
pub(crate) struct Tap {
    feeder: Feeder,
    announcer: Announcer,
}

impl Tap {
    pub(super) const fn new(feeder: Feeder, announcer: Announcer) -> Self {
        Self { feeder, announcer }
    }

    fn push(&mut self, at: Instant, told: Told) {
        self.feeder.push(Item::Entry(Entry { at, told }));
    }

    fn note(&mut self, at: Instant, input: &Input<'_, Command>) {
        let told = match input {
            Input::Opened(link) => Told::Opened(*link),
            Input::Secured(link, identity) => Told::Secured(*link, identity.clone()),
            Input::Received(link, bytes) => Told::Received(*link, Bytes::copy_from_slice(bytes)),
            Input::Sent(link) => Told::Sent(*link),
            Input::Closed(link, reason) => Told::Closed(*link, reason.clone()),
            Input::Wall(wall) => Told::Wall(*wall),
            Input::Command(id, command) => {
                if let Command::Configure(decisions) = command {
                    let both = (decisions.layout.clone(), decisions.password.clone());
                    self.feeder.push(Item::Rules(Box::new(both)));
                }
                let Some(order) = Order::of(command, self.announcer.take()) else {
                    self.feeder
                        .end("the connector was told what cannot be recorded");
                    return;
                };
                Told::Command(*id, order.to_bytes().into())
            }
            // The connector listens on nothing.
            Input::Listening(..) | Input::ListenFailed(..) | Input::Accepted(..) => return,
        };
        self.push(at, told);
    }
}
