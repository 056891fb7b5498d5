//! The bounds of a running machine.

use crate::HostConfig;
use core::time::Duration;
use std::io;

/// The bounds of a running machine, and its TLS.
#[derive(Clone, Debug)]
pub struct Options {
    /// TLS profiles and the bound on accepted links.
    pub host: HostConfig,
    /// How many events may wait before the machine stands still. Default 4096, at least 1.
    pub events_at_most: usize,
    /// How many traces a slow receiver can be behind; the room for them is taken at the start. Default 1024, at least 1,
    /// at most [`MOST_TRACES`]: more is taken for that.
    pub traces_at_most: usize,
    /// How many commands may be unended; more are refused for `Limit`. Default 65 536.
    pub commands_at_most: usize,
    /// How long the task looks for what is about to come before it lets its thread sleep: as long as messages
    /// follow each other within this time, a round trip needs fewer wake-ups, for processor time that nobody else
    /// wanted. Default zero: never. 50 µs suit a machine that has a core to spare and a runtime of its own with one
    /// thread. For tokio; the others sleep at once.
    pub linger: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: HostConfig::default(),
            events_at_most: 4096,
            traces_at_most: 1024,
            commands_at_most: 65_536,
            linger: Duration::ZERO,
        }
    }
}

/// The most that [`Options::traces_at_most`] can be.
pub const MOST_TRACES: usize = 1 << 16;

/// Commands given and not yet taken; who gives more waits.
pub const COMMANDS_QUEUED: usize = 256;
/// Looks and shut-downs asked for and not yet served; who asks for more waits.
pub const CONTROLS_QUEUED: usize = 16;

/// Raises the process's limit of open descriptors as far as the system allows and returns it.
/// To be called once at start by a program that means to have thousands of links; the usual
/// soft limit is 1024.
///
/// # Errors
///
/// The system's, when the limit cannot be read or set.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    rlimit::increase_nofile_limit(u64::MAX)
}
