//! One link's socket.

use bytes::Bytes;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use finewire_core::machine::{Chunks, CloseReason};
use finewire_host::close_reason;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A socket, and the waker that names it.
pub(crate) struct Socket {
    pub(crate) stream: Stream,
    pub(crate) waker: Waker,
    pub(crate) is_reading: bool,
    pub(crate) writing: Option<Writing>,
}

pub(crate) enum Stream {
    Connecting(Pin<Box<dyn Future<Output = Result<TcpStream, CloseReason>> + Send>>),
    Open(TcpStream),
}

impl Socket {
    pub(crate) fn connecting(waker: Waker, host: Arc<str>, port: u16) -> Self {
        Self::new(waker, Stream::Connecting(Box::pin(connect(host, port))))
    }

    pub(crate) fn new(waker: Waker, stream: Stream) -> Self {
        Self {
            stream,
            waker,
            is_reading: true,
            writing: None,
        }
    }

    /// Writes what is left of the write under way. `None`: nothing is under way or the socket
    /// takes no more for now.
    pub(crate) fn write(&mut self) -> Option<io::Result<()>> {
        let Stream::Open(stream) = &mut self.stream else {
            return None;
        };
        let mut cx = Context::from_waker(&self.waker);
        match self.writing.as_mut()?.poll(stream, &mut cx) {
            Poll::Ready(result) => {
                self.writing = None;
                Some(result)
            }
            Poll::Pending => None,
        }
    }

    /// Shuts the sending half.
    pub(crate) fn shut_down(&mut self) {
        if let Stream::Open(stream) = &mut self.stream {
            let mut cx = Context::from_waker(&self.waker);
            // Nothing is reported of it: the peer's end, or the lack of it, is what counts.
            let _ = Pin::new(stream).poll_shutdown(&mut cx);
        }
    }

    /// Reads once; `None`: paused, or nothing there.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let Stream::Open(stream) = &mut self.stream else {
            return None;
        };
        if !self.is_reading {
            return None;
        }
        let mut cx = Context::from_waker(&self.waker);
        let mut space = ReadBuf::new(buffer);
        match Pin::new(stream).poll_read(&mut cx, &mut space) {
            Poll::Ready(result) => Some(result.map(|()| space.filled().len())),
            Poll::Pending => None,
        }
    }
}

/// A list of buffers being written.
pub(crate) struct Writing {
    chunks: VecDeque<Bytes>,
}

/// More buffers in one vectored write do not help: the socket's buffer is full by then.
const SLICES: usize = 64;

impl Writing {
    pub(crate) fn new(chunks: Chunks) -> Self {
        Self {
            chunks: chunks.into_iter().collect(),
        }
    }

    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.chunks.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut used = 0;
            for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
                *slice = IoSlice::new(chunk);
                used += 1;
            }
            let slices = slices.get(..used).unwrap_or_default();
            let written = match Pin::new(&mut *stream).poll_write_vectored(cx, slices) {
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

async fn connect(host: Arc<str>, port: u16) -> Result<TcpStream, CloseReason> {
    let addresses: Vec<_> = tokio::net::lookup_host((&*host, port))
        .await
        .map_err(|_| CloseReason::NameNotFound)?
        .collect();
    let mut failure = CloseReason::NameNotFound;
    let count = addresses.len();
    for (n, address) in addresses.into_iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let result = if n + 1 < count {
            let cut = tokio::time::timeout(ADDRESS_WITHIN, connecting).await;
            cut.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            connecting.await
        };
        match result {
            Ok(stream) => {
                // A request must not wait for the acknowledgement of the one before.
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Err(error) => failure = close_reason(&error),
        }
    }
    Err(failure)
}
