//! One side of one stream.

use core::fmt;
use core::time::Duration;

use finewire_core::machine::{Chunks, CloseReason, Instant, Outbox};

use crate::codec::{
    DecodeError, Decoder, EncodeError, Encoder, Flaw, FrameSplitter, Frames, Limits, Object,
    WireFormat,
};
use crate::command::{Command, KeepAliveInfo};

use super::keep_alive::{KeepAlive, Wanted};

/// What a channel offers and bears.
#[derive(Clone, Debug)]
pub(crate) struct ChannelConfig {
    /// Our offer.
    pub(crate) offer: WireFormat,
    /// Bounds on what is decoded after negotiation.
    pub(crate) limits: Limits,
    /// How long the other side may take to send its offer.
    pub(crate) greet_within: Duration,
}

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Both sides have made their offers; commands may be sent.
    Negotiated,
    /// A command other than a keep-alive: it is where it was asked for.
    Command,
}

/// A stream of commands in both directions.
pub(crate) struct Channel {
    config: ChannelConfig,
    splitter: FrameSplitter,
    decoder: Decoder,
    encoder: Encoder,
    encoded: Frames,
    outbox: Outbox,
    negotiated: bool,
    greet_by: Option<Instant>,
    keep_alive: Option<KeepAlive>,
}

impl Channel {
    pub(crate) fn new(config: ChannelConfig) -> Self {
        Self {
            decoder: Decoder::new(&WireFormat::greeting(), Limits::greeting()),
            encoder: Encoder::new(&WireFormat::greeting()),
            splitter: FrameSplitter::new(),
            encoded: Frames::new(),
            outbox: Outbox::new(),
            negotiated: false,
            greet_by: None,
            keep_alive: None,
            config,
        }
    }

    /// The stream is there: our offer goes out at once, whatever the other side does.
    pub(crate) fn open(&mut self, now: Instant) {
        self.greet_by = Some(now + self.config.greet_within);
        let offer = Command::from(self.config.offer.to_info());
        // A greeting is small and of every version: it always encodes.
        let _ = self.encoder.encode_shared(&offer, &mut self.encoded);
    }

    /// What is spoken, once both sides have made their offers.
    pub(crate) fn format(&self) -> Option<&WireFormat> {
        self.negotiated.then(|| self.encoder.format())
    }

    /// Takes bytes in; [`Channel::next_heard`] gives what they say.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.heard();
        }
        self.splitter.feed(bytes);
    }

    /// The peer was found to be alive by other means.
    pub(crate) fn is_alive(&mut self) {
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.heard();
        }
    }

    /// The next thing that came in; a command is put into `command`. An error ends the stream.
    pub(crate) fn next_heard(
        &mut self,
        now: Instant,
        command: &mut Command,
    ) -> Result<Option<Heard>, CloseReason> {
        loop {
            let is_there = self.splitter.next_command_into(&mut self.decoder, command);
            if !is_there.map_err(|error| reason_of(&error))? {
                return Ok(None);
            }
            match command {
                Command::WireFormatInfo(info) => {
                    if self.negotiated {
                        return Err(remote("a second WireFormatInfo"));
                    }
                    let theirs = WireFormat::from_info(info);
                    let common = theirs.and_then(|theirs| self.config.offer.negotiate(&theirs));
                    let common = common.map_err(|error| reason_of(&error))?;
                    self.decoder = Decoder::new(&common, self.config.limits);
                    self.encoder.switch(&common);
                    self.negotiated = true;
                    self.greet_by = None;
                    self.keep_alive =
                        KeepAlive::new(now, common.max_inactivity, common.initial_delay);
                    return Ok(Some(Heard::Negotiated));
                }
                other if !self.negotiated => {
                    let name = other.type_name();
                    return Err(remote(format!("{name} came before a WireFormatInfo")));
                }
                Command::KeepAliveInfo(alive) => {
                    if alive.response_required {
                        let answer = KeepAliveInfo {
                            response_required: false,
                            ..*alive
                        };
                        // It has neither strings nor arrays: it always encodes.
                        let _ = self.send(&answer);
                    }
                }
                Command::Null => {}
                _ => return Ok(Some(Heard::Command)),
            }
        }
    }

    /// Encodes a command, or what would be one, behind what is pending; large content is shared with the
    /// command, not copied. After an error nothing has changed.
    pub(crate) fn send(&mut self, command: &impl Object) -> Result<(), EncodeError> {
        self.encoder
            .encode_sharing(command, Encoder::SHARE_FROM, &mut self.encoded)
    }

    /// Everything pending, unless a write is in flight.
    pub(crate) fn take(&mut self) -> Option<Chunks> {
        for bytes in self.encoded.take() {
            self.outbox.push(bytes);
        }
        let chunks = self.outbox.take()?;
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.said();
        }
        Some(chunks)
    }

    /// The write in flight is done.
    pub(crate) fn on_sent(&mut self) {
        self.outbox.on_sent();
    }

    /// Whether something waits for [`Channel::take`].
    pub(crate) fn has_pending(&self) -> bool {
        self.outbox.has_pending() || !self.encoded.is_empty()
    }

    /// Bytes not yet known to be written.
    pub(crate) fn backlog(&self) -> usize {
        self.outbox.backlog() + self.encoded.len()
    }

    /// When [`Channel::handle_timeout`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let alive = self.keep_alive.as_ref().map(KeepAlive::deadline);
        self.greet_by.or(alive)
    }

    /// Time has passed. An error ends the stream.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), CloseReason> {
        if self.greet_by.is_some_and(|by| by <= now) {
            return Err(CloseReason::TimedOut);
        }
        match self.keep_alive.as_mut().map(|alive| alive.check(now)) {
            None | Some(Wanted::Nothing) => Ok(()),
            Some(Wanted::Sign) => {
                let _ = self.send(&KeepAliveInfo::default());
                Ok(())
            }
            Some(Wanted::GiveUp) => Err(CloseReason::TimedOut),
        }
    }
}

impl fmt::Debug for Channel {
    /// Without any bytes: there may be a password among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("format", &self.format())
            .field("buffered", &self.splitter.buffered())
            .field("backlog", &self.backlog())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

fn remote(what: impl Into<String>) -> CloseReason {
    CloseReason::Remote(what.into())
}

fn reason_of(error: &DecodeError) -> CloseReason {
    match error.flaw() {
        Flaw::LimitFrame { .. }
        | Flaw::LimitText { .. }
        | Flaw::LimitElements { .. }
        | Flaw::LimitDepth { .. }
        | Flaw::LimitCauses { .. }
        | Flaw::LimitEntries { .. }
        | Flaw::LimitMapDepth { .. }
        | Flaw::LimitInflated { .. } => CloseReason::Limit(error.to_string()),
        _ => CloseReason::Remote(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ConnectionInfo, Text};
    use bytes::BytesMut;

    fn channel() -> Channel {
        let mut channel = Channel::new(ChannelConfig {
            offer: WireFormat::default(),
            limits: Limits::default(),
            greet_within: Duration::from_secs(30),
        });
        channel.open(Instant::START);
        channel
    }

    fn heard(by: &mut Channel) -> Result<Option<(Heard, Command)>, CloseReason> {
        let mut command = Command::Null;
        let heard = by.next_heard(Instant::START, &mut command)?;
        Ok(heard.map(|heard| (heard, command)))
    }

    fn carry(from: &mut Channel, to: &mut Channel) -> Result<Vec<(Heard, Command)>, CloseReason> {
        if let Some(chunks) = from.take() {
            to.receive(&chunks.to_vec());
            from.on_sent();
        }
        let mut all = Vec::new();
        while let Some(one) = heard(to)? {
            all.push(one);
        }
        Ok(all)
    }

    #[test]
    fn a_password_on_its_way_does_not_show() {
        let (mut here, mut there) = (channel(), channel());
        carry(&mut here, &mut there).unwrap();
        carry(&mut there, &mut here).unwrap();
        let info = ConnectionInfo {
            password: Some(Text::from("hunter2")),
            ..ConnectionInfo::default()
        };
        here.send(&info).unwrap();
        assert!(!format!("{here:?}").contains("hunter2"));
        let chunks = here.take().unwrap().to_vec();
        there.receive(&chunks);

        assert!(!format!("{here:?}{there:?}").contains("hunter2"));
        assert!(matches!(
            heard(&mut there),
            Ok(Some((Heard::Command, Command::ConnectionInfo(_))))
        ));
    }

    #[test]
    fn a_keep_alive_that_wants_an_answer_gets_one_and_is_not_passed_on() {
        let (mut here, mut there) = (channel(), channel());
        carry(&mut here, &mut there).unwrap();
        carry(&mut there, &mut here).unwrap();
        let asks = KeepAliveInfo {
            command_id: 9,
            response_required: true,
        };
        here.send(&asks).unwrap();

        assert!(carry(&mut here, &mut there).unwrap().is_empty());
        assert!(there.has_pending(), "the answer");
        assert!(carry(&mut there, &mut here).unwrap().is_empty());
        assert!(!here.has_pending(), "answers are not answered");
    }

    #[test]
    fn a_second_offer_or_a_command_before_the_first_is_the_peers_fault() {
        let mut here = channel();
        let mut offer = BytesMut::new();
        let mut encoder = Encoder::default();
        let info = WireFormat::greeting().to_info();
        encoder.encode(&info.into(), &mut offer).unwrap();
        here.receive(&offer);
        here.receive(&offer);
        assert!(matches!(heard(&mut here), Ok(Some((Heard::Negotiated, _)))));
        assert!(matches!(heard(&mut here), Err(CloseReason::Remote(_))));

        let mut early = BytesMut::new();
        let alive = KeepAliveInfo::default();
        encoder.encode(&alive.into(), &mut early).unwrap();
        let mut here = channel();
        here.receive(&early);
        assert!(matches!(heard(&mut here), Err(CloseReason::Remote(_))));
    }
}
