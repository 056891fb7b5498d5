//! What a machine tells its owner: bounded queues between threads.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Takes what a machine says, in order: its events, or its traces. The iterator blocks, and
/// ends with the machine.
///
/// While `events_at_most` events wait to be taken, the machine stands still. Traces are never
/// waited for: the oldest are lost. Dropping the receiver means that nobody cares any more.
pub struct Received<T> {
    queue: Arc<Queue<T>>,
}

/// Nothing was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// Not in this time.
    Yet,
    /// The machine has stopped and everything was taken.
    Ever,
}

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yet => "nothing came in time",
            Self::Ever => "the machine has stopped",
        })
    }
}

impl core::error::Error for Nothing {}

/// The giving side.
pub(crate) struct Giver<T> {
    queue: Arc<Queue<T>>,
    at_most: usize,
}

struct Queue<T> {
    /// How many wait, to be asked without the lock: it grows by the giver's hand alone.
    waiting: AtomicUsize,
    state: Mutex<State<T>>,
    came: Condvar,
    /// Tells the machine's thread that there is room again.
    on_room: Box<dyn Fn() + Send + Sync>,
}

struct State<T> {
    waiting: VecDeque<T>,
    missed: u64,
    is_wanted: bool,
    is_over: bool,
    is_room_awaited: bool,
}

pub(crate) fn queue<T>(
    at_most: usize,
    on_room: impl Fn() + Send + Sync + 'static,
) -> (Giver<T>, Received<T>) {
    let queue = Arc::new(Queue {
        waiting: AtomicUsize::new(0),
        state: Mutex::new(State {
            waiting: VecDeque::new(),
            missed: 0,
            is_wanted: true,
            is_over: false,
            is_room_awaited: false,
        }),
        came: Condvar::new(),
        on_room: Box::new(on_room),
    });
    let giver = Giver {
        queue: queue.clone(),
        at_most: at_most.max(1),
    };
    (giver, Received { queue })
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, state: &State<T>) {
        self.waiting.store(state.waiting.len(), Ordering::Release);
    }
}

impl<T> Received<T> {
    /// The next one, waiting for it this long.
    ///
    /// # Errors
    ///
    /// [`Nothing::Yet`] when the time is over, [`Nothing::Ever`] when the machine has stopped.
    pub fn next_within(&mut self, within: Duration) -> Result<T, Nothing> {
        self.take(Instant::now().checked_add(within))
    }

    /// How many traces were lost because they were not taken in time; always 0 for events.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.queue.lock().missed
    }

    fn take(&mut self, deadline: Option<Instant>) -> Result<T, Nothing> {
        let mut state = self.queue.lock();
        loop {
            if let Some(next) = state.waiting.pop_front() {
                self.queue.count(&state);
                let tell = core::mem::take(&mut state.is_room_awaited);
                drop(state);
                if tell {
                    (self.queue.on_room)();
                }
                return Ok(next);
            }
            if state.is_over {
                return Err(Nothing::Ever);
            }
            let came = &self.queue.came;
            state = match deadline {
                None => came.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Nothing::Yet);
                    }
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
        self.take(None).ok()
    }
}

impl<T> Drop for Received<T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_wanted = false;
        let waiting = core::mem::take(&mut state.waiting);
        self.queue.count(&state);
        drop(state);
        drop(waiting);
        (self.queue.on_room)();
    }
}

impl<T> fmt::Debug for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.queue.lock();
        f.debug_struct("Received")
            .field("waiting", &state.waiting.len())
            .field("missed", &state.missed)
            .finish_non_exhaustive()
    }
}

impl<T> Giver<T> {
    /// Adds one, whatever is waiting: one input may yield several events.
    pub(crate) fn give(&self, next: T) {
        let mut state = self.queue.lock();
        if state.is_wanted {
            state.waiting.push_back(next);
            self.queue.count(&state);
            self.queue.came.notify_one();
        }
    }

    /// Adds one and drops the oldest when there are too many; whether anybody cares.
    pub(crate) fn give_or_drop_oldest(&self, next: T) -> bool {
        let mut state = self.queue.lock();
        if state.is_wanted {
            if state.waiting.len() >= self.at_most {
                state.waiting.pop_front();
                state.missed += 1;
            }
            state.waiting.push_back(next);
            self.queue.came.notify_one();
        }
        state.is_wanted
    }

    /// Whether the machine may go on; if not, `on_room` is called once it may.
    pub(crate) fn has_room(&self) -> bool {
        if self.queue.waiting.load(Ordering::Acquire) < self.at_most {
            return true;
        }
        let mut state = self.queue.lock();
        state.is_room_awaited = state.waiting.len() >= self.at_most;
        !state.is_room_awaited
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.came.notify_all();
    }
}
