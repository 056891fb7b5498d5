//! Requests that wait for their answers.

use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::command::{SharedMessage, Text};

use super::outcome::NotDone;

/// The requests of one requester, by correlation number; each waiting future holds its entry.
#[derive(Debug, Default)]
pub(super) struct Replies {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: BTreeMap<u64, Reply>,
    over: Option<NotDone>,
}

#[derive(Debug, Default)]
struct Reply {
    answer: Option<Result<SharedMessage, NotDone>>,
    waiter: Option<Waker>,
}

impl Replies {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for an answer; its number, or why there will be none.
    pub(super) fn expect(&self) -> Result<u64, NotDone> {
        let mut state = self.lock();
        if let Some(over) = &state.over {
            return Err(over.clone());
        }
        let number = state.next;
        state.next += 1;
        state.open.insert(number, Reply::default());
        Ok(number)
    }

    pub(super) fn forget(&self, number: u64) {
        self.lock().open.remove(&number);
    }

    /// Something came to the temporary queue. An answer that nobody waits for any more is dropped.
    pub(super) fn came(&self, message: &SharedMessage) {
        let number = message.correlation_id.as_ref().map(Text::to_str);
        let Some(number) = number.and_then(|text| text.parse::<u64>().ok()) else {
            return;
        };
        let mut state = self.lock();
        let Some(reply) = state.open.get_mut(&number) else {
            return;
        };
        reply.answer.get_or_insert(Ok(message.clone()));
        let waiter = reply.waiter.take();
        drop(state);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// No answer to what is open will come; `over`: nor to anything else.
    pub(super) fn fail(&self, why: &NotDone, over: bool) {
        let mut state = self.lock();
        if over {
            state.over = Some(why.clone());
        }
        let mut waiters = Vec::new();
        for reply in state.open.values_mut() {
            reply.answer.get_or_insert_with(|| Err(why.clone()));
            waiters.extend(reply.waiter.take());
        }
        drop(state);
        for waiter in waiters {
            waiter.wake();
        }
    }

    pub(super) fn poll(
        &self,
        number: u64,
        cx: &Context<'_>,
    ) -> Poll<Result<SharedMessage, NotDone>> {
        let mut state = self.lock();
        let Some(reply) = state.open.get_mut(&number) else {
            return Poll::Pending;
        };
        match reply.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                reply.waiter = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
