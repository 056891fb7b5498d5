//! What a host asks of its adapter.

use core::time::Duration;
use finewire_core::machine::{Address, Chunks, CommandId, LinkId, ListenerId, Outcome, TraceEvent};
use std::sync::Arc;

/// The next thing an adapter does; it reports what came of it to the [`Host`](crate::Host).
#[derive(Clone, Debug)]
pub enum Step<E> {
    /// Resolve the name, connect, then report `on_connected` or `on_closed`.
    Connect {
        /// The link to be.
        link: LinkId,
        /// Host name or IP address without brackets.
        host: Arc<str>,
        /// TCP port.
        port: u16,
    },
    /// Write all of this in order, best vectored, then report `on_written`. At most one write
    /// per link is under way.
    Write {
        /// The link.
        link: LinkId,
        /// What to write; never empty.
        chunks: Chunks,
    },
    /// Stop reading. A link starts out reading.
    Pause(LinkId),
    /// Read again.
    Resume(LinkId),
    /// Shut the sending half (FIN), go on reading. Comes only when no write is under way.
    ShutDown(LinkId),
    /// Drop the socket at once, also while it is connecting or a write is under way. Nothing
    /// need be reported of it any more. A link the adapter has dropped already may be named.
    Close(LinkId),
    /// Listen, then report `on_listening` or `on_listen_failed`. The host is an IP address.
    Listen(ListenerId, Address),
    /// Stop listening.
    Unlisten(ListenerId),
    /// Something the machine's owner wants to know.
    Event(E),
    /// A command has ended.
    Ended(CommandId, Outcome),
    /// A message passed.
    Trace(TraceEvent),
    /// Nothing to do until a report is due or this much time has passed (`None`: however long);
    /// then call `on_timeout`.
    Wait(Option<Duration>),
    /// All links are closed after [`Host::shut_down`](crate::Host::shut_down): the end.
    Stopped,
}
