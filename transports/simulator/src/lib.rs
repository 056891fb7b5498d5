//! Cisco Finesse as a machine, for demos and tests without a contact centre.
mod agenda;
mod config;
mod door;
mod knobs;
mod locks;
mod machine;
mod rest;
mod serve;
mod session;
mod shape;
mod streams;
mod verbs;
mod world;

pub use config::{Agent, Config, Listener, PASSWORD, Service, Timing, WrapUp};
pub use knobs::Knobs;
pub use machine::Simulator;
pub use verbs::{Command, Event, Truth};
