//! The only call into a child: act on it, drain it, give back its deadline.

use std::collections::VecDeque;

use finewire_core::machine::{
    CloseReason, Closing, CommandId, Input, Instant, Link, LinkEvent, Machine, Outcome, Output,
    Outputs, Protocol, Sorted,
};

use crate::verbs::Event;

/// What is done to a child.
pub(crate) enum Act<'a, C> {
    /// It is told something.
    Input(Input<'a, C>),
    /// Its deadline has come.
    Timeout,
    /// It is to keep itself open.
    Start,
    /// It is to keep itself open, beginning then.
    StartAt(Instant),
    /// Its next attempt is to begin no earlier.
    Postpone(Instant),
    /// It is to close and open again.
    Reopen(CloseReason),
    /// It is to close and stay closed.
    Stop(Closing),
}

/// What a child says to the connector.
pub(crate) enum Said<E> {
    Event(LinkEvent<E>),
    Ended(CommandId, Outcome),
}

/// Where the children's words go.
pub(crate) struct Sink {
    /// What is for the runtime.
    pub(crate) outputs: Outputs<Event>,
    scratch: Outputs<Event>,
    traces_wire: bool,
}

impl Sink {
    pub(crate) const fn new(traces_wire: bool) -> Self {
        Self {
            outputs: Outputs::new(),
            scratch: Outputs::new(),
            traces_wire,
        }
    }

    /// Acts on a child and drains it: what is for the runtime goes out, what is for the connector
    /// into `inbox`. Gives the child's next deadline.
    pub(crate) fn touch<P: Protocol, L>(
        &mut self,
        now: Instant,
        link: &mut Link<P>,
        act: Act<'_, P::Command>,
        inbox: &mut VecDeque<L>,
        leaf: impl Fn(Said<P::Event>) -> L,
    ) -> Option<Instant> {
        match act {
            Act::Input(input) => link.handle_input(now, input),
            Act::Timeout => link.handle_timeout(now),
            Act::Start => link.start(now),
            Act::StartAt(at) => link.start_at(now, at),
            Act::Postpone(until) => link.postpone(until),
            Act::Reopen(reason) => link.reopen(now, reason),
            Act::Stop(closing) => link.stop(now, closing),
        }
        loop {
            let sorted = self.pull(link);
            match sorted {
                Sorted::Event(event) => inbox.push_back(leaf(Said::Event(event))),
                Sorted::Ended(id, outcome) => inbox.push_back(leaf(Said::Ended(id, outcome))),
                Sorted::Wait(deadline) => return deadline,
            }
        }
    }

    fn pull<P: Protocol>(&mut self, link: &mut Link<P>) -> Sorted<LinkEvent<P::Event>> {
        if self.traces_wire {
            return self.outputs.pull(link);
        }
        let sorted = self.scratch.pull(link);
        while let Some(output) = self.scratch.pop() {
            if !matches!(output, Output::Trace(_)) {
                self.outputs.push(output);
            }
        }
        sorted
    }
}
