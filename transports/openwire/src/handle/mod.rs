//! Connections, sessions, producers and consumers for people, on any runtime.
//!
//! A [`Desk`] is the machine that an adapter runs: a [`Client`](crate::client::Client) on its
//! [`Link`](finewire_core::machine::Link), which puts what is delivered where the handles find it. The handles
//! are futures of no runtime; an adapter lends them its way to the running machine ([`Orders`]). So use them by
//! way of an adapter: `finewire_tokio::openwire`, `finewire_smol::openwire`, `finewire_async_std::openwire`, or
//! with time-outs instead of futures `finewire_blocking::openwire`.
//!
//! # Back-pressure
//!
//! No queue here grows without bound: a consumer's mailbox holds what the broker may send without
//! acknowledgement (its prefetch), and a delivery is acknowledged after it was taken; a sender waits for its
//! window, for the outbox and for a broker.
//!
//! # Not here
//!
//! Sockets, timers, threads: those are the adapters'.

mod advisories;
mod connection;
mod consumer;
mod desk;
mod mailbox;
mod orders;
mod outcome;
mod plan;
mod producer;
mod replies;
mod requester;
mod shared;
mod steering;

pub use advisories::Advisories;
pub use connection::{Connection, Session};
pub use consumer::{Acknowledge, Consumer, ConsumerBuilder, Delivery};
pub use desk::{ConnectionEvent, Desk, DeskCommand};
pub use orders::Orders;
pub use outcome::{ConnectError, NotDone};
pub use plan::Plan;
pub use producer::{Producer, ProducerBuilder};
pub use requester::Requester;
pub use shared::Shared;
