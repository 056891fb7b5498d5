//! What the machine tells its owner: a bounded queue that holds the machine back when full.

use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
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
    queue: Arc<Queue<E>>,
}

/// The machine's side of its [`Events`].
#[derive(Debug)]
pub struct EventSender<E> {
    queue: Arc<Queue<E>>,
    at_most: usize,
}

#[derive(Debug)]
struct Queue<E> {
    /// How many wait, to be asked without the lock: it grows by the sender's hand alone.
    waiting: AtomicUsize,
    state: Mutex<State<E>>,
}

#[derive(Debug)]
struct State<E> {
    events: VecDeque<E>,
    taker: Option<Waker>,
    giver: Option<Waker>,
    is_taken: bool,
    is_over: bool,
}

/// A queue of which `at_most` events (at least 1) may wait before the machine stands still.
#[must_use]
pub fn events<E>(at_most: usize) -> (EventSender<E>, Events<E>) {
    let state = State {
        events: VecDeque::new(),
        taker: None,
        giver: None,
        is_taken: true,
        is_over: false,
    };
    let queue = Arc::new(Queue {
        waiting: AtomicUsize::new(0),
        state: Mutex::new(state),
    });
    let sender = EventSender {
        queue: queue.clone(),
        at_most: at_most.max(1),
    };
    (sender, Events { queue })
}

impl<E> Queue<E> {
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, state: &mut State<E>) -> Option<E> {
        let event = state.events.pop_front();
        self.waiting.store(state.events.len(), Ordering::Release);
        event
    }
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
        let mut state = self.queue.lock();
        let event = self.queue.take(&mut state);
        let giver = state.giver.take();
        drop(state);
        wake(giver);
        event
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Option<E>> {
        let mut state = self.queue.lock();
        let event = self.queue.take(&mut state);
        if event.is_none() && !state.is_over {
            state.taker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let giver = state.giver.take();
        drop(state);
        wake(giver);
        Poll::Ready(event)
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
        let mut state = self.queue.lock();
        state.is_taken = false;
        let events = core::mem::take(&mut state.events);
        self.queue.waiting.store(0, Ordering::Release);
        let giver = state.giver.take();
        drop(state);
        drop(events);
        wake(giver);
    }
}

impl<E> EventSender<E> {
    /// Adds an event, whatever is queued: one input may yield several.
    pub(crate) fn send(&self, event: E) {
        let mut state = self.queue.lock();
        if state.is_taken {
            state.events.push_back(event);
            let waiting = state.events.len();
            self.queue.waiting.store(waiting, Ordering::Release);
            let taker = state.taker.take();
            drop(state);
            wake(taker);
        }
    }

    /// Whether the machine may go on; the task is woken when it may again.
    #[inline]
    pub(crate) fn has_room(&self, cx: &Context<'_>) -> bool {
        self.queue.waiting.load(Ordering::Acquire) < self.at_most || self.has_room_yet(cx)
    }

    fn has_room_yet(&self, cx: &Context<'_>) -> bool {
        let mut state = self.queue.lock();
        if state.events.len() < self.at_most {
            return true;
        }
        state.giver = Some(cx.waker().clone());
        false
    }
}

impl<E> Drop for EventSender<E> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_over = true;
        let taker = state.taker.take();
        drop(state);
        wake(taker);
    }
}
