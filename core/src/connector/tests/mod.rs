//! Scripted signals under fake time.

mod bench;
mod calls;
mod consult;
mod entry;
mod failover;
mod leaving;
mod limits;
mod lists;
mod operator;
mod passwords;
mod reconfigure;
mod resync;
mod service;
mod states;
