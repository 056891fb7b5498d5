//! What the owner of a running machine holds.

use crate::post::{Note, Order, Post};
use crate::queue::{Received, queue};
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{Machine, Outcome, Reason, TraceEvent};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

/// Talks to a running machine; clones talk to the same one. When the last clone is dropped, the machine shuts down.
pub struct Handle<M: Machine> {
    pub(crate) post: Arc<Post<M>>,
}

impl<M: Machine> Handle<M> {
    /// Gives the machine a command and waits for its one end, this long.
    ///
    /// When the time is over, the outcome is `Failed` for [`Reason::TimedOut`]; the command goes on. When the machine
    /// stops first, it is `Failed` or `Refused` for [`Reason::ShuttingDown`].
    pub fn command(&self, command: M::Command, within: Duration) -> Outcome {
        let (ended, outcome) = sync_channel(1);
        if let Err(refused) = self.post.order(Order { command, ended }) {
            return refused;
        }
        match outcome.recv_timeout(within) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Outcome::failed(
                Reason::TimedOut,
                "the command did not end in time and goes on",
            ),
            Err(RecvTimeoutError::Disconnected) => Outcome::failed(
                Reason::ShuttingDown,
                "the machine stopped before the command ended",
            ),
        }
    }

    /// Looks at the machine between two inputs, on its thread; waits for it this long. `None` when it has stopped or
    /// did not come to it in time.
    pub fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&M) -> T + Send + 'static,
        within: Duration,
    ) -> Option<T> {
        let (answer, seen) = sync_channel(1);
        let look = Box::new(move |machine: &M| {
            // Nobody waits any more: nothing to tell.
            let _ = answer.send(look(machine));
        });
        if !self.post.note(Note::Inspect(look)) {
            return None;
        }
        seen.recv_timeout(within).ok()
    }

    /// What passes, from now on. When more than `at_most` (at least 1) lie, the oldest are lost and
    /// [counted](Received::missed).
    #[must_use]
    pub fn traces(&self, at_most: usize) -> Received<TraceEvent> {
        let (giver, traces) = queue(at_most, || {});
        // A machine that has stopped drops the giver, and with it the receiver has ended.
        let _ = self.post.note(Note::Traces(giver));
        traces
    }

    /// Stops listening, closes every link after the write under way and ends every command. Returns at once; join the
    /// [`Task`](crate::Task) to wait for the end.
    pub fn shut_down(&self) {
        // A machine that has stopped need not be told.
        let _ = self.post.note(Note::ShutDown);
    }
}

impl<M: Machine> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self {
            post: self.post.clone(),
        }
    }
}

impl<M: Machine> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
