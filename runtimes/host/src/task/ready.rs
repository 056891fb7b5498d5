//! Which sockets of the one task are to be looked at.

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use finewire_core::machine::{LinkId, ListenerId};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

/// What a waker of the task is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Token {
    Link(LinkId),
    Listener(ListenerId),
}

/// The sockets that were woken since they were last looked at. Each of thousands of links has
/// a waker of its own, so that a turn of the task costs as much as there are ready links.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// Whether `woken` has sockets, to be asked without its lock.
    is_any: AtomicBool,
    woken: Mutex<Woken>,
}

#[derive(Debug, Default)]
struct Woken {
    sockets: Vec<Arc<SocketWaker>>,
    task: Option<Waker>,
}

/// Wakes one socket.
#[derive(Debug)]
pub(super) struct SocketWaker {
    token: Token,
    is_queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Ready {
    /// Names the task to be woken.
    pub(super) fn set_task(&self, task: Waker) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let before = woken.task.replace(task);
        drop(woken);
        drop(before);
    }

    fn wake_task(&self) {
        let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let task = woken.task.clone();
        drop(woken);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Moves the tokens of the woken sockets into `tokens`.
    #[inline]
    pub(super) fn take(&self, tokens: &mut VecDeque<Token>) {
        if self.is_any.load(Ordering::Acquire) {
            self.take_woken(tokens);
        }
    }

    fn take_woken(&self, tokens: &mut VecDeque<Token>) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_any.store(false, Ordering::Relaxed);
        for socket in woken.sockets.drain(..) {
            socket.is_queued.store(false, Ordering::Release);
            tokens.push_back(socket.token);
        }
    }
}

/// Wakes the task for its desk: commands and wishes are looked for only where one may have come.
#[derive(Debug)]
pub(super) struct DeskWaker {
    is_due: AtomicBool,
    ready: Arc<Ready>,
}

impl DeskWaker {
    /// Due from the start: nobody has looked yet.
    pub(super) fn new(ready: Arc<Ready>) -> Arc<Self> {
        Arc::new(Self {
            is_due: AtomicBool::new(true),
            ready,
        })
    }

    /// Whether it was woken since it was last asked.
    pub(super) fn take(&self) -> bool {
        self.is_due.load(Ordering::Relaxed) && self.is_due.swap(false, Ordering::AcqRel)
    }
}

impl Wake for DeskWaker {
    fn wake(self: Arc<Self>) {
        self.is_due.store(true, Ordering::Release);
        self.ready.wake_task();
    }
}

impl SocketWaker {
    pub(super) fn new(token: Token, ready: Arc<Ready>) -> Arc<Self> {
        Arc::new(Self {
            token,
            is_queued: AtomicBool::new(false),
            ready,
        })
    }
}

impl Wake for SocketWaker {
    fn wake(self: Arc<Self>) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let ready = self.ready.clone();
        let task = {
            let mut woken = ready.woken.lock().unwrap_or_else(PoisonError::into_inner);
            woken.sockets.push(self);
            ready.is_any.store(true, Ordering::Release);
            woken.task.clone()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}
