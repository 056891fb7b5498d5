//! What a runtime adapter gives the handles.

use core::future::Future;

use finewire_core::machine::Outcome;

use super::desk::DeskCommand;

/// The way to a running [`Desk`](super::Desk): an adapter's handle.
pub trait Orders: Clone + Send + Sync + 'static {
    /// Gives a command and waits for its one end. A dropped future has either not given the command, or
    /// the command goes on.
    fn order(&self, command: DeskCommand) -> impl Future<Output = Outcome> + Send;

    /// Gives a command without waiting for anything, if there is room; the desk looks at its errands with
    /// the next command anyway.
    fn try_order(&self, command: DeskCommand);
}
