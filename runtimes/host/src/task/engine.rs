//! The loop: one task, all sockets, steps in, reports out.

use super::desk::{Control, Desk};
use super::events::EventSender;
use super::linger::Linger;
use super::listener::Listener;
use super::ready::{DeskWaker, Ready, SocketWaker, Token};
use super::runtime::Runtime;
use super::socket::{Socket, Stream};
use crate::{Host, Step, close_reason};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use finewire_core::machine::{
    Address, Chunks, CommandId, LinkId, ListenerId, Machine, Outcome, Reason,
};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// A machine's host, its sockets and its desk: to be polled by one task until it is ready, and
/// [taken apart](Engine::into_machine) then. Dropping it drops all sockets.
pub struct Engine<M: Machine, R: Runtime, D: Desk<M>> {
    host: Host<M>,
    desk: D,
    events: EventSender<M::Event>,
    commands_at_most: usize,
    outstanding: BTreeMap<CommandId, D::Ended>,
    commands_so_far: u64,
    sockets: BTreeMap<LinkId, Socket<R>>,
    listeners: BTreeMap<ListenerId, Listener<R>>,
    ready: Arc<Ready>,
    /// The task as `ready` knows it.
    task: Option<Waker>,
    due: VecDeque<Token>,
    sleep: Option<Alarm<R>>,
    buffer: Vec<u8>,
    /// Woken when the desk is to be looked at.
    desk_waker: Arc<DeskWaker>,
    /// The same as the desk is given it.
    desk_wakes: Waker,
    /// Whether the desk may hold something; false once it said twice that it does not.
    has_mail: bool,
    /// When something last came in: looking at the clock costs as much as much else here, and what follows
    /// from one read happens at one moment.
    now: Instant,
    /// Bytes that one poll has read so far.
    read: usize,
    linger: Linger,
    is_stopping: bool,
}

/// One buffer for all links: read, hand over, read the next.
const READ_AT_ONCE: usize = 64 * 1024;
/// How often a link is read, or a listener accepts, before the others have their turn.
const TURNS: usize = 8;

/// Bytes after which the runtime looks what else is ready. Where one link always has more, the others are heard this
/// often: what they say, acknowledgements mostly, is worth more than what it costs to look.
const LOOK_AFTER: usize = 256 * 1024;

/// How many commands the machine is given before what it said is performed.
const COMMANDS_AT_ONCE: usize = 64;

/// A timer, and the moment it is set to; `None` when it has rung.
struct Alarm<R: Runtime> {
    sleep: Pin<Box<R::Sleep>>,
    at: Option<Instant>,
}

/// What the host asked for last.
enum Drained {
    Wait(Option<Duration>),
    Stopped,
}

impl<M: Machine, R: Runtime, D: Desk<M>> Engine<M, R, D> {
    /// Everything in one; nothing happens before the first poll.
    #[must_use]
    pub fn new(
        host: Host<M>,
        desk: D,
        events: EventSender<M::Event>,
        commands_at_most: usize,
    ) -> Self {
        let ready = Arc::new(Ready::default());
        let desk_waker = DeskWaker::new(ready.clone());
        Self {
            host,
            desk,
            events,
            commands_at_most,
            outstanding: BTreeMap::new(),
            commands_so_far: 0,
            sockets: BTreeMap::new(),
            listeners: BTreeMap::new(),
            ready,
            task: None,
            due: VecDeque::new(),
            sleep: None,
            buffer: vec![0; READ_AT_ONCE],
            desk_wakes: desk_waker.clone().into(),
            desk_waker,
            has_mail: false,
            now: Instant::now(),
            read: 0,
            linger: Linger::new(Duration::ZERO),
            is_stopping: false,
        }
    }

    /// Looks this long for what is about to come before it lets the thread sleep, as
    /// [`Options::linger`](super::Options::linger).
    #[must_use]
    pub fn lingering(mut self, most: Duration) -> Self {
        if R::LOOKS_AGAIN {
            self.linger = Linger::new(most);
        }
        self
    }

    /// The machine, at the end.
    #[must_use]
    pub fn into_machine(self) -> M {
        self.host.into_machine()
    }

    /// Works until there is nothing to do; ready when the host has stopped.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !(self.task.as_ref()).is_some_and(|task| task.will_wake(cx.waker())) {
            self.task = Some(cx.waker().clone());
            self.ready.set_task(cx.waker().clone());
        }
        self.read = 0;
        for rounds in 0..=u32::MAX {
            let wait = match self.drain() {
                Drained::Wait(wait) => wait,
                Drained::Stopped => return Poll::Ready(()),
            };
            if !R::has_budget(rounds) || self.read >= LOOK_AFTER {
                break;
            }
            self.has_mail |= self.desk_waker.take();
            if self.has_mail && self.take_control() {
                continue;
            }
            if !self.events.has_room(cx) && !self.is_stopping {
                return Poll::Pending;
            }
            let has_turned = self.turn();
            let has_begun = self.has_mail && self.take_commands();
            self.has_mail &= has_begun;
            if !has_turned && !has_begun && !self.has_slept(cx, wait) {
                if self.linger.is_wanted() && self.linger.is_worth(self.now, Instant::now()) {
                    // Whoever else wants this core has it first.
                    std::thread::yield_now();
                    R::look_again(cx);
                }
                return Poll::Pending;
            }
        }
        R::look_again(cx);
        Poll::Pending
    }

    /// Performs the host's steps.
    fn drain(&mut self) -> Drained {
        loop {
            match self.host.step(self.now) {
                Step::Connect { link, host, port } => {
                    let socket = Socket::connecting(self.waker(Token::Link(link)), host, port);
                    self.sockets.insert(link, socket);
                    self.due.push_back(Token::Link(link));
                }
                Step::Write { link, chunks } => self.begin_write(link, chunks),
                Step::Pause(link) => self.set_reading(link, false),
                Step::Resume(link) => self.set_reading(link, true),
                Step::ShutDown(link) => {
                    if let Some(socket) = self.sockets.get_mut(&link) {
                        socket.shut_down();
                    }
                }
                Step::Close(link) => {
                    self.sockets.remove(&link);
                }
                Step::Listen(listener, address) => self.listen(listener, &address),
                Step::Unlisten(listener) => {
                    self.listeners.remove(&listener);
                }
                Step::Event(event) => self.events.send(event),
                Step::Ended(id, outcome) => {
                    if let Some(ended) = self.outstanding.remove(&id) {
                        D::end(ended, outcome);
                    }
                }
                Step::Trace(trace) => self.desk.trace(trace),
                Step::Wait(wait) => return Drained::Wait(wait),
                Step::Stopped => return Drained::Stopped,
            }
        }
    }

    fn waker(&self, token: Token) -> Waker {
        SocketWaker::new(token, self.ready.clone()).into()
    }

    fn begin_write(&mut self, link: LinkId, chunks: Chunks) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            let written = socket.begin_write(chunks);
            self.on_written(link, written);
        }
    }

    fn on_written(&mut self, link: LinkId, written: Option<io::Result<()>>) {
        match written {
            Some(Ok(())) => self.host.on_written(self.now, link),
            Some(Err(error)) => self.host.on_closed(self.now, link, close_reason(&error)),
            None => {}
        }
    }

    /// Now: something came in.
    fn tick(&mut self) -> Instant {
        self.now = Instant::now();
        self.now
    }

    fn set_reading(&mut self, link: LinkId, is_reading: bool) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.is_reading = is_reading;
            self.due.push_back(Token::Link(link));
        }
    }

    fn listen(&mut self, listener: ListenerId, address: &Address) {
        match Listener::bind(address, self.waker(Token::Listener(listener))) {
            Ok((socket, local)) => {
                self.listeners.insert(listener, socket);
                self.due.push_back(Token::Listener(listener));
                self.host.on_listening(self.now, listener, local);
            }
            Err(reason) => self.host.on_listen_failed(self.now, listener, reason),
        }
    }

    /// Serves one request to the task; whether there was one.
    fn take_control(&mut self) -> bool {
        match self
            .desk
            .poll_control(&mut Context::from_waker(&self.desk_wakes))
        {
            Poll::Ready(Some(Control::Inspect(look))) => look(self.host.machine()),
            Poll::Ready(Some(Control::ShutDown)) => self.begin_stop(),
            Poll::Ready(None) => {
                if self.is_stopping {
                    return false;
                }
                self.begin_stop();
            }
            Poll::Pending => return false,
        }
        true
    }

    fn begin_stop(&mut self) {
        self.is_stopping = true;
        self.desk.close();
        let now = self.tick();
        self.host.shut_down(now);
    }

    /// Hands the machine the commands that wait, up to some; whether there were any. What they have
    /// written goes out together.
    fn take_commands(&mut self) -> bool {
        let mut taken = 0;
        self.tick();
        while taken < COMMANDS_AT_ONCE && self.take_command() {
            taken += 1;
        }
        taken > 0
    }

    fn take_command(&mut self) -> bool {
        let mut cx = Context::from_waker(&self.desk_wakes);
        let Poll::Ready(Some((command, ended))) = self.desk.poll_command(&mut cx) else {
            return false;
        };
        if self.is_stopping {
            return true;
        }
        if self.outstanding.len() >= self.commands_at_most {
            let outcome = Outcome::refused(Reason::Limit, "too many commands have not ended");
            D::end(ended, outcome);
            return true;
        }
        let id = CommandId(self.commands_so_far);
        self.commands_so_far += 1;
        self.outstanding.insert(id, ended);
        self.host.on_command(self.now, id, command);
        true
    }

    /// Gives one ready socket its turn; whether there was one.
    fn turn(&mut self) -> bool {
        // Each time: a link that always has something must not keep those waiting that were woken meanwhile.
        self.ready.take(&mut self.due);
        match self.due.pop_front() {
            Some(Token::Link(link)) => self.turn_link(link),
            Some(Token::Listener(listener)) => self.turn_listener(listener),
            None => return false,
        }
        true
    }

    fn turn_link(&mut self, link: LinkId) {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return;
        };
        if let Stream::Connecting(connecting) = &mut socket.stream {
            let mut cx = Context::from_waker(&socket.waker);
            match connecting.as_mut().poll(&mut cx) {
                Poll::Ready(Ok(stream)) => {
                    socket.stream = Stream::Open(stream);
                    self.due.push_back(Token::Link(link));
                    let now = self.tick();
                    self.host.on_connected(now, link);
                }
                Poll::Ready(Err(reason)) => {
                    self.sockets.remove(&link);
                    let now = self.tick();
                    self.host.on_closed(now, link, reason);
                }
                Poll::Pending => {}
            }
            return;
        }
        if socket.is_writing() {
            let written = socket.write();
            self.tick();
            self.on_written(link, written);
        }
        for _ in 0..TURNS {
            let Some(socket) = self.sockets.get_mut(&link) else {
                return;
            };
            let Some(result) = socket.read(&mut self.buffer) else {
                return;
            };
            self.now = Instant::now();
            match result {
                Ok(0) => {
                    socket.is_reading = false;
                    self.host.on_eof(self.now, link);
                    return;
                }
                Ok(count) => {
                    self.read += count;
                    let bytes = self.buffer.get(..count).unwrap_or_default();
                    self.host.on_received(self.now, link, bytes);
                }
                Err(error) => {
                    self.host.on_closed(self.now, link, close_reason(&error));
                    return;
                }
            }
            // A pause must hold before the next read; so must a full queue of events.
            let cx = Context::from_waker(Waker::noop());
            if matches!(self.drain(), Drained::Stopped) || !self.events.has_room(&cx) {
                break;
            }
        }
        self.due.push_back(Token::Link(link));
    }

    fn turn_listener(&mut self, listener: ListenerId) {
        for _ in 0..TURNS {
            let Some(socket) = self.listeners.get_mut(&listener) else {
                return;
            };
            let Some((stream, peer)) = socket.accept() else {
                return;
            };
            self.now = Instant::now();
            if let Some(link) = self.host.on_accepted(self.now, listener, peer) {
                let waker = self.waker(Token::Link(link));
                self.sockets
                    .insert(link, Socket::new(waker, Stream::Open(stream)));
                self.due.push_back(Token::Link(link));
            }
            // The machine may have asked for more than reading, or stopped listening.
            if matches!(self.drain(), Drained::Stopped) {
                return;
            }
        }
        self.due.push_back(Token::Listener(listener));
    }

    /// Waits; whether the time has come.
    fn has_slept(&mut self, cx: &mut Context<'_>, wait: Option<Duration>) -> bool {
        let Some(wait) = wait else {
            // A timer that rings for nothing costs less than one that is made anew for each wait.
            return false;
        };
        // A sleep that is set to this moment again and again never ends: timers tick by the
        // millisecond, and by their next tick the moment is another one.
        if wait.is_zero() {
            let now = self.tick();
            self.host.on_timeout(now);
            return true;
        }
        let deadline = self.now + wait.min(LONGEST);
        let alarm = self.sleep.get_or_insert_with(|| Alarm {
            sleep: Box::pin(R::sleep_until(deadline)),
            at: Some(deadline),
        });
        loop {
            // Deadlines that move away, as most do with each message, are not followed: the timer rings and is
            // set once more.
            if alarm.at.is_none_or(|at| at > deadline + SAME) {
                R::reset(alarm.sleep.as_mut(), deadline);
                alarm.at = Some(deadline);
            }
            if alarm.sleep.as_mut().poll(cx).is_pending() {
                return false;
            }
            alarm.at = None;
            self.now = Instant::now();
            if self.now >= deadline {
                self.host.on_timeout(self.now);
                return true;
            }
        }
    }
}

/// Deadlines closer together than this are one: timers tick by the millisecond.
const SAME: Duration = Duration::from_micros(500);

/// Longer waits are cut; waking once a day for nothing does no harm.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl<M: Machine, R: Runtime, D: Desk<M>> fmt::Debug for Engine<M, R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("links", &self.sockets.len())
            .field("listeners", &self.listeners.len())
            .field("outstanding", &self.outstanding.len())
            .finish_non_exhaustive()
    }
}
