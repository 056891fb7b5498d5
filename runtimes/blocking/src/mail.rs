//! What the machine's thread is told, by its owner and by the threads of its sockets.

use crate::queue::Giver;
use core::net::SocketAddr;
use finewire_core::machine::{CloseReason, LinkId, ListenerId, Machine, Outcome, TraceEvent};
use std::net::TcpStream;
use std::sync::mpsc::SyncSender;

pub(crate) enum Mail<M: Machine> {
    Command(M::Command, SyncSender<Outcome>),
    Inspect(Box<dyn FnOnce(&M) + Send>),
    Traces(Giver<TraceEvent>),
    /// Events were taken.
    Room,
    ShutDown,
    Link(LinkId, Report),
    Accepted(ListenerId, TcpStream, SocketAddr),
}

/// What happened to a link.
pub(crate) enum Report {
    Connected(TcpStream),
    /// That many bytes at the beginning of this buffer.
    Received(Vec<u8>, usize),
    Eof,
    Written,
    Failed(CloseReason),
}
