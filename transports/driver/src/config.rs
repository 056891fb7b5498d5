//! What a driver is made of.

use core::time::Duration;

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
    /// How long to wait before a lost subscription of the driver's topic is asked for again.
    pub resubscribe: Duration,
    /// The driver's own settings: its destination, how passwords travel, timing.
    pub driver: driver::Config,
}

impl Config {
    /// A driver that sends its commands to `queue`; a lost subscription is asked for again after
    /// 5 s.
    #[must_use]
    pub fn new(link: LinkConfig, queue: &str, driver: driver::Config) -> Self {
        Self {
            link,
            client: ClientConfig::default(),
            queue: queue.into(),
            resubscribe: Duration::from_secs(5),
            driver,
        }
    }
}
