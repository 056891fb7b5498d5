//! Sends: what waits for room or for a broker, and how it is encoded.

use core::time::Duration;

use finewire_core::machine::{CommandId, Outcome, Reason, Timers};

use crate::command::{Destination, Message, MessageId};

use super::batch::Batch;
use super::producer::{ProducerHandle, size_of, unknown_producer};
use super::protocol::{Client, Stage};
use super::request::Request;
use super::session::{SessionHandle, Transaction, rolled_back};

/// Messages to send by a producer, in order, as one command. The client fills in producer, id,
/// destination, transaction and, where it is 0 and the clock is known, the timestamp. A negative expiration
/// is a time to live, milliseconds: the time of the send is added to it, or it is dropped where no clock is
/// known.
///
/// The command waits while the producer's window is used up, while too much is waiting to be written,
/// and (for [`ClientConfig::hold_sends`](super::ClientConfig)) while no broker is connected: whoever
/// waits for its end is held back. Its end says:
///
/// | confirm | Done | Refused | Failed |
/// |---|---|---|---|
/// | yes | the broker has all of them | it has none of them | it may have some |
/// | no | all were handed to the operating system | none left | some may have arrived |
/// | in a transaction | as *no*; the commit decides | none left | the transaction is lost, or some are not in it |
///
/// Nothing is sent twice by the client itself, so that no send is ever doubled by a failover: what was in
/// flight when the link was lost is told (`Failed`), and sending it again is the owner's choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// By which producer.
    pub producer: ProducerHandle,
    /// Where to, if the producer does not say; may be composite.
    pub destination: Option<Destination>,
    /// The messages; none at all is done at once.
    pub messages: Vec<Message>,
    /// Whether the broker confirms.
    pub confirm: Confirm,
}

/// Whether the broker confirms a send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirm {
    /// As JMS providers do: persistent messages outside a transaction are confirmed, others are not.
    #[default]
    Persistent,
    /// Each message (`jms.alwaysSyncSend`).
    Always,
    /// None (`jms.useAsyncSend`).
    Never,
}

/// A send that has not been encoded to its end.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) command: CommandId,
    destination: Destination,
    messages: Vec<Message>,
    /// How many of them are encoded.
    encoded: usize,
    confirm: Confirm,
}

impl Waiting {
    /// What is not encoded.
    pub(super) fn left(&self) -> &[Message] {
        self.messages.get(self.encoded..).unwrap_or_default()
    }
}

/// Bytes not yet written above which sends wait: what keeps a socket busy, and no more.
const WRITE_AHEAD: usize = 256 * 1024;

impl Client {
    pub(super) fn send(&mut self, id: CommandId, send: Send) -> Result<(), Outcome> {
        self.must_stay()?;
        let handle = send.producer;
        let hold = self.config.hold_sends;
        if self.stage != Stage::Ready && hold.is_zero() {
            return self.must_be_ready();
        }
        let Some(producer) = self.producers.get(&handle) else {
            return Err(unknown_producer(handle));
        };
        let session = producer.asked.session;
        let destination = match (&producer.asked.destination, send.destination) {
            (Some(fixed), Some(other)) if *fixed != other => {
                let text = format!("the producer sends to {fixed}");
                return Err(Outcome::refused(Reason::Local, text));
            }
            (Some(fixed), _) => fixed.clone(),
            (None, Some(destination)) if !destination.name().is_empty() => destination,
            (None, _) => {
                let text = "the destination has no name";
                return Err(Outcome::refused(Reason::Local, text));
            }
        };
        if let Some(session) = self.sessions.get(&session)
            && session.transaction == Transaction::Lost
        {
            return Err(rolled_back());
        }
        if send.messages.is_empty() {
            self.ended(id, Outcome::Done);
            return Ok(());
        }
        let bytes = send.messages.iter().map(weight).sum::<usize>();
        let limits = &self.config.limits;
        if self.batches.len() >= limits.waiting_sends
            || self.waiting_bytes.saturating_add(bytes) > limits.waiting_bytes
        {
            let text = "too many sends are waiting";
            return Err(Outcome::refused(Reason::Limit, text));
        }
        self.waiting_bytes += bytes;
        self.batches.insert(id, Batch::default());
        if self.stage != Stage::Ready && hold != Duration::MAX {
            self.holds.set(id, self.now + hold);
        }
        if let Some(producer) = self.producers.get_mut(&handle) {
            producer.waiting.push_back(Waiting {
                command: id,
                destination,
                messages: send.messages,
                encoded: 0,
                confirm: send.confirm,
            });
        }
        self.with_waiting.insert(handle);
        self.pump();
        Ok(())
    }

    /// Encodes what there is room for.
    pub(super) fn pump(&mut self) {
        if self.stage != Stage::Ready || self.with_waiting.is_empty() {
            return;
        }
        let handles: Vec<ProducerHandle> = self.with_waiting.iter().copied().collect();
        for handle in handles {
            while self.channel.backlog() < WRITE_AHEAD && self.pump_front(handle) {}
        }
    }

    /// Encodes what waits first at a producer, as far as it may; whether the next may follow.
    fn pump_front(&mut self, handle: ProducerHandle) -> bool {
        let Some(producer) = self.producers.get_mut(&handle) else {
            return false;
        };
        let Some(mut waiting) = producer.waiting.pop_front() else {
            self.with_waiting.remove(&handle);
            return false;
        };
        while !waiting.left().is_empty() {
            let is_full = self.channel.backlog() >= WRITE_AHEAD;
            if is_full || !self.may_send(handle, &waiting) {
                if let Some(producer) = self.producers.get_mut(&handle) {
                    producer.waiting.push_front(waiting);
                }
                return false;
            }
            if let Err(outcome) = self.encode_next(handle, &mut waiting) {
                self.give_up(waiting, outcome);
                return true;
            }
        }
        true
    }

    fn may_send(&self, handle: ProducerHandle, waiting: &Waiting) -> bool {
        let producer = self.producers.get(&handle);
        let (Some(producer), Some(next)) = (producer, waiting.left().first()) else {
            return false;
        };
        producer.has_room(size_of(next)) && self.requests.len() < self.config.limits.requests
    }

    /// Encodes the next message of a send; the error says why none of it can be sent any more.
    fn encode_next(
        &mut self,
        handle: ProducerHandle,
        waiting: &mut Waiting,
    ) -> Result<(), Outcome> {
        let Some(producer) = self.producers.get(&handle) else {
            return Err(unknown_producer(handle));
        };
        let transaction = self.transaction_of(producer.asked.session)?;
        let wall = self.wall.map(|(wall, at)| wall.plus(self.now - at).0);
        let is_last = waiting.left().len() == 1;
        let (Some(producer), Some(message)) = (
            self.producers.get_mut(&handle),
            waiting.messages.get_mut(waiting.encoded),
        ) else {
            return Ok(());
        };
        waiting.encoded += 1;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(weight(message));
        let command = waiting.command;
        let confirmed = match waiting.confirm {
            Confirm::Always => true,
            Confirm::Never => false,
            Confirm::Persistent => message.persistent && transaction.is_none(),
        };
        message.producer_id = Some(producer.id.clone());
        message.message_id = Some(MessageId::new(producer.id.clone(), producer.next_sequence));
        message.destination = Some(waiting.destination.clone());
        if transaction.is_some() {
            message.extras.transaction_id = transaction;
        }
        if message.timestamp == 0 {
            message.timestamp = wall.unwrap_or(0);
        }
        if message.expiration < 0 {
            message.expiration = wall.map_or(0, |wall| wall.saturating_sub(message.expiration));
        }
        if !confirmed && producer.asked.window > 0 {
            let size = size_of(message);
            producer.under_way.push_back(size);
            producer.used += size;
        }
        producer.next_sequence += 1;
        let said = self.say_message(message, confirmed.then_some(Request::Sent(command)));
        // The others of the send may wait for long.
        message.content = None;
        message.marshalled_properties = None;
        let mut first_written = false;
        if let Some(batch) = self.batches.get_mut(&command) {
            batch.complete = is_last;
            match said {
                Ok(()) => {
                    batch.sent += 1;
                    batch.unanswered += usize::from(confirmed);
                    first_written = !confirmed && !batch.unwritten && is_last;
                    batch.unwritten |= first_written;
                }
                Err(outcome) => {
                    batch.trouble.get_or_insert(outcome);
                }
            }
        }
        if first_written {
            self.when_written.push(command);
        }
        if is_last {
            self.holds.clear(&command);
            self.end_batch(command);
        }
        Ok(())
    }

    /// Refuses what waits in a session whose transaction ends.
    pub(super) fn refuse_waiting(&mut self, session: SessionHandle) {
        let handles: Vec<ProducerHandle> = self
            .producers
            .iter()
            .filter(|(_, producer)| producer.asked.session == session)
            .map(|(handle, _)| *handle)
            .collect();
        for handle in handles {
            let waiting = self
                .producers
                .get_mut(&handle)
                .map(|producer| core::mem::take(&mut producer.waiting));
            for waiting in waiting.into_iter().flatten() {
                let text = "the transaction ended before there was room for the message";
                self.give_up(waiting, Outcome::refused(Reason::Local, text));
            }
        }
    }

    /// A send has waited long enough for a broker.
    pub(super) fn check_holds(&mut self) {
        while let Some(command) = self.holds.pop_due(self.now) {
            let handle = self.producers.iter().find_map(|(handle, producer)| {
                let mut all = producer.waiting.iter();
                all.any(|waiting| waiting.command == command)
                    .then_some(*handle)
            });
            let producer = handle.and_then(|handle| self.producers.get_mut(&handle));
            let waiting = producer.and_then(|producer| {
                let place = producer
                    .waiting
                    .iter()
                    .position(|waiting| waiting.command == command)?;
                producer.waiting.remove(place)
            });
            if let Some(waiting) = waiting {
                let text = "no broker was connected in time";
                self.give_up(waiting, Outcome::refused(Reason::TimedOut, text));
            }
        }
    }

    /// A broker is there: what waits goes on without a deadline.
    pub(super) fn release_holds(&mut self) {
        self.holds = Timers::new();
        let waiting = self
            .producers
            .iter()
            .filter(|(_, producer)| !producer.waiting.is_empty());
        self.with_waiting = waiting.map(|(handle, _)| *handle).collect();
        self.pump();
    }
}

/// What a waiting message counts for.
pub(super) fn weight(message: &Message) -> usize {
    usize::try_from(size_of(message)).unwrap_or(usize::MAX / 2)
}
