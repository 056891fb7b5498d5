//! Accepting, also when descriptors run out.

use super::runtime::Runtime;
use crate::close_reason;
use core::future::Future;
use core::net::{IpAddr, SocketAddr};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use finewire_core::machine::{Address, CloseReason};
use std::io::ErrorKind;
use std::time::Instant;

/// A listening socket; rests for a moment when the system has no descriptor left.
pub(super) struct Listener<R: Runtime> {
    socket: R::Listener,
    waker: Waker,
    rest: Option<Pin<Box<R::Sleep>>>,
}

/// How long a listener rests after `EMFILE` and the like: long enough to not spin, short enough
/// for a client's connect time-out.
const REST: Duration = Duration::from_millis(100);

impl<R: Runtime> Listener<R> {
    /// Binds; with port 0 the system chooses.
    pub(super) fn bind(address: &Address, waker: Waker) -> Result<(Self, SocketAddr), CloseReason> {
        let ip: IpAddr = address.host.parse().map_err(|_| {
            CloseReason::Other(format!("{:?} is no IP address to listen on", address.host))
        })?;
        let bound = std::net::TcpListener::bind((ip, address.port))
            .and_then(|socket| {
                socket.set_nonblocking(true)?;
                let local = socket.local_addr()?;
                Ok((R::listen(socket)?, local))
            })
            .map_err(|error| close_reason(&error))?;
        let (socket, local) = bound;
        let rest = None;
        Ok((
            Self {
                socket,
                waker,
                rest,
            },
            local,
        ))
    }

    /// The next connection, if one is there.
    pub(super) fn accept(&mut self) -> Option<(R::Stream, SocketAddr)> {
        let mut cx = Context::from_waker(&self.waker);
        loop {
            if let Some(rest) = self.rest.as_mut() {
                if rest.as_mut().poll(&mut cx).is_pending() {
                    return None;
                }
                self.rest = None;
            }
            match R::poll_accept(&mut self.socket, &mut cx) {
                Poll::Ready(Ok(accepted)) => return Some(accepted),
                Poll::Ready(Err(error)) => match error.kind() {
                    // The peer gave up while it waited to be accepted.
                    ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::Interrupted => {}
                    _ => self.rest = Some(Box::pin(R::sleep_until(Instant::now() + REST))),
                },
                Poll::Pending => return None,
            }
        }
    }
}
