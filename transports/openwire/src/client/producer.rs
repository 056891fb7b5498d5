//! Producers: how they are opened, kept over reconnects and closed, and how much of theirs may be under way.

use std::collections::VecDeque;

use finewire_core::machine::{CommandId, Outcome, Reason};

use crate::command::{
    Command, Destination, Message, ProducerAck, ProducerId, ProducerInfo, RemoveInfo,
};

use super::protocol::Client;
use super::sending::Waiting;
use super::session::{SessionHandle, unknown_session};

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

/// A producer, kept over reconnects.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) asked: OpenProducer,
    pub(super) id: ProducerId,
    pub(super) next_sequence: i64,
    /// The sizes that the broker has not confirmed, in order, and their sum.
    pub(super) under_way: VecDeque<u64>,
    pub(super) used: u64,
    pub(super) waiting: VecDeque<Waiting>,
}

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

    pub(super) fn has_room(&self, size: u64) -> bool {
        let window = u64::from(self.asked.window);
        // One that is larger than the window goes alone.
        window == 0 || self.used == 0 || self.used + size <= window
    }
}

/// What a message counts for in a window (Seen: ActiveMQ's `Message.getSize`).
pub(super) fn size_of(message: &Message) -> u64 {
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
}

pub(super) fn unknown_producer(handle: ProducerHandle) -> Outcome {
    Outcome::refused(Reason::Local, format!("there is no producer {}", handle.0))
}
