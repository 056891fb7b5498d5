//! The suite that every runtime adapter passes: one list of scenarios over real loopback
//! sockets, generic over the adapter.
//!
//! A scenario drives a [`Probe`], a machine whose commands are raw outputs and whose events are
//! the raw inputs, so it tests the adapter and the host and nothing else. Waiting is always
//! for a fact, with [`GUARD`] as the limit after which it counts as absent.

#![expect(
    clippy::unwrap_used,
    reason = "these are tests, kept in a library to be generic"
)]

mod async_io;
pub mod closing;
pub mod flow;
pub mod links;
pub mod many;
mod mio;
mod probe;
mod running;
pub mod scarce;
pub mod tls;

pub use async_io::{AsyncIo, AsyncStd, Smol};
pub use mio::Mio;
pub use probe::{Do, Probe, Saw, link};
pub use running::{Adapter, Blocking, GUARD, Running, Tokio};
