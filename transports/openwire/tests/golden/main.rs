//! The codec against bytes that ActiveMQ made: `tests/vectors/openwire`, or the folder that the variable
//! `FINEWIRE_OPENWIRE_VECTORS` names (same file names; what is missing there is skipped and said so).

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says what it skipped"
)]

mod another_folder;
mod captures;
mod json;
mod lines;
mod malformed;
mod mutations;
mod vectors;
