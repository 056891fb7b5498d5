//! The codec's promises that no vector shows: negotiation, framing, limits, recovery, secrecy.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bodies;
mod every_type;
mod framing;
mod limits;
mod negotiation;
mod recovery;
mod secrecy;
mod sharing;
mod texts;
