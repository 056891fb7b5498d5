//! Scripted signals under fake time.

mod bench;
mod calls;
mod entry;
mod limits;
mod passwords;
mod resync;
mod service;
mod states;
