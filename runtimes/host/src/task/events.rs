//! What the machine tells its owner: a bounded queue that holds the machine back when full.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use futures_core::Stream;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The events of a machine, in order; a [`Stream`] that ends with its task.
///
/// While `events_at_most` of them wait to be taken, the machine stands still: nothing is read,
/// no command is begun. Dropping this receiver means that nobody cares: events are discarded
/// from then on.
#[derive(Debug)]
pub struct Events<E> {
    queue: Arc<Mutex<Queue<E>>>,
}

/// The machine's side of its [`Events`].
#[derive(Debug)]
pub struct EventSender<E> {
    queue: Arc<Mutex<Queue<E>>>,
    at_most: usize,
}

#[derive(Debug)]
struct Queue<E> {
    events: VecDeque<E>,
    taker: Option<Waker>,
    giver: Option<Waker>,
    is_taken: bool,
    is_over: bool,
}

/// A queue of which `at_most` events (at least 1) may wait before the machine stands still.
#[must_use]
pub fn events<E>(at_most: usize) -> (EventSender<E>, Events<E>) {
    let queue = Arc::new(Mutex::new(Queue {
        events: VecDeque::new(),
        taker: None,
        giver: None,
        is_taken: true,
        is_over: false,
    }));
    let sender = EventSender {
        queue: queue.clone(),
        at_most: at_most.max(1),
    };
    (sender, Events { queue })
}

fn lock<E>(queue: &Mutex<Queue<E>>) -> MutexGuard<'_, Queue<E>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<E> Events<E> {
    /// The next event; `None` when the task has ended and all were taken. Cancel-safe.
    pub async fn next(&mut self) -> Option<E> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<E> {
        let mut queue = lock(&self.queue);
        let event = queue.events.pop_front();
        let giver = queue.giver.take();
        drop(queue);
        wake(giver);
        event
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<E>> {
        if let Some(event) = self.try_next() {
            return Poll::Ready(Some(event));
        }
        let mut queue = lock(&self.queue);
        if let Some(event) = queue.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if queue.is_over {
            return Poll::Ready(None);
        }
        queue.taker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<E> Stream for Events<E> {
    type Item = E;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        self.get_mut().poll(cx)
    }
}

impl<E> Drop for Events<E> {
    fn drop(&mut self) {
        let mut queue = lock(&self.queue);
        queue.is_taken = false;
        let events = core::mem::take(&mut queue.events);
        let giver = queue.giver.take();
        drop(queue);
        drop(events);
        wake(giver);
    }
}

impl<E> EventSender<E> {
    /// Adds an event, whatever is queued: one input may yield several.
    pub(crate) fn send(&self, event: E) {
        let mut queue = lock(&self.queue);
        if queue.is_taken {
            queue.events.push_back(event);
            let taker = queue.taker.take();
            drop(queue);
            wake(taker);
        }
    }

    /// Whether the machine may go on; the task is woken when it may again.
    pub(crate) fn has_room(&self, cx: &Context<'_>) -> bool {
        let mut queue = lock(&self.queue);
        if queue.events.len() < self.at_most {
            return true;
        }
        queue.giver = Some(cx.waker().clone());
        false
    }
}

impl<E> Drop for EventSender<E> {
    fn drop(&mut self) {
        let mut queue = lock(&self.queue);
        queue.is_over = true;
        let taker = queue.taker.take();
        drop(queue);
        wake(taker);
    }
}
