//! Scripted signals under fake time.

mod bench;
mod calls;
mod consult;
mod entry;
mod leaving;
mod limits;
mod lists;
mod passwords;
mod resync;
mod service;
mod states;
