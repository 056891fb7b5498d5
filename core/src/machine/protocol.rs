//! The same verbs on one byte stream.

use super::{Chunks, CloseReason, Closing, CommandId, Instant, Outcome, PeerIdentity, TlsId};
use super::{TraceEvent, UnixMillis};
use core::fmt;

/// One side of a conversation on one byte stream; it may outlive several streams, one after
/// the other, each begun by [`ProtocolInput::Opened`] and ended by [`ProtocolInput::Closed`].
///
/// The [rules of a machine](super) hold here too.
pub trait Protocol {
    /// What its owner can ask for.
    type Command;
    /// What it tells its owner.
    type Event;

    /// Tells it what happened.
    fn handle_input(&mut self, now: Instant, input: ProtocolInput<'_, Self::Command>);

    /// Tells it that time has passed.
    fn handle_timeout(&mut self, now: Instant);

    /// The next thing to do; `Wait` is the last answer.
    #[must_use]
    fn poll_output(&mut self) -> ProtocolOutput<Self::Event>;

    /// Whether it wants this command even while its stream is not ready: because it is state to
    /// be replayed, or because it queues (boundedly) until the stream is there. Otherwise a
    /// [`Link`](super::Link) refuses it.
    fn keeps_while_down(&self, _command: &Self::Command) -> bool {
        false
    }

    /// Whether it has work that needs a stream. A [`Link`](super::Link) that opens on command asks
    /// when a stream that was ready is gone, and opens another one for what was kept.
    fn wants_stream(&self) -> bool {
        false
    }
}

/// What a protocol is told.
#[derive(Clone)]
pub enum ProtocolInput<'a, C> {
    /// A stream is there (and secured, where the endpoint says so).
    Opened(Option<PeerIdentity>),
    /// The TLS handshake that it asked for is done.
    Secured(PeerIdentity),
    /// Bytes came, never empty.
    Received(&'a [u8]),
    /// The last `Send` is written.
    Sent,
    /// The stream is gone. Unended commands that cannot survive it end now.
    Closed(CloseReason),
    /// Its owner asks for something.
    Command(CommandId, C),
    /// The wall clock shows this.
    Wall(UnixMillis),
}

impl<C: fmt::Debug> fmt::Debug for ProtocolInput<'_, C> {
    /// Shows how many bytes came, never which: they may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(identity) => write!(f, "Opened({identity:?})"),
            Self::Secured(identity) => write!(f, "Secured({identity:?})"),
            Self::Received(bytes) => write!(f, "Received({} bytes)", bytes.len()),
            Self::Sent => f.write_str("Sent"),
            Self::Closed(reason) => write!(f, "Closed({reason:?})"),
            Self::Command(id, command) => write!(f, "Command({id:?}, {command:?})"),
            Self::Wall(wall) => write!(f, "Wall({wall:?})"),
        }
    }
}

/// What a protocol answers.
#[derive(Clone, Debug)]
pub enum ProtocolOutput<E> {
    /// Write this; the next `Send` waits for [`ProtocolInput::Sent`].
    Send(Chunks),
    /// Stop reading.
    Pause,
    /// Read again.
    Resume,
    /// Do a TLS handshake now (STARTTLS).
    Secure(TlsId),
    /// The handshake of the protocol is over: the link counts as up.
    Ready,
    /// Close the stream for this reason. The owner answers with [`ProtocolInput::Closed`] at
    /// once; a link then opens again by its policy.
    Close(Closing, CloseReason),
    /// As `Close`, but do not come back: asked for, or refused by the peer.
    Finish(Closing, CloseReason),
    /// Something its owner wants to know.
    Event(E),
    /// A command has ended.
    Ended(CommandId, Outcome),
    /// A message passed.
    Trace(TraceEvent),
    /// Nothing to do until this deadline.
    Wait(Option<Instant>),
}
