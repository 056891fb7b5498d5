//! What other threads want of the machine's thread, and how they wake it.

use crate::queue::Giver;
use core::net::SocketAddr;
use finewire_core::machine::{LinkId, Machine, Outcome, Reason, TraceEvent};
use mio::Waker;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};

/// Commands given and not yet taken; more are refused.
const COMMANDS_QUEUED: usize = 1024;

/// A command, and whom to tell its end.
pub(crate) struct Order<C> {
    pub(crate) command: C,
    pub(crate) ended: SyncSender<Outcome>,
}

/// What is served even while the machine stands still.
pub(crate) enum Note<M> {
    Inspect(Box<dyn FnOnce(&M) + Send>),
    Traces(Giver<TraceEvent>),
    Resolved(LinkId, io::Result<Vec<SocketAddr>>),
    ShutDown,
}

/// The sending ends; the last one's end is the machine's.
pub(crate) struct Post<M: Machine> {
    orders: SyncSender<Order<M::Command>>,
    notes: NoteSender<M>,
}

/// Sends notes to the machine's thread, and wakes it.
pub(crate) struct NoteSender<M> {
    notes: Sender<Note<M>>,
    waker: Arc<Waker>,
}

/// The receiving ends.
pub(crate) struct Inbox<M: Machine> {
    pub(crate) orders: Receiver<Order<M::Command>>,
    pub(crate) notes: Receiver<Note<M>>,
}

pub(crate) fn post<M: Machine>(waker: Arc<Waker>) -> (Post<M>, NoteSender<M>, Inbox<M>) {
    let (order_sender, orders) = sync_channel(COMMANDS_QUEUED);
    let (note_sender, notes) = channel();
    let sender = NoteSender {
        notes: note_sender,
        waker,
    };
    let post = Post {
        orders: order_sender,
        notes: sender.clone(),
    };
    (post, sender, Inbox { orders, notes })
}

impl<M: Machine> Post<M> {
    /// Gives a command, unless the machine has stopped or has no room for it.
    pub(crate) fn order(&self, order: Order<M::Command>) -> Result<(), Outcome> {
        let given = self.orders.try_send(order);
        given.map_err(|error| match error {
            TrySendError::Full(_) => {
                Outcome::refused(Reason::Limit, "too many commands wait to be taken")
            }
            TrySendError::Disconnected(_) => {
                Outcome::refused(Reason::ShuttingDown, "the machine has stopped")
            }
        })?;
        // It fails when the machine's thread has just ended, and the command with it.
        let _ = self.notes.wake();
        Ok(())
    }

    /// Sends a note; whether there is anybody to read it.
    pub(crate) fn note(&self, note: Note<M>) -> bool {
        self.notes.send(note)
    }
}

impl<M: Machine> Drop for Post<M> {
    fn drop(&mut self) {
        // A thread that has ended need not be told.
        let _ = self.notes.send(Note::ShutDown);
    }
}

impl<M> NoteSender<M> {
    pub(crate) fn send(&self, note: Note<M>) -> bool {
        self.notes.send(note).is_ok() && self.wake()
    }

    fn wake(&self) -> bool {
        self.waker.wake().is_ok()
    }
}

impl<M> Clone for NoteSender<M> {
    fn clone(&self) -> Self {
        Self {
            notes: self.notes.clone(),
            waker: self.waker.clone(),
        }
    }
}
