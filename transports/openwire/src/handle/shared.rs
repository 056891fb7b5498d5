//! What handles and machine have in common.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::{ClientCommand, ConsumerHandle, DeliveryToken};
use crate::command::Destination;

use super::outcome::NotDone;

/// Made by [`Desk::new`](super::Desk::new) for the machine and its handles.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Commands whose end nobody waits for: acknowledgements and the closing of what was dropped. The
    /// prefetch of the consumers and the number of things that can be dropped bound them.
    errands: Mutex<Vec<Errand>>,
    /// Whether there are any: the machine looks at nothing else when there are none.
    waiting: AtomicBool,
    status: Mutex<Status>,
    numbers: AtomicU32,
}

#[derive(Debug, Default)]
struct Status {
    connected: bool,
    over: Option<NotDone>,
    waiters: Vec<Waker>,
}

/// What a handle leaves for the machine.
#[derive(Debug)]
pub(super) enum Errand {
    /// A command whose end nobody waits for.
    Command(Box<ClientCommand>),
    /// The most frequent of them.
    Acknowledge(DeliveryToken),
    /// Look soon at what this consumer owes.
    Collect(ConsumerHandle),
}

/// A place for the name of a temporary destination.
pub(super) type Slot = Arc<Mutex<Option<Destination>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A number that no consumer, producer or session of this connection has. 0 is never given.
    pub(super) fn number(&self) -> u32 {
        self.inner.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Leaves an errand; whether the machine must be nudged to see it.
    pub(super) fn leave(&self, errand: Errand) -> bool {
        lock(&self.inner.errands).push(errand);
        !self.inner.waiting.swap(true, Ordering::AcqRel)
    }

    /// Takes all errands.
    pub(super) fn take_errands(&self) -> Vec<Errand> {
        if !self.inner.waiting.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        core::mem::take(&mut *lock(&self.inner.errands))
    }

    pub(super) fn set_connected(&self, connected: bool) {
        let mut status = lock(&self.inner.status);
        status.connected = connected;
        if connected {
            status.over = None;
        }
        Self::wake(status);
    }

    pub(super) fn set_over(&self, why: NotDone) {
        let mut status = lock(&self.inner.status);
        status.connected = false;
        status.over = Some(why);
        Self::wake(status);
    }

    fn wake(mut status: MutexGuard<'_, Status>) {
        let waiters = core::mem::take(&mut status.waiters);
        drop(status);
        for waiter in waiters {
            waiter.wake();
        }
    }

    /// Why there will be no connection any more.
    pub(super) fn over(&self) -> Option<NotDone> {
        lock(&self.inner.status).over.clone()
    }

    pub(super) fn is_connected(&self) -> bool {
        lock(&self.inner.status).connected
    }

    /// Whether a broker has let us in, or none ever will.
    pub(super) fn poll_connected(&self, cx: &Context<'_>) -> Poll<Result<(), NotDone>> {
        let mut status = lock(&self.inner.status);
        if status.connected {
            return Poll::Ready(Ok(()));
        }
        if let Some(over) = &status.over {
            return Poll::Ready(Err(over.clone()));
        }
        if !status.waiters.iter().any(|it| it.will_wake(cx.waker())) {
            status.waiters.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

pub(super) fn fill(slot: &Slot, destination: Destination) {
    *lock(slot) = Some(destination);
}

pub(super) fn take(slot: &Slot) -> Option<Destination> {
    lock(slot).take()
}
