//! How long a call may take, and how a thread waits for it.

use crate::Handle;
use core::cell::Cell;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use finewire_core::machine::{Outcome, Reason, Why};
use finewire_openwire::handle::{Desk, DeskCommand, NotDone, Orders};
use std::sync::Arc;
use std::task::Wake;
use std::thread::Thread;
use std::time::Instant;

/// The way to the machine, and how long a call may take.
#[derive(Clone, Debug)]
pub struct Patient {
    handle: Handle<Desk>,
    within: Duration,
}

impl Patient {
    pub(super) const fn new(handle: Handle<Desk>, within: Duration) -> Self {
        Self { handle, within }
    }

    pub(super) const fn handle(&self) -> &Handle<Desk> {
        &self.handle
    }

    pub(super) const fn within(&self) -> Duration {
        self.within
    }
}

thread_local! {
    /// When the call that this thread is in has to end.
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Orders for Patient {
    fn order(&self, command: DeskCommand) -> impl Future<Output = Outcome> + Send {
        // The whole future is polled on the caller's own thread, which may block.
        let left = UNTIL
            .get()
            .map(|until| until.saturating_duration_since(Instant::now()));
        let within = left.map_or(self.within, |left| left.min(self.within));
        core::future::ready(self.handle.command(command, within))
    }

    fn try_order(&self, command: DeskCommand) {
        self.handle.give(command);
    }
}

/// Lets a future be polled by this thread, for so long; `None`: the time is over.
pub(super) fn wait<F: Future>(future: F, within: Option<Duration>) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = Context::from_waker(&waker);
    let until = within.and_then(|within| Instant::now().checked_add(within));
    let mut future: Pin<&mut F> = pin!(future);
    loop {
        let before = UNTIL.replace(until);
        let polled = future.as_mut().poll(&mut cx);
        UNTIL.set(before);
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        match until {
            None => std::thread::park(),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                std::thread::park_timeout(left);
            }
        }
    }
}

/// Waits for a call that ends by itself.
pub(super) fn call<T>(future: impl Future<Output = T>) -> T {
    match wait(future, None) {
        Some(output) => output,
        None => unreachable!("without a limit the time is never over"),
    }
}

pub(super) fn late(what: &'static str) -> NotDone {
    NotDone {
        without_effect: false,
        why: Why::new(Reason::TimedOut, what),
    }
}
