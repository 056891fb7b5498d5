//! Cisco Finesse as a machine: for demos, for tests, and for whoever has no contact centre at hand.
//!
//! A [`Simulator`] listens for REST and XMPP clients, keeps agents and calls as Finesse's documents
//! say, and tells its clients of them as Finesse was seen to do. What takes time takes a time drawn
//! from the seed, so an update may overtake the answer of its request, and the updates of an agent
//! and those of the agent's calls come in either order; each node keeps its own. [`Knobs`] make it
//! misbehave. [`Command`]s, or the control door over HTTP, play the telephone network.
//!
//! ```text
//!   REST  == Request ==> rest::Desk --- checks, rights, locks --> answer
//!                            |  accepted
//!                            v  (after a delay)
//!   commands, door -----> World: agents and calls, knows no wire
//!                            |  updates, deadlines
//!                            v  (after a delay, in order for each node)
//!   XMPP  <== stanza ===  shape: the wire form, with the knobs' deviations
//! ```
//!
//! ```
//! use finewire_core::machine::{Address, CommandId, Input, Instant, Machine, Outcome, Output};
//! use finewire_simulator::{Command, Config, Service, Simulator};
//!
//! let config = Config::new().listen(Service::Rest, Address::new("127.0.0.1", 0), None);
//! let mut simulator = Simulator::new(config, [7; 32]);
//! assert!(matches!(simulator.poll_output(), Output::Listen(..)));
//!
//! // Nobody is signed in: the call cannot come in.
//! let call = Command::PlaceCall { to: "1001001".into(), from: "5550100".into() };
//! simulator.handle_input(Instant::START, Input::Command(CommandId(1), call));
//! let Output::Ended(_, Outcome::Refused(why)) = simulator.poll_output() else { panic!() };
//! assert_eq!(why.text, "nobody is signed in there");
//! ```
//!
//! Not here: BOSH, the browser's way through an identity provider, media other than voice.

mod agenda;
mod calldata;
mod checks;
mod config;
mod door;
#[doc(hidden)]
pub mod fuzz;
mod knobs;
mod locks;
mod machine;
mod messages;
mod nodes;
mod orders;
mod profile;
mod pulse;
mod read;
mod rest;
mod scenario;
mod serve;
mod session;
mod shape;
mod sso;
mod streams;
mod verbs;
mod web;
mod world;

pub use config::{
    Agent, Config, DropRight, EccVariable, Listener, Node, PASSWORD, Service, SkillGroup, Timing,
    WrapUp,
};
pub use knobs::{KnobFault, Knobs, Sso};
pub use machine::Simulator;
pub use scenario::{Scenario, ScenarioFault, Step};
pub use verbs::{Command, Event, Truth};
