//! Advisories as they come.

use core::pin::Pin;
use core::task::{Context, Poll};

use crate::client::Advisory;

use super::consumer::Consumer;
use super::orders::Orders;
use super::outcome::NotDone;

/// What the broker tells about itself, from [`Connection::advisories`](super::Connection::advisories); a
/// `Stream` too. Dropping it closes its consumer.
#[derive(Debug)]
pub struct Advisories<O: Orders> {
    consumer: Consumer<O>,
}

impl<O: Orders> Advisories<O> {
    pub(super) const fn new(consumer: Consumer<O>) -> Self {
        Self { consumer }
    }

    /// The next advisory, waiting for it; `None` when the connection was closed. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that.
    pub async fn next(&mut self) -> Result<Option<Advisory>, NotDone> {
        loop {
            let Some(delivery) = self.consumer.next().await? else {
                return Ok(None);
            };
            if let Ok(advisory) = Advisory::read(&delivery) {
                return Ok(Some(advisory));
            }
        }
    }
}

impl<O: Orders + Unpin> futures_core::Stream for Advisories<O> {
    type Item = Result<Advisory, NotDone>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let consumer = &mut self.get_mut().consumer;
        loop {
            match Pin::new(&mut *consumer).poll_next(cx) {
                Poll::Ready(Some(Ok(delivery))) => {
                    if let Ok(advisory) = Advisory::read(&delivery) {
                        return Poll::Ready(Some(Ok(advisory)));
                    }
                }
                Poll::Ready(Some(Err(why))) => return Poll::Ready(Some(Err(why))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
