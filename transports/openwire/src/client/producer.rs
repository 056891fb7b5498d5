//! Producers: what is sent, what waits for room, and how a send ends.

use core::time::Duration;
use std::collections::VecDeque;

use finewire_core::machine::{CloseReason, CommandId, Outcome, Reason};

use crate::command::{
    Command, Destination, Message, MessageId, ProducerAck, ProducerId, ProducerInfo, RemoveInfo,
};

use super::protocol::{Client, Request, Stage};
use super::session::{SessionHandle, Transaction, rolled_back, unknown_session};

/// Names a producer; chosen by the owner, unique within the client while it lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerHandle(pub u32);

impl ProducerHandle {
    /// The producer that is always there, in [`SessionHandle::PLAIN`], without destination or window.
    pub const ANONYMOUS: Self = Self(0);
}

/// What kind of producer to open.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenProducer {
    /// Its name from now on; not [`ProducerHandle::ANONYMOUS`].
    pub producer: ProducerHandle,
    /// Its session.
    pub session: SessionHandle,
    /// Where it sends; `None`: each [`Send`] says so.
    pub destination: Option<Destination>,
    /// Bytes, by ActiveMQ's estimate (1024 and the content for each message), that may be under way
    /// to the broker without confirmation of each; 0: no such limit. At most `i32::MAX`.
    pub window: u32,
}

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
pub enum Confirm {
    /// As JMS providers do: persistent messages outside a transaction are confirmed, others are not.
    #[default]
    Persistent,
    /// Each message (`jms.alwaysSyncSend`).
    Always,
    /// None (`jms.useAsyncSend`).
    Never,
}

/// A producer, kept over reconnects.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) asked: OpenProducer,
    pub(super) id: ProducerId,
    next_sequence: i64,
    /// The sizes that the broker has not confirmed, in order, and their sum.
    under_way: VecDeque<u64>,
    used: u64,
    waiting: VecDeque<Waiting>,
}

/// A send that has not been encoded to its end.
#[derive(Debug)]
struct Waiting {
    command: CommandId,
    destination: Destination,
    messages: VecDeque<Message>,
    confirm: Confirm,
}

/// A send of which something is encoded, or waits.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Whether all of it is encoded.
    complete: bool,
    /// Whether what is encoded has not been written.
    unwritten: bool,
    /// Answers that are missing.
    unanswered: usize,
    /// Messages that were encoded.
    sent: usize,
    /// The first that went wrong.
    trouble: Option<Outcome>,
}

/// Bytes not yet written above which sends wait: what keeps a socket busy, and no more.
const WRITE_AHEAD: usize = 256 * 1024;

impl Producer {
    pub(super) fn new(asked: OpenProducer, id: ProducerId) -> Self {
        Self {
            asked,
            id,
            next_sequence: 1,
            under_way: VecDeque::new(),
            used: 0,
            waiting: VecDeque::new(),
        }
    }

    fn to_info(&self) -> ProducerInfo {
        ProducerInfo {
            producer_id: Some(self.id.clone()),
            destination: self.asked.destination.clone(),
            window_size: i32::try_from(self.asked.window).unwrap_or(i32::MAX),
            ..ProducerInfo::default()
        }
    }

    fn has_room(&self, size: u64) -> bool {
        let window = u64::from(self.asked.window);
        // One that is larger than the window goes alone.
        window == 0 || self.used == 0 || self.used + size <= window
    }
}

/// What a message counts for in a window (Seen: ActiveMQ's `Message.getSize`).
fn size_of(message: &Message) -> u64 {
    let length = |bytes: &Option<bytes::Bytes>| bytes.as_ref().map_or(0, bytes::Bytes::len);
    let bytes = length(&message.content) + length(&message.marshalled_properties);
    1024 + u64::try_from(bytes).unwrap_or(u64::MAX / 2)
}

impl Client {
    pub(super) fn open_producer(
        &mut self,
        id: CommandId,
        asked: OpenProducer,
    ) -> Result<(), Outcome> {
        self.must_stay()?;
        let handle = asked.producer;
        if handle == ProducerHandle::ANONYMOUS || self.producers.contains_key(&handle) {
            let text = format!("producer {} exists already", handle.0);
            return Err(Outcome::refused(Reason::Local, text));
        }
        if self.producers.len() >= self.config.limits.producers {
            return Err(Outcome::refused(Reason::Limit, "too many producers"));
        }
        let Some(session) = self.session_id(asked.session) else {
            return Err(unknown_session(asked.session));
        };
        let producer = Producer::new(asked, session.producer(self.next_producer));
        self.by_producer.insert(self.next_producer, handle);
        self.next_producer += 1;
        let info = producer.to_info();
        self.producers.insert(handle, producer);
        self.written_or_done(id, |client| client.say(info))
    }

    pub(super) fn close_producer(
        &mut self,
        id: CommandId,
        handle: ProducerHandle,
    ) -> Result<(), Outcome> {
        let Some(producer_id) = self.drop_producer(handle) else {
            return Err(unknown_producer(handle));
        };
        self.written_or_done(id, |client| {
            client.say(RemoveInfo::new(Command::ProducerId(producer_id)))
        })
    }

    /// Forgets a producer and refuses what waits in it.
    pub(super) fn drop_producer(&mut self, handle: ProducerHandle) -> Option<ProducerId> {
        let producer = self.producers.remove(&handle)?;
        self.by_producer.remove(&producer.id.value);
        self.with_waiting.remove(&handle);
        for waiting in producer.waiting {
            let text = "the producer was closed";
            self.give_up(waiting, Outcome::refused(Reason::Local, text));
        }
        Some(producer.id)
    }

    /// Opens them again on a new link.
    pub(super) fn take_up_producers(&mut self) {
        let infos: Vec<ProducerInfo> = self.producers.values().map(Producer::to_info).collect();
        for info in infos {
            let _ = self.say(info);
        }
    }

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
                messages: send.messages.into(),
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
            while self.channel.backlog() < WRITE_AHEAD && self.pump_one(handle) {}
        }
    }

    /// Encodes the next message of a producer; whether it may go on.
    fn pump_one(&mut self, handle: ProducerHandle) -> bool {
        let requests = self.requests.len();
        let Some(producer) = self.producers.get_mut(&handle) else {
            return false;
        };
        let session = producer.asked.session;
        let Some(waiting) = producer.waiting.front() else {
            self.with_waiting.remove(&handle);
            return false;
        };
        let Some(size) = waiting.messages.front().map(size_of) else {
            producer.waiting.pop_front();
            return true;
        };
        if !producer.has_room(size) || requests >= self.config.limits.requests {
            return false;
        }
        let transaction = match self.transaction_of(session) {
            Ok(transaction) => transaction,
            Err(outcome) => {
                self.give_up_front(handle, outcome);
                return true;
            }
        };
        let Some(producer) = self.producers.get_mut(&handle) else {
            return false;
        };
        let Some(waiting) = producer.waiting.front_mut() else {
            return false;
        };
        let Some(mut message) = waiting.messages.pop_front() else {
            return false;
        };
        self.waiting_bytes = self.waiting_bytes.saturating_sub(weight(&message));
        let command = waiting.command;
        let is_last = waiting.messages.is_empty();
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
        let wall = self.wall.map(|(wall, at)| wall.plus(self.now - at).0);
        if message.timestamp == 0 {
            message.timestamp = wall.unwrap_or(0);
        }
        if message.expiration < 0 {
            message.expiration = wall.map_or(0, |wall| wall.saturating_sub(message.expiration));
        }
        if !confirmed && producer.asked.window > 0 {
            producer.under_way.push_back(size);
            producer.used += size;
        }
        producer.next_sequence += 1;
        if is_last {
            producer.waiting.pop_front();
        }
        let said = if confirmed {
            self.ask(message, Request::Sent(command))
        } else {
            self.say(message)
        };
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
        }
        self.end_batch(command);
        true
    }

    /// Ends a send that has nothing left to wait for.
    fn end_batch(&mut self, command: CommandId) {
        let Some(batch) = self.batches.get(&command) else {
            return;
        };
        if !batch.complete || batch.unwritten || batch.unanswered > 0 {
            return;
        }
        let Some(batch) = self.batches.remove(&command) else {
            return;
        };
        let outcome = match batch.trouble {
            None => Outcome::Done,
            Some(outcome) if batch.sent == 0 => outcome,
            Some(Outcome::Refused(why) | Outcome::Failed(why)) => Outcome::Failed(why),
            Some(Outcome::Done) => Outcome::Done,
        };
        self.ended(command, outcome);
    }

    /// What was encoded last of a send is written. False: it is no send.
    pub(super) fn batch_written(&mut self, command: CommandId) -> bool {
        let Some(batch) = self.batches.get_mut(&command) else {
            return false;
        };
        batch.unwritten = false;
        self.end_batch(command);
        true
    }

    /// The broker has answered one message of a send, or nobody will.
    pub(super) fn batch_answered(&mut self, command: CommandId, trouble: Option<Outcome>) {
        if let Some(batch) = self.batches.get_mut(&command) {
            batch.unanswered = batch.unanswered.saturating_sub(1);
            if let Some(outcome) = trouble {
                if matches!(outcome, Outcome::Refused(_)) {
                    batch.sent = batch.sent.saturating_sub(1);
                }
                batch.trouble.get_or_insert(outcome);
            }
            self.end_batch(command);
        }
    }

    /// The broker has taken a message of a windowed producer.
    pub(super) fn window_opened(&mut self, ack: &ProducerAck) {
        let number = ack.producer_id.as_ref().map(|id| id.value);
        let handle = number.and_then(|number| self.by_producer.get(&number));
        // It may be about a producer that is closed.
        let Some(producer) = handle.and_then(|handle| self.producers.get_mut(handle)) else {
            return;
        };
        // Its estimate may differ from ours: one answer stands for one message.
        if let Some(size) = producer.under_way.pop_front() {
            producer.used = producer.used.saturating_sub(size);
        }
        self.pump();
    }

    /// Ends a send that has not been encoded to its end.
    fn give_up(&mut self, waiting: Waiting, outcome: Outcome) {
        let bytes = waiting.messages.iter().map(weight).sum::<usize>();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.holds.clear(&waiting.command);
        if let Some(batch) = self.batches.get_mut(&waiting.command) {
            batch.complete = true;
            batch.trouble.get_or_insert(outcome);
            self.end_batch(waiting.command);
        }
    }

    fn give_up_front(&mut self, handle: ProducerHandle, outcome: Outcome) {
        let producer = self.producers.get_mut(&handle);
        if let Some(waiting) = producer.and_then(|producer| producer.waiting.pop_front()) {
            self.give_up(waiting, outcome);
        }
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

    /// The link is lost: what was in flight is told, what waits may wait on unless nobody comes back.
    pub(super) fn lose_sends(&mut self, reason: &CloseReason, was_up: bool, for_good: bool) {
        let hold = self.config.hold_sends;
        let keeps = !for_good && !hold.is_zero();
        let mut waiting = Vec::new();
        for producer in self.producers.values_mut() {
            producer.under_way.clear();
            producer.used = 0;
            let all = core::mem::take(&mut producer.waiting);
            let lost = self
                .sessions
                .get(&producer.asked.session)
                .is_some_and(|session| session.transaction == Transaction::Lost);
            for one in all {
                let begun = self
                    .batches
                    .get(&one.command)
                    .is_some_and(|batch| batch.sent > 0);
                if keeps && !begun && !lost {
                    producer.waiting.push_back(one);
                } else {
                    waiting.push((one, lost));
                }
            }
        }
        for (one, lost) in waiting {
            let outcome = if lost {
                rolled_back()
            } else {
                let text = format!("the link was lost ({reason}) before it was sent");
                Outcome::refused(Reason::LinkDown, text)
            };
            self.give_up(one, outcome);
        }
        let mut over = Vec::new();
        for (command, batch) in &mut self.batches {
            if batch.unwritten || batch.unanswered > 0 {
                let text = if batch.unwritten {
                    format!("the link was lost ({reason}) before it was written")
                } else {
                    format!("the link was lost ({reason}) before the broker answered")
                };
                batch.trouble = Some(Outcome::failed(Reason::LinkDown, text));
                batch.unwritten = false;
                batch.unanswered = 0;
                over.push(*command);
            } else if was_up && hold != Duration::MAX {
                // Others have their time since they were given.
                self.holds.set(*command, self.now + hold);
            }
        }
        for command in over {
            self.end_batch(command);
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
        self.holds = finewire_core::machine::Timers::new();
        let waiting = self
            .producers
            .iter()
            .filter(|(_, producer)| !producer.waiting.is_empty());
        self.with_waiting = waiting.map(|(handle, _)| *handle).collect();
        self.pump();
    }
}

fn weight(message: &Message) -> usize {
    usize::try_from(size_of(message)).unwrap_or(usize::MAX / 2)
}

fn unknown_producer(handle: ProducerHandle) -> Outcome {
    Outcome::refused(Reason::Local, format!("there is no producer {}", handle.0))
}
