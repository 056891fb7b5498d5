//! One socket's state between the adapter and the machine.

use crate::tls::Session;
use bytes::Bytes;
use finewire_core::machine::{Chunks, CloseReason};
use std::collections::VecDeque;
use std::sync::Arc;

/// How far a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The adapter is connecting.
    Connecting,
    /// The machine talks through it.
    Open,
    /// The machine is done with it; what is to be written still is.
    Flushing,
    /// Everything is written and our half is shut; waits for the peer's end, so that the
    /// system does not turn unread bytes into a reset that destroys what we wrote.
    Draining,
}

/// A socket that the adapter holds.
#[derive(Debug)]
pub(crate) struct SocketState {
    /// What TLS checks the certificate against; empty for accepted links.
    pub(crate) host: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) tls: Option<Box<Session>>,
    pub(crate) outgoing: Outgoing,
    pub(crate) is_paused: bool,
    /// Bytes that came after the machine had paused; at most one read of the adapter.
    pub(crate) held: Vec<u8>,
    /// How the stream ended behind the held bytes.
    pub(crate) ended: Option<CloseReason>,
    /// What the machine is still to be told at the end; `None` once it was told.
    pub(crate) farewell: Option<CloseReason>,
    pub(crate) is_peer_done: bool,
    pub(crate) is_closing_announced: bool,
}

impl SocketState {
    pub(crate) fn new(host: Arc<str>, phase: Phase) -> Self {
        Self {
            host,
            phase,
            tls: None,
            outgoing: Outgoing::default(),
            is_paused: false,
            held: Vec::new(),
            ended: None,
            farewell: None,
            is_peer_done: false,
            is_closing_announced: false,
        }
    }

    /// Whether the machine's write is done and nothing else is to be written: without TLS, as most are.
    pub(crate) fn is_all_written(&self) -> bool {
        self.phase == Phase::Open
            && self.tls.is_none()
            && self.outgoing.is_idle()
            && self.outgoing.owes_sent
    }

    /// The next write, if none is under way and there is something to write.
    pub(crate) fn next_write(&mut self) -> Option<Chunks> {
        if self.outgoing.is_in_flight {
            return None;
        }
        if let Some(session) = self.tls.as_mut() {
            self.outgoing.encrypt(session);
        }
        let chunks = core::mem::take(&mut self.outgoing.raw);
        if chunks.is_empty() {
            return None;
        }
        self.outgoing.is_in_flight = true;
        Some(chunks)
    }
}

/// Bytes on their way to the socket.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// The machine's bytes, not yet encrypted.
    plain: VecDeque<Bytes>,
    /// As they go to the socket.
    raw: Chunks,
    pub(crate) is_in_flight: bool,
    /// The machine waits for `Sent`.
    pub(crate) owes_sent: bool,
}

/// How much is encrypted ahead of the socket: enough to fill its buffer, a bound on memory
/// whatever the size of a `Send`.
const AHEAD: usize = 256 * 1024;

impl Outgoing {
    /// Whether nothing is under way and nothing waits.
    pub(crate) const fn is_idle(&self) -> bool {
        !self.is_in_flight && self.raw.is_empty()
    }

    /// A write of the machine is under way that was not put aside here.
    pub(crate) const fn begin(&mut self) {
        self.owes_sent = true;
        self.is_in_flight = true;
    }

    /// Takes over what the machine sends.
    pub(crate) fn push(&mut self, chunks: Chunks, is_tls: bool) {
        self.owes_sent = true;
        if is_tls {
            self.plain.extend(chunks);
        } else if self.raw.is_empty() {
            self.raw = chunks;
        } else {
            for chunk in chunks {
                self.raw.push(chunk);
            }
        }
    }

    fn encrypt(&mut self, session: &mut Session) {
        loop {
            session.take_out(&mut self.raw);
            if self.raw.len() >= AHEAD || !session.is_secured() {
                return;
            }
            let Some(mut chunk) = self.plain.pop_front() else {
                return;
            };
            let piece = chunk.split_to(chunk.len().min(AHEAD));
            if !chunk.is_empty() {
                self.plain.push_front(chunk);
            }
            session.encrypt(&piece);
        }
    }

    /// Whether bytes of the machine wait for the end of a handshake.
    pub(crate) fn has_plain(&self) -> bool {
        !self.plain.is_empty()
    }

    /// Drops the machine's bytes that are not encrypted.
    pub(crate) fn drop_plain(&mut self) {
        self.plain.clear();
    }
}
