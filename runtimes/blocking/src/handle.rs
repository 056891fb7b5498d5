//! What the owner of a running machine holds.

use crate::mail::Mail;
use crate::queue::{Received, queue};
use crate::shared::Shared;
use core::fmt;
use core::time::Duration;
use finewire_core::machine::{Machine, Outcome, Reason, TraceEvent};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};

/// Talks to a running machine; clones talk to the same one. When the last clone is dropped,
/// the machine shuts down.
pub struct Handle<M: Machine> {
    pub(crate) post: Arc<Post<M>>,
}

/// The way to a machine; its last end is the machine's.
pub(crate) struct Post<M: Machine> {
    pub(crate) served: Box<dyn Serve<M>>,
}

/// Somebody who sees to mail, on whatever thread.
pub(crate) trait Serve<M: Machine>: Send + Sync {
    /// False: the machine has stopped.
    fn post(&self, mail: Mail<M>) -> bool;
    /// Whether it has stopped.
    fn is_over(&self) -> bool;
}

impl<M> Serve<M> for Arc<Shared<M>>
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    fn post(&self, mail: Mail<M>) -> bool {
        Shared::post(self, mail)
    }

    fn is_over(&self) -> bool {
        Shared::is_over(self)
    }
}

impl<M: Machine> Handle<M> {
    /// Gives the machine a command and waits for its one end, this long.
    ///
    /// When the time is over, the outcome is `Failed` for [`Reason::TimedOut`]; the command goes
    /// on and its end is lost. When the machine stops first, it is `Failed` (the command was
    /// given) or `Refused` (it was not) for [`Reason::ShuttingDown`].
    pub fn command(&self, command: M::Command, within: Duration) -> Outcome {
        let (ended, outcome) = mpsc::sync_channel(1);
        if self.tell(Mail::Command(command, ended)).is_none() {
            return Outcome::refused(Reason::ShuttingDown, "the machine has stopped");
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

    /// Gives the machine a command whose end nobody waits for. False: the machine has stopped.
    pub fn give(&self, command: M::Command) -> bool {
        let (ended, _) = mpsc::sync_channel(1);
        self.tell(Mail::Command(command, ended)).is_some()
    }

    /// Looks at the machine between two inputs; waits for it this long. `None` when it has
    /// stopped or did not come to it in time.
    ///
    /// The closure runs while the machine waits for it, on this thread or another: it should be short.
    pub fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&M) -> T + Send + 'static,
        within: Duration,
    ) -> Option<T> {
        let (answer, seen) = mpsc::sync_channel(1);
        self.tell(Mail::Inspect(Box::new(move |machine| {
            // Nobody waits any more: nothing to tell.
            let _ = answer.send(look(machine));
        })))?;
        seen.recv_timeout(within).ok()
    }

    /// What passes, from now on. When more than `at_most` (at least 1) wait, the oldest are lost
    /// and [counted](Received::missed); the machine never waits.
    #[must_use]
    pub fn traces(&self, at_most: usize) -> Received<TraceEvent> {
        let (giver, traces) = queue(at_most, || {});
        // A machine that has stopped drops the giver, and with it the receiver has ended.
        let _ = self.tell(Mail::Traces(giver));
        traces
    }

    /// Whether the machine has stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.post.served.is_over()
    }

    /// Stops listening, closes every link after the write under way (10 s at most) and ends
    /// every command. Returns at once; join the [`Task`](crate::Task) to wait for the end.
    pub fn shut_down(&self) {
        // A machine that has stopped need not be told.
        let _ = self.tell(Mail::ShutDown);
    }

    fn tell(&self, mail: Mail<M>) -> Option<()> {
        self.post.served.post(mail).then_some(())
    }
}

impl<M: Machine> Drop for Post<M> {
    fn drop(&mut self) {
        // As in `shut_down`.
        let _ = self.served.post(Mail::ShutDown);
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
        f.debug_struct("Handle")
            .field("is_stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}
