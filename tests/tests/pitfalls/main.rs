//! The 26 pitfalls of Finesse's interfaces, each with a test that is named after it: real
//! connector, real drivers, broker and Finesse, fake time, no socket.
//!
//! The table in `transports/finesse/PITFALLS.md` says what each is and which test shows it.

mod notifications;
mod requests;
mod service;
mod table;
