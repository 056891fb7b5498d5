//! An open WebSocket with the protocol inside: the same on both sides.
//!
//! ```text
//!   shut --> open --> saying goodbye (our Close frame is out, theirs awaited) --> gone
//!              `----> last words (both Close frames, or a fault, are being written) --> gone
//! ```

use super::encode::{write_frame, write_head};
use super::{CloseCode, Decoder, Fault, Incoming, Limits, MessageProtocol, Opcode, Side};
use crate::Bytes;
use core::time::Duration;
use finewire_core::machine::{
    Chunks, CloseReason, Closing, CommandId, Instant, Outbox, PeerIdentity, Protocol,
    ProtocolInput, ProtocolOutput, Random, UnixMillis,
};
use std::collections::VecDeque;

pub(super) struct Socket<P: Protocol> {
    side: Side,
    limits: Limits,
    /// Makes the masks of a client.
    random: Option<Random>,
    protocol: P,
    stage: Stage,
    decoder: Decoder,
    outbox: Outbox,
    in_flight: bool,
    /// How far the last `Send` of the protocol has come.
    sending: Sending,
    /// The content of the ping to be answered. A peer that pings faster than it reads gets an answer
    /// to its last one (RFC 6455 §5.5.3).
    pong: Option<Bytes>,
    now: Instant,
    deadline: Option<Instant>,
    outputs: VecDeque<ProtocolOutput<P::Event>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Nothing,
    Queued,
    InFlight,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Shut,
    Open,
    Goodbye(End),
    LastWords(End),
    Gone,
}

/// How the stream is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    finish: bool,
    reason: CloseReason,
}

/// How long Close frames may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

impl<P: MessageProtocol> Socket<P> {
    pub(super) fn new(side: Side, limits: Limits, protocol: P, random: Option<Random>) -> Self {
        Self {
            side,
            limits,
            random,
            protocol,
            stage: Stage::Shut,
            decoder: Decoder::new(side, limits),
            outbox: Outbox::new(),
            in_flight: false,
            sending: Sending::Nothing,
            pong: None,
            now: Instant::START,
            deadline: None,
            outputs: VecDeque::new(),
        }
    }

    pub(super) const fn protocol(&self) -> &P {
        &self.protocol
    }

    pub(super) const fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    pub(super) const fn random_mut(&mut self) -> Option<&mut Random> {
        self.random.as_mut()
    }

    pub(super) fn opened(&mut self, now: Instant, identity: Option<PeerIdentity>) {
        self.reset(now, Stage::Open);
        self.protocol
            .handle_input(now, ProtocolInput::Opened(identity));
    }

    fn reset(&mut self, now: Instant, stage: Stage) {
        self.now = now;
        self.stage = stage;
        self.decoder = Decoder::new(self.side, self.limits);
        self.outbox.clear();
        self.in_flight = false;
        self.sending = Sending::Nothing;
        self.pong = None;
        self.deadline = None;
    }

    pub(super) fn received(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        let mut used = 0;
        while matches!(self.stage, Stage::Open | Stage::Goodbye(_)) {
            let rest = bytes.get(used..).unwrap_or_default();
            match self.decoder.read(rest) {
                Ok((n, Some(incoming))) => {
                    used += n;
                    self.on_incoming(incoming);
                }
                Ok((_, None)) => return,
                Err(fault) => self.fail(fault),
            }
        }
    }

    fn on_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Text(message) => self.on_message(&message, false),
            Incoming::Binary(message) => self.on_message(&message, true),
            Incoming::Ping(content) => self.pong = Some(content),
            Incoming::Pong(_) => {}
            Incoming::Close(why) => self.on_close_frame(why),
        }
    }

    fn on_message(&mut self, message: &[u8], is_binary: bool) {
        if self.stage != Stage::Open {
            return;
        }
        if is_binary != self.protocol.is_binary() {
            self.fail(Fault::RemoteKind);
        } else if !message.is_empty() {
            self.protocol
                .handle_input(self.now, ProtocolInput::Received(message));
            // What it wants first may be the end.
            self.drain();
        }
    }

    fn on_close_frame(&mut self, why: Option<(CloseCode, String)>) {
        if let Stage::Goodbye(end) = &self.stage {
            self.stage = Stage::LastWords(end.clone());
            return;
        }
        // The answer repeats the code (RFC 6455 §5.5.1).
        self.queue_close(why.as_ref().map(|(code, _)| *code));
        let reason = match why {
            None => CloseReason::Eof,
            Some((CloseCode::NORMAL | CloseCode::GOING_AWAY, _)) => CloseReason::Eof,
            Some((code, text)) => {
                CloseReason::Other(format!("websocket closed by the peer: {code} {text}"))
            }
        };
        self.say_last(End {
            finish: false,
            reason,
        });
    }

    fn fail(&mut self, fault: Fault) {
        let reason = fault.close_reason();
        if let Stage::Goodbye(end) = &self.stage {
            self.stage = Stage::LastWords(end.clone());
            return;
        }
        self.queue_close(Some(fault.code()));
        self.say_last(End {
            finish: false,
            reason,
        });
    }

    fn say_last(&mut self, end: End) {
        self.stage = Stage::LastWords(end);
        self.deadline = Some(self.now + CLOSE_WITHIN);
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.now = now;
        self.outbox.on_sent();
        self.in_flight = false;
        if self.sending == Sending::InFlight {
            self.sending = Sending::Nothing;
            self.protocol.handle_input(now, ProtocolInput::Sent);
        }
    }

    pub(super) fn closed(&mut self, now: Instant, reason: CloseReason) {
        let was = core::mem::replace(&mut self.stage, Stage::Shut);
        self.reset(now, Stage::Shut);
        // What was meant for this stream must not meet the next one.
        self.outputs.retain(|output| {
            !matches!(
                output,
                ProtocolOutput::Close(..) | ProtocolOutput::Pause | ProtocolOutput::Resume
            )
        });
        if let Stage::Goodbye(end) | Stage::LastWords(end) = was
            && end.finish
        {
            self.outputs
                .push_back(ProtocolOutput::Finish(Closing::Abort, end.reason));
        }
        self.protocol
            .handle_input(now, ProtocolInput::Closed(reason));
    }

    pub(super) fn command(&mut self, now: Instant, id: CommandId, command: P::Command) {
        self.now = now;
        self.protocol
            .handle_input(now, ProtocolInput::Command(id, command));
    }

    pub(super) fn wall(&mut self, now: Instant, wall: UnixMillis) {
        self.now = now;
        self.protocol.handle_input(now, ProtocolInput::Wall(wall));
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        self.now = now;
        self.protocol.handle_timeout(now);
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        if let Stage::Goodbye(end) | Stage::LastWords(end) = self.stage.clone() {
            self.end(Closing::Abort, end);
        }
    }

    fn end(&mut self, closing: Closing, end: End) {
        self.stage = Stage::Gone;
        self.deadline = None;
        self.outputs.push_back(if end.finish {
            ProtocolOutput::Finish(closing, end.reason)
        } else {
            ProtocolOutput::Close(closing, end.reason)
        });
    }

    /// The protocol inside wants the end.
    fn on_wish_to_end(&mut self, closing: Closing, end: End) {
        match (&self.stage, closing) {
            (Stage::Open, Closing::Flush) => {
                self.queue_close(Some(CloseCode::NORMAL));
                // A peer that hangs up instead of answering would make an end for good look like a loss, after
                // which a link comes back; so nobody waits for that answer.
                if end.finish {
                    self.say_last(end);
                } else {
                    self.stage = Stage::Goodbye(end);
                    self.deadline = Some(self.now + CLOSE_WITHIN);
                }
            }
            (Stage::Goodbye(_) | Stage::LastWords(_), Closing::Flush) => {
                if let Stage::Goodbye(old) | Stage::LastWords(old) = &mut self.stage {
                    old.finish |= end.finish;
                }
            }
            // Nothing is left to be closed, but not to come back may still be wished for.
            (Stage::Shut | Stage::Gone, _) | (_, Closing::Abort) => self.end(closing, end),
        }
    }

    /// Takes what the protocol inside says, up to its `Wait`.
    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.protocol.poll_output() {
                ProtocolOutput::Wait(deadline) => return deadline,
                ProtocolOutput::Send(chunks) => self.queue_messages(chunks),
                ProtocolOutput::Close(closing, reason) => {
                    let finish = false;
                    self.on_wish_to_end(closing, End { finish, reason });
                }
                ProtocolOutput::Finish(closing, reason) => {
                    let finish = true;
                    self.on_wish_to_end(closing, End { finish, reason });
                }
                ProtocolOutput::Secure(_) => {
                    let reason = CloseReason::Other("TLS cannot begin inside a websocket".into());
                    let finish = false;
                    self.on_wish_to_end(Closing::Abort, End { finish, reason });
                }
                other => self.outputs.push_back(other),
            }
        }
    }

    fn queue_messages(&mut self, chunks: Chunks) {
        if self.stage != Stage::Open {
            return;
        }
        let opcode = if self.protocol.is_binary() {
            Opcode::Binary
        } else {
            Opcode::Text
        };
        for message in chunks {
            let mut head = Vec::with_capacity(14);
            if let Some(mask) = self.mask() {
                head.reserve(message.len());
                write_frame(&mut head, true, opcode, &message, Some(mask));
                self.outbox.push(head.into());
            } else {
                write_head(&mut head, true, opcode, message.len(), None);
                self.outbox.push(head.into());
                self.outbox.push(message);
            }
        }
        self.sending = Sending::Queued;
    }

    fn mask(&mut self) -> Option<[u8; 4]> {
        self.random.as_mut().map(|random| {
            let mut mask = [0; 4];
            random.fill(&mut mask);
            mask
        })
    }

    fn queue_close(&mut self, code: Option<CloseCode>) {
        let body = code.map(|code| code.number().to_be_bytes());
        self.queue_control(Opcode::Close, body.as_ref().map_or(&[], |body| &body[..]));
    }

    fn queue_control(&mut self, opcode: Opcode, body: &[u8]) {
        let mut frame = Vec::with_capacity(body.len() + 6);
        let mask = self.mask();
        write_frame(&mut frame, true, opcode, body, mask);
        self.outbox.push(frame.into());
    }

    pub(super) fn poll(&mut self) -> ProtocolOutput<P::Event> {
        let theirs = self.drain();
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if self.stage == Stage::Open
            && !self.in_flight
            && let Some(content) = self.pong.take()
        {
            self.queue_control(Opcode::Pong, &content);
        }
        if !matches!(self.stage, Stage::Shut | Stage::Gone)
            && let Some(chunks) = self.outbox.take()
        {
            self.in_flight = true;
            if self.sending == Sending::Queued {
                self.sending = Sending::InFlight;
            }
            return ProtocolOutput::Send(chunks);
        }
        if let Stage::LastWords(end) = &self.stage
            && !self.outbox.has_pending()
        {
            let end = end.clone();
            self.end(Closing::Flush, end);
            return self.poll();
        }
        let next = match (self.deadline, theirs) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        ProtocolOutput::Wait(next)
    }
}
