//! What the owner of a machine wants of it, and who sees to it.

use crate::queue::Giver;
use core::mem::take;
use finewire_core::machine::{Machine, Outcome, TraceEvent};
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) enum Mail<M: Machine> {
    Command(M::Command, SyncSender<Outcome>),
    Inspect(Box<dyn FnOnce(&M) + Send>),
    Traces(Giver<TraceEvent>),
    /// Events were taken.
    Room,
    ShutDown,
}

/// The letter box of a machine. One thread at a time attends to it: whoever puts something into it while nobody does.
/// What is put in meanwhile is seen to by the same thread, so that nobody waits for another thread to wake up, and a
/// look at the machine may put something in.
pub(crate) struct Inbox<M: Machine> {
    state: Mutex<State<M>>,
}

struct State<M: Machine> {
    mail: VecDeque<Mail<M>>,
    is_attended: bool,
    is_closed: bool,
}

/// What becomes of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// Somebody sees to it.
    Attended,
    /// Whoever posted it is to attend to the box now.
    ToAttend,
    /// The machine has stopped.
    Closed,
}

impl<M: Machine> Inbox<M> {
    /// Attended to by the machine's own thread, which has yet to start.
    pub(crate) const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                mail: VecDeque::new(),
                is_attended: true,
                is_closed: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    pub(crate) fn post(&self, mail: Mail<M>) -> Posted {
        let mut state = self.lock();
        if state.is_closed {
            return Posted::Closed;
        }
        state.mail.push_back(mail);
        if core::mem::replace(&mut state.is_attended, true) {
            Posted::Attended
        } else {
            Posted::ToAttend
        }
    }

    /// All that waits, for the one who attends to it, in exchange for an empty queue. False: there is nothing, and
    /// from now on nobody attends.
    pub(crate) fn take(&self, mail: &mut VecDeque<Mail<M>>) -> bool {
        let mut state = self.lock();
        core::mem::swap(&mut state.mail, mail);
        state.is_attended = !mail.is_empty();
        state.is_attended
    }

    /// Takes nothing more, and drops what waits: commands end because nobody can tell their end.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let mail = take(&mut state.mail);
        drop(state);
        drop(mail);
    }
}
