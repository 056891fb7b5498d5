//! tokio's sockets and timers.

use core::future::Future;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use finewire_host::task::Runtime;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::coop::has_budget_remaining;
use tokio::task::yield_now;
use tokio::time::Sleep;

/// A tokio runtime; all of it must be called within one.
pub(crate) struct Tokio;

impl Runtime for Tokio {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Sleep = Sleep;

    async fn resolve(host: Arc<str>, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((&*host, port)).await?.collect())
    }

    async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // A request must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true).ok();
        Ok(stream)
    }

    fn listen(socket: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(socket)
    }

    fn poll_accept(
        listener: &mut TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = listener.poll_accept(cx);
        if let Poll::Ready(Ok((stream, _))) = &accepted {
            stream.set_nodelay(true).ok();
        }
        accepted
    }

    fn poll_read(
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut space = ReadBuf::new(buffer);
        let read = Pin::new(stream).poll_read(cx, &mut space);
        read.map_ok(|()| space.filled().len())
    }

    fn poll_write(
        stream: &mut TcpStream,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_write_vectored(cx, slices)
    }

    fn shut_down(stream: &mut TcpStream, cx: &mut Context<'_>) {
        // tokio shuts at once; there is nothing to wait for.
        let _ = Pin::new(stream).poll_shutdown(cx);
    }

    fn sleep_until(deadline: Instant) -> Sleep {
        tokio::time::sleep_until(deadline.into())
    }

    fn reset(sleep: Pin<&mut Sleep>, deadline: Instant) {
        sleep.reset(deadline.into());
    }

    fn has_budget(rounds: u32) -> bool {
        rounds < ROUNDS && has_budget_remaining()
    }

    fn look_again(cx: &mut Context<'_>) {
        // Who is merely woken is polled sixty times before tokio looks at its sockets; who yields, when it has.
        let _ = pin!(yield_now()).poll(cx);
    }

    const LOOKS_AGAIN: bool = true;
}

/// Rounds of one poll; a machine that is due for ever must not keep others from their turn.
const ROUNDS: u32 = 64;
