//! The adapters on async-io: smol's and async-std's.

use super::{Adapter, Do, GUARD, Probe, Saw};
use core::fmt::Debug;
use core::future::Future;
use core::time::Duration;
use finewire_core::machine::{Outcome, TraceEvent};
use finewire_host::HostConfig;
use finewire_smol::{Events, Handle, Options};
use smol::Timer;
use smol::future::or;
use std::sync::mpsc;

/// An executor whose tasks may use async-io.
pub trait Executor: Debug {
    /// A machine's task.
    type Task: Future<Output = Probe> + Debug;
    /// Sets a probe running.
    fn spawn(options: Options) -> (Handle<Probe>, Events<Saw>, Self::Task);
}

/// smol's global executor.
#[derive(Debug)]
pub struct Smol;

/// async-std's.
#[derive(Debug)]
pub struct AsyncStd;

impl Executor for Smol {
    type Task = finewire_smol::Task<Probe>;

    fn spawn(options: Options) -> (Handle<Probe>, Events<Saw>, Self::Task) {
        finewire_smol::spawn(Probe::default(), options)
    }
}

impl Executor for AsyncStd {
    type Task = finewire_async_std::Task<Probe>;

    fn spawn(options: Options) -> (Handle<Probe>, Events<Saw>, Self::Task) {
        finewire_async_std::spawn(Probe::default(), options)
    }
}

/// The adapter for async-io, on one of its executors.
#[derive(Debug)]
pub struct AsyncIo<E: Executor> {
    handle: Handle<Probe>,
    events: Events<Saw>,
    traces: async_broadcast::Receiver<TraceEvent>,
    task: Option<E::Task>,
}

async fn within<T>(time: Duration, future: impl Future<Output = Option<T>>) -> Option<T> {
    or(future, async {
        Timer::after(time).await;
        None
    })
    .await
}

impl<E: Executor> Adapter for AsyncIo<E> {
    fn start(host: HostConfig, events_at_most: usize) -> Self {
        let (handle, events, task) = E::spawn(Options {
            host,
            events_at_most,
            ..Options::default()
        });
        let traces = handle.traces();
        Self {
            handle,
            events,
            traces,
            task: Some(task),
        }
    }

    fn give(&self, command: Do) -> mpsc::Receiver<Outcome> {
        let (ended, outcome) = mpsc::channel();
        let handle = self.handle.clone();
        smol::spawn(async move {
            // The test waits no longer.
            let _ = ended.send(handle.command(command).await);
        })
        .detach();
        outcome
    }

    fn next(&mut self, time: Duration) -> Option<Saw> {
        smol::block_on(within(time, self.events.next()))
    }

    fn traces(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.traces.try_recv().ok())
            .map(|trace| trace.subject)
            .collect()
    }

    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Probe) -> T + Send + 'static,
    ) -> Option<T> {
        smol::block_on(self.handle.inspect(look))
    }

    fn shut_down(&mut self) {
        let task = self.task.take();
        let handle = &self.handle;
        let stopping = async {
            handle.shut_down().await;
            if let Some(task) = task {
                task.await;
            }
            Some(())
        };
        smol::block_on(within(GUARD, stopping)).expect("shut down in time");
    }
}
