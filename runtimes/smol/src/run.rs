//! How a machine is set running.

use crate::handle::{Channels, Handle};
use crate::sockets::AsyncIo;
use core::future::{Future, poll_fn};
use finewire_core::machine::Machine;
use finewire_host::Host;
use finewire_host::task::{
    COMMANDS_QUEUED, CONTROLS_QUEUED, Engine, Events, MOST_TRACES, Options, events,
};
use smol::channel::bounded;
use std::time::Instant;

/// The task of a machine; gives the machine back at the end.
///
/// As every task of smol it is cancelled when it is dropped, which drops all sockets and ends
/// every command; `detach()` lets it live until [`Handle::shut_down`].
pub type Task<M> = smol::Task<M>;

/// Runs `machine` on a task of smol's global executor until [`Handle::shut_down`] or until the
/// last handle or the task is dropped.
pub fn spawn<M>(machine: M, options: Options) -> (Handle<M>, Events<M::Event>, Task<M>)
where
    M: Machine + Send + 'static,
    M::Command: Send + 'static,
    M::Event: Send + 'static,
{
    let host = Host::new(machine, options.host.clone(), Instant::now());
    let (handle, events, run) = run(host, &options);
    (handle, events, smol::spawn(run))
}

/// As [`spawn`], but the caller polls the future, on whatever executor: sockets and timers are
/// driven by async-io's own thread. It gives the machine back at the end; dropping it drops all
/// sockets and ends every command.
pub fn run<M: Machine>(
    host: Host<M>,
    options: &Options,
) -> (
    Handle<M>,
    Events<M::Event>,
    impl Future<Output = M> + use<M>,
) {
    let (command_sender, commands) = bounded(COMMANDS_QUEUED);
    let (control_sender, control) = bounded(CONTROLS_QUEUED);
    let (mut trace_sender, traces) =
        async_broadcast::broadcast(options.traces_at_most.clamp(1, MOST_TRACES));
    trace_sender.set_overflow(true);
    let (running, stopped) = bounded::<()>(1);
    let (event_sender, events) = events(options.events_at_most);
    let handle = Handle {
        commands: command_sender,
        control: control_sender,
        traces: traces.deactivate(),
        stopped,
    };
    let desk = Channels {
        commands: Box::pin(commands),
        control: Box::pin(control),
        traces: trace_sender,
    };
    let mut engine =
        Engine::<M, AsyncIo, Channels<M>>::new(host, desk, event_sender, options.commands_at_most);
    let future = async move {
        let _running = running;
        poll_fn(|cx| engine.poll(cx)).await;
        engine.into_machine()
    };
    (handle, events, future)
}
