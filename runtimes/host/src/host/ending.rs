//! Writing on, and how a link ends: flushed, drained, failed or overdue.

use super::Host;
use crate::link::Phase;
use crate::step::Step;
use core::time::Duration;
use finewire_core::machine::{CloseReason, Input, Instant, LinkId, Machine};

/// How long the write under way may take once the link is closing.
const FLUSH_WITHIN: Duration = Duration::from_secs(10);

/// How long the peer's own end is waited for after ours.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// The same when the whole host is being shut down: many peers wait for us to close first.
const DRAIN_WITHIN_STOPPING: Duration = Duration::from_millis(250);

/// How much of a stream its peer has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerEnd {
    Half,
    Both,
}

impl<M: Machine> Host<M> {
    /// Starts the next write, or does what waited for the last one.
    pub(super) fn write_on(&mut self, now: Instant, link: LinkId) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        if let Some(chunks) = socket.next_write() {
            self.steps.push_back(Step::Write { link, chunks });
            return;
        }
        if socket.outgoing.is_in_flight {
            return;
        }
        match socket.phase {
            Phase::Connecting | Phase::Draining => {}
            Phase::Open => {
                let has_waiting = socket.outgoing.has_plain();
                if !has_waiting && core::mem::take(&mut socket.outgoing.owes_sent) {
                    self.machine.handle_input(now, Input::Sent(link));
                }
            }
            Phase::Flushing => {
                if let Some(session) = socket.tls.as_mut()
                    && !core::mem::replace(&mut socket.is_closing_announced, true)
                {
                    session.end();
                    self.write_on(now, link);
                } else if socket.is_peer_done {
                    self.drop_link(now, link);
                } else {
                    socket.phase = Phase::Draining;
                    let within = if self.is_stopping {
                        DRAIN_WITHIN_STOPPING
                    } else {
                        DRAIN_WITHIN
                    };
                    self.timers.set(link, now + within);
                    self.steps.push_back(Step::ShutDown(link));
                }
            }
        }
    }

    pub(super) fn on_failed(
        &mut self,
        now: std::time::Instant,
        link: LinkId,
        reason: CloseReason,
        end: PeerEnd,
    ) {
        let now = self.tick_heard(now);
        if let Some(socket) = self.links.get_mut(&link) {
            socket.is_peer_done = true;
            if end == PeerEnd::Both {
                if matches!(socket.phase, Phase::Connecting | Phase::Open) {
                    socket.farewell = Some(reason);
                }
                self.drop_link(now, link);
            } else if socket.is_paused && (!socket.held.is_empty() || socket.tls.is_some()) {
                // The machine gets the bytes before the end when it resumes.
                socket.ended = Some(reason);
            } else {
                self.end(now, link, reason);
            }
        }
        self.is_unheard = true;
    }

    /// The stream is over for the machine, which learns it at once; what is under way is
    /// still written (a TLS alert, the rest of an answer).
    pub(super) fn end(&mut self, now: Instant, link: LinkId, reason: CloseReason) {
        let Some(socket) = self.links.get_mut(&link) else {
            return;
        };
        match socket.phase {
            Phase::Connecting => {
                socket.farewell = Some(reason);
                self.drop_link(now, link);
            }
            Phase::Open => {
                let is_sound = reason == CloseReason::Eof;
                // After a TLS fault rustls has an alert to send; close_notify would follow it
                // in vain, and the machine's bytes must not go out unprotected or at all.
                socket.is_closing_announced |= !is_sound;
                if !is_sound {
                    socket.outgoing.drop_plain();
                }
                self.machine.handle_input(now, Input::Closed(link, reason));
                self.flush(now, link);
            }
            Phase::Flushing => {}
            Phase::Draining => self.drop_link(now, link),
        }
    }

    pub(super) fn flush(&mut self, now: Instant, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link) {
            socket.phase = Phase::Flushing;
            socket.held = Vec::new();
            if core::mem::take(&mut socket.is_paused) {
                self.steps.push_back(Step::Resume(link));
            }
            self.timers.set(link, now + FLUSH_WITHIN);
            self.write_on(now, link);
        }
    }

    pub(super) fn on_overdue(&mut self, now: Instant, link: LinkId) {
        if let Some(socket) = self.links.get_mut(&link) {
            if socket.phase == Phase::Open {
                socket.farewell = Some(CloseReason::TimedOut);
            }
            self.drop_link(now, link);
        }
    }

    /// Forgets the socket, and tells the machine unless it knows.
    pub(super) fn drop_link(&mut self, now: Instant, link: LinkId) {
        let Some(socket) = self.links.remove(&link) else {
            return;
        };
        self.timers.clear(&link);
        if !link.is_opened_by_us() {
            self.accepted_now -= 1;
        }
        self.steps.push_back(Step::Close(link));
        if let Some(reason) = socket.farewell {
            self.machine.handle_input(now, Input::Closed(link, reason));
        }
    }
}
