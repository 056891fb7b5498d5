//! The one output queue of a composed machine.

use super::{CommandId, Instant, Machine, Outcome, Output, TraceEvent};
use alloc::collections::VecDeque;

/// Outputs in order. A composed machine pushes its own and [pulls](Outputs::pull) its
/// children's.
#[derive(Debug)]
pub struct Outputs<E> {
    queue: VecDeque<Output<E>>,
}

/// What a child said that concerns its parent; the rest went into the parent's outputs.
#[derive(Debug)]
pub enum Sorted<E> {
    /// An event of the child.
    Event(E),
    /// A command of the parent to the child has ended.
    Ended(CommandId, Outcome),
    /// The child is drained; re-arm its timer with this.
    Wait(Option<Instant>),
}

impl<E> Outputs<E> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
        }
    }

    /// Adds an output at the end.
    pub fn push(&mut self, output: Output<E>) {
        self.queue.push_back(output);
    }

    /// Adds an event.
    pub fn event(&mut self, event: E) {
        self.push(Output::Event(event));
    }

    /// Ends a command.
    pub fn ended(&mut self, id: CommandId, outcome: Outcome) {
        self.push(Output::Ended(id, outcome));
    }

    /// Adds a trace.
    pub fn trace(&mut self, trace: TraceEvent) {
        self.push(Output::Trace(trace));
    }

    /// The first output, if any.
    pub fn pop(&mut self) -> Option<Output<E>> {
        self.queue.pop_front()
    }

    /// Whether nothing is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Drains `child` up to the next thing that concerns its parent. What is for the runtime
    /// (and traces) moves into this queue on the way.
    pub fn pull<M: Machine + ?Sized>(&mut self, child: &mut M) -> Sorted<M::Event> {
        loop {
            let passed = match child.poll_output() {
                Output::Event(event) => return Sorted::Event(event),
                Output::Ended(id, outcome) => return Sorted::Ended(id, outcome),
                Output::Wait(deadline) => return Sorted::Wait(deadline),
                Output::Open(link, endpoint) => Output::Open(link, endpoint),
                Output::Send(link, chunks) => Output::Send(link, chunks),
                Output::Pause(link) => Output::Pause(link),
                Output::Resume(link) => Output::Resume(link),
                Output::Secure(link, tls) => Output::Secure(link, tls),
                Output::Close(link, closing) => Output::Close(link, closing),
                Output::Listen(listener, address) => Output::Listen(listener, address),
                Output::Unlisten(listener) => Output::Unlisten(listener),
                Output::Trace(trace) => Output::Trace(trace),
            };
            self.queue.push_back(passed);
        }
    }
}

impl<E> Default for Outputs<E> {
    fn default() -> Self {
        Self::new()
    }
}
