//! How a site is built, and where its parts are.

use std::time::Duration;

use finewire_core::agent::Platform;
use finewire_simulator::{Config as FinesseConfig, Knobs};

use super::Weather;
use super::shape::Shape;

/// Host name of the broker.
pub const BROKER: &str = "broker.test";
/// Host name of the broker that takes over.
pub const SECOND_BROKER: &str = "broker2.test";
/// Host name of Finesse.
pub const FINESSE: &str = "finesse.test";
/// Ports of broker, REST and XMPP.
pub const PORTS: [u16; 3] = [61616, 8445, 5223];
/// Ports of REST and XMPP of the second node, where there is one.
pub const SECOND_PORTS: [u16; 2] = [8446, 5224];

/// How a site is built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything that is left to chance depends on it.
    pub seed: u64,
    /// The network.
    pub weather: Weather,
    /// Where Finesse misbehaves.
    pub knobs: Knobs,
    /// How many drivers there are.
    pub drivers: usize,
    /// Whether the machines are recorded, to be played again.
    pub is_recorded: bool,
    /// How long it takes until all know the same after the worst that a test does.
    pub recovery: Duration,
    /// Whether the drivers encrypt passwords with a key that is not the connector's.
    pub has_foreign_key: bool,
    /// Whether Finesse has two nodes.
    pub has_second_node: bool,
    /// Whether the connector takes its notifications in a WebSocket, on the ports of REST.
    pub has_websocket: bool,
    /// What this Finesse has that the usual one has not.
    pub finesse: fn(&mut FinesseConfig),
    /// What this connector is told that the usual one is not.
    pub decisions: fn(&mut finewire_core::connector::Config),
    /// What there is twice, and what is configured unlike the defaults.
    pub shape: Shape,
}

impl Plan {
    /// One driver, calm weather, a well-behaved Finesse.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            weather: Weather::calm(),
            knobs: Knobs::default(),
            drivers: 1,
            is_recorded: false,
            recovery: Duration::from_secs(6),
            has_foreign_key: false,
            has_second_node: false,
            has_websocket: false,
            finesse: |_| {},
            decisions: |_| {},
            shape: Shape::default(),
        }
    }

    /// As [`Plan::calm`], with a UCCX in place of a UCCE.
    pub fn express(seed: u64) -> Self {
        let mut plan = Self::calm(seed);
        plan.shape.platform = Platform::Uccx;
        plan
    }
}
