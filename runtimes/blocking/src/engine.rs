//! The machine's thread: steps in, mail out of the box, reports in.

use crate::listener::Listener;
use crate::mail::{Mail, Report};
use crate::queue::Giver;
use crate::socket::{Socket, connect};
use core::net::SocketAddr;
use core::time::Duration;
use finewire_core::machine::{
    Address, CommandId, LinkId, ListenerId, Machine, Outcome, Reason, TraceEvent,
};
use finewire_host::{Host, Step, close_reason};
use std::collections::{BTreeMap, VecDeque};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::JoinHandle;
use std::time::Instant;

/// Everything the machine's thread owns.
pub(crate) struct Engine<M: Machine> {
    host: Host<M>,
    inbox: Receiver<Mail<M>>,
    mail: Sender<Mail<M>>,
    events: Giver<M::Event>,
    traces: Vec<Giver<TraceEvent>>,
    commands_at_most: usize,
    /// What came while the machine stood still; at most one report of a kind per socket, and
    /// commands up to their bound.
    deferred: VecDeque<Mail<M>>,
    outstanding: BTreeMap<CommandId, SyncSender<Outcome>>,
    commands_so_far: u64,
    sockets: BTreeMap<LinkId, Socket>,
    listeners: BTreeMap<ListenerId, Listener>,
    threads: Vec<JoinHandle<()>>,
    is_stopping: bool,
}

/// What the host asked for last.
enum Drained {
    Wait(Option<Duration>),
    Stopped,
}

impl<M> Engine<M>
where
    M: Machine + 'static,
    M::Command: Send,
{
    pub(crate) fn new(
        host: Host<M>,
        inbox: Receiver<Mail<M>>,
        mail: Sender<Mail<M>>,
        events: Giver<M::Event>,
        commands_at_most: usize,
    ) -> Self {
        Self {
            host,
            inbox,
            mail,
            events,
            traces: Vec::new(),
            commands_at_most,
            deferred: VecDeque::new(),
            outstanding: BTreeMap::new(),
            commands_so_far: 0,
            sockets: BTreeMap::new(),
            listeners: BTreeMap::new(),
            threads: Vec::new(),
            is_stopping: false,
        }
    }

    /// Works until the host has stopped and every thread of a socket has ended.
    pub(crate) fn run(mut self) -> M {
        while let Drained::Wait(wait) = self.drain() {
            if !self.is_stopping && !self.events.has_room() {
                self.stand_still();
            } else if let Some(mail) = self.deferred.pop_front() {
                self.open(mail);
            } else {
                self.wait(wait);
            }
        }
        for thread in core::mem::take(&mut self.threads) {
            // A thread of a socket that panicked has nothing more to say.
            let _ = thread.join();
        }
        self.host.into_machine()
    }

    fn wait(&mut self, wait: Option<Duration>) {
        let mail = match wait {
            None => self
                .inbox
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => self.inbox.recv_timeout(wait),
        };
        match mail {
            Ok(mail) => self.open(mail),
            Err(RecvTimeoutError::Timeout) => self.host.on_timeout(Instant::now()),
            // Cannot be: this thread holds a sender. It would mean that nobody is left.
            Err(RecvTimeoutError::Disconnected) => self.begin_stop(),
        }
        // Mail keeps coming under load; a due timer must not wait for its end.
        if wait.is_some_and(|wait| wait.is_zero()) {
            self.host.on_timeout(Instant::now());
        }
    }

    /// Serves what does not touch the machine, and keeps the rest for later.
    fn stand_still(&mut self) {
        match self.inbox.recv() {
            Ok(Mail::Room) => {}
            Ok(mail @ (Mail::Inspect(_) | Mail::Traces(_) | Mail::ShutDown)) => self.open(mail),
            Ok(Mail::Command(_, ended)) if self.deferred.len() >= self.commands_at_most => {
                refuse(&ended);
            }
            Ok(mail) => self.deferred.push_back(mail),
            // As in `wait`.
            Err(_) => self.begin_stop(),
        }
    }

    /// Performs the host's steps.
    fn drain(&mut self) -> Drained {
        loop {
            match self.host.step(Instant::now()) {
                Step::Connect { link, host, port } => self.connect(link, host, port),
                Step::Write { link, chunks } => {
                    let socket = self.sockets.get(&link);
                    if socket.is_some_and(|socket| socket.write(chunks)) {
                        self.host.on_written(Instant::now(), link);
                    }
                }
                Step::Pause(link) => self.set_reading(link, false),
                Step::Resume(link) => self.set_reading(link, true),
                Step::ShutDown(link) => {
                    if let Some(socket) = self.sockets.get(&link) {
                        socket.shut_down();
                    }
                }
                Step::Close(link) => {
                    self.sockets.remove(&link);
                    self.threads.retain(|thread| !thread.is_finished());
                }
                Step::Listen(listener, address) => self.listen(listener, &address),
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
                Step::Wait(wait) => return Drained::Wait(wait),
                Step::Stopped => return Drained::Stopped,
            }
        }
    }

    fn connect(&mut self, link: LinkId, host: Arc<str>, port: u16) {
        if let Err(error) = connect(link, host, port, self.mail.clone()) {
            self.host
                .on_closed(Instant::now(), link, close_reason(&error));
        }
    }

    fn set_reading(&mut self, link: LinkId, is_reading: bool) {
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.is_reading = is_reading;
            socket.read_on();
        }
    }

    fn listen(&mut self, listener: ListenerId, address: &Address) {
        match Listener::start(listener, address, self.mail.clone()) {
            Ok((socket, local)) => {
                self.listeners.insert(listener, socket);
                self.host.on_listening(Instant::now(), listener, local);
            }
            Err(reason) => {
                self.host.on_listen_failed(Instant::now(), listener, reason);
            }
        }
    }

    fn open(&mut self, mail: Mail<M>) {
        match mail {
            Mail::Command(command, ended) => self.begin_command(command, ended),
            Mail::Inspect(look) => look(self.host.machine()),
            Mail::Traces(giver) => self.traces.push(giver),
            Mail::Room => {}
            Mail::ShutDown => self.begin_stop(),
            Mail::Link(link, report) => self.on_report(link, report),
            Mail::Accepted(listener, stream, peer) => self.on_accepted(listener, stream, peer),
        }
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
        self.host.on_command(Instant::now(), id, command);
    }

    fn begin_stop(&mut self) {
        self.is_stopping = true;
        self.host.shut_down(Instant::now());
    }

    fn on_report(&mut self, link: LinkId, report: Report) {
        let now = Instant::now();
        match report {
            Report::Connected(stream) => {
                // Cancelled meanwhile: the host knows no such link and the stream is dropped.
                if !self.host.is_connecting(link) {
                    return;
                }
                if self.start_socket(link, stream) {
                    self.host.on_connected(now, link);
                    self.read_on(link);
                }
            }
            Report::Received(buffer, count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                self.host.on_received(now, link, bytes);
                if let Some(socket) = self.sockets.get_mut(&link) {
                    socket.give_back(buffer);
                }
                self.read_on(link);
            }
            Report::Eof => self.host.on_eof(now, link),
            Report::Written => self.host.on_written(now, link),
            Report::Failed(reason) => self.host.on_closed(now, link, reason),
        }
    }

    fn on_accepted(&mut self, listener: ListenerId, stream: TcpStream, peer: SocketAddr) {
        if let Some(listener) = self.listeners.get(&listener) {
            listener.accept_on();
        }
        let accepted = self.host.on_accepted(Instant::now(), listener, peer);
        if let Some(link) = accepted
            && self.start_socket(link, stream)
        {
            self.read_on(link);
        }
    }

    /// Whether the threads could be started; if not, the link is closed.
    fn start_socket(&mut self, link: LinkId, stream: TcpStream) -> bool {
        match Socket::start(link, stream, &self.mail) {
            Ok((socket, threads)) => {
                self.sockets.insert(link, socket);
                self.threads.extend(threads);
                true
            }
            Err(error) => {
                self.host
                    .on_closed(Instant::now(), link, close_reason(&error));
                false
            }
        }
    }

    /// Lets the link's reader read once more, if after all steps it is still to be read: a
    /// pause must hold before the next read.
    fn read_on(&mut self, link: LinkId) {
        if let Drained::Wait(_) = self.drain()
            && let Some(socket) = self.sockets.get_mut(&link)
        {
            socket.read_on();
        }
    }
}

fn refuse(ended: &SyncSender<Outcome>) {
    let why = "too many commands have not ended";
    // Whoever gave the command no longer waits for its end.
    let _ = ended.try_send(Outcome::refused(Reason::Limit, why));
}
