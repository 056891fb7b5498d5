//! The broker: a [`Machine`](finewire_core::machine::Machine) that serves many links.
//!
//! ```text
//! bytes -> Channel -> serve -> sending, consuming, acknowledging, transactions, destinations
//!                                 |                                   |
//!                                 v                                   v
//!                               Queue, audience of a topic -> dispatching -> Channel -> bytes
//! ```
//!
//! Everything is in memory: a persistent message is confirmed when it is in its queue, and is lost
//! with the broker. A body that goes to many consumers is shared by all of them until it is encoded.
//! An input costs O(log N) for what it touches; nothing is walked to learn that nothing happened. A consumer
//! with a selector is asked about each message of its queue once, not at every turn.
//!
//! A send to a queue that is full is held up until there is room, or refused: [`WhenFull`]. What is held up keeps
//! its order within its session; a connection that consumes too is read on, so that it can make room.
//!
//! Durable subscriptions, XA transactions and virtual topics need a memory that outlives the broker or its
//! clients; who asks for one gets an exception that says so. Users may be given [`Permissions`].
//!
//! ```
//! use finewire_core::machine::{Address, Input, Instant, Machine, Output, UnixMillis};
//! use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
//!
//! let listen = Listen { address: Address::new("127.0.0.1", 61616), tls: None };
//! let config = BrokerConfig { listen: vec![listen], ..BrokerConfig::default() };
//! let mut broker = Broker::new(config, [7; 32]);
//!
//! // What a runtime does: tell what happened, do what is answered.
//! broker.handle_input(Instant::START, Input::Wall(UnixMillis(1_700_000_000_000)));
//! assert!(matches!(broker.poll_output(), Output::Listen(..)));
//! assert!(matches!(broker.poll_output(), Output::Wait(None)));
//! ```

mod acknowledging;
mod advising;
mod audience;
mod config;
mod connection;
mod consumer;
mod consuming;
mod destinations;
mod detach;
mod dispatching;
mod event;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod holding;
mod leaving;
mod line;
mod links;
mod machine;
mod names;
mod numbered;
mod outboxes;
mod ownership;
mod permissions;
mod properties;
mod queue;
mod replay;
mod sending;
mod serve;
mod trace;
mod transactions;

pub use finewire_core::machine::Address;

pub use config::{Admission, BrokerConfig, BrokerLimits, Listen, SlowConsumer, WhenFull};
pub use event::{BrokerCommand, BrokerEvent, BrokerSnapshot, ConnectionView, QueueView, TopicView};
pub use machine::{Broker, Counters};
pub use permissions::{PermissionError, Permissions};
