//! The connector of a recording, at work again.

use super::preface::{self, Preface};
use super::told::Order;
use crate::monitor::{
    At, MESSAGES_AT_ONCE, MessageView, RowView, about_event, about_message, message,
};
use crate::parts::connector_config;
use anyhow::Result;
use finewire_connector::Connector;
use finewire_core::contract::TimeFormat;
use finewire_core::machine::{Input, Instant, Machine as _, Output};
use finewire_host::record::{Ending, Entry, Recording, Told};
use std::collections::VecDeque;
use std::io::Read;
use std::time::SystemTime;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// A row of an agent's time line.
    Row(String, RowView),
    /// A message that passed.
    Message(MessageView),
}

impl Line {
    pub(crate) const fn at(&self) -> At {
        match self {
            Self::Row(_, row) => row.at,
            Self::Message(message) => message.at,
        }
    }
}

/// A recording that is being replayed, line by line.
#[derive(Debug)]
pub(crate) struct Replay<R> {
    recording: Recording<R>,
    preface: Preface,
    connector: Connector,
    started: SystemTime,
    seen: u64,
    lines: VecDeque<Line>,
}

impl<R: Read> Replay<R> {
    /// Sets the connector up as it was.
    ///
    /// # Errors
    ///
    /// It is no recording, or none that this program can replay.
    pub(crate) fn open(source: R) -> Result<Self> {
        let recording = Recording::open(source)?;
        let preface = Preface::parse(recording.preface())?;
        let (settings, broker) = preface::settings(&preface.settings)?;
        let time = TimeFormat::with_offset(preface.offset);
        let mut config = connector_config(settings, &broker, time)?;
        config.recent = MESSAGES_AT_ONCE;
        Ok(Self {
            connector: Connector::new(config, preface.seed()?),
            started: preface.started(),
            recording,
            preface,
            seen: 0,
            lines: VecDeque::new(),
        })
    }

    pub(crate) const fn preface(&self) -> &Preface {
        &self.preface
    }

    /// How the recording ends, once there are no more lines.
    pub(crate) const fn ending(&self) -> Option<&Ending> {
        self.recording.ending()
    }

    /// The next thing that happened; `None` when there is nothing more.
    ///
    /// # Errors
    ///
    /// The recording is damaged; what was told before is right.
    pub(crate) fn next_line(&mut self) -> Result<Option<Line>> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            let Some(entry) = self.recording.next_entry()? else {
                return Ok(None);
            };
            self.tell(entry)?;
        }
    }

    fn tell(&mut self, Entry { at: now, told }: Entry) -> Result<()> {
        let input = match &told {
            Told::Time => {
                self.connector.handle_timeout(now);
                self.hear(now);
                return Ok(());
            }
            Told::Opened(link) => Input::Opened(*link),
            Told::Secured(link, identity) => Input::Secured(*link, identity.clone()),
            Told::Received(link, bytes) => Input::Received(*link, bytes),
            Told::Sent(link) => Input::Sent(*link),
            Told::Closed(link, reason) => Input::Closed(*link, reason.clone()),
            Told::Wall(wall) => Input::Wall(*wall),
            Told::Command(id, bytes) => Input::Command(*id, Order::read(bytes)?),
        };
        self.connector.handle_input(now, input);
        self.hear(now);
        Ok(())
    }

    /// Takes over what the connector says; what it wants done was done long ago.
    fn hear(&mut self, now: Instant) {
        loop {
            match self.connector.poll_output() {
                Output::Event(event) => {
                    if let Some((agent, row)) = about_event(self.wall(now), &event) {
                        self.lines.push_back(Line::Row(agent, row));
                    }
                }
                Output::Wait(_) => break,
                _ => {}
            }
        }
        let started = self.started;
        for recent in self.connector.recent_since(self.seen, MESSAGES_AT_ONCE) {
            let at = wall(started, recent.at);
            self.seen = recent.number;
            self.lines.push_back(Line::Message(message(at, recent)));
            if let Some((agent, row)) = about_message(at, recent) {
                self.lines.push_back(Line::Row(agent, row));
            }
        }
    }

    fn wall(&self, at: Instant) -> At {
        wall(self.started, at)
    }
}

fn wall(started: SystemTime, at: Instant) -> At {
    let at = started.checked_add(at.since(Instant::START));
    let at = at.and_then(|at| jiff::Timestamp::try_from(at).ok());
    At(at.map_or(0, jiff::Timestamp::as_millisecond))
}
