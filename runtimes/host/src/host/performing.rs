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

impl<M: Machine> Host<M> {
    pub(super) fn perform(&mut self, now: Instant) {
        loop {
            match self.machine.poll_output() {
                Output::Open(link, endpoint) => self.open(link, endpoint),
                Output::Send(link, chunks) => self.send(now, link, chunks),
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
                Output::Event(event) => self.steps.push_back(Step::Event(event)),
                Output::Ended(id, outcome) => self.steps.push_back(Step::Ended(id, outcome)),
                Output::Trace(trace) => self.steps.push_back(Step::Trace(trace)),
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return;
                }
            }
        }
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

    fn send(&mut self, now: Instant, link: LinkId, chunks: Chunks) {
        if let Some(socket) = self.links.get_mut(&link)
            && socket.phase == Phase::Open
        {
            socket.outgoing.push(chunks, socket.tls.is_some());
            self.write_on(now, link);
        }
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
