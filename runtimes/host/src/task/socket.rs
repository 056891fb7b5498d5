//! One link's socket.

use super::runtime::Runtime;
use crate::close_reason;
use bytes::Bytes;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use finewire_core::machine::{Chunks, CloseReason};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Instant;

/// A socket, and the waker that names it.
pub(super) struct Socket<R: Runtime> {
    pub(super) stream: Stream<R>,
    pub(super) waker: Waker,
    pub(super) is_reading: bool,
    writing: Option<Writing>,
}

pub(super) enum Stream<R: Runtime> {
    Connecting(Pin<Box<dyn Future<Output = Result<R::Stream, CloseReason>> + Send>>),
    Open(R::Stream),
}

impl<R: Runtime> Socket<R> {
    pub(super) fn connecting(waker: Waker, host: Arc<str>, port: u16) -> Self {
        Self::new(
            waker,
            Stream::Connecting(Box::pin(connect::<R>(host, port))),
        )
    }

    pub(super) fn new(waker: Waker, stream: Stream<R>) -> Self {
        Self {
            stream,
            waker,
            is_reading: true,
            writing: None,
        }
    }

    pub(super) const fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Begins a write. `None`: the socket takes no more for now; the rest is under way.
    pub(super) fn begin_write(&mut self, chunks: Chunks) -> Option<io::Result<()>> {
        let mut written = 0;
        if let Stream::Open(stream) = &mut self.stream {
            let mut cx = Context::from_waker(&self.waker);
            // The socket takes most writes whole: no list is made of what is left.
            match write_some::<R>(chunks.as_slice(), stream, &mut cx) {
                Poll::Ready(Ok(0)) => return Some(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) if count == chunks.len() => return Some(Ok(())),
                Poll::Ready(Ok(count)) => written = count,
                Poll::Ready(Err(error)) => return Some(Err(error)),
                Poll::Pending => {}
            }
        }
        self.writing = Some(Writing::rest_of(chunks, written));
        self.write()
    }

    /// Writes what is left of the write under way. `None`: nothing is under way or the socket
    /// takes no more for now.
    pub(super) fn write(&mut self) -> Option<io::Result<()>> {
        let Stream::Open(stream) = &mut self.stream else {
            return None;
        };
        let mut cx = Context::from_waker(&self.waker);
        match self.writing.as_mut()?.poll::<R>(stream, &mut cx) {
            Poll::Ready(result) => {
                self.writing = None;
                Some(result)
            }
            Poll::Pending => None,
        }
    }

    /// Shuts the sending half.
    pub(super) fn shut_down(&mut self) {
        if let Stream::Open(stream) = &mut self.stream {
            let mut cx = Context::from_waker(&self.waker);
            R::shut_down(stream, &mut cx);
        }
    }

    /// Reads once; `None`: paused, or nothing there.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let Stream::Open(stream) = &mut self.stream else {
            return None;
        };
        if !self.is_reading {
            return None;
        }
        let mut cx = Context::from_waker(&self.waker);
        match R::poll_read(stream, &mut cx, buffer) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }
}

/// What is left of a list of buffers being written.
#[derive(Debug)]
struct Writing {
    chunks: VecDeque<Bytes>,
}

/// More buffers in one vectored write do not help: the socket's buffer is full by then.
const SLICES: usize = 64;
/// Most writes are a head and a body; making room for many more costs as much as all else here.
const FEW: usize = 4;

/// One vectored write of the first buffers.
fn write_some<R: Runtime>(
    chunks: &[Bytes],
    stream: &mut R::Stream,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if chunks.len() <= FEW {
        write_slices::<R, FEW>(chunks, stream, cx)
    } else {
        write_slices::<R, SLICES>(chunks, stream, cx)
    }
}

fn write_slices<R: Runtime, const N: usize>(
    chunks: &[Bytes],
    stream: &mut R::Stream,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); N];
    for (slice, chunk) in slices.iter_mut().zip(chunks) {
        *slice = IoSlice::new(chunk);
    }
    R::poll_write(
        stream,
        cx,
        slices.get(..chunks.len().min(N)).unwrap_or_default(),
    )
}

impl Writing {
    fn rest_of(chunks: Chunks, written: usize) -> Self {
        // The list itself becomes the queue; collecting one would copy it.
        let chunks = chunks.into_iter().collect::<Vec<Bytes>>().into();
        let mut writing = Self { chunks };
        writing.advance(written);
        writing
    }

    fn poll<R: Runtime>(
        &mut self,
        stream: &mut R::Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.chunks.is_empty() {
            // Only the front of a list made here is ever taken off: it has not wrapped.
            let written = match write_some::<R>(self.chunks.as_slices().0, stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            };
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(chunk) = self.chunks.front_mut() {
            if chunk.len() > written {
                let _ = chunk.split_to(written);
                return;
            }
            written -= chunk.len();
            self.chunks.pop_front();
        }
    }
}

/// How long one of several addresses of a name may take before the next is tried.
const ADDRESS_WITHIN: Duration = Duration::from_secs(3);

async fn connect<R: Runtime>(host: Arc<str>, port: u16) -> Result<R::Stream, CloseReason> {
    let addresses = R::resolve(host, port)
        .await
        .map_err(|_| CloseReason::NameNotFound)?;
    let mut failure = CloseReason::NameNotFound;
    let count = addresses.len();
    for (n, address) in addresses.into_iter().enumerate() {
        let connecting = R::connect(address);
        let result = if n + 1 < count {
            within::<R, _>(ADDRESS_WITHIN, connecting).await
        } else {
            connecting.await
        };
        match result {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = close_reason(&error),
        }
    }
    Err(failure)
}

async fn within<R: Runtime, T>(
    time: Duration,
    future: impl Future<Output = io::Result<T>> + Send,
) -> io::Result<T> {
    let mut future = pin!(future);
    let mut sleep = pin!(R::sleep_until(Instant::now() + time));
    poll_fn(|cx| {
        if let Poll::Ready(result) = future.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        let over = sleep.as_mut().poll(cx);
        over.map(|_| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}
