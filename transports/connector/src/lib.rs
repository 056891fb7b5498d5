//! The whole connector as a sans-IO machine over all its links.
//!
//! ```text
//!                       ┌───────────────── Connector ──────────────────┐
//!   broker  ◀─OpenWire─▶│ Link<openwire::Client> ─┐                     │
//!   Finesse ◀───HTTP───▶│ Pool of Link<http::Client> ─ route ─▶ core    │
//!           ◀───XMPP───▶│ Link<xmpp::Client>, one  ┘   perform ◀┘       │
//!                       │ for each agent                                │
//!                       └────────────────────────────────────────────────┘
//! ```
//!
//! [`finewire_core::connector`] decides; here its effects become commands of the links, and what
//! the links say becomes signals. A child is found by the slot in its link's id, and only a child
//! that something happened to is looked at.
//!
//! ```
//! use finewire_connector::{BrokerConfig, Config, Connector, NodeConfig};
//! use finewire_core::contract::Layout;
//! use finewire_core::machine::{Endpoint, Instant, LinkConfig, Machine, Output};
//! use finewire_core::password::PasswordCodec;
//!
//! let broker = LinkConfig::keep_open(vec![Endpoint::plain("broker.example", 61616)]);
//! let config = Config::new(
//!     BrokerConfig::new(broker, "Connector1"),
//!     vec![NodeConfig::new("finesse.example", 8445, 5223)],
//!     finewire_core::connector::Config::new(Layout::default(), PasswordCodec::Clear),
//! );
//! let mut connector = Connector::new(config, [7; 32]);
//!
//! connector.handle_timeout(Instant::START);
//! let Output::Open(_, endpoint) = connector.poll_output() else { panic!("it opens its links") };
//! assert_eq!(endpoint.to_string(), "broker.example:61616");
//! ```
//!
//! # Without a broker
//!
//! OpenWire is what the drivers at hand speak, not what the connector is about. With [`DriverSide::Owner`] there is no
//! broker: whoever runs the machine hands commands in ([`Command::Hear`]) and is handed what drivers are told
//! ([`Event::Told`]), from a channel, a pipe, a socket of another protocol. The contract stays the same: verbs, events and
//! their order, one answer for every command. `runtimes/examples/*/embedded_connector.rs` are whole programs of that kind.
//!
//! Not here: decisions ([`finewire_core::connector`]), wire formats (the crates of the links),
//! sockets and clocks (the runtimes).

mod agents;
mod config;
mod connector;
mod heard;
mod operate;
mod perform;
mod pool;
mod route;
mod seen;
mod sizes;
mod status;
mod touch;
mod translate;
mod turns;
mod verbs;

pub use config::{BrokerConfig, Config, DriverSide, NodeConfig};
pub use connector::Connector;
pub use heard::Heard;
pub use status::{LinkReport, NodeReport, Recent, Status};
pub use verbs::{Command, Event, Which};
