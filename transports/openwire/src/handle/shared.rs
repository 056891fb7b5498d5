//! What handles and machine have in common.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, BTreeSet};
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
    /// The numbers of what is asked to be opened, until the machine opens it.
    asked: Mutex<BTreeSet<u32>>,
}

#[derive(Debug, Default)]
struct Status {
    connected: bool,
    over: Option<NotDone>,
    waiters: BTreeMap<u64, Waker>,
    next_waiter: u64,
}

/// Waits until a broker has let us in; when it is dropped, nobody is woken.
#[derive(Debug)]
pub(super) struct Waiting {
    shared: Shared,
    number: Option<u64>,
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
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<Name>>);

#[derive(Debug, Default)]
enum Name {
    #[default]
    Awaited,
    Known(Destination),
    Unwanted,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A number that no consumer, producer or session of this connection has. 0 is never given.
    pub(super) fn number(&self) -> u32 {
        self.inner.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What has this number will be asked to be opened.
    pub(super) fn ask(&self, number: u32) {
        lock(&self.inner.asked).insert(number);
    }

    /// The machine is about to open what has this number; whether somebody still wants it.
    pub(super) fn is_asked(&self, number: u32) -> bool {
        lock(&self.inner.asked).remove(&number)
    }

    /// Nobody wants what has this number any more; whether the machine must be told to close it. If not, it
    /// will not be opened.
    pub(super) fn must_close(&self, number: u32) -> bool {
        !lock(&self.inner.asked).remove(&number)
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
        for waiter in waiters.into_values() {
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

    /// Waits for a broker that lets us in, or for the certainty that none ever will.
    pub(super) fn wait(&self) -> Waiting {
        Waiting {
            shared: self.clone(),
            number: None,
        }
    }
}

impl Waiting {
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<(), NotDone>> {
        let mut status = lock(&self.shared.inner.status);
        if status.connected {
            return Poll::Ready(Ok(()));
        }
        if let Some(over) = &status.over {
            return Poll::Ready(Err(over.clone()));
        }
        let number = *self.number.get_or_insert_with(|| {
            status.next_waiter += 1;
            status.next_waiter
        });
        let before = status.waiters.insert(number, cx.waker().clone());
        drop(status);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waiter = lock(&self.shared.inner.status).waiters.remove(&number);
            drop(waiter);
        }
    }
}

impl Slot {
    /// Puts the name in; gives it back if nobody wants it any more.
    pub(super) fn fill(&self, destination: Destination) -> Option<Destination> {
        let mut name = lock(&self.0);
        if matches!(*name, Name::Unwanted) {
            return Some(destination);
        }
        *name = Name::Known(destination);
        None
    }

    /// Takes the name out, if it is there; from then on nobody wants it.
    pub(super) fn take(&self) -> Option<Destination> {
        match core::mem::replace(&mut *lock(&self.0), Name::Unwanted) {
            Name::Known(destination) => Some(destination),
            Name::Awaited | Name::Unwanted => None,
        }
    }
}
