//! What a task needs of the runtime it lives in.

use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

/// Sockets and timers of one asynchronous runtime.
///
/// Every `poll_*` wakes the context's waker once it is worth asking again, and each socket is
/// asked with one waker only.
pub trait Runtime: 'static {
    /// A connected socket; dropping it closes it.
    type Stream: Send;
    /// A listening socket.
    type Listener;
    /// Ready when its time has come.
    type Sleep: Future + Send;

    /// The addresses of a host name or of an IP address without brackets.
    fn resolve(
        host: Arc<str>,
        port: u16,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    /// Connects, without delaying small writes (`TCP_NODELAY`). Dropping the future gives up.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Takes over a socket that listens and does not block.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch it.
    fn listen(socket: TcpListener) -> io::Result<Self::Listener>;

    /// The next connection, without delay of small writes, and the peer's address.
    fn poll_accept(
        listener: &mut Self::Listener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;

    /// Reads into `buffer`; 0 bytes are the peer's end.
    fn poll_read(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>>;

    /// Writes as much of the slices, in order, as the socket takes.
    fn poll_write(
        stream: &mut Self::Stream,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Shuts the sending half. Nothing is reported of it: the peer's end, or the lack of it, is
    /// what counts.
    fn shut_down(stream: &mut Self::Stream, cx: &mut Context<'_>);

    /// A timer.
    fn sleep_until(deadline: Instant) -> Self::Sleep;

    /// Sets a timer anew, also one that was ready.
    fn reset(sleep: Pin<&mut Self::Sleep>, deadline: Instant);

    /// Whether the task may go on after this many rounds of one poll, or lets others have
    /// their turn. A round serves at most one socket and one command.
    fn has_budget(rounds: u32) -> bool;

    /// Asks for another poll once others had their turn and, where [`Runtime::LOOKS_AGAIN`], the sockets were looked at
    /// without waiting for them.
    fn look_again(cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }

    /// Whether the sockets are looked at between two polls, however soon they follow each other.
    const LOOKS_AGAIN: bool = false;
}
