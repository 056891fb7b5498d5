//! How a machine is set running.

use crate::engine::{Engine, WAKER};
use crate::handle::Handle;
use crate::post::post;
use crate::queue::{Received, queue};
use finewire_core::machine::Machine;
use finewire_host::{Host, HostConfig};
use mio::{Poll, Waker};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// The bounds of a running machine, and its TLS.
#[derive(Clone, Debug)]
pub struct Options {
    /// TLS profiles and the bound on accepted links.
    pub host: HostConfig,
    /// How many events may lie before the machine stands still. Default 4096, at least 1.
    pub events_at_most: usize,
    /// How many commands may be unended; more are refused for `Limit`. Default 65 536.
    pub commands_at_most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: HostConfig::default(),
            events_at_most: 4096,
            commands_at_most: 65_536,
        }
    }
}

/// The thread of a machine; joining it waits for the end and gives the machine back, or the error that mio's `Poll`
/// failed with.
pub type Task<M> = std::thread::JoinHandle<io::Result<M>>;

/// Runs `machine` on a thread of its own until [`Handle::shut_down`] or until the last handle is dropped.
///
/// # Errors
///
/// The system has no thread or no descriptor left.
#[expect(
    clippy::type_complexity,
    reason = "the three parts of a running machine, taken apart at once"
)]
pub fn spawn<M>(
    machine: M,
    options: Options,
) -> io::Result<(Handle<M>, Received<M::Event>, Task<M>)>
where
    M: Machine + Send + 'static,
    M::Command: Send + 'static,
    M::Event: Send + 'static,
{
    let host = Host::new(machine, options.host.clone(), Instant::now());
    let (handle, events, run) = run(host, &options)?;
    let task = std::thread::Builder::new()
        .name("finewire machine".into())
        .spawn(run)?;
    Ok((handle, events, task))
}

/// As [`spawn`], on a thread that the caller brings: the closure runs until the end and gives the machine back.
///
/// # Errors
///
/// The system has no descriptor left for mio's `Poll`.
#[expect(
    clippy::type_complexity,
    reason = "the three parts of a running machine, taken apart at once"
)]
pub fn run<M>(
    host: Host<M>,
    options: &Options,
) -> io::Result<(
    Handle<M>,
    Received<M::Event>,
    impl FnOnce() -> io::Result<M> + use<M>,
)>
where
    M: Machine + 'static,
{
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let (post, notes, inbox) = post(waker.clone());
    let (giver, events) = queue(options.events_at_most, move || {
        // The thread that would be woken has ended: it waits for nothing.
        let _ = waker.wake();
    });
    let engine = Engine::new(host, poll, notes, inbox, giver, options.commands_at_most);
    let handle = Handle {
        post: Arc::new(post),
    };
    Ok((handle, events, move || engine.run()))
}
