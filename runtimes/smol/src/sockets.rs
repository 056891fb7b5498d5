//! async-io's sockets and timers, as smol hands them on.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use finewire_host::task::Runtime;
use smol::io::AsyncWrite;
use smol::{Async, Timer};
use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Instant;

/// The reactor of async-io, which needs no executor of its own kind.
pub(crate) struct AsyncIo;

/// A socket. async-io tells of readiness until it is asked, also of what a read has taken meanwhile: so it is asked
/// first when it has spoken, or each wait would cost a read in vain.
pub(crate) struct Socket {
    stream: Async<TcpStream>,
    is_awaited: bool,
}

impl From<Async<TcpStream>> for Socket {
    fn from(stream: Async<TcpStream>) -> Self {
        // A request must not wait for the acknowledgement of the one before.
        stream.get_ref().set_nodelay(true).ok();
        Self {
            stream,
            is_awaited: false,
        }
    }
}

/// Rounds of one poll before other tasks of the executor have their turn, for it cannot
/// interrupt a task: about a millisecond of small messages.
const ROUNDS: u32 = 128;

impl Runtime for AsyncIo {
    type Stream = Socket;
    type Listener = Async<TcpListener>;
    type Sleep = Timer;

    async fn resolve(host: Arc<str>, port: u16) -> io::Result<Vec<SocketAddr>> {
        smol::unblock(move || Ok((&*host, port).to_socket_addrs()?.collect())).await
    }

    async fn connect(address: SocketAddr) -> io::Result<Socket> {
        Ok(Async::<TcpStream>::connect(address).await?.into())
    }

    fn listen(socket: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new_nonblocking(socket)
    }

    fn poll_accept(
        listener: &mut Async<TcpListener>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Socket, SocketAddr)>> {
        loop {
            match listener.get_ref().accept() {
                Ok((stream, peer)) => {
                    return Poll::Ready(Async::new(stream).map(|stream| (stream.into(), peer)));
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
        socket: &mut Socket,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if socket.is_awaited {
                ready!(socket.stream.poll_readable(cx))?;
                socket.is_awaited = false;
            }
            match socket.stream.get_ref().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => socket.is_awaited = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return Poll::Ready(read),
            }
        }
    }

    fn poll_write(
        socket: &mut Socket,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut socket.stream).poll_write_vectored(cx, slices)
    }

    fn shut_down(socket: &mut Socket, _cx: &mut Context<'_>) {
        // A peer that is gone already: reading finds that out.
        let _ = socket.stream.get_ref().shutdown(Shutdown::Write);
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
