//! What a driver is made of.

use finewire_core::driver;
use finewire_core::machine::LinkConfig;
use finewire_openwire::client::ClientConfig;

/// How a driver reaches its connector, and how it behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// The brokers and how to keep to them.
    pub link: LinkConfig,
    /// The broker client's own settings: name, credentials, limits.
    pub client: ClientConfig,
    /// The queue that the connector reads commands from, such as `Connector1`.
    pub queue: String,
    /// The driver's own settings: its destination, how passwords travel, timing.
    pub driver: driver::Config,
}
