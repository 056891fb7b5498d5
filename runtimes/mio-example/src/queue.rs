//! What a machine tells its owner: bounded queues between threads.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Takes what a machine says, in order: its events, or its traces. As an iterator it waits for each without limit,
/// and ends with the machine.
///
/// Events that lie untaken hold the machine back; traces do not, the oldest are lost. Dropping the receiver means that
/// nobody cares any more.
pub struct Received<T> {
    queue: Arc<Queue<T>>,
}

/// The giving side; dropping it is the end of the queue.
pub(crate) struct Giver<T> {
    queue: Arc<Queue<T>>,
    at_most: usize,
}

struct Queue<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    /// Wakes the machine's thread, for there is room again.
    on_room: Box<dyn Fn() + Send + Sync>,
}

struct State<T> {
    lying: VecDeque<T>,
    missed: u64,
    is_wanted: bool,
    is_over: bool,
    is_room_awaited: bool,
}

pub(crate) fn queue<T>(
    at_most: usize,
    on_room: impl Fn() + Send + Sync + 'static,
) -> (Giver<T>, Received<T>) {
    let state = State {
        lying: VecDeque::new(),
        missed: 0,
        is_wanted: true,
        is_over: false,
        is_room_awaited: false,
    };
    let queue = Arc::new(Queue {
        state: Mutex::new(state),
        came: Condvar::new(),
        on_room: Box::new(on_room),
    });
    let at_most = at_most.max(1);
    let giver = Giver {
        queue: queue.clone(),
        at_most,
    };
    (giver, Received { queue })
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Received<T> {
    /// The next one, waiting for it this long; `None`: none came in time, or the machine has stopped.
    pub fn next_within(&mut self, within: Duration) -> Option<T> {
        self.take(Instant::now().checked_add(within))
    }

    /// How many were lost because they were not taken in time; always 0 for events.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.queue.lock().missed
    }

    fn take(&mut self, until: Option<Instant>) -> Option<T> {
        let mut state = self.queue.lock();
        loop {
            if let Some(next) = state.lying.pop_front() {
                let is_room_awaited = core::mem::take(&mut state.is_room_awaited);
                drop(state);
                if is_room_awaited {
                    (self.queue.on_room)();
                }
                return Some(next);
            }
            if state.is_over {
                return None;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let came = &self.queue.came;
            state = match left {
                None => came.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    let waited = came.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl<T> Iterator for Received<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.take(None)
    }
}

impl<T> Drop for Received<T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_wanted = false;
        let lying = core::mem::take(&mut state.lying);
        drop(state);
        drop(lying);
        (self.queue.on_room)();
    }
}

impl<T> fmt::Debug for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.queue.lock();
        f.debug_struct("Received")
            .field("lying", &state.lying.len())
            .field("missed", &state.missed)
            .finish_non_exhaustive()
    }
}

impl<T> Giver<T> {
    /// Adds one, however many lie: one input may yield several events.
    pub(crate) fn give(&self, next: T) {
        let mut state = self.queue.lock();
        if state.is_wanted {
            state.lying.push_back(next);
            self.queue.came.notify_one();
        }
    }

    /// Adds one and loses the oldest when there are too many; whether anybody cares.
    pub(crate) fn give_or_lose_oldest(&self, next: T) -> bool {
        let mut state = self.queue.lock();
        if state.is_wanted {
            if state.lying.len() >= self.at_most {
                state.lying.pop_front();
                state.missed += 1;
            }
            state.lying.push_back(next);
            self.queue.came.notify_one();
        }
        state.is_wanted
    }

    /// Whether the machine may go on; if not, its thread is woken once it may.
    pub(crate) fn has_room(&self) -> bool {
        let mut state = self.queue.lock();
        state.is_room_awaited = state.lying.len() >= self.at_most;
        !state.is_room_awaited
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.came.notify_all();
    }
}
