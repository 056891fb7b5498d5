//! A connection whose other end reads nothing: it ends after a while, so that a stuck browser keeps neither
//! a place nor memory.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A stream whose writes have to make headway within a time.
pub(crate) struct Stall<S> {
    stream: S,
    within: Duration,
    /// Runs while a write waits.
    due: Option<Pin<Box<Sleep>>>,
}

impl<S> Stall<S> {
    pub(crate) const fn new(stream: S, within: Duration) -> Self {
        Self {
            stream,
            within,
            due: None,
        }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.due = None;
            return result;
        }
        let within = self.within;
        let due = self.due.get_or_insert_with(|| Box::pin(sleep(within)));
        if due.as_mut().poll(cx).is_ready() {
            due.as_mut().reset(Instant::now() + within);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    #[tokio::test]
    async fn a_write_that_nobody_reads_ends_after_its_time() {
        let (ours, _theirs) = duplex(16);
        let mut stall = Stall::new(ours, Duration::from_millis(20));
        let fault = stall.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_reader_that_reads_is_waited_for() {
        let (ours, mut theirs) = duplex(16);
        let mut stall = Stall::new(ours, Duration::from_secs(60));
        let reader = tokio::spawn(async move {
            let mut all = vec![0; 100];
            theirs.read_exact(&mut all).await.map(|_| all)
        });
        stall.write_all(&[7; 100]).await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), [7; 100]);
    }
}
