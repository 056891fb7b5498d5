//! Scripted signals under fake time.

mod bench;
mod calls;
mod entry;
mod limits;
mod resync;
mod service;
mod states;
