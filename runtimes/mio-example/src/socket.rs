//! One link's socket: connecting address by address, then reading and writing until it would block.

use bytes::Bytes;
use core::net::SocketAddr;
use core::time::Duration;
use finewire_core::machine::{Chunks, CloseReason};
use finewire_host::close_reason;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Instant;

/// How long one of several addresses of a name may take before the next is tried.
const ADDRESS_WITHIN: Duration = Duration::from_secs(3);

/// More buffers in one vectored write do not help: the socket's buffer is full by then.
const SLICES: usize = 64;

/// A socket and what is under way on it.
pub(crate) struct Socket {
    pub(crate) token: Token,
    state: State,
    pub(crate) is_reading: bool,
    writing: VecDeque<Bytes>,
}

enum State {
    /// Waits for the addresses of its name.
    Resolving,
    /// Tries one address after the other.
    Connecting {
        stream: TcpStream,
        others: VecDeque<SocketAddr>,
        until: Option<Instant>,
    },
    Open(TcpStream),
}

/// What came of trying.
pub(crate) enum Tried {
    Connected,
    Failed(CloseReason),
    /// To be asked again when mio says so, or at this time.
    Pending(Option<Instant>),
}

impl Socket {
    pub(crate) const fn resolving(token: Token) -> Self {
        Self::new(token, State::Resolving)
    }

    /// One that was accepted.
    pub(crate) fn open(
        token: Token,
        mut stream: TcpStream,
        registry: &Registry,
    ) -> io::Result<Self> {
        watch(&mut stream, token, registry)?;
        Ok(Self::new(token, State::Open(stream)))
    }

    const fn new(token: Token, state: State) -> Self {
        Self {
            token,
            state,
            is_reading: true,
            writing: VecDeque::new(),
        }
    }

    pub(crate) const fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    /// Begins with the first of these addresses that can be begun with.
    pub(crate) fn try_addresses(
        &mut self,
        mut addresses: VecDeque<SocketAddr>,
        registry: &Registry,
    ) -> Tried {
        let mut failure = CloseReason::NameNotFound;
        while let Some(address) = addresses.pop_front() {
            let begun = TcpStream::connect(address).and_then(|mut stream| {
                watch(&mut stream, self.token, registry)?;
                Ok(stream)
            });
            match begun {
                Ok(stream) => {
                    let until = (!addresses.is_empty()).then(|| Instant::now() + ADDRESS_WITHIN);
                    let others = addresses;
                    self.state = State::Connecting {
                        stream,
                        others,
                        until,
                    };
                    return Tried::Pending(until);
                }
                Err(error) => failure = close_reason(&error),
            }
        }
        Tried::Failed(failure)
    }

    /// Looks whether the connection is there; goes on to the next address if it cannot be had.
    pub(crate) fn try_connect(&mut self, registry: &Registry) -> Tried {
        let state = core::mem::replace(&mut self.state, State::Resolving);
        let State::Connecting {
            stream,
            others,
            until,
        } = state
        else {
            self.state = state;
            return Tried::Pending(None);
        };
        // How a connection stands that is being made: mio, `TcpStream::connect`.
        let failure = match stream.take_error() {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => match stream.peer_addr() {
                Ok(_) => {
                    self.state = State::Open(stream);
                    return Tried::Connected;
                }
                Err(error) if error.kind() != ErrorKind::NotConnected => error,
                Err(_) if until.is_some_and(|until| until <= Instant::now()) => {
                    ErrorKind::TimedOut.into()
                }
                Err(_) => {
                    self.state = State::Connecting {
                        stream,
                        others,
                        until,
                    };
                    return Tried::Pending(until);
                }
            },
        };
        drop(stream);
        if others.is_empty() {
            return Tried::Failed(close_reason(&failure));
        }
        self.try_addresses(others, registry)
    }

    /// Begins a write; one at a time.
    pub(crate) fn begin_write(&mut self, chunks: Chunks) {
        self.writing.extend(chunks);
    }

    /// Writes what is left of the write under way. `None`: nothing is under way, or the socket takes no more for now.
    pub(crate) fn write(&mut self) -> Option<io::Result<()>> {
        let State::Open(stream) = &mut self.state else {
            return None;
        };
        if self.writing.is_empty() {
            return None;
        }
        while !self.writing.is_empty() {
            let slices: Vec<IoSlice<'_>> = self
                .writing
                .iter()
                .take(SLICES)
                .map(|chunk| IoSlice::new(chunk))
                .collect();
            match stream.write_vectored(&slices) {
                Ok(0) => return Some(Err(ErrorKind::WriteZero.into())),
                Ok(written) => advance(&mut self.writing, written),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return None,
                    ErrorKind::Interrupted => {}
                    _ => return Some(Err(error)),
                },
            }
        }
        Some(Ok(()))
    }

    /// Reads once; `None`: paused, or nothing there.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let State::Open(stream) = &mut self.state else {
            return None;
        };
        if !self.is_reading {
            return None;
        }
        loop {
            let read = stream.read(buffer);
            match read.as_ref().map_err(io::Error::kind) {
                Err(ErrorKind::WouldBlock) => return None,
                Err(ErrorKind::Interrupted) => {}
                _ => return Some(read),
            }
        }
    }

    /// Shuts the sending half.
    pub(crate) fn shut_down(&self) {
        if let State::Open(stream) = &self.state {
            // A peer that is gone already: reading finds that out.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

fn watch(stream: &mut TcpStream, token: Token, registry: &Registry) -> io::Result<()> {
    // A request must not wait for the acknowledgement of the one before. Failing: slower, not wrong.
    let _ = stream.set_nodelay(true);
    registry.register(stream, token, Interest::READABLE | Interest::WRITABLE)
}

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
