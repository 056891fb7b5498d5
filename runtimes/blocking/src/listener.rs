//! A listener's thread.

use crate::shared::Shared;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use finewire_core::machine::{Address, CloseReason, ListenerId, Machine};
use finewire_host::close_reason;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// The machine's thread's end of a listening socket.
pub(crate) struct Listener {
    local: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// How long the thread rests after `EMFILE` and the like: long enough to not spin, short
/// enough for a client's connect time-out.
const REST: Duration = Duration::from_millis(100);

impl Listener {
    /// Binds and starts the thread; with port 0 the system chooses.
    pub(crate) fn start<M>(
        listener: ListenerId,
        address: &Address,
        shared: Arc<Shared<M>>,
    ) -> Result<(Self, SocketAddr), CloseReason>
    where
        M: Machine + Send + 'static,
        M::Command: Send,
        M::Event: Send,
    {
        let ip: IpAddr = address.host.parse().map_err(|_| {
            CloseReason::Other(format!("{:?} is no IP address to listen on", address.host))
        })?;
        let reason = |error| close_reason(&error);
        let socket = TcpListener::bind((ip, address.port)).map_err(reason)?;
        let local = socket.local_addr().map_err(reason)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = is_over.clone();
        let thread = Builder::new()
            .name(format!("listen {local}"))
            .spawn(move || shared.guard(|| accept(listener, &socket, &ends, &shared)))
            .map_err(reason)?;
        let started = Self {
            local,
            is_over,
            thread,
        };
        Ok((started, local))
    }

    /// Ends the thread; `None` when it could not be woken and ends with the next connection.
    pub(crate) fn stop(self) -> Option<JoinHandle<()>> {
        self.is_over.store(true, Ordering::Release);
        let ip = match self.local.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let own = SocketAddr::new(ip, self.local.port());
        // The one portable way to end a blocking accept. Refused: the thread has ended.
        match TcpStream::connect_timeout(&own, REST) {
            Err(error) if error.kind() != ErrorKind::ConnectionRefused => None,
            Ok(_) | Err(_) => Some(self.thread),
        }
    }
}

fn accept<M>(
    listener: ListenerId,
    socket: &TcpListener,
    is_over: &AtomicBool,
    shared: &Arc<Shared<M>>,
) where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    loop {
        let accepted = socket.accept();
        if is_over.load(Ordering::Acquire) {
            return;
        }
        match accepted {
            Ok((stream, peer)) => {
                let told = shared.tell(|engine| {
                    // While it waited, the machine may have stopped listening.
                    if !is_over.load(Ordering::Acquire) {
                        engine.on_accepted(shared, listener, stream, peer);
                    }
                });
                if told.is_none() {
                    return;
                }
            }
            Err(error) => match error.kind() {
                // The peer gave up while it waited to be accepted.
                ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::Interrupted => {}
                _ => std::thread::sleep(REST),
            },
        }
    }
}
