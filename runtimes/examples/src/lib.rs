//! A whole site in one process, for the examples to be tried on: broker, simulated Finesse and connector on tokio.
//!
//! The examples themselves are programs, three for each runtime: see the README of this crate.

mod site;

pub use site::Site;
