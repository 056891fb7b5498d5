//! How a machine is set running.

use crate::handle::{Channels, Handle};
use crate::sockets::Tokio;
use core::future::{Future, poll_fn};
use finewire_core::machine::Machine;
use finewire_host::Host;
use finewire_host::task::{
    COMMANDS_QUEUED, CONTROLS_QUEUED, Engine, Events, MOST_TRACES, Options, events,
};
use std::time::Instant;
use tokio::sync::{broadcast, mpsc};

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
    let (trace_sender, _) = broadcast::channel(options.traces_at_most.clamp(1, MOST_TRACES));
    let (event_sender, events) = events(options.events_at_most);
    let handle = Handle {
        commands: command_sender,
        control: control_sender,
        traces: trace_sender.downgrade(),
    };
    let desk = Channels {
        commands,
        control,
        traces: trace_sender,
    };
    let mut engine =
        Engine::<M, Tokio, Channels<M>>::new(host, desk, event_sender, options.commands_at_most)
            .lingering(options.linger);
    let future = async move {
        poll_fn(|cx| engine.poll(cx)).await;
        engine.into_machine()
    };
    (handle, events, future)
}
