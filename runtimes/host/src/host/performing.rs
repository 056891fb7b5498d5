//! What the machine wants, turned into steps of the adapter.

use super::Host;
use crate::link::{Phase, SocketState};
use crate::step::Step;
use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, Endpoint, Instant, LinkId, Machine, Output, TlsId,
};

/// How long the handshake of an accepted link may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);

/// What came of asking the machine once.
pub(super) enum Heard<E> {
    /// It wants this.
    Step(Step<E>),
    /// It wanted something, which is done; steps may wait.
    Done,
    /// It wants nothing more for now.
    Nothing,
}

impl<M: Machine> Host<M> {
    /// Turns all that the machine wants now into steps that wait to be asked for.
    pub(super) fn perform(&mut self, now: Instant) {
        loop {
            match self.hear(now) {
                Heard::Step(step) => self.steps.push_back(step),
                Heard::Done => {}
                Heard::Nothing => return,
            }
        }
    }

    /// Does the next thing that the machine wants. The step that it gives comes behind those that wait.
    pub(super) fn hear(&mut self, now: Instant) -> Heard<M::Event> {
        match self.machine.poll_output() {
            Output::Send(link, chunks) => return self.send(now, link, chunks),
            Output::Event(event) => return Heard::Step(Step::Event(event)),
            Output::Ended(id, outcome) => return Heard::Step(Step::Ended(id, outcome)),
            Output::Trace(trace) => return Heard::Step(Step::Trace(trace)),
            Output::Wait(deadline) => {
                self.deadline = deadline;
                return Heard::Nothing;
            }
            Output::Open(link, endpoint) => self.open(link, endpoint),
            Output::Pause(link) => self.pause(link),
            Output::Resume(link) => self.resume(link),
            Output::Secure(link, tls) => self.secure(now, link, tls),
            Output::Close(link, closing) => self.close(now, link, closing),
            Output::Listen(listener, address) => {
                if !self.is_stopping && self.listeners.insert(listener) {
                    self.steps.push_back(Step::Listen(listener, address));
                }
            }
            Output::Unlisten(listener) => {
                if self.listeners.remove(&listener) {
                    self.steps.push_back(Step::Unlisten(listener));
                }
            }
        }
        Heard::Done
    }

    fn open(&mut self, link: LinkId, endpoint: Endpoint) {
        if self.is_stopping || self.links.contains_key(&link) {
            return;
        }
        let socket = SocketState::new(endpoint.host.clone(), Phase::Connecting);
        self.links.insert(link, socket);
        self.steps.push_back(Step::Connect {
            link,
            host: endpoint.host,
            port: endpoint.port,
        });
    }

    fn send(&mut self, now: Instant, link: LinkId, chunks: Chunks) -> Heard<M::Event> {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
        {
            // Most writes find the link idle and plain: nothing is put aside to be looked up again.
            if socket.tls.is_none() && socket.outgoing.is_idle() && !chunks.is_empty() {
                socket.outgoing.begin();
                return Heard::Step(Step::Write { link, chunks });
            }
            socket.outgoing.push(chunks, socket.tls.is_some());
            self.write_on(now, link);
        }
        Heard::Done
    }

    fn pause(&mut self, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && !socket.is_paused
        {
            socket.is_paused = true;
            self.steps.push_back(Step::Pause(link));
        }
    }

    fn resume(&mut self, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
            && socket.is_paused
        {
            socket.is_paused = false;
            self.steps.push_back(Step::Resume(link));
            self.resumed.push_back(link);
        }
    }

    fn secure(&mut self, now: Instant, link: LinkId, tls: TlsId) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        if socket.phase != Phase::Open || socket.tls.is_some() {
            return;
        }
        let host = link.is_opened_by_us().then_some(&*socket.host);
        match self.config.tls.begin(tls, host) {
            Ok(session) => {
                socket.tls = Some(Box::new(session));
                if !link.is_opened_by_us() {
                    self.timers.set(link, now + HANDSHAKE_WITHIN);
                }
                self.write_on(now, link);
            }
            Err(fault) => self.end(now, link, CloseReason::Tls(fault)),
        }
    }

    /// The machine closes, or the host does for it.
    pub(super) fn close(&mut self, now: Instant, link: LinkId, closing: Closing) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        match (socket.phase, closing) {
            (Phase::Open, Closing::Flush) => {
                socket.farewell = Some(CloseReason::Asked);
                self.flush(now, link);
            }
            (Phase::Connecting, _) | (_, Closing::Abort) => {
                if matches!(socket.phase, Phase::Connecting | Phase::Open) {
                    socket.farewell = Some(CloseReason::Asked);
                }
                self.drop_link(now, link);
            }
            (Phase::Flushing | Phase::Draining, Closing::Flush) => {}
        }
    }
}
