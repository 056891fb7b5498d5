//! A machine as the network sees it: inputs and outputs without its own types.

use std::any::Any;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;

use finewire_core::machine::{
    Address, CloseReason, CommandId, Input, Instant, LinkId, ListenerId, Machine, Outcome, Output,
    PeerIdentity, UnixMillis,
};

/// What a machine must be to live in a [`Network`](super::Network).
pub trait Guest: Machine<Command: Clone + Debug, Event: Debug> + Debug + 'static {}

impl<M> Guest for M where M: Machine<Command: Clone + Debug, Event: Debug> + Debug + 'static {}

/// The erased form of a [`Node`]: commands cannot be given, events come as text.
pub(super) trait Station {
    fn handle_input(&mut self, now: Instant, input: Input<'_, Infallible>);
    fn handle_timeout(&mut self, now: Instant);
    fn poll_output(&mut self, now: Instant) -> Output<String>;
    fn debug(&self) -> String;
    /// The machine alone, without what was asked of it.
    fn machine_debug(&self) -> String;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// A machine with what it has said to its owner so far.
#[derive(Debug)]
pub struct Node<M: Machine> {
    machine: M,
    events: Vec<(Instant, M::Event)>,
    given: BTreeMap<CommandId, String>,
    ended: BTreeMap<CommandId, (Instant, Outcome)>,
    next_command: u64,
    film: Option<Film<M::Command>>,
}

/// Everything a machine was told and everything it answered, to be played again.
#[derive(Clone, Debug)]
pub struct Film<C> {
    /// What it was told and when.
    pub inputs: Vec<(Instant, Recorded<C>)>,
    /// What it answered, as text, drain by drain.
    pub outputs: Vec<String>,
}

/// One thing that a machine was told, owned.
#[derive(Clone, Debug)]
pub enum Recorded<C> {
    /// As [`Input::Opened`].
    Opened(LinkId),
    /// As [`Input::Secured`].
    Secured(LinkId, PeerIdentity),
    /// As [`Input::Received`].
    Received(LinkId, Vec<u8>),
    /// As [`Input::Sent`].
    Sent(LinkId),
    /// As [`Input::Closed`].
    Closed(LinkId, CloseReason),
    /// As [`Input::Listening`].
    Listening(ListenerId, Address),
    /// As [`Input::ListenFailed`].
    ListenFailed(ListenerId, CloseReason),
    /// As [`Input::Accepted`].
    Accepted(ListenerId, LinkId, Address),
    /// As [`Input::Command`].
    Command(CommandId, C),
    /// As [`Input::Wall`].
    Wall(UnixMillis),
    /// Time passed.
    Timeout,
    /// The outputs were drained up to `Wait`.
    Drained,
}

impl<M: Guest> Node<M> {
    pub(super) fn new(machine: M) -> Self {
        Self {
            machine,
            events: Vec::new(),
            given: BTreeMap::new(),
            ended: BTreeMap::new(),
            next_command: 1,
            film: None,
        }
    }

    /// The machine, to look at.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// What it told its owner, oldest first.
    pub fn events(&self) -> &[(Instant, M::Event)] {
        &self.events
    }

    /// How a command ended, and when; `None` while it has not.
    pub fn outcome(&self, id: CommandId) -> Option<&(Instant, Outcome)> {
        self.ended.get(&id)
    }

    /// The commands that have not ended, as text.
    pub fn unended(&self) -> Vec<&str> {
        self.given
            .iter()
            .filter(|(id, _)| !self.ended.contains_key(id))
            .map(|(_, text)| text.as_str())
            .collect()
    }

    /// How many commands were given.
    pub fn given(&self) -> usize {
        self.given.len()
    }

    /// Begins to record what the machine is told and answers.
    pub fn record(&mut self) {
        self.film = Some(Film {
            inputs: Vec::new(),
            outputs: Vec::new(),
        });
    }

    /// What was recorded.
    pub const fn film(&self) -> Option<&Film<M::Command>> {
        self.film.as_ref()
    }

    pub(super) fn give(&mut self, now: Instant, command: M::Command) -> CommandId {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.given.insert(id, format!("{command:?}"));
        if let Some(film) = &mut self.film {
            film.inputs
                .push((now, Recorded::Command(id, command.clone())));
        }
        self.machine.handle_input(now, Input::Command(id, command));
        id
    }
}

impl<M: Guest> Station for Node<M> {
    fn handle_input(&mut self, now: Instant, input: Input<'_, Infallible>) {
        let (recorded, input) = retype(input);
        if let Some(film) = &mut self.film {
            film.inputs.push((now, recorded));
        }
        self.machine.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(film) = &mut self.film {
            film.inputs.push((now, Recorded::Timeout));
        }
        self.machine.handle_timeout(now);
    }

    fn poll_output(&mut self, now: Instant) -> Output<String> {
        let output = self.machine.poll_output();
        if let Some(film) = &mut self.film {
            film.outputs.push(format!("{output:?}"));
            if matches!(output, Output::Wait(_)) {
                film.inputs.push((now, Recorded::Drained));
            }
        }
        match output {
            Output::Event(event) => {
                let text = format!("{event:?}");
                self.events.push((now, event));
                Output::Event(text)
            }
            Output::Ended(id, outcome) => {
                assert!(
                    self.given.contains_key(&id),
                    "{id:?} ended, but was never given"
                );
                let before = self.ended.insert(id, (now, outcome.clone()));
                assert!(
                    before.is_none(),
                    "{id:?} {:?} ended twice: {before:?}, then {outcome:?}",
                    self.given.get(&id)
                );
                Output::Ended(id, outcome)
            }
            Output::Open(link, endpoint) => Output::Open(link, endpoint),
            Output::Send(link, chunks) => Output::Send(link, chunks),
            Output::Pause(link) => Output::Pause(link),
            Output::Resume(link) => Output::Resume(link),
            Output::Secure(link, tls) => Output::Secure(link, tls),
            Output::Close(link, closing) => Output::Close(link, closing),
            Output::Listen(listener, address) => Output::Listen(listener, address),
            Output::Unlisten(listener) => Output::Unlisten(listener),
            Output::Trace(trace) => Output::Trace(trace),
            Output::Wait(deadline) => Output::Wait(deadline),
        }
    }

    fn debug(&self) -> String {
        let commands: Vec<_> = self.given.values().collect();
        format!("{:?} {commands:?}", self.machine)
    }

    fn machine_debug(&self) -> String {
        format!("{:?}", self.machine)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Plays recorded inputs to a fresh machine and gives its outputs, as [`Film::outputs`] has them.
pub fn replay<M: Guest>(mut machine: M, inputs: &[(Instant, Recorded<M::Command>)]) -> Vec<String> {
    let mut outputs = Vec::new();
    for (now, input) in inputs {
        let input = match input.clone() {
            Recorded::Opened(link) => Input::Opened(link),
            Recorded::Secured(link, identity) => Input::Secured(link, identity),
            Recorded::Received(link, bytes) => {
                machine.handle_input(*now, Input::Received(link, &bytes));
                continue;
            }
            Recorded::Sent(link) => Input::Sent(link),
            Recorded::Closed(link, reason) => Input::Closed(link, reason),
            Recorded::Listening(listener, address) => Input::Listening(listener, address),
            Recorded::ListenFailed(listener, reason) => Input::ListenFailed(listener, reason),
            Recorded::Accepted(listener, link, from) => Input::Accepted(listener, link, from),
            Recorded::Command(id, command) => Input::Command(id, command),
            Recorded::Wall(wall) => Input::Wall(wall),
            Recorded::Timeout => {
                machine.handle_timeout(*now);
                continue;
            }
            Recorded::Drained => {
                loop {
                    let output = machine.poll_output();
                    outputs.push(format!("{output:?}"));
                    if matches!(output, Output::Wait(_)) {
                        break;
                    }
                }
                continue;
            }
        };
        machine.handle_input(*now, input);
    }
    outputs
}

fn retype<C>(input: Input<'_, Infallible>) -> (Recorded<C>, Input<'_, C>) {
    match input {
        Input::Opened(link) => (Recorded::Opened(link), Input::Opened(link)),
        Input::Secured(link, identity) => {
            let kept = Recorded::Secured(link, identity.clone());
            (kept, Input::Secured(link, identity))
        }
        Input::Received(link, bytes) => (
            Recorded::Received(link, bytes.to_vec()),
            Input::Received(link, bytes),
        ),
        Input::Sent(link) => (Recorded::Sent(link), Input::Sent(link)),
        Input::Closed(link, reason) => (
            Recorded::Closed(link, reason.clone()),
            Input::Closed(link, reason),
        ),
        Input::Listening(listener, address) => {
            let kept = Recorded::Listening(listener, address.clone());
            (kept, Input::Listening(listener, address))
        }
        Input::ListenFailed(listener, reason) => {
            let kept = Recorded::ListenFailed(listener, reason.clone());
            (kept, Input::ListenFailed(listener, reason))
        }
        Input::Accepted(listener, link, from) => {
            let kept = Recorded::Accepted(listener, link, from.clone());
            (kept, Input::Accepted(listener, link, from))
        }
        Input::Command(_, never) => match never {},
        Input::Wall(wall) => (Recorded::Wall(wall), Input::Wall(wall)),
    }
}
