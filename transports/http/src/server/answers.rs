//! Puts answers in the order of their requests and writes them.

use super::ServerEvent;
use crate::{Bytes, Response, StatusCode, date, head, header, redact, write};
use finewire_core::machine::{
    Chunks, CommandId, Instant, Outbox, Outcome, Party, ProtocolOutput, Reason, UnixMillis,
};
use std::collections::VecDeque;

/// The answers of one connection, from the request to the last written byte.
pub(super) struct Answers {
    us: Party,
    peer: Party,
    /// Requests without an answer in the outbox, in order.
    slots: VecDeque<Slot>,
    outbox: Outbox,
    /// Commands whose answers are in the outbox, and of those in the write in flight.
    queued: Vec<CommandId>,
    in_flight: Vec<CommandId>,
    wall: Option<(Instant, UnixMillis)>,
}

/// What must be kept of a request for its answer.
pub(super) struct Slot {
    pub(super) exchange: u64,
    pub(super) head_only: bool,
    pub(super) keeps_alive: bool,
    pub(super) http10: bool,
    /// For the trace.
    pub(super) subject: String,
    /// The answer, with its command unless it is our own.
    pub(super) answer: Option<(Option<CommandId>, Response<Bytes>)>,
}

impl Answers {
    pub(super) const fn new(us: Party, peer: Party) -> Self {
        Self {
            us,
            peer,
            slots: VecDeque::new(),
            outbox: Outbox::new(),
            queued: Vec::new(),
            in_flight: Vec::new(),
            wall: None,
        }
    }

    /// How many requests have no answer in the outbox.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many requests have no answer at all.
    pub(super) fn unanswered(&self) -> usize {
        let open = |slot: &&Slot| slot.answer.is_none();
        self.slots.iter().filter(open).count()
    }

    /// Whether every request is answered and every answer written.
    pub(super) fn is_drained(&self) -> bool {
        self.slots.is_empty() && self.outbox.is_drained()
    }

    /// Whether this request's answer is not yet in the outbox.
    pub(super) fn waits(&self, exchange: u64) -> bool {
        self.slots.iter().any(|slot| slot.exchange == exchange)
    }

    pub(super) fn expect(&mut self, slot: Slot) {
        self.slots.push_back(slot);
    }

    /// Takes an answer; `false` if no request waits for it.
    pub(super) fn give(&mut self, exchange: u64, id: CommandId, answer: Response<Bytes>) -> bool {
        let open = |slot: &&mut Slot| slot.exchange == exchange && slot.answer.is_none();
        match self.slots.iter_mut().find(open) {
            Some(slot) => {
                slot.answer = Some((Some(id), answer));
                true
            }
            None => false,
        }
    }

    pub(super) fn push_continue(&mut self) {
        self.outbox
            .push(Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"));
    }

    pub(super) const fn on_wall(&mut self, now: Instant, wall: UnixMillis) {
        self.wall = Some((now, wall));
    }

    /// Moves answers into the outbox as long as the first request has its own; tells whether one of
    /// them ends the connection. Requests behind that one stay unanswered, and their sender knows.
    pub(super) fn flush(
        &mut self,
        now: Instant,
        outputs: &mut VecDeque<ProtocolOutput<ServerEvent>>,
    ) -> bool {
        while self.slots.front().is_some_and(|slot| slot.answer.is_some()) {
            let Some(slot) = self.slots.pop_front() else {
                break;
            };
            if self.write(now, slot, outputs) {
                for behind in core::mem::take(&mut self.slots) {
                    if let Some((Some(id), _)) = behind.answer {
                        let text = "the connection ends with an earlier answer";
                        let outcome = Outcome::refused(Reason::LinkDown, text);
                        outputs.push_back(ProtocolOutput::Ended(id, outcome));
                    }
                }
                return true;
            }
        }
        false
    }

    fn write(
        &mut self,
        now: Instant,
        slot: Slot,
        outputs: &mut VecDeque<ProtocolOutput<ServerEvent>>,
    ) -> bool {
        let Some((command, mut response)) = slot.answer else {
            return false;
        };
        redact::mark_secrets(response.headers_mut());
        let closes =
            !slot.keeps_alive || head::lists(response.headers(), &header::CONNECTION, "close");
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let connection = match (closes, slot.http10) {
            _ if switches => Some("Upgrade"),
            (true, _) => Some("close"),
            (false, true) => Some("keep-alive"),
            (false, false) => None,
        };
        let date = self
            .wall
            .map(|(at, wall)| date::imf_fixdate(wall.plus(now - at)));
        let framed = write::Framed {
            head_only: slot.head_only,
            connection,
            date: date.as_deref(),
        };
        write::response(&mut self.outbox, &response, &framed);
        self.queued.extend(command);
        outputs.push_back(ProtocolOutput::Trace(write::trace(
            self.us,
            self.peer,
            format!("{} for {}", response.status(), slot.subject),
            response.headers(),
            response.body(),
        )));
        closes
    }

    /// Everything to be written now.
    pub(super) fn take(&mut self) -> Option<Chunks> {
        let chunks = self.outbox.take()?;
        self.in_flight.append(&mut self.queued);
        Some(chunks)
    }

    /// The write in flight is done: the commands that end with it.
    pub(super) fn on_sent(&mut self) -> Vec<CommandId> {
        self.outbox.on_sent();
        core::mem::take(&mut self.in_flight)
    }

    /// The stream is gone: the commands that were not written to the end.
    pub(super) fn abandon(&mut self) -> Vec<CommandId> {
        let mut ids = core::mem::take(&mut self.in_flight);
        ids.append(&mut self.queued);
        let slots = core::mem::take(&mut self.slots);
        ids.extend(slots.into_iter().filter_map(|slot| slot.answer?.0));
        self.outbox.clear();
        ids
    }
}
