//! Accepting, also when descriptors run out.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use finewire_core::machine::{Address, CloseReason};
use finewire_host::close_reason;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::io::ErrorKind;

/// How long a listener rests when the system has no descriptor left.
pub(crate) const REST: Duration = Duration::from_millis(100);

/// A listening socket.
pub(crate) struct Listener {
    socket: TcpListener,
    pub(crate) token: Token,
}

/// What came of accepting.
pub(crate) enum Accepted {
    Peer(TcpStream, SocketAddr),
    /// Nobody is waiting; mio tells when somebody is.
    Nobody,
    /// To be tried again after [`REST`].
    Trouble,
}

impl Listener {
    /// Binds; with port 0 the system chooses. Gives the real address, too.
    pub(crate) fn bind(
        address: &Address,
        registry: &Registry,
        token: Token,
    ) -> Result<(Self, SocketAddr), CloseReason> {
        let ip: IpAddr = address.host.parse().map_err(|_| {
            CloseReason::Other(format!("{:?} is no IP address to listen on", address.host))
        })?;
        let bound = TcpListener::bind(SocketAddr::new(ip, address.port)).and_then(|mut socket| {
            registry.register(&mut socket, token, Interest::READABLE)?;
            let local = socket.local_addr()?;
            Ok((Self { socket, token }, local))
        });
        bound.map_err(|error| close_reason(&error))
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> Accepted {
        loop {
            match self.socket.accept() {
                Ok((stream, peer)) => return Accepted::Peer(stream, peer),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Accepted::Nobody,
                    // The peer gave up while it waited to be accepted.
                    ErrorKind::ConnectionAborted
                    | ErrorKind::ConnectionReset
                    | ErrorKind::Interrupted => {}
                    _ => return Accepted::Trouble,
                },
            }
        }
    }
}
