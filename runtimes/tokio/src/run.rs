//! How a machine is set running.

use crate::engine::Engine;
use crate::events::{Events, events};
use crate::handle::Handle;
use core::future::{Future, poll_fn};
use finewire_core::machine::Machine;
use finewire_host::{Host, HostConfig};
use std::io;
use std::time::Instant;
use tokio::sync::{broadcast, mpsc};

/// The bounds of a running machine, and its TLS.
#[derive(Clone, Debug)]
pub struct Options {
    /// TLS profiles and the bound on accepted links.
    pub host: HostConfig,
    /// How many events may wait before the machine stands still. Default 4096, at least 1.
    pub events_at_most: usize,
    /// How many traces a slow receiver can be behind. Default 1024, at least 1.
    pub traces_at_most: usize,
    /// How many commands may be unended; more are refused for `Limit`. Default 65 536.
    pub commands_at_most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: HostConfig::default(),
            events_at_most: 4096,
            traces_at_most: 1024,
            commands_at_most: 65_536,
        }
    }
}

/// The task of a machine; gives the machine back at the end.
pub type Task<M> = tokio::task::JoinHandle<M>;

/// Runs `machine` on a task of its own until [`Handle::shut_down`] or until the last handle is
/// dropped.
///
/// # Panics
///
/// Outside a tokio runtime, or in one without IO and time.
pub fn spawn<M>(machine: M, options: Options) -> (Handle<M>, Events<M::Event>, Task<M>)
where
    M: Machine + Send + 'static,
    M::Command: Send + 'static,
    M::Event: Send + 'static,
{
    let host = Host::new(machine, options.host.clone(), Instant::now());
    let (handle, events, run) = run(host, &options);
    (handle, events, tokio::spawn(run))
}

/// As [`spawn`], but the caller polls the future: on a `LocalSet`, in a `select!`, or on an
/// executor of its own inside a tokio runtime's context. It gives the machine back at the end;
/// dropping it drops all sockets and ends every command.
pub fn run<M: Machine>(
    host: Host<M>,
    options: &Options,
) -> (
    Handle<M>,
    Events<M::Event>,
    impl Future<Output = M> + use<M>,
) {
    let (command_sender, commands) = mpsc::channel(COMMANDS_QUEUED);
    let (control_sender, control) = mpsc::channel(CONTROLS_QUEUED);
    let (trace_sender, _) = broadcast::channel(options.traces_at_most.max(1));
    let (event_sender, events) = events(options.events_at_most);
    let handle = Handle {
        commands: command_sender,
        control: control_sender,
        traces: trace_sender.downgrade(),
    };
    let mut engine = Engine::new(
        host,
        commands,
        control,
        event_sender,
        trace_sender,
        options.commands_at_most,
    );
    let future = async move {
        poll_fn(|cx| engine.poll(cx)).await;
        engine.host.into_machine()
    };
    (handle, events, future)
}

/// Commands given and not yet taken; who gives more waits.
const COMMANDS_QUEUED: usize = 256;
/// Looks and shut-downs asked for and not yet served; who asks for more waits.
const CONTROLS_QUEUED: usize = 16;

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
