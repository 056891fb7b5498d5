//! The driver's decisions: the client side of the contract, for any CRM.
//!
//! ```text
//!   owner   -- Command -->            -- Effect::Publish -->  connector's queue
//!                          Sessions
//!           <-- Event, Ended --       <-- Signal::Received -- driver's topic
//! ```
//!
//! [`Sessions`] keeps one session per agent: the same [`AgentModel`](crate::agent::AgentModel) as
//! the connector has, the commands that wait, and what is needed to connect the agent again.
//!
//! - An answer ends the command that its correlation id names. A connector that names none is
//!   met by order: each agent has four lanes (binding, states, calls, questions), one command at a
//!   time is under way in each, and the first answer of the right kind ends it.
//! - After `System#RECONNECT`, or when broker or connector were away, every connected agent is
//!   connected again: `Connect`, `GetState`, and for one who is still signed in `Login`, which
//!   tells the calls. An agent that another driver has taken over is left to it.
//! - A password that was refused is never offered again by itself.
//!
//! Not here: how messages travel, and the connector's side.

mod command;
mod config;
mod ending;
mod event;
mod expectation;
mod hearing;
mod mirror;
mod returning;
mod sending;
mod session;
mod sessions;
mod signal;
mod sizes;
#[cfg(test)]
mod tests;

pub use command::Command;
pub use config::{Config, Limits, Timing};
pub use event::{Event, Service};
pub use sessions::Sessions;
pub use signal::{Effect, Signal, Ticket};
