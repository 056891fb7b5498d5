//! One write: what the system takes at once, and the rest.

use crate::socket::Wire;
use core::fmt;
use finewire_core::machine::{Chunks, LinkId};
use std::io::{self, ErrorKind, IoSlice, Write};
use std::sync::Arc;

/// Buffers on their way to a socket.
pub(crate) struct Writing {
    pub(crate) link: LinkId,
    wire: Arc<Wire>,
    chunks: Chunks,
    /// Bytes of `chunks` that the system has taken.
    written: usize,
}

/// More buffers in one vectored write do not help: the socket's buffer is full by then.
const SLICES: usize = 64;
/// Most writes are a head and a body; making room for many more costs as much as all else here.
const FEW: usize = 4;

impl Writing {
    pub(crate) fn new(link: LinkId, wire: &Arc<Wire>, chunks: Chunks) -> Self {
        Self {
            link,
            wire: wire.clone(),
            chunks,
            written: 0,
        }
    }

    pub(crate) const fn is_done(&self) -> bool {
        self.written == self.chunks.len()
    }

    /// Writes what the system takes without waiting. What it does not take, and why, its writer finds out.
    pub(crate) fn write_now(&mut self) {
        while !self.is_done() {
            match self.write_some(write_now) {
                Some(1..) => {}
                Some(0) | None => return,
            }
        }
    }

    /// Writes all of it, however long that takes.
    pub(crate) fn write_all(&mut self) -> io::Result<()> {
        while !self.is_done() {
            match self.write_some(|wire, slices| (&wire.stream).write_vectored(slices)) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// One vectored write of what comes next.
    fn write_some<T: Taken>(&mut self, write: impl FnOnce(&Wire, &[IoSlice<'_>]) -> T) -> T {
        if self.chunks.as_slice().len() <= FEW {
            self.write_slices::<FEW, T>(write)
        } else {
            self.write_slices::<SLICES, T>(write)
        }
    }

    fn write_slices<const N: usize, T: Taken>(
        &mut self,
        write: impl FnOnce(&Wire, &[IoSlice<'_>]) -> T,
    ) -> T {
        let mut slices = [IoSlice::new(&[]); N];
        let mut used = 0;
        let mut skipped = self.written;
        for chunk in self.chunks.as_slice() {
            let Some(slice) = slices.get_mut(used) else {
                break;
            };
            if let Some(rest @ [_, ..]) = chunk.get(skipped..) {
                *slice = IoSlice::new(rest);
                used += 1;
            }
            skipped = skipped.saturating_sub(chunk.len());
        }
        let taken = write(&self.wire, slices.get(..used).unwrap_or_default());
        self.written += taken.bytes();
        taken
    }
}

/// What came of a write.
trait Taken {
    fn bytes(&self) -> usize;
}

impl Taken for Option<usize> {
    fn bytes(&self) -> usize {
        self.unwrap_or_default()
    }
}

impl Taken for io::Result<usize> {
    fn bytes(&self) -> usize {
        self.as_ref().copied().unwrap_or_default()
    }
}

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writing({}, {:?})", self.link, self.chunks)
    }
}

/// What the system takes without waiting, in bytes; `None`: nothing.
#[cfg(unix)]
fn write_now(wire: &Wire, slices: &[IoSlice<'_>]) -> Option<usize> {
    use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    if let [one] = slices {
        return send(&wire.stream, one, flags).ok();
    }
    let nothing = &mut SendAncillaryBuffer::default();
    sendmsg(&wire.stream, slices, nothing, flags).ok()
}

/// Where a single write cannot be told not to wait.
#[cfg(not(unix))]
const fn write_now(_: &Wire, _: &[IoSlice<'_>]) -> Option<usize> {
    None
}
