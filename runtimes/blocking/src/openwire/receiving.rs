//! Receiving and asking, with time-outs.

use super::patience::{Patient, call, late, wait};
use super::{Advisory, Delivery, Destination, Message, NotDone, SharedMessage};
use core::time::Duration;
use finewire_openwire::handle;

/// Receives messages. As an iterator it waits for each without limit, and ends when nothing more comes;
/// where nobody asked for that end, the last item says why.
#[derive(Debug)]
pub struct Consumer {
    inner: handle::Consumer<Patient>,
    is_over: bool,
}

/// What the broker tells about itself; as an iterator it waits for each without limit.
#[derive(Debug)]
pub struct Advisories {
    inner: handle::Advisories<Patient>,
    is_over: bool,
}

/// Asks and is answered over a temporary queue.
#[derive(Debug)]
pub struct Requester {
    inner: handle::Requester<Patient>,
}

impl Consumer {
    pub(super) const fn new(inner: handle::Consumer<Patient>) -> Self {
        Self {
            inner,
            is_over: false,
        }
    }

    /// The next message, waiting for it this long; `None`: none came in time, or nothing more comes.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Delivery>, NotDone> {
        let next = wait(self.inner.next(), Some(within));
        next.map_or(Ok(None), |next| self.noted(next))
    }

    /// Whether it has said that nothing more comes: a `None` of [`next_within`](Self::next_within) is the end then, and
    /// not just late.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn noted(
        &mut self,
        next: Result<Option<Delivery>, NotDone>,
    ) -> Result<Option<Delivery>, NotDone> {
        self.is_over |= !matches!(next, Ok(Some(_)));
        next
    }

    /// The next message if it is here already.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.inner.try_next()
    }

    /// Acknowledges, as [`handle::Consumer::acknowledge`].
    pub fn acknowledge(&mut self, delivery: &Delivery) {
        self.inner.acknowledge(delivery);
    }

    /// Sends a delivery to the broker's dead-letter queue: nobody can use it.
    pub fn reject(&mut self, delivery: &Delivery, why: impl Into<String>) {
        self.inner.reject(delivery, why);
    }

    /// Closes it and waits until the broker was told.
    ///
    /// # Errors
    ///
    /// [`NotDone`], where the connection is over.
    pub fn close(self) -> Result<(), NotDone> {
        call(self.inner.close())
    }
}

impl Iterator for Consumer {
    type Item = Result<Delivery, NotDone>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = call(self.inner.next());
        self.noted(next).transpose()
    }
}

impl Advisories {
    pub(super) const fn new(inner: handle::Advisories<Patient>) -> Self {
        Self {
            inner,
            is_over: false,
        }
    }

    /// The next advisory, waiting for it this long; `None`: none came in time, or nothing more comes.
    ///
    /// # Errors
    ///
    /// Why nothing more comes, where nobody asked for that.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Advisory>, NotDone> {
        let next = wait(self.inner.next(), Some(within));
        next.map_or(Ok(None), |next| self.noted(next))
    }

    /// As [`Consumer::is_over`].
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn noted(
        &mut self,
        next: Result<Option<Advisory>, NotDone>,
    ) -> Result<Option<Advisory>, NotDone> {
        self.is_over |= !matches!(next, Ok(Some(_)));
        next
    }
}

impl Iterator for Advisories {
    type Item = Result<Advisory, NotDone>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = call(self.inner.next());
        self.noted(next).transpose()
    }
}

impl Requester {
    pub(super) const fn new(inner: handle::Requester<Patient>) -> Self {
        Self { inner }
    }

    /// Where the answers go to.
    #[must_use]
    pub const fn answers(&self) -> &Destination {
        self.inner.answers()
    }

    /// Sends a request and waits this long for its answer.
    ///
    /// # Errors
    ///
    /// [`NotDone`]: the request was not sent, the link was lost while waiting, or no answer came in time.
    pub fn request(&self, request: Message, within: Duration) -> Result<SharedMessage, NotDone> {
        let answer = wait(self.inner.request(request), Some(within));
        answer.unwrap_or_else(|| Err(late("no answer came in time")))
    }
}
