//! Sans-IO core of finewire: machine vocabulary, driver protocol, agent model, connector and driver decisions.
#![no_std]

extern crate alloc;

pub mod agent;
pub mod connector;
pub mod contract;
pub mod driver;
pub mod machine;
pub mod password;
