//! What a site is made of, apart from its network.

use std::time::Duration;

use finewire_core::agent::Platform;
use finewire_core::connector::DriverLoss;
use finewire_simulator::WrapUp;

use super::site::Plan;

/// What there is twice, and what is configured unlike the defaults.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The product behind Finesse.
    pub platform: Platform,
    /// Whether a second broker takes over when the first one dies.
    pub has_second_broker: bool,
    /// Whether a second connector takes over when the first one dies.
    pub has_second_connector: bool,
    /// What comes after a call.
    pub wrap_up: WrapUp,
    /// Whether Finesse refuses `NOT_READY` and `LOGOUT` without a reason.
    pub require_reason: bool,
    /// How long a routed call rings before it is taken away.
    pub ring: Duration,
    /// From the loss of an agent's presence to what Finesse does about it.
    pub forced_sign_out: Duration,
    /// Whether events are JSON; `None`: by the seed.
    pub is_json: Option<bool>,
    /// Whether `Connect` is answered by `ConnectStatus`.
    pub connect_status: bool,
    /// After how much silence a driver is lost, and what becomes of its agents.
    pub driver_loss: (Option<Duration>, DriverLoss),
    /// When idle agents move back to the first node.
    pub return_after: Option<Duration>,
}

impl Default for Shape {
    /// Everything once; a call must not be taken away while a test repairs its links.
    fn default() -> Self {
        Self {
            platform: Platform::Ucce,
            has_second_broker: false,
            has_second_connector: false,
            wrap_up: WrapUp::NotAllowed,
            require_reason: false,
            ring: Duration::from_secs(3600),
            forced_sign_out: Duration::from_secs(60),
            is_json: None,
            connect_status: false,
            driver_loss: (None, DriverLoss::Keep),
            return_after: None,
        }
    }
}

impl Plan {
    /// Whether events are JSON. Drivers read either form; which one must not matter to anything else.
    pub(super) fn is_json(&self) -> Option<bool> {
        let by_seed = self.seed.is_multiple_of(3);
        Some(self.shape.is_json.unwrap_or(by_seed))
    }
}
