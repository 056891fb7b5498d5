//! What the machinery around the program asks: `/metrics` for Prometheus, `/readyz` for a load balancer.
//!
//! Both are mounted beside the monitor's pages; who may ask is the monitor's decision.

mod door;
mod metrics;
mod process;
mod readiness;
mod scrape;

pub(crate) use door::router;
pub(crate) use metrics::Metrics;

use crate::record::Recorded;
use core::time::Duration;
use finewire_openwire::broker::Broker;
use finewire_tokio::Handle;
use std::sync::Arc;
use std::time::SystemTime;

/// How long the machine may take to let itself be looked at before it counts as stuck.
pub(crate) const LOOK_WITHIN: Duration = Duration::from_secs(3);

/// Where metrics and readiness are looked up.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub(crate) connector: Handle<Recorded>,
    /// The embedded broker, where there is one.
    pub(crate) broker: Option<Handle<Broker>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) started: SystemTime,
}
