//! The example adapter on mio.

use super::{Adapter, Do, GUARD, Probe, Saw};
use core::time::Duration;
use finewire_core::machine::{Outcome, TraceEvent};
use finewire_host::HostConfig;
use finewire_mio_example::{Handle, Options, Received, Task, spawn};
use std::sync::mpsc;

/// The adapter that was written from the page alone.
#[derive(Debug)]
pub struct Mio {
    handle: Handle<Probe>,
    events: Received<Saw>,
    traces: Received<TraceEvent>,
    task: Option<Task<Probe>>,
}

impl Adapter for Mio {
    fn start(host: HostConfig, events_at_most: usize) -> Self {
        let options = Options {
            host,
            events_at_most,
            ..Options::default()
        };
        let (handle, events, task) = spawn(Probe::default(), options).expect("a thread");
        let traces = handle.traces(1024);
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
        std::thread::spawn(move || {
            // The test waits no longer.
            let _ = ended.send(handle.command(command, GUARD));
        });
        outcome
    }

    fn next(&mut self, within: Duration) -> Option<Saw> {
        self.events.next_within(within)
    }

    fn traces(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.traces.next_within(Duration::ZERO))
            .map(|trace| trace.subject)
            .collect()
    }

    fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Probe) -> T + Send + 'static,
    ) -> Option<T> {
        self.handle.inspect(look, GUARD)
    }

    fn shut_down(&mut self) {
        self.handle.shut_down();
        if let Some(task) = self.task.take() {
            let ended = task.join().expect("the machine's thread did not panic");
            ended.expect("mio did not fail");
        }
    }
}
