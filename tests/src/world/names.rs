//! Who is who at a site, and what drivers say of them.

use finewire_core::agent::{AgentId, Extension};
use finewire_core::contract;
use finewire_core::driver;
use finewire_core::machine::{Outcome, Reason};
use finewire_simulator::PASSWORD;

/// The name of the n-th driver in the network.
pub fn driver_name(n: usize) -> String {
    format!("driver{n}")
}

/// The n-th agent's login id, from 1.
pub fn agent(n: u32) -> AgentId {
    format!("{}", 1_001_000 + n).into()
}

/// The n-th agent's usual line.
pub fn line(n: u32) -> Extension {
    format!("{}", 2000 + n).into()
}

/// Connects the n-th agent with its password.
pub fn connect(n: u32) -> driver::Command {
    driver::Command::connect(agent(n).as_str(), PASSWORD.into())
}

/// Signs the n-th agent in on its line.
pub fn login(n: u32) -> driver::Command {
    driver::Command::login(agent(n).as_str(), PASSWORD.into(), line(n).as_str())
}

/// Anything else about the n-th agent.
pub fn tell(n: u32, command: contract::Command) -> driver::Command {
    driver::Command::tell(agent(n).as_str(), command)
}

/// The reason of a command's end, where it was no success.
pub fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Done => None,
        Outcome::Refused(why) | Outcome::Failed(why) => Some(why.reason),
    }
}
