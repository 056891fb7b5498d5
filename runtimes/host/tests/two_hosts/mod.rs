//! Two hosts joined without sockets: what one writes the other receives, chopped as a test
//! likes, on a clock that stands still unless told.

// Each test file uses another part of it.
#![allow(dead_code)]
#![expect(clippy::unwrap_used, reason = "a test's own inputs")]

use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, CommandId, Endpoint, Input, Instant, LinkId, LinkSlot,
    ListenerId, Machine, Output, PeerIdentity, TlsId,
};
#[cfg(feature = "tls")]
use finewire_host::{ClientTls, ServerTls};
use finewire_host::{Host, HostConfig, Step, TlsProfiles};
use std::collections::VecDeque;

pub(crate) const TLS: TlsId = TlsId(1);

/// What a machine wants, said by its test.
pub(crate) type Want = Output<Saw>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saw {
    Opened,
    Secured(PeerIdentity),
    Received(Vec<u8>),
    Sent,
    Closed(CloseReason),
}

/// Does as it is told and tells what it sees.
#[derive(Default)]
pub(crate) struct Puppet {
    outputs: VecDeque<Want>,
}

impl Machine for Puppet {
    type Command = Vec<Want>;
    type Event = Saw;

    fn handle_input(&mut self, _now: Instant, input: Input<'_, Vec<Want>>) {
        let saw = match input {
            Input::Command(_, wants) => return self.outputs.extend(wants),
            Input::Opened(_) | Input::Accepted(..) => Saw::Opened,
            Input::Secured(_, identity) => Saw::Secured(identity),
            Input::Received(_, bytes) => Saw::Received(bytes.to_vec()),
            Input::Sent(_) => Saw::Sent,
            Input::Closed(_, reason) => Saw::Closed(reason),
            Input::Listening(..) | Input::ListenFailed(..) | Input::Wall(_) => return,
        };
        self.outputs.push_back(Output::Event(saw));
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_output(&mut self) -> Want {
        self.outputs.pop_front().unwrap_or(Output::Wait(None))
    }
}

/// One of the two, with the fake adapter around it.
pub(crate) struct Side {
    pub(crate) host: Host<Puppet>,
    pub(crate) link: LinkId,
    pub(crate) saw: Vec<Saw>,
    /// Bytes on the way to the other side.
    sent: VecDeque<Bytes>,
    /// Whether our half is shut; `true` once the other side has been told.
    shut: Option<bool>,
    pub(crate) is_closed: bool,
    pub(crate) is_paused: bool,
    pub(crate) is_stopped: bool,
    /// Whether it is told of the other side's end; a test may hold that back.
    pub(crate) reads_ends: bool,
    /// Whether writes are reported; a test may hold them back.
    pub(crate) reports_writes: bool,
    owed: usize,
}

pub(crate) struct Pair {
    pub(crate) client: Side,
    pub(crate) server: Side,
    pub(crate) now: std::time::Instant,
    /// The most bytes handed over at once.
    pub(crate) chop: usize,
}

impl Pair {
    /// An open connection; `host` is the name that the client checks.
    #[cfg(feature = "tls")]
    pub(crate) fn new(client: Option<ClientTls>, server: Option<ServerTls>, host: &str) -> Self {
        let mut tls = TlsProfiles::new();
        if let Some(client) = client {
            tls.set_client(TLS, client);
        }
        let client = tls;
        let mut tls = TlsProfiles::new();
        if let Some(server) = server {
            tls.set_server(TLS, server);
        }
        Self::with(client, tls, host)
    }

    /// An open connection without TLS.
    pub(crate) fn plain() -> Self {
        Self::with(TlsProfiles::new(), TlsProfiles::new(), "finesse.example")
    }

    fn with(client: TlsProfiles, server: TlsProfiles, host: &str) -> Self {
        let now = std::time::Instant::now();
        let mut client = Side::new(client, now);
        let mut server = Side::new(server, now);
        client.link = LinkSlot(0).link(0);
        client.want(now, Output::Open(client.link, Endpoint::plain(host, 1)));
        client.host.on_connected(now, client.link);
        server.want(
            now,
            Output::Listen(
                ListenerId(1),
                finewire_core::machine::Address::new("127.0.0.1", 0),
            ),
        );
        let peer = "192.0.2.7:4711".parse().unwrap();
        server.link = server.host.on_accepted(now, ListenerId(1), peer).unwrap();
        let mut pair = Self {
            client,
            server,
            now,
            chop: usize::MAX,
        };
        pair.run();
        assert_eq!(pair.client.saw, [Saw::Opened]);
        assert_eq!(pair.server.saw, [Saw::Opened]);
        pair.client.saw.clear();
        pair.server.saw.clear();
        pair
    }

    /// Both begin the handshake, and all that follows happens.
    pub(crate) fn secure(&mut self) {
        self.server
            .want(self.now, Output::Secure(self.server.link, TLS));
        self.client
            .want(self.now, Output::Secure(self.client.link, TLS));
        self.run();
    }

    /// Until neither has anything to do.
    pub(crate) fn run(&mut self) {
        loop {
            let one = self.client.step(self.now);
            let other = self.server.step(self.now);
            let there = hand_over(&mut self.client, &mut self.server, self.now, self.chop);
            let back = hand_over(&mut self.server, &mut self.client, self.now, self.chop);
            if !(one || other || there || back) {
                return;
            }
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.host.on_timeout(self.now);
        self.server.host.on_timeout(self.now);
        self.run();
    }
}

impl Side {
    fn new(tls: TlsProfiles, now: std::time::Instant) -> Self {
        let config = HostConfig {
            tls,
            ..HostConfig::default()
        };
        Self {
            host: Host::new(Puppet::default(), config, now),
            link: LinkId::accepted(0),
            saw: Vec::new(),
            sent: VecDeque::new(),
            shut: None,
            is_closed: false,
            is_paused: false,
            is_stopped: false,
            reads_ends: true,
            reports_writes: true,
            owed: 0,
        }
    }

    pub(crate) fn want(&mut self, now: std::time::Instant, want: Want) {
        self.host.on_command(now, CommandId(0), vec![want]);
    }

    pub(crate) fn send(&mut self, now: std::time::Instant, bytes: &[u8]) {
        let chunks = Chunks::from(Bytes::copy_from_slice(bytes));
        self.want(now, Output::Send(self.link, chunks));
    }

    pub(crate) fn close(&mut self, now: std::time::Instant, closing: Closing) {
        self.want(now, Output::Close(self.link, closing));
    }

    /// All bytes received so far, in one.
    pub(crate) fn heard(&self) -> Vec<u8> {
        let pieces = self.saw.iter().filter_map(|saw| match saw {
            Saw::Received(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        pieces.collect::<Vec<_>>().concat()
    }

    pub(crate) fn closed(&self) -> Vec<CloseReason> {
        let reasons = self.saw.iter().filter_map(|saw| match saw {
            Saw::Closed(reason) => Some(reason.clone()),
            _ => None,
        });
        reasons.collect()
    }

    /// Takes the bytes of its writes off the way.
    pub(crate) fn take_sent(&mut self) -> Vec<u8> {
        Vec::from(core::mem::take(&mut self.sent)).concat()
    }

    /// Whether it has shut its sending half.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut.is_some()
    }

    /// The bytes of its writes that the other side has not been handed.
    pub(crate) fn on_the_way(&self) -> usize {
        self.sent.iter().map(Bytes::len).sum()
    }

    /// Reports writes that were held back.
    pub(crate) fn report_writes(&mut self, now: std::time::Instant) {
        self.reports_writes = true;
        for _ in 0..core::mem::take(&mut self.owed) {
            self.host.on_written(now, self.link);
        }
    }

    /// Performs one step; whether there was one.
    pub(crate) fn step(&mut self, now: std::time::Instant) -> bool {
        match self.host.step(now) {
            Step::Write { chunks, .. } => {
                assert!(!chunks.is_empty(), "an empty write");
                assert!(
                    !self.is_closed && self.shut.is_none(),
                    "a write after the end"
                );
                assert_eq!(self.owed, 0, "two writes under way");
                self.sent.extend(chunks);
                self.owed = 1;
                if self.reports_writes {
                    self.report_writes(now);
                }
            }
            Step::ShutDown(_) => self.shut = Some(false),
            Step::Close(_) => self.is_closed = true,
            Step::Pause(_) => self.is_paused = true,
            Step::Resume(_) => self.is_paused = false,
            Step::Event(saw) => self.saw.push(saw),
            Step::Wait(_) => return false,
            Step::Stopped => {
                self.is_stopped = true;
                return false;
            }
            Step::Connect { .. }
            | Step::Listen(..)
            | Step::Unlisten(_)
            | Step::Ended(..)
            | Step::Trace(_) => {}
        }
        true
    }
}

fn hand_over(from: &mut Side, to: &mut Side, now: std::time::Instant, chop: usize) -> bool {
    if to.is_paused || to.is_closed {
        return false;
    }
    if let Some(mut bytes) = from.sent.pop_front() {
        let piece = bytes.split_to(bytes.len().min(chop));
        if !bytes.is_empty() {
            from.sent.push_front(bytes);
        }
        to.host.on_received(now, to.link, &piece);
        return true;
    }
    if !to.reads_ends {
        return false;
    }
    if from.shut == Some(false) || (from.is_closed && from.shut != Some(true)) {
        from.shut = Some(true);
        to.host.on_eof(now, to.link);
        return true;
    }
    false
}
