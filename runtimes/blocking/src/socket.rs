//! One link's socket and its threads: a reader, a writer where one is needed, and before them one that connects.

use crate::engine::Reading;
use crate::shared::Shared;
use crate::writing::Writing;
use core::time::Duration;
use finewire_core::machine::{CloseReason, LinkId, Machine};
use finewire_host::close_reason;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar};
use std::thread::{Builder, JoinHandle};

/// What a link's threads share. A link costs one descriptor.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    /// Wakes the reader, which waits here with the machine's lock while the link is paused.
    pub(crate) resumed: Condvar,
}

/// The machine's end of an open link. Dropping it ends both threads.
pub(crate) struct Socket {
    pub(crate) wire: Arc<Wire>,
    /// The way to the writer, which starts when the system does not take a write at once.
    writer: Option<SyncSender<Writing>>,
    pub(crate) is_reading: bool,
    /// The peer has ended its half; its reader is gone.
    pub(crate) has_ended: bool,
}

/// The reader's buffer.
const READ_AT_ONCE: usize = 64 * 1024;

impl Socket {
    /// Starts the reader of a connected stream.
    pub(crate) fn start<M>(
        link: LinkId,
        stream: TcpStream,
        shared: &Arc<Shared<M>>,
    ) -> io::Result<(Self, JoinHandle<()>)>
    where
        M: Machine + Send + 'static,
        M::Command: Send,
        M::Event: Send,
    {
        // A request must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        let wire = Arc::new(Wire {
            stream,
            resumed: Condvar::new(),
        });
        let socket = Self {
            wire: wire.clone(),
            writer: None,
            is_reading: true,
            has_ended: false,
        };
        let shared = shared.clone();
        let reader = Builder::new()
            .name(format!("read {link}"))
            .spawn(move || shared.guard(|| read(link, &wire, &shared)))?;
        Ok((socket, reader))
    }

    pub(crate) fn set_reading(&mut self, is_reading: bool) {
        self.is_reading = is_reading;
        if is_reading {
            self.wire.resumed.notify_all();
        }
    }

    /// Lets the writer go on with a write that the system did not take at once; its thread, if it starts now.
    pub(crate) fn write_on<M>(
        &mut self,
        writing: Writing,
        shared: &Arc<Shared<M>>,
    ) -> io::Result<Option<JoinHandle<()>>>
    where
        M: Machine + Send + 'static,
        M::Command: Send,
        M::Event: Send,
    {
        let mut started = None;
        let writer = if let Some(writer) = &self.writer {
            writer
        } else {
            let (writer, writes) = sync_channel(1);
            let shared = shared.clone();
            let thread = Builder::new()
                .name(format!("write {}", writing.link))
                .spawn(move || shared.guard(|| write_all(&writes, &shared)))?;
            started = Some(thread);
            self.writer.insert(writer)
        };
        // A writer that has ended has reported why.
        let _ = writer.try_send(writing);
        Ok(started)
    }

    /// Shuts the sending half; no write is under way.
    pub(crate) fn shut_down(&self) {
        // What counts is the peer's end, or the lack of it.
        let _ = self.wire.stream.shutdown(Shutdown::Write);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Wakes threads that wait in the system; the peer may have closed already.
        let _ = self.wire.stream.shutdown(Shutdown::Both);
        self.wire.resumed.notify_all();
    }
}

/// Reads once, tells the machine, and does what it wants of it on this very thread: no message passes to another.
fn read<M>(link: LinkId, wire: &Arc<Wire>, shared: &Arc<Shared<M>>)
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    let mut buffer = vec![0; READ_AT_ONCE];
    loop {
        let read = match (&wire.stream).read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map(|count| buffer.get(..count).unwrap_or_default()),
        };
        let told = shared.tell(|engine| engine.on_read(link, read));
        let Some(mut core) = told else {
            return;
        };
        loop {
            match core.reading(link, wire) {
                Reading::On => break,
                Reading::Over => return,
                Reading::Paused => match wire.resumed.wait(core) {
                    Ok(woken) => core = woken,
                    // The machine has panicked on another thread.
                    Err(_) => return,
                },
            }
        }
    }
}

fn write_all<M>(writes: &Receiver<Writing>, shared: &Arc<Shared<M>>)
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    while let Ok(mut writing) = writes.recv() {
        let written = writing.write_all();
        let is_over = written.is_err();
        let told = shared.tell(|engine| engine.on_written(writing.link, written));
        if told.is_none() || is_over {
            return;
        }
    }
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
    shared: Arc<Shared<M>>,
) -> io::Result<()>
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    Builder::new()
        .name(format!("connect {link}"))
        .spawn(move || {
            let connected = try_addresses(&host, port);
            shared.guard(|| {
                // The machine may have stopped meanwhile.
                let _ = shared.tell(|engine| match connected {
                    Ok(stream) => engine.on_connected(&shared, link, stream),
                    Err(reason) => engine.on_failed(link, reason),
                });
            });
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
