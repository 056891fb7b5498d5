//! What was delivered to a consumer and not yet taken by it.

use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::{Delivered, DeliveryToken, SessionHandle};

use super::outcome::NotDone;

/// Between the machine, which puts in, and one consumer, which takes out. The broker's prefetch bounds it,
/// for a delivery is acknowledged after it was taken and never before.
#[derive(Debug)]
pub(super) struct Mailbox {
    session: SessionHandle,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Delivered>,
    taker: Option<Waker>,
    end: Option<End>,
    /// The last delivery that its consumer is done with and nobody has acknowledged.
    owed: Option<DeliveryToken>,
    /// Whether the machine will look at that.
    is_watched: bool,
}

/// Why nothing more comes.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Everything was seen, or the owner closed it.
    Complete,
    /// The broker, or the end of the connection, took the consumer away.
    Lost(NotDone),
}

impl Mailbox {
    /// An empty one for a consumer of this session.
    pub(super) fn of(session: SessionHandle) -> Self {
        Self {
            session,
            state: Mutex::default(),
        }
    }

    pub(super) const fn session(&self) -> SessionHandle {
        self.session
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, delivered: Delivered) {
        let mut state = self.lock();
        state.waiting.push_back(delivered);
        Self::wake(state);
    }

    /// Puts deliveries before all others, in their order.
    pub(super) fn put_first(&self, again: impl DoubleEndedIterator<Item = Delivered>) {
        let mut state = self.lock();
        for delivered in again.rev() {
            state.waiting.push_front(delivered);
        }
        Self::wake(state);
    }

    /// The link was lost, or the session is over: what nobody took comes again, or to others.
    pub(super) fn clear(&self) {
        let dropped = core::mem::take(&mut self.lock().waiting);
        drop(dropped);
    }

    pub(super) fn end(&self, end: End) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        Self::wake(state);
    }

    fn wake(mut state: MutexGuard<'_, State>) {
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    /// Notes what is to be acknowledged soon; whether the machine must be told to look.
    pub(super) fn owe(&self, token: DeliveryToken) -> bool {
        let mut state = self.lock();
        state.owed = Some(token);
        !core::mem::replace(&mut state.is_watched, true)
    }

    /// What is to be acknowledged now; nobody watches any more.
    pub(super) fn collect(&self) -> Option<DeliveryToken> {
        let mut state = self.lock();
        state.is_watched = false;
        state.owed.take()
    }

    /// Forgets what was to be acknowledged: something later is.
    pub(super) fn settled(&self) -> Option<DeliveryToken> {
        self.lock().owed.take()
    }

    /// A delivery is not to be acknowledged.
    pub(super) fn is_rejected(&self, token: DeliveryToken) {
        let mut state = self.lock();
        if state.owed == Some(token) {
            state.owed = None;
        }
    }

    /// Takes the next one, if it is there.
    pub(super) fn try_take(&self) -> Option<Delivered> {
        self.lock().waiting.pop_front()
    }

    /// Takes up to `most` at once; how many.
    pub(super) fn try_take_many(&self, most: usize, into: &mut Vec<Delivered>) -> usize {
        let mut state = self.lock();
        let count = state.waiting.len().min(most);
        into.extend(state.waiting.drain(..count));
        count
    }

    /// Waits for one; the error says why there is none and none will be.
    pub(super) fn poll_take(&self, cx: &Context<'_>) -> Poll<Result<Delivered, End>> {
        let mut state = self.lock();
        if let Some(delivered) = state.waiting.pop_front() {
            return Poll::Ready(Ok(delivered));
        }
        if let Some(end) = &state.end {
            return Poll::Ready(Err(end.clone()));
        }
        match &mut state.taker {
            Some(taker) => taker.clone_from(cx.waker()),
            None => state.taker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
