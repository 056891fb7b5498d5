//! Request and reply over a temporary queue.

use core::future::poll_fn;
use std::sync::Arc;

use crate::client::{
    AckMode, ClientCommand, Confirm, ConsumerHandle, ProducerHandle, Send, Subscribe,
};
use crate::command::{Destination, Message, SharedMessage, Text};

use super::connection::{Ways, temporary};
use super::desk::{DeskCommand, Order, Outlet};
use super::orders::Orders;
use super::outcome::{NotDone, done};
use super::replies::Replies;

/// Sends requests and waits for their answers, as many at once as one likes. Dropping it closes its consumer
/// and removes the temporary queue: an answer that comes later has nowhere to go.
#[derive(Debug)]
pub struct Requester<O: Orders> {
    ways: Ways<O>,
    to: Destination,
    answers: Destination,
    consumer: ConsumerHandle,
    replies: Arc<Replies>,
}

/// Room for one answer, given back when the future is dropped.
struct Expected<'a> {
    replies: &'a Replies,
    number: u64,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.replies.forget(self.number);
    }
}

impl<O: Orders> Requester<O> {
    pub(super) async fn open(ways: Ways<O>, to: Destination) -> Result<Self, NotDone> {
        let answers = temporary(&ways, false).await?;
        let requester = Self {
            consumer: ConsumerHandle(ways.shared.number()),
            ways,
            to,
            answers: answers.clone(),
            replies: Arc::new(Replies::default()),
        };
        let mut asked = Subscribe::to(requester.consumer, answers);
        // Answers are taken at once; each belongs to somebody who waits.
        asked.acknowledge = AckMode::Auto;
        requester.ways.shared.ask(requester.consumer.0);
        let order = Order::Subscribe(asked, Outlet::Replies(requester.replies.clone()));
        done(requester.ways.orders.order(DeskCommand(order)).await)?;
        Ok(requester)
    }

    /// Where the answers go to.
    #[must_use]
    pub const fn answers(&self) -> &Destination {
        &self.answers
    }

    /// Sends a request and waits for the message whose `JMSCorrelationID` is the request's; both are set
    /// here, and so is `JMSReplyTo`.
    ///
    /// It has no time limit of its own: wrap it in the runtime's. Dropping the future gives up the answer.
    ///
    /// # Errors
    ///
    /// [`NotDone`]: the request was not sent, or the link was lost while waiting, so that the answer may be
    /// lost.
    pub async fn request(&self, mut request: Message) -> Result<SharedMessage, NotDone> {
        let expected = Expected {
            number: self.replies.expect()?,
            replies: &self.replies,
        };
        request.correlation_id = Some(Text::from(&expected.number.to_string()));
        request.reply_to = Some(self.answers.clone());
        if request.priority == 0 {
            request.priority = 4;
        }
        let send = Send {
            producer: ProducerHandle::ANONYMOUS,
            destination: Some(self.to.clone()),
            messages: vec![request],
            confirm: Confirm::Persistent,
        };
        self.ways.plain(ClientCommand::Send(send)).await?;
        poll_fn(|cx| self.replies.poll(expected.number, cx)).await
    }
}

impl<O: Orders> Drop for Requester<O> {
    fn drop(&mut self) {
        let command = ClientCommand::Unsubscribe(self.consumer);
        self.ways.close(self.consumer.0, command);
        let answers = self.answers.clone();
        self.ways.errand(ClientCommand::RemoveDestination(answers));
    }
}
