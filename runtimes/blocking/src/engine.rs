//! What the machine wants and what it is told, by whichever thread has its lock.

use crate::listener::Listener;
use crate::mail::Mail;
use crate::queue::Giver;
use crate::shared::Shared;
use crate::socket::{Socket, Wire, connect};
use crate::writing::Writing;
use core::net::SocketAddr;
use finewire_core::machine::{
    Address, Chunks, CloseReason, CommandId, LinkId, ListenerId, Machine, Outcome, Reason,
    TraceEvent,
};
use finewire_host::{Host, Step, close_reason};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::Instant;

/// A machine and all that belongs to it.
pub(crate) struct Engine<M: Machine> {
    host: Host<M>,
    events: Giver<M::Event>,
    traces: Vec<Giver<TraceEvent>>,
    commands_at_most: usize,
    /// Commands that came while the machine stood still, up to their bound.
    deferred: VecDeque<(M::Command, SyncSender<Outcome>)>,
    outstanding: BTreeMap<CommandId, SyncSender<Outcome>>,
    commands_so_far: u64,
    sockets: BTreeMap<LinkId, Socket>,
    listeners: BTreeMap<ListenerId, Listener>,
    threads: Vec<JoinHandle<()>>,
    /// What is to be written once the lock is let go.
    pub(crate) writes: Vec<Writing>,
    /// When something last came in.
    now: Instant,
    /// When the machine wants to be told the time.
    deadline: Option<Instant>,
    is_stopping: bool,
    pub(crate) is_stopped: bool,
}

/// Whether a link's reader may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    On,
    Paused,
    /// The link is closed, or its peer has ended.
    Over,
}

impl<M: Machine> Engine<M> {
    /// Whether the reader of this socket may read on.
    pub(crate) fn reading(&self, link: LinkId, wire: &Arc<Wire>) -> Reading {
        match self.sockets.get(&link) {
            Some(socket) if !socket.has_ended && Arc::ptr_eq(&socket.wire, wire) => {
                if socket.is_reading {
                    Reading::On
                } else {
                    Reading::Paused
                }
            }
            _ => Reading::Over,
        }
    }
}

impl<M> Engine<M>
where
    M: Machine + Send + 'static,
    M::Command: Send,
    M::Event: Send,
{
    pub(crate) fn new(host: Host<M>, events: Giver<M::Event>, commands_at_most: usize) -> Self {
        Self {
            host,
            events,
            traces: Vec::new(),
            commands_at_most,
            deferred: VecDeque::new(),
            outstanding: BTreeMap::new(),
            commands_so_far: 0,
            sockets: BTreeMap::new(),
            listeners: BTreeMap::new(),
            threads: Vec::new(),
            writes: Vec::new(),
            now: Instant::now(),
            deadline: None,
            is_stopping: false,
            is_stopped: false,
        }
    }

    /// The machine, and the threads to be waited for.
    pub(crate) fn into_parts(self) -> (M, Vec<JoinHandle<()>>) {
        (self.host.into_machine(), self.threads)
    }

    /// Whether the machine may be told more; if not, [`Mail::Room`] comes once it may.
    pub(crate) fn may_go_on(&self) -> bool {
        self.is_stopping || self.events.has_room()
    }

    /// When to be told the time, if that is to come at all before anything else.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.may_go_on())
    }

    fn tick(&mut self) -> Instant {
        self.now = Instant::now();
        self.now
    }

    /// Performs the host's steps, but for what is to be [written](Self::writes).
    pub(crate) fn drain(&mut self, shared: &Arc<Shared<M>>) {
        loop {
            match self.host.step(self.now) {
                Step::Connect { link, host, port } => self.connect(shared, link, host, port),
                Step::Write { link, chunks } => self.write(link, chunks),
                Step::Pause(link) => self.set_reading(link, false),
                Step::Resume(link) => self.set_reading(link, true),
                Step::ShutDown(link) => {
                    if let Some(socket) = self.sockets.get(&link) {
                        socket.shut_down();
                    }
                }
                Step::Close(link) => self.close(link),
                Step::Listen(listener, address) => self.listen(shared, listener, &address),
                Step::Unlisten(listener) => {
                    if let Some(listener) = self.listeners.remove(&listener) {
                        self.threads.extend(listener.stop());
                    }
                }
                Step::Event(event) => self.events.give(event),
                Step::Ended(id, outcome) => {
                    if let Some(ended) = self.outstanding.remove(&id) {
                        // Whoever gave the command no longer waits for its end.
                        let _ = ended.try_send(outcome);
                    }
                }
                Step::Trace(trace) => {
                    self.traces
                        .retain(|giver| giver.give_or_drop_oldest(trace.clone()));
                }
                Step::Wait(wait) => {
                    self.deadline = wait.and_then(|wait| self.now.checked_add(wait));
                    return;
                }
                Step::Stopped => {
                    self.is_stopped = true;
                    return;
                }
            }
        }
    }

    fn connect(&mut self, shared: &Arc<Shared<M>>, link: LinkId, host: Arc<str>, port: u16) {
        if let Err(error) = connect(link, host, port, shared.clone()) {
            self.host.on_closed(self.now, link, close_reason(&error));
        }
    }

    fn write(&mut self, link: LinkId, chunks: Chunks) {
        if let Some(socket) = self.sockets.get(&link) {
            self.writes.push(Writing::new(link, &socket.wire, chunks));
        }
    }

    fn close(&mut self, link: LinkId) {
        // What was to be written before is, as far as the system takes it.
        if let Some(n) = self.writes.iter().position(|it| it.link == link) {
            self.writes.swap_remove(n).write_now();
        }
        self.sockets.remove(&link);
        self.threads.retain(|thread| !thread.is_finished());
    }

    fn set_reading(&mut self, link: LinkId, is_reading: bool) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.set_reading(is_reading);
        }
    }

    fn listen(&mut self, shared: &Arc<Shared<M>>, listener: ListenerId, address: &Address) {
        match Listener::start(listener, address, shared.clone()) {
            Ok((socket, local)) => {
                self.listeners.insert(listener, socket);
                self.host.on_listening(self.now, listener, local);
            }
            Err(reason) => self.host.on_listen_failed(self.now, listener, reason),
        }
    }

    /// Sees to one wish of the owner; whether those who wait for room may go on.
    pub(crate) fn open(&mut self, mail: Mail<M>) -> bool {
        match mail {
            Mail::Command(command, ended) => self.on_command(command, ended),
            Mail::Inspect(look) => look(self.host.machine()),
            Mail::Traces(giver) => self.traces.push(giver),
            Mail::Room => return true,
            Mail::ShutDown => {
                self.is_stopping = true;
                let now = self.tick();
                self.host.shut_down(now);
                return true;
            }
        }
        false
    }

    fn on_command(&mut self, command: M::Command, ended: SyncSender<Outcome>) {
        if self.deferred.is_empty() && self.may_go_on() {
            self.begin_command(command, ended);
        } else if self.deferred.len() >= self.commands_at_most {
            refuse(&ended);
        } else {
            self.deferred.push_back((command, ended));
        }
    }

    /// Begins the next of the commands that came while the machine stood still; whether there was one.
    pub(crate) fn begin_deferred(&mut self) -> bool {
        if self.deferred.is_empty() || !self.may_go_on() {
            return false;
        }
        if let Some((command, ended)) = self.deferred.pop_front() {
            self.begin_command(command, ended);
        }
        true
    }

    fn begin_command(&mut self, command: M::Command, ended: SyncSender<Outcome>) {
        if self.is_stopping {
            let why = "the machine is shutting down";
            // Whoever gave the command no longer waits for its end.
            let _ = ended.try_send(Outcome::refused(Reason::ShuttingDown, why));
            return;
        }
        if self.outstanding.len() >= self.commands_at_most {
            refuse(&ended);
            return;
        }
        let id = CommandId(self.commands_so_far);
        self.commands_so_far += 1;
        self.outstanding.insert(id, ended);
        let now = self.tick();
        self.host.on_command(now, id, command);
    }

    /// The time has come.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        self.now = now;
        self.host.on_timeout(now);
    }

    pub(crate) fn on_connected(
        &mut self,
        shared: &Arc<Shared<M>>,
        link: LinkId,
        stream: TcpStream,
    ) {
        // Cancelled meanwhile: the host knows no such link and the stream is dropped.
        if self.host.is_connecting(link) && self.start_socket(shared, link, stream) {
            self.host.on_connected(self.now, link);
        }
    }

    pub(crate) fn on_accepted(
        &mut self,
        shared: &Arc<Shared<M>>,
        listener: ListenerId,
        stream: TcpStream,
        peer: SocketAddr,
    ) {
        let now = self.tick();
        if let Some(link) = self.host.on_accepted(now, listener, peer) {
            self.start_socket(shared, link, stream);
        }
    }

    /// Whether the thread could be started; if not, the link is closed.
    fn start_socket(&mut self, shared: &Arc<Shared<M>>, link: LinkId, stream: TcpStream) -> bool {
        let now = self.tick();
        match Socket::start(link, stream, shared) {
            Ok((socket, thread)) => {
                self.sockets.insert(link, socket);
                self.threads.push(thread);
                true
            }
            Err(error) => {
                self.host.on_closed(now, link, close_reason(&error));
                false
            }
        }
    }

    pub(crate) fn on_read(&mut self, link: LinkId, read: io::Result<&[u8]>) {
        let now = self.tick();
        match read {
            Ok([]) => {
                if let Some(socket) = self.sockets.get_mut(&link) {
                    socket.has_ended = true;
                }
                self.host.on_eof(now, link);
            }
            Ok(bytes) => self.host.on_received(now, link, bytes),
            Err(error) => self.host.on_closed(now, link, close_reason(&error)),
        }
    }

    /// A write was tried: it is done, or the link's writer goes on with it.
    pub(crate) fn on_tried(&mut self, shared: &Arc<Shared<M>>, writing: Writing) {
        let link = writing.link;
        if writing.is_done() {
            self.host.on_written(self.now, link);
        } else if let Some(socket) = self.sockets.get_mut(&link) {
            match socket.write_on(writing, shared) {
                Ok(started) => self.threads.extend(started),
                Err(error) => self.host.on_closed(self.now, link, close_reason(&error)),
            }
        }
    }

    /// A writer has done with a write.
    pub(crate) fn on_written(&mut self, link: LinkId, written: io::Result<()>) {
        let now = self.tick();
        match written {
            Ok(()) => self.host.on_written(now, link),
            Err(error) => self.host.on_closed(now, link, close_reason(&error)),
        }
    }

    /// A connection could not be made.
    pub(crate) fn on_failed(&mut self, link: LinkId, reason: CloseReason) {
        let now = self.tick();
        self.host.on_closed(now, link, reason);
    }
}

fn refuse(ended: &SyncSender<Outcome>) {
    let why = "too many commands have not ended";
    // Whoever gave the command no longer waits for its end.
    let _ = ended.try_send(Outcome::refused(Reason::Limit, why));
}
