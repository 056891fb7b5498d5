//! The client: a [`Protocol`](finewire_core::machine::Protocol) that outlives its sockets, and ActiveMQ's
//! URIs.
//!
//! ```
//! use finewire_core::machine::{Link, LinkSlot, Random};
//! use finewire_openwire::client::{BrokerUri, Client, ClientConfig};
//!
//! let uri: BrokerUri = "failover:(tcp://a,tcp://b)?randomize=false".parse()?;
//! let mut config = ClientConfig::default();
//! config.apply(&uri);
//! let client = Client::new(config, [7; 32]);
//! let link = Link::new(client, uri.to_link_config(None)?, LinkSlot(0), Random::from_seed([8; 32]));
//! assert!(!link.is_ready());
//! # Ok::<(), finewire_openwire::client::UriError>(())
//! ```

mod address;
mod advisory;
mod asking;
mod batch;
mod command;
mod config;
#[doc(hidden)]
pub mod fuzz;
mod hearing;
mod introduction;
mod jms;
mod parting;
mod producer;
mod protocol;
mod query;
mod request;
mod sending;
mod servers;
mod session;
mod subscription;
mod uri;
mod uri_error;

pub use address::{ConsumerOptions, DestinationAddress};
pub use advisory::{Advisory, AdvisoryTopic, Fate, NotAnAdvisory};
pub use command::{
    AckMode, ClientCommand, ClientEvent, ConsumerHandle, Delivered, DeliveryToken, Publish,
    Subscribe,
};
pub use config::{ClientConfig, ClientLimits};
pub use jms::{JmsOptions, Prefetch};
pub use producer::{OpenProducer, ProducerHandle};
pub use protocol::Client;
pub use sending::{Confirm, Send};
pub use servers::{DEFAULT_PORT, Server, ServerOptions};
pub use session::{OpenSession, SessionHandle};
pub use uri::{BrokerUri, Failover};
pub use uri_error::{MAX_SERVERS, MAX_URI, UriError};
