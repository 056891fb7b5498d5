//! How a machine is set running.

use crate::engine::Engine;
use crate::handle::{Handle, Post};
use crate::mail::Mail;
use crate::queue::{Received, queue};
use crate::shared::Shared;
use finewire_core::machine::Machine;
use finewire_host::{Host, HostConfig};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// The bounds of a running machine, and its TLS.
#[derive(Clone, Debug)]
pub struct Options {
    /// TLS profiles and the bound on accepted links. Each link costs a thread,
    /// and another from the first write that the system does not take at once.
    pub host: HostConfig,
    /// How many events may wait before the machine stands still. Default 4096, at least 1.
    pub events_at_most: usize,
    /// How many commands may be unended; more are refused for `Limit`. Default 65 536.
    pub commands_at_most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: HostConfig {
                accepted_at_most: 256,
                ..HostConfig::default()
            },
            events_at_most: 4096,
            commands_at_most: 65_536,
        }
    }
}

/// The thread of a machine; joining it waits for the end and gives the machine back.
pub type Task<M> = std::thread::JoinHandle<M>;

/// Runs `machine` on a thread of its own until [`Handle::shut_down`] or until the last handle
/// is dropped.
///
/// # Errors
///
/// The system has no thread left.
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
    let (handle, events, run) = run(host, &options);
    let task = std::thread::Builder::new()
        .name("finewire machine".into())
        .spawn(run)?;
    Ok((handle, events, task))
}

/// As [`spawn`], on a thread that the caller brings: the closure runs until the end and gives
/// the machine back. The machine begins when it is called; when it is dropped, the machine never does.
pub fn run<M>(
    host: Host<M>,
    options: &Options,
) -> (Handle<M>, Received<M::Event>, impl FnOnce() -> M + use<M>)
where
    M: Machine + Send + 'static,
    M::Command: Send + 'static,
    M::Event: Send + 'static,
{
    let shared = Arc::new(Shared::new());
    let to_tell = shared.clone();
    let (giver, events) = queue(options.events_at_most, move || {
        // A machine that has stopped waits for no room.
        let _ = to_tell.post(Mail::Room);
    });
    shared.begin(Engine::new(host, giver, options.commands_at_most));
    let post = Arc::new(Post {
        served: Box::new(shared.clone()),
    });
    let own = OwnThread(shared);
    (Handle { post }, events, move || own.0.live())
}

/// The machine's own thread, or what is to become one.
struct OwnThread<M: Machine>(Arc<Shared<M>>);

impl<M: Machine> Drop for OwnThread<M> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
