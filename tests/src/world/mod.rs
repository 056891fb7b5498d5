//! The world of the scenarios: pure machines, an in-memory network, fake time.
//!
//! A [`Network`] joins any machines; everything that happens in it depends on its seed alone.
//! What every machine must keep to is checked at each of its outputs.

mod agreement;
mod asking;
mod builders;
mod chop;
pub mod day;
mod hindsight;
mod invariants;
mod names;
mod network;
mod passwords;
mod plan;
mod shape;
pub mod site;
mod station;
mod watching;
mod weather;
pub mod wishes;

pub use chop::{Digest, chop_machine, chop_protocol};
pub use invariants::{Invariants, Secrets};
pub use network::{Network, PipeId, PipeInfo, Seat, Traced};
pub use shape::Shape;
pub use station::{Film, Guest, Node, Recorded, replay};
pub use watching::Served;
pub use weather::{Chunking, Weather};
