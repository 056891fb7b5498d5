//! A machine that many threads serve, one at a time.
//!
//! Whoever brings something tells the machine itself, does what the machine wants, and lets the lock go before it
//! writes: the reader of a link with what it has read, the owner with a command. So a message meets one thread from
//! the socket it comes from to the socket it goes to, and none waits for another to wake up. The machine's own
//! thread keeps the time.

use crate::engine::{Engine, Reading};
use crate::mail::{Inbox, Mail, Posted};
use crate::socket::Wire;
use core::any::Any;
use core::mem::take;
use core::panic::AssertUnwindSafe;
use finewire_core::machine::{LinkId, Machine};
use std::collections::VecDeque;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// What all threads of a machine have.
pub(crate) struct Shared<M: Machine> {
    inbox: Inbox<M>,
    core: Mutex<Core<M>>,
    /// Wakes the machine's own thread.
    turn: Condvar,
    /// Wakes those who wait to tell the machine something while it stands still.
    room: Condvar,
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

/// How many batches of mail one thread sees to before the machine's own does: who gave a command wants to go on.
const ATTENDED_AT_ONCE: usize = 16;
/// How many wishes the machine is given before what it said is performed.
const WISHES_AT_ONCE: usize = 64;

/// What is under the lock.
pub(crate) struct Core<M: Machine> {
    /// `None` once it is over.
    engine: Option<Engine<M>>,
    sleeper: Sleeper,
    /// Whoever attended to the inbox has done enough of it; now the machine's own thread does.
    is_handed_over: bool,
}

/// The machine's own thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleeper {
    /// It is awake, or was woken.
    Awake,
    /// Until then, or until it is woken.
    Asleep(Option<Instant>),
}

/// The lock, while one has it.
pub(crate) type Held<'a, M> = MutexGuard<'a, Core<M>>;

impl<M: Machine> Core<M> {
    /// Whether the reader of this socket may read on.
    pub(crate) fn reading(&self, link: LinkId, wire: &Arc<Wire>) -> Reading {
        let engine = self.engine.as_ref();
        engine.map_or(Reading::Over, |engine| engine.reading(link, wire))
    }
}

impl<M: Machine> Shared<M> {
    /// Nothing to serve yet.
    pub(crate) fn new() -> Self {
        Self {
            inbox: Inbox::new(),
            core: Mutex::new(Core {
                engine: None,
                sleeper: Sleeper::Awake,
                is_handed_over: false,
            }),
            turn: Condvar::new(),
            room: Condvar::new(),
            panicked: Mutex::new(None),
        }
    }

    /// What is to be served.
    pub(crate) fn begin(&self, engine: Engine<M>) {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.engine = Some(engine);
    }

    /// Whether nobody is served any more.
    pub(crate) fn is_over(&self) -> bool {
        self.inbox.is_closed()
    }

    /// Runs this. Where the machine panics in it, all is over, and its own thread goes on panicking.
    pub(crate) fn guard(&self, serve: impl FnOnce()) {
        if let Err(why) = catch_unwind(AssertUnwindSafe(serve)) {
            let mut panicked = self.panicked.lock().unwrap_or_else(PoisonError::into_inner);
            panicked.get_or_insert(why);
            drop(panicked);
            self.give_up();
        }
    }

    /// All is over: sockets close, threads end, and nobody is served any more.
    pub(crate) fn give_up(&self) {
        self.inbox.close();
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = core.engine.take();
        drop(core);
        drop(engine);
        self.room.notify_all();
        self.turn.notify_all();
    }
}

impl<M> Shared<M>
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    /// Tells the machine something once it may be told, and does what it wants. `None`: it is over.
    pub(crate) fn tell<'a>(
        self: &'a Arc<Self>,
        tell: impl FnOnce(&mut Engine<M>),
    ) -> Option<Held<'a, M>> {
        let mut core = self.core.lock().ok()?;
        loop {
            let engine = core.engine.as_mut()?;
            if engine.may_go_on() {
                tell(engine);
                break;
            }
            core = self.room.wait(core).ok()?;
        }
        self.finish(core)
    }

    /// Does all that the machine wants. `None`: it is over.
    fn finish<'a>(self: &'a Arc<Self>, mut core: Held<'a, M>) -> Option<Held<'a, M>> {
        loop {
            let engine = core.engine.as_mut()?;
            engine.drain(self);
            if engine.writes.is_empty() {
                break;
            }
            let mut writes = take(&mut engine.writes);
            // Writing takes longer than all else: others may tell the machine something meanwhile.
            drop(core);
            for writing in &mut writes {
                writing.write_now();
            }
            core = self.core.lock().ok()?;
            let engine = core.engine.as_mut()?;
            for writing in writes.drain(..) {
                engine.on_tried(self, writing);
            }
            if engine.writes.capacity() == 0 {
                engine.writes = writes;
            }
        }
        self.wake_sleeper(&mut core);
        Some(core)
    }

    /// Wakes the machine's own thread if it would sleep too long.
    fn wake_sleeper(&self, core: &mut Core<M>) {
        let Sleeper::Asleep(until) = core.sleeper else {
            return;
        };
        let is_early = core.engine.as_ref().is_none_or(|engine| {
            let due_at = engine.due_at();
            let is_sooner = due_at.is_some_and(|at| until.is_none_or(|until| at < until));
            is_sooner || engine.is_stopped
        });
        if is_early || core.is_handed_over {
            core.sleeper = Sleeper::Awake;
            self.turn.notify_one();
        }
    }

    /// Puts something into the inbox and attends to it, unless somebody does. False: the machine has stopped.
    pub(crate) fn post(self: &Arc<Self>, mail: Mail<M>) -> bool {
        match self.inbox.post(mail) {
            Posted::Closed => return false,
            Posted::Attended => {}
            Posted::ToAttend => self.guard(|| self.attend()),
        }
        true
    }

    /// Sees to the inbox until it is empty, or until it is the turn of the machine's own thread.
    fn attend(self: &Arc<Self>) {
        let mut mail = VecDeque::new();
        for _ in 0..ATTENDED_AT_ONCE {
            if !self.inbox.take(&mut mail) || self.see_to(&mut mail).is_none() {
                return;
            }
        }
        if let Ok(mut core) = self.core.lock() {
            core.is_handed_over = true;
            self.wake_sleeper(&mut core);
        }
    }

    /// Sees to some mail. `None`: it is over.
    fn see_to(self: &Arc<Self>, mail: &mut VecDeque<Mail<M>>) -> Option<()> {
        let mut core = self.core.lock().ok()?;
        let mut is_room_due = false;
        loop {
            let engine = core.engine.as_mut()?;
            let mut seen_to = 0;
            while seen_to < WISHES_AT_ONCE {
                // First come, first served.
                if !engine.begin_deferred() {
                    let Some(next) = mail.pop_front() else {
                        break;
                    };
                    is_room_due |= engine.open(next);
                }
                seen_to += 1;
            }
            core = self.finish(core)?;
            if seen_to == 0 {
                break;
            }
        }
        drop(core);
        if is_room_due {
            self.room.notify_all();
        }
        Some(())
    }

    /// The machine's own thread: keeps the time until the machine has stopped and every thread of a socket has ended.
    ///
    /// # Panics
    ///
    /// Where the machine has panicked, on whatever thread.
    pub(crate) fn live(self: &Arc<Self>) -> M {
        let mut ended = None;
        self.guard(|| ended = self.keep_time());
        let Some((machine, threads)) = ended else {
            self.give_up();
            let mut panicked = self.panicked.lock().unwrap_or_else(PoisonError::into_inner);
            resume_unwind(
                panicked
                    .take()
                    .unwrap_or_else(|| Box::new("the machine has panicked")),
            )
        };
        self.give_up();
        for thread in threads {
            // A thread of a socket that panicked has nothing more to say.
            let _ = thread.join();
        }
        machine
    }

    fn keep_time(self: &Arc<Self>) -> Option<(M, Vec<JoinHandle<()>>)> {
        self.attend();
        let mut core = self.core.lock().ok()?;
        loop {
            core = self.finish(core)?;
            if take(&mut core.is_handed_over) {
                drop(core);
                self.attend();
                core = self.core.lock().ok()?;
                continue;
            }
            let engine = core.engine.as_mut()?;
            if engine.is_stopped {
                return core.engine.take().map(Engine::into_parts);
            }
            let now = Instant::now();
            let due_at = engine.due_at();
            core = match due_at.map(|at| at.saturating_duration_since(now)) {
                Some(wait) if wait.is_zero() => {
                    engine.on_timeout(now);
                    core = self.finish(core)?;
                    // A machine may be due again and again; the others want to tell it something all the same.
                    drop(core);
                    std::thread::yield_now();
                    self.core.lock().ok()?
                }
                wait => {
                    core.sleeper = Sleeper::Asleep(due_at);
                    let mut core = match wait {
                        None => self.turn.wait(core).ok()?,
                        Some(wait) => self.turn.wait_timeout(core, wait).ok()?.0,
                    };
                    core.sleeper = Sleeper::Awake;
                    core
                }
            };
        }
    }
}
