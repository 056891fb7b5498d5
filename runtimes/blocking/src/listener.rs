//! A listener's thread.

use crate::mail::Mail;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use finewire_core::machine::{Address, CloseReason, ListenerId, Machine};
use finewire_host::close_reason;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// The machine's thread's end of a listening socket.
pub(crate) struct Listener {
    local: SocketAddr,
    is_over: Arc<AtomicBool>,
    /// Lets the thread accept once more.
    go_on: SyncSender<()>,
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
        mail: Sender<Mail<M>>,
    ) -> Result<(Self, SocketAddr), CloseReason>
    where
        M: Machine + 'static,
        M::Command: Send,
    {
        let ip: IpAddr = address.host.parse().map_err(|_| {
            CloseReason::Other(format!("{:?} is no IP address to listen on", address.host))
        })?;
        let reason = |error| close_reason(&error);
        let socket = TcpListener::bind((ip, address.port)).map_err(reason)?;
        let local = socket.local_addr().map_err(reason)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (go_on, may_go_on) = sync_channel(1);
        let ends = is_over.clone();
        let thread = Builder::new()
            .name(format!("listen {local}"))
            .spawn(move || accept(listener, &socket, &ends, &may_go_on, &mail))
            .map_err(reason)?;
        let started = Self {
            local,
            is_over,
            go_on,
            thread,
        };
        Ok((started, local))
    }

    /// The last connection was taken over.
    pub(crate) fn accept_on(&self) {
        // A thread that has ended needs no leave.
        let _ = self.go_on.try_send(());
    }

    /// Ends the thread; `None` when it could not be woken and ends with the next connection.
    pub(crate) fn stop(self) -> Option<JoinHandle<()>> {
        self.is_over.store(true, Ordering::Release);
        drop(self.go_on);
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

fn accept<M: Machine>(
    listener: ListenerId,
    socket: &TcpListener,
    is_over: &AtomicBool,
    may_go_on: &Receiver<()>,
    mail: &Sender<Mail<M>>,
) {
    loop {
        let accepted = socket.accept();
        if is_over.load(Ordering::Acquire) {
            return;
        }
        match accepted {
            Ok((stream, peer)) => {
                let is_told = mail.send(Mail::Accepted(listener, stream, peer)).is_ok();
                if !is_told || may_go_on.recv().is_err() {
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
