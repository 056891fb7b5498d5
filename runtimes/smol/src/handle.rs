//! What the owner of a running machine holds.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use finewire_core::machine::{Machine, Outcome, Reason, TraceEvent};
use finewire_host::task::{Control, Desk};
use smol::channel::{Receiver, Sender, bounded};
use smol::stream::Stream;

/// Talks to a running machine; clones talk to the same one. When the last clone is dropped,
/// the task shuts down.
pub struct Handle<M: Machine> {
    pub(crate) commands: Sender<Order<M::Command>>,
    pub(crate) control: Sender<Control<M>>,
    pub(crate) traces: async_broadcast::InactiveReceiver<TraceEvent>,
    /// Nothing is ever sent: it closes with the task.
    pub(crate) stopped: Receiver<()>,
}

/// A command and who waits for its end.
pub(crate) struct Order<C> {
    command: C,
    ended: Sender<Outcome>,
}

/// The task's side of a handle.
pub(crate) struct Channels<M: Machine> {
    pub(crate) commands: Pin<Box<Receiver<Order<M::Command>>>>,
    pub(crate) control: Pin<Box<Receiver<Control<M>>>>,
    pub(crate) traces: async_broadcast::Sender<TraceEvent>,
}

impl<M: Machine> Desk<M> for Channels<M> {
    type Ended = Sender<Outcome>;

    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(M::Command, Self::Ended)>> {
        let order = self.commands.as_mut().poll_next(cx);
        order.map(|order| order.map(|order| (order.command, order.ended)))
    }

    fn poll_control(&mut self, cx: &mut Context<'_>) -> Poll<Option<Control<M>>> {
        self.control.as_mut().poll_next(cx)
    }

    fn end(ended: Self::Ended, outcome: Outcome) {
        // Whoever gave the command may no longer wait for its end.
        let _ = ended.try_send(outcome);
    }

    fn close(&mut self) {
        self.commands.close();
    }

    fn trace(&mut self, trace: TraceEvent) {
        // Nobody listens: nothing to tell.
        let _ = self.traces.try_broadcast(trace);
    }
}

impl<M: Machine> Drop for Channels<M> {
    /// What is still queued would stay there as long as there are handles, and whoever waits
    /// for its end would wait as long.
    fn drop(&mut self) {
        self.commands.close();
        self.control.close();
        while self.commands.try_recv().is_ok() {}
        while self.control.try_recv().is_ok() {}
    }
}

impl<M: Machine> Handle<M> {
    /// Gives the machine a command and waits for its one end.
    ///
    /// Cancel-safe: a dropped future has either not given the command, or the command goes on
    /// and its outcome is lost. When the task ends first, the outcome is `Failed` (the command
    /// was given) or `Refused` (it was not) for [`Reason::ShuttingDown`].
    pub async fn command(&self, command: M::Command) -> Outcome {
        let (ended, outcome) = bounded(1);
        let order = Order { command, ended };
        if self.commands.send(order).await.is_err() {
            return Outcome::refused(Reason::ShuttingDown, "the machine has stopped");
        }
        outcome.recv().await.unwrap_or_else(|_| {
            Outcome::failed(
                Reason::ShuttingDown,
                "the machine stopped before the command ended",
            )
        })
    }

    /// Gives the machine a command whose end nobody waits for. False: it was not given, for the queue of
    /// commands is full or the machine has stopped.
    pub fn give(&self, command: M::Command) -> bool {
        let (ended, _) = bounded(1);
        self.commands.try_send(Order { command, ended }).is_ok()
    }

    /// Looks at the machine between two inputs. `None` when it has stopped.
    ///
    /// The closure runs on the machine's task: it should be short.
    pub async fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&M) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, seen) = bounded(1);
        let look = Box::new(move |machine: &M| {
            // Nobody waits any more: nothing to tell.
            let _ = answer.try_send(look(machine));
        });
        self.control.send(Control::Inspect(look)).await.ok()?;
        seen.recv().await.ok()
    }

    /// What passes, from now on. A receiver that falls behind loses the oldest and is told how
    /// many ([`async_broadcast::RecvError::Overflowed`]); the machine never waits for it.
    #[must_use]
    pub fn traces(&self) -> async_broadcast::Receiver<TraceEvent> {
        self.traces.activate_cloned()
    }

    /// Whether the task is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_closed()
    }

    /// Stops listening, closes every link after the write under way (10 s at most), ends every
    /// command, and returns when the task is over.
    pub async fn shut_down(&self) {
        if self.control.send(Control::ShutDown).await.is_ok() {
            // The error is that the task is over, which is what is waited for.
            let _ = self.stopped.recv().await;
        }
    }
}

impl<M: Machine> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self {
            commands: self.commands.clone(),
            control: self.control.clone(),
            traces: self.traces.clone(),
            stopped: self.stopped.clone(),
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
