//! Where the owner's wishes come in.

use core::fmt;
use core::task::{Context, Poll};
use finewire_core::machine::{Machine, Outcome, TraceEvent};

/// The task's ends of the channels to the owner's handle: which channels is the adapter's
/// choice, for they show in what its handle returns.
pub trait Desk<M: Machine> {
    /// Whom to tell the end of one command.
    type Ended;

    /// The next command; `None` when none can come any more.
    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(M::Command, Self::Ended)>>;

    /// The next request to the task; `None` when the last handle is gone.
    fn poll_control(&mut self, cx: &mut Context<'_>) -> Poll<Option<Control<M>>>;

    /// Tells a command's one end, if anybody still waits for it.
    fn end(ended: Self::Ended, outcome: Outcome);

    /// Takes no further commands; those that wait still come.
    fn close(&mut self);

    /// Shows what passed to whoever looks, without waiting.
    fn trace(&mut self, trace: TraceEvent);
}

/// What concerns the task rather than the machine; served even while the machine stands still.
pub enum Control<M> {
    /// Look at the machine between two inputs.
    Inspect(Box<dyn FnOnce(&M) + Send>),
    /// Close everything and end.
    ShutDown,
}

impl<M> fmt::Debug for Control<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inspect(_) => "Inspect",
            Self::ShutDown => "ShutDown",
        })
    }
}
