//! A whole CTI driver as a sans-IO machine: the client side of the connector's protocol over
//! OpenWire.
//!
//! [`Driver`] subscribes its own topic, says hello, keeps its agents connected over losses of
//! broker and connector, encodes passwords, and ends each command when the answers that the
//! contract promises have arrived. It knows no socket, no clock, no XML and no HTTP.
//!
//! ```
//! use finewire_core::contract::Destination;
//! use finewire_core::driver::{self, Service};
//! use finewire_core::machine::{CommandId, Endpoint, Input, Instant, LinkConfig, Machine, Output};
//! use finewire_core::password::PasswordCodec;
//! use finewire_driver::{Command, Config, Driver};
//!
//! let destination = Destination::parse("192.168.1.148", &[])?;
//! let broker = LinkConfig::keep_open(vec![Endpoint::plain("broker.example", 61616)]);
//! let own = driver::Config::new(destination, PasswordCodec::Clear);
//! let mut driver = Driver::new(Config::new(broker, "Connector1", own), [7; 32]);
//!
//! driver.handle_timeout(Instant::START);
//! let Output::Open(link, endpoint) = driver.poll_output() else {
//!     panic!("it reaches for its broker first");
//! };
//! assert_eq!(endpoint.to_string(), "broker.example:61616");
//!
//! // Nobody listens there yet: a login is refused at once, not lost.
//! let login = driver::Command::login("1001001", "secret".into(), "2001");
//! driver.handle_input(Instant::START, Input::Command(CommandId(1), login.into()));
//! let ended = std::iter::from_fn(|| match driver.poll_output() {
//!     Output::Wait(_) => None,
//!     output => Some(output),
//! });
//! assert!(ended.into_iter().any(|output| matches!(output, Output::Ended(CommandId(1), _))));
//! assert_eq!(driver.service(), Service::Unreachable);
//! # let _ = link;
//! # Ok::<(), finewire_core::contract::DestinationFault>(())
//! ```
//!
//! Not here: decisions (`finewire_core::driver`) and sockets (the runtimes).

mod config;
mod driver;
mod perform;
mod route;

pub use config::Config;
pub use driver::{Command, Driver, Event};
