//! async-io's sockets and timers, as smol hands them on.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use finewire_host::task::Runtime;
use smol::io::{AsyncRead, AsyncWrite};
use smol::{Async, Timer};
use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;

/// The reactor of async-io, which needs no executor of its own kind.
pub(crate) struct AsyncIo;

/// Rounds of one poll before other tasks of the executor have their turn, for it cannot
/// interrupt a task: about a millisecond of small messages.
const ROUNDS: u32 = 128;

impl Runtime for AsyncIo {
    type Stream = Async<TcpStream>;
    type Listener = Async<TcpListener>;
    type Sleep = Timer;

    async fn resolve(host: Arc<str>, port: u16) -> io::Result<Vec<SocketAddr>> {
        smol::unblock(move || Ok((&*host, port).to_socket_addrs()?.collect())).await
    }

    async fn connect(address: SocketAddr) -> io::Result<Async<TcpStream>> {
        let stream = Async::<TcpStream>::connect(address).await?;
        // A request must not wait for the acknowledgement of the one before.
        stream.get_ref().set_nodelay(true).ok();
        Ok(stream)
    }

    fn listen(socket: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new_nonblocking(socket)
    }

    fn poll_accept(
        listener: &mut Async<TcpListener>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Async<TcpStream>, SocketAddr)>> {
        loop {
            match listener.get_ref().accept() {
                Ok((stream, peer)) => {
                    stream.set_nodelay(true).ok();
                    return Poll::Ready(Async::new(stream).map(|stream| (stream, peer)));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            match listener.poll_readable(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_read(
        stream: &mut Async<TcpStream>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_read(cx, buffer)
    }

    fn poll_write(
        stream: &mut Async<TcpStream>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(stream).poll_write_vectored(cx, slices)
    }

    fn shut_down(stream: &mut Async<TcpStream>, _cx: &mut Context<'_>) {
        // A peer that is gone already: reading finds that out.
        let _ = stream.get_ref().shutdown(Shutdown::Write);
    }

    fn sleep_until(deadline: Instant) -> Timer {
        Timer::at(deadline)
    }

    fn reset(mut sleep: Pin<&mut Timer>, deadline: Instant) {
        sleep.set_at(deadline);
    }

    fn has_budget(rounds: u32) -> bool {
        rounds < ROUNDS
    }
}
