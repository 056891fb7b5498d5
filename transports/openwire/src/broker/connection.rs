//! What the broker knows of one accepted link.

use std::collections::{BTreeMap, BTreeSet};

use finewire_core::machine::{Address, Instant, ListenerId};

use crate::channel::Channel;
use crate::command::{ConnectionId, ConnectionInfo, Destination, ProducerId, SharedMessage, Text};

use super::consumer::{ConsumerKey, Home};
use super::holding::HeldUp;

/// An accepted link.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) listener: ListenerId,
    pub(super) peer: Address,
    pub(super) channel: Channel,
    pub(super) stage: Stage,
    pub(super) sessions: BTreeSet<i64>,
    /// By session and number.
    pub(super) consumers: BTreeMap<(i64, i64), ConsumerKey>,
    pub(super) producers: BTreeMap<(i64, i64), Producer>,
    pub(super) temporaries: BTreeSet<Destination>,
    pub(super) transactions: BTreeMap<i64, Transaction>,
    /// What it sent for which there is no room yet; most have nothing.
    pub(super) held_up: Option<Box<HeldUp>>,
    /// What of it is counted as unwritten, bytes.
    pub(super) unwritten: usize,
    /// Nothing is dispatched until its outbox has emptied.
    pub(super) congested: bool,
    /// Nothing is read until its outbox has emptied, or what is held up of it has room.
    pub(super) paused: bool,
}

/// How far a link has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// In the TLS handshake.
    Securing,
    /// Nobody has said who it is yet.
    Strange,
    /// A client with its `ConnectionInfo` (without the password).
    Known(Box<Identity>),
    /// A client that closed its connection and has yet to close the link.
    Departed,
    /// What is pending is written, then the link is closed, at the latest at this time.
    Leaving(Instant),
}

/// Who is at the other end.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) connection_id: ConnectionId,
    pub(super) client_id: Text,
    /// As announced, the password removed.
    pub(super) info: ConnectionInfo,
}

/// A producer of a connection.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) id: ProducerId,
    /// Whether it counts bytes and waits for `ProducerAck`s.
    pub(super) windowed: bool,
    /// What it announced that it sends to; `None`: anything.
    pub(super) destination: Option<Destination>,
    /// The plain parts of that.
    pub(super) parts: Vec<Destination>,
}

/// An open local transaction.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) sends: Vec<SharedMessage>,
    pub(super) bytes: usize,
    /// Acknowledged deliveries that are still with their consumers.
    pub(super) acks: BTreeSet<(ConsumerKey, u64)>,
    /// Acknowledged messages whose consumer has gone.
    pub(super) orphans: Vec<Home>,
    /// A send in it failed: it can only be rolled back.
    pub(super) broken: bool,
}

impl Connection {
    pub(super) fn new(listener: ListenerId, peer: Address, channel: Channel, stage: Stage) -> Self {
        Self {
            listener,
            peer,
            channel,
            stage,
            sessions: BTreeSet::new(),
            consumers: BTreeMap::new(),
            producers: BTreeMap::new(),
            temporaries: BTreeSet::new(),
            transactions: BTreeMap::new(),
            held_up: None,
            unwritten: 0,
            congested: false,
            paused: false,
        }
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.stage {
            Stage::Known(identity) => Some(identity),
            Stage::Securing | Stage::Strange | Stage::Departed | Stage::Leaving(_) => None,
        }
    }

    /// Whether something that it may yet say can make room in a queue.
    pub(super) fn can_make_room(&self) -> bool {
        let mut open = self.transactions.values();
        !self.consumers.is_empty() || open.any(|transaction| !transaction.orphans.is_empty())
    }

    /// Whether the text is this connection's id.
    pub(super) fn owns(&self, connection_id: Option<&Text>) -> bool {
        self.identity()
            .is_some_and(|identity| identity.connection_id.value.as_ref() == connection_id)
    }
}
