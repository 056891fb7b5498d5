//! A machine without a will of its own: commands are outputs, events are inputs.

use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Address, Chunks, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, LinkSlot,
    ListenerId, Machine, Outcome, Output, Party, PeerIdentity, Timers, TlsId, TraceEvent,
};
use std::collections::{BTreeSet, VecDeque};

/// What the probe is told to do; all but `Hang` end at once.
#[derive(Clone, Debug)]
pub enum Do {
    /// Open a link.
    Open(LinkId, Endpoint),
    /// Send this.
    Send(LinkId, Vec<Bytes>),
    /// Stop reading.
    Pause(LinkId),
    /// Read again.
    Resume(LinkId),
    /// Do a TLS handshake.
    Secure(LinkId, TlsId),
    /// Close it.
    Close(LinkId, Closing),
    /// Listen.
    Listen(ListenerId, Address),
    /// Listen no more.
    Unlisten(ListenerId),
    /// Sound alarms of these names after these times.
    Alarms(Vec<(u32, Duration)>),
    /// Send back what comes on links accepted here from now on; after a handshake if so told.
    Echo(ListenerId, Option<TlsId>),
    /// Pass a trace with this subject.
    Trace(String),
    /// Be due at every moment from now on.
    Fret,
    /// Never end.
    Hang,
}

/// What the probe was told by its runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saw {
    /// A link is open.
    Opened(LinkId),
    /// Its handshake is done.
    Secured(LinkId, PeerIdentity),
    /// Bytes came.
    Received(LinkId, Vec<u8>),
    /// A write is done.
    Sent(LinkId),
    /// A link is gone.
    Closed(LinkId, CloseReason),
    /// It listens.
    Listening(ListenerId, Address),
    /// It cannot listen.
    ListenFailed(ListenerId, CloseReason),
    /// A peer connected.
    Accepted(ListenerId, LinkId),
    /// An alarm sounds.
    Alarm(u32),
}

/// The machine of the adapter tests. Links that it echoes are not reported.
#[derive(Debug, Default)]
pub struct Probe {
    outputs: VecDeque<Output<Saw>>,
    alarms: Timers<u32>,
    echoing: Vec<(ListenerId, Option<TlsId>)>,
    echoed: BTreeSet<LinkId>,
    walls: u32,
    is_fretting: bool,
    now: Instant,
}

/// The `n`-th link that a probe opens.
#[must_use]
pub fn link(n: u32) -> LinkId {
    LinkSlot(n).link(0)
}

impl Probe {
    /// How often it was told the wall time.
    #[must_use]
    pub const fn walls(&self) -> u32 {
        self.walls
    }

    /// How many accepted links it is echoing.
    #[must_use]
    pub fn echoed(&self) -> usize {
        self.echoed.len()
    }

    fn say(&mut self, output: Output<Saw>) {
        self.outputs.push_back(output);
    }

    fn on_command(&mut self, now: Instant, id: CommandId, command: Do) {
        match command {
            Do::Open(link, endpoint) => self.say(Output::Open(link, endpoint)),
            Do::Send(link, list) => {
                let mut chunks = Chunks::new();
                for bytes in list {
                    chunks.push(bytes);
                }
                self.say(Output::Send(link, chunks));
            }
            Do::Pause(link) => self.say(Output::Pause(link)),
            Do::Resume(link) => self.say(Output::Resume(link)),
            Do::Secure(link, tls) => self.say(Output::Secure(link, tls)),
            Do::Close(link, closing) => self.say(Output::Close(link, closing)),
            Do::Listen(listener, address) => self.say(Output::Listen(listener, address)),
            Do::Unlisten(listener) => self.say(Output::Unlisten(listener)),
            Do::Alarms(list) => {
                for (name, after) in list {
                    self.alarms.set(name, now + after);
                }
            }
            Do::Echo(listener, tls) => self.echoing.push((listener, tls)),
            Do::Trace(subject) => self.say(Output::Trace(TraceEvent {
                from: Party::Connector,
                to: Party::Driver,
                link: None,
                agent: None,
                subject,
                detail: String::new(),
            })),
            Do::Fret => self.is_fretting = true,
            Do::Hang => return,
        }
        self.say(Output::Ended(id, Outcome::Done));
    }

    fn echo(&mut self, input: &Input<'_, Do>) -> bool {
        match *input {
            Input::Accepted(listener, link, _) => {
                let found = self.echoing.iter().find(|(one, _)| *one == listener);
                let Some((_, tls)) = found.copied() else {
                    return false;
                };
                self.echoed.insert(link);
                if let Some(tls) = tls {
                    self.say(Output::Secure(link, tls));
                }
            }
            Input::Received(link, bytes) if self.echoed.contains(&link) => {
                self.say(Output::Pause(link));
                let chunks = Chunks::from(Bytes::copy_from_slice(bytes));
                self.say(Output::Send(link, chunks));
            }
            Input::Sent(link) if self.echoed.contains(&link) => self.say(Output::Resume(link)),
            Input::Secured(link, _) => return self.echoed.contains(&link),
            Input::Closed(link, _) => return self.echoed.remove(&link),
            _ => return false,
        }
        true
    }
}

impl Machine for Probe {
    type Command = Do;
    type Event = Saw;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Do>) {
        self.now = now;
        if self.echo(&input) {
            return;
        }
        let saw = match input {
            Input::Opened(link) => Saw::Opened(link),
            Input::Secured(link, identity) => Saw::Secured(link, identity),
            Input::Received(link, bytes) => Saw::Received(link, bytes.to_vec()),
            Input::Sent(link) => Saw::Sent(link),
            Input::Closed(link, reason) => Saw::Closed(link, reason),
            Input::Listening(listener, address) => Saw::Listening(listener, address),
            Input::ListenFailed(listener, reason) => Saw::ListenFailed(listener, reason),
            Input::Accepted(listener, link, _) => Saw::Accepted(listener, link),
            Input::Command(id, command) => return self.on_command(now, id, command),
            Input::Wall(_) => {
                self.walls += 1;
                return;
            }
        };
        self.say(Output::Event(saw));
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(name) = self.alarms.pop_due(now) {
            self.say(Output::Event(Saw::Alarm(name)));
        }
    }

    fn poll_output(&mut self) -> Output<Saw> {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if self.is_fretting {
            return Output::Wait(Some(self.now + Duration::from_nanos(1)));
        }
        Output::Wait(self.alarms.next())
    }
}
