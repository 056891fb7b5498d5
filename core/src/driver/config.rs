//! What a driver is told before it starts.

use core::time::Duration;

use crate::contract::{Destination, Layout, TimeFormat};
use crate::password::PasswordCodec;

/// Settings of a driver's decisions.
#[derive(Clone, Debug)]
pub struct Config {
    /// The topic that the connector's events come on.
    pub destination: Destination,
    /// Names, labels and order of fields; the same as the connector's.
    pub layout: Layout,
    /// The zone of times in events; the same as the connector's.
    pub time: TimeFormat,
    /// How passwords travel; the same as the connector's.
    pub password: PasswordCodec,
    /// Whether the connector answers a successful `Connect` by `ConnectStatus`. Without it a
    /// `Connect` has succeeded when no error came for [`Timing::settle`].
    pub connect_status: bool,
    /// When what is done.
    pub timing: Timing,
    /// How much is taken on.
    pub limits: Limits,
}

impl Config {
    /// Settings with default layout, timing and limits.
    #[must_use]
    pub fn new(destination: Destination, password: PasswordCodec) -> Self {
        Self {
            destination,
            layout: Layout::default(),
            time: TimeFormat::UTC,
            password,
            connect_status: false,
            timing: Timing::default(),
            limits: Limits::default(),
        }
    }
}

/// When what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// A command whose answer has not come after this long has failed. Longer than the
    /// connector's own limit (30 s), whose error says more.
    pub answer: Duration,
    /// A command that has no answer on success is done when no error came for this long.
    pub settle: Duration,
    /// A `Hello` or `Beat` is sent this often.
    pub heartbeat: Duration,
    /// A connector that has not answered a heartbeat for this long counts as absent.
    pub silence: Duration,
    /// An agent that could not be connected again is tried again after this long.
    pub reconnect: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(45),
            settle: Duration::from_secs(5),
            heartbeat: Duration::from_secs(30),
            silence: Duration::from_secs(20),
            reconnect: Duration::from_secs(15),
        }
    }
}

/// How much is taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Agents of one driver; a shared CRM server carries all agents of a site.
    pub agents: usize,
    /// Commands of one agent that wait for an earlier one, in each of the queues.
    pub waiting_per_agent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            agents: 4000,
            waiting_per_agent: 32,
        }
    }
}
