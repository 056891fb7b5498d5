//! One link's threads: a reader, a writer, and before them one that connects.

use crate::mail::{Mail, Report};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::machine::{Chunks, CloseReason, LinkId, Machine};
use finewire_host::close_reason;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// The machine's thread's end of an open link. Dropping it ends both threads.
pub(crate) struct Socket {
    /// Shared by both threads: a link costs one descriptor.
    stream: Arc<TcpStream>,
    /// Lends the reader the buffer for its next read; it reads once for each.
    lend: SyncSender<Vec<u8>>,
    write: SyncSender<Order>,
    /// The buffer while the link is paused.
    spare: Option<Vec<u8>>,
    pub(crate) is_reading: bool,
}

enum Order {
    All(VecDeque<Bytes>),
    ShutDown,
}

/// The reader's buffer.
const READ_AT_ONCE: usize = 64 * 1024;

impl Socket {
    /// Starts the threads of a connected stream.
    pub(crate) fn start<M>(
        link: LinkId,
        stream: TcpStream,
        mail: &Sender<Mail<M>>,
    ) -> io::Result<(Self, [JoinHandle<()>; 2])>
    where
        M: Machine + 'static,
        M::Command: Send,
    {
        // A request must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        let (lend, lent) = sync_channel(1);
        let (write, writes) = sync_channel(2);
        let stream = Arc::new(stream);
        let (to_read, to_write) = (stream.clone(), stream.clone());
        let socket = Self {
            stream,
            lend,
            write,
            spare: Some(vec![0; READ_AT_ONCE]),
            is_reading: true,
        };
        let reports = mail.clone();
        let reader = Builder::new()
            .name(format!("read {link}"))
            .spawn(move || read(link, &to_read, &lent, &reports))?;
        let reports = mail.clone();
        let writer = Builder::new()
            .name(format!("write {link}"))
            .spawn(move || write_all(link, &to_write, &writes, &reports))?;
        Ok((socket, [reader, writer]))
    }

    /// Takes back the buffer of a read.
    pub(crate) fn give_back(&mut self, buffer: Vec<u8>) {
        self.spare = Some(buffer);
    }

    /// Lets the reader read once more, unless paused or at it.
    pub(crate) fn read_on(&mut self) {
        if self.is_reading
            && let Some(buffer) = self.spare.take()
        {
            // A reader that has ended has reported why.
            let _ = self.lend.try_send(buffer);
        }
    }

    /// Writes all of this, one at a time. Whether it is done; if not, the writer goes on and reports it.
    pub(crate) fn write(&self, chunks: Chunks) -> bool {
        let mut chunks: VecDeque<Bytes> = chunks.into_iter().collect();
        // Mostly the system takes all of it, and no other thread has to be woken.
        if let Some(written) = write_now(&self.stream, &chunks) {
            advance(&mut chunks, written);
        }
        if chunks.is_empty() {
            return true;
        }
        // A writer that has ended has reported why.
        let _ = self.write.try_send(Order::All(chunks));
        false
    }

    /// Shuts the sending half.
    pub(crate) fn shut_down(&self) {
        // As in `write`.
        let _ = self.write.try_send(Order::ShutDown);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Wakes threads that wait in the system; the peer may have closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn read<M: Machine>(
    link: LinkId,
    mut stream: &TcpStream,
    lent: &Receiver<Vec<u8>>,
    mail: &Sender<Mail<M>>,
) {
    while let Ok(mut buffer) = lent.recv() {
        let report = loop {
            break match stream.read(&mut buffer) {
                Ok(0) => Report::Eof,
                Ok(count) => Report::Received(buffer, count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Report::Failed(close_reason(&error)),
            };
        };
        let is_over = !matches!(report, Report::Received(..));
        if mail.send(Mail::Link(link, report)).is_err() || is_over {
            return;
        }
    }
}

fn write_all<M: Machine>(
    link: LinkId,
    stream: &TcpStream,
    writes: &Receiver<Order>,
    mail: &Sender<Mail<M>>,
) {
    while let Ok(write) = writes.recv() {
        let report = match write {
            Order::All(chunks) => match write_chunks(stream, chunks) {
                Ok(()) => Report::Written,
                Err(error) => Report::Failed(close_reason(&error)),
            },
            Order::ShutDown => {
                // What counts is the peer's end, or the lack of it.
                let _ = stream.shutdown(Shutdown::Write);
                continue;
            }
        };
        let is_over = !matches!(report, Report::Written);
        if mail.send(Mail::Link(link, report)).is_err() || is_over {
            return;
        }
    }
}

/// More buffers in one vectored write do not help: the socket's buffer is full by then.
const SLICES: usize = 64;

/// What the system takes without waiting, in bytes; `None`: nothing, or the writer finds out why not.
#[cfg(unix)]
fn write_now(stream: &TcpStream, chunks: &VecDeque<Bytes>) -> Option<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
    let mut slices = [IoSlice::new(&[]); SLICES];
    let mut used = 0;
    for (slice, chunk) in slices.iter_mut().zip(chunks) {
        *slice = IoSlice::new(chunk);
        used += 1;
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    let nothing = &mut SendAncillaryBuffer::default();
    sendmsg(stream, slices.get(..used)?, nothing, flags).ok()
}

/// Where a single write cannot be told not to wait.
#[cfg(not(unix))]
const fn write_now(_: &TcpStream, _: &VecDeque<Bytes>) -> Option<usize> {
    None
}

/// Strikes what was written off the front.
fn advance(chunks: &mut VecDeque<Bytes>, mut written: usize) {
    while let Some(chunk) = chunks.front_mut() {
        if chunk.len() > written {
            let _ = chunk.split_to(written);
            return;
        }
        written -= chunk.len();
        chunks.pop_front();
    }
}

fn write_chunks(mut stream: &TcpStream, mut chunks: VecDeque<Bytes>) -> io::Result<()> {
    while !chunks.is_empty() {
        let slices: Vec<IoSlice<'_>> = chunks
            .iter()
            .take(SLICES)
            .map(|chunk| IoSlice::new(chunk))
            .collect();
        let written = match stream.write_vectored(&slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        advance(&mut chunks, written);
    }
    Ok(())
}

/// How long one of several addresses of a name may take before the next is tried.
const ADDRESS_WITHIN: Duration = Duration::from_secs(3);

/// How long the last may take: an attempt that was cancelled must end some day.
const LAST_ADDRESS_WITHIN: Duration = Duration::from_secs(30);

/// Connects on a thread of its own. A cancelled attempt ends by itself, at the latest after
/// the times above; nobody waits for it.
pub(crate) fn connect<M>(
    link: LinkId,
    host: Arc<str>,
    port: u16,
    mail: Sender<Mail<M>>,
) -> io::Result<()>
where
    M: Machine + 'static,
    M::Command: Send,
{
    Builder::new()
        .name(format!("connect {link}"))
        .spawn(move || {
            let report = match try_addresses(&host, port) {
                Ok(stream) => Report::Connected(stream),
                Err(reason) => Report::Failed(reason),
            };
            // The machine may have stopped meanwhile.
            let _ = mail.send(Mail::Link(link, report));
        })
        .map(drop)
}

fn try_addresses(host: &str, port: u16) -> Result<TcpStream, CloseReason> {
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|_| CloseReason::NameNotFound)?;
    let mut failure = CloseReason::NameNotFound;
    let mut addresses = addresses.peekable();
    while let Some(address) = addresses.next() {
        let within = if addresses.peek().is_some() {
            ADDRESS_WITHIN
        } else {
            LAST_ADDRESS_WITHIN
        };
        match TcpStream::connect_timeout(&address, within) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = close_reason(&error),
        }
    }
    Err(failure)
}
