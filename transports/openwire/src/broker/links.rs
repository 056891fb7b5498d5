//! Links: greeting, bytes in, bytes out, keep-alive, end.

use core::{mem, time::Duration};

use finewire_core::machine::{Address, CloseReason, Closing, LinkId, ListenerId, Output};

use crate::channel::{Channel, ChannelConfig, Heard};
use crate::codec::{Limits, WireFormat};
use crate::command::{BrokerInfo, Command, RemoveInfo, Text};

use super::connection::{Connection, Stage};
use super::consumer::ConsumerKey;
use super::event::BrokerEvent;
use super::machine::{Broker, Direction, Due};

/// How long a refused or stopped peer may take to read its answer.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

impl Broker {
    pub(super) fn channel_config(&self) -> ChannelConfig {
        let frame = self.config.limits.frame_bytes;
        ChannelConfig {
            offer: WireFormat {
                max_frame_size: i64::try_from(frame).unwrap_or(i64::MAX),
                max_inactivity: self.config.max_inactivity,
                initial_delay: self.config.max_inactivity_initial_delay,
                ..WireFormat::default()
            },
            limits: Limits {
                frame,
                ..Limits::default()
            },
            greet_within: self.config.limits.greet_within,
        }
    }

    pub(super) fn accept(&mut self, listener: ListenerId, link: LinkId, peer: Address) {
        let Some(tls) = self.listeners.get(&listener).map(|listener| listener.tls) else {
            self.outputs.push(Output::Close(link, Closing::Abort));
            return;
        };
        if self.connections.len() >= self.config.limits.connections {
            self.counters.turned_away += 1;
            self.outputs.push(Output::Close(link, Closing::Abort));
            let reason = CloseReason::Limit("too many connections".into());
            self.outputs
                .event(BrokerEvent::TurnedAway { link, peer, reason });
            return;
        }
        let channel = Channel::new(self.channel_config());
        let stage = match tls {
            Some(tls) => {
                self.outputs.push(Output::Secure(link, tls));
                Stage::Securing
            }
            None => Stage::Strange,
        };
        let secured = tls.is_none();
        self.connections
            .insert(link, Connection::new(listener, peer, channel, stage));
        self.timers
            .set(Due::Link(link), self.now + self.config.limits.greet_within);
        if secured {
            self.greet(link);
        }
    }

    pub(super) fn greet(&mut self, link: LinkId) {
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.stage = Stage::Strange;
            connection.channel.open(self.now);
            self.dirty.insert(link);
            self.rearm(link);
        }
    }

    /// Sets the timer of a link to what it waits for.
    pub(super) fn rearm(&mut self, link: LinkId) {
        let deadline = match self.connections.get(&link) {
            None => None,
            Some(connection) => match connection.stage {
                Stage::Securing => return,
                Stage::Leaving(until) => Some(until),
                Stage::Strange | Stage::Known(_) | Stage::Departed => connection.channel.deadline(),
            },
        };
        self.timers.arm(Due::Link(link), deadline);
    }

    pub(super) fn receive(&mut self, link: LinkId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        if matches!(connection.stage, Stage::Securing | Stage::Leaving(_)) {
            return;
        }
        connection.channel.receive(bytes);
        let mut command = Command::Null;
        // A command may end the connection, so it is looked up for each.
        while let Some(connection) = self.connections.get_mut(&link) {
            if matches!(connection.stage, Stage::Leaving(_)) {
                break;
            }
            match connection.channel.next_heard(self.now, &mut command) {
                Ok(None) => break,
                Ok(Some(Heard::Negotiated)) => {
                    let info = self.broker_info(link);
                    self.send(link, &info.into());
                    self.rearm(link);
                }
                Ok(Some(Heard::Command)) => {
                    self.trace_from(link, &command);
                    self.serve(link, mem::replace(&mut command, Command::Null));
                }
                Err(reason) => {
                    self.throw_out(link, reason);
                    break;
                }
            }
        }
        self.ease(link);
    }

    fn broker_info(&self, link: LinkId) -> BrokerInfo {
        let listener = self
            .connections
            .get(&link)
            .map(|connection| connection.listener);
        let listener = listener.and_then(|id| self.listeners.get(&id));
        let address = listener.and_then(|listener| Some((listener.bound.as_ref()?, listener.tls)));
        let url = address.map(|(address, tls)| {
            let scheme = if tls.is_some() { "ssl" } else { "tcp" };
            Text::from(format!("{scheme}://{address}"))
        });
        BrokerInfo {
            broker_id: Some(crate::command::BrokerId::new(self.id.clone())),
            broker_name: Some(Text::from(&self.config.name)),
            broker_url: url,
            ..BrokerInfo::default()
        }
    }

    /// Encodes a command for a link; what does not fit the link's format is lost and reported.
    pub(super) fn send(&mut self, link: LinkId, command: &Command) -> bool {
        let Some(connection) = self.connections.get_mut(&link) else {
            return false;
        };
        match connection.channel.send(command) {
            Ok(()) => {
                self.dirty.insert(link);
                if connection.channel.backlog() > self.outboxes.room {
                    connection.congested = true;
                }
                self.trace_to(link, command);
                true
            }
            Err(error) => {
                let what = format!("{}: {error}", command.type_name());
                self.outputs.event(BrokerEvent::Unsendable { link, what });
                false
            }
        }
    }

    /// Stops or resumes reading and dispatching, as the outbox is full or empty and sends are held up.
    pub(super) fn ease(&mut self, link: LinkId) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        let limit = self.outboxes.room;
        let backlog = connection.channel.backlog();
        let held_up = connection.is_held_up(self.config.limits.held_up_bytes);
        if !connection.paused && (backlog > limit.saturating_mul(2) || held_up) {
            connection.paused = true;
            self.outputs.push(Output::Pause(link));
        }
        if connection.paused && backlog <= limit && !held_up {
            connection.paused = false;
            self.outputs.push(Output::Resume(link));
        }
        if connection.congested && backlog <= limit / 2 {
            connection.congested = false;
            let keys: Vec<ConsumerKey> = connection.consumers.values().copied().collect();
            for key in keys {
                self.wake(key);
            }
        }
    }

    /// Ends a link for a fault of its peer.
    pub(super) fn throw_out(&mut self, link: LinkId, reason: CloseReason) {
        self.counters.turned_away += 1;
        self.outputs.push(Output::Close(link, Closing::Abort));
        self.forget(link, reason);
    }

    /// Lets what is pending be written, then closes.
    pub(super) fn leave(&mut self, link: LinkId, reason: CloseReason) {
        self.depart(link, &reason, RemoveInfo::UNKNOWN_DELIVERED);
        if let Some(connection) = self.connections.get_mut(&link) {
            connection.stage = Stage::Leaving(self.now + LEAVE_WITHIN);
            self.dirty.insert(link);
            self.rearm(link);
        }
    }

    /// The link is gone: everything of it goes.
    pub(super) fn forget(&mut self, link: LinkId, reason: CloseReason) {
        self.depart(link, &reason, RemoveInfo::UNKNOWN_DELIVERED);
        if let Some(connection) = self.connections.remove(&link) {
            self.uncount_outbox(connection.unwritten);
            if matches!(connection.stage, Stage::Securing | Stage::Strange) {
                let peer = connection.peer;
                self.outputs
                    .event(BrokerEvent::TurnedAway { link, peer, reason });
            }
        }
        self.dirty.remove(&link);
        self.timers.clear(&Due::Link(link));
        self.stopped_if_empty();
    }

    pub(super) fn link_due(&mut self, link: LinkId) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        match connection.stage {
            Stage::Leaving(_) => {
                self.outputs.push(Output::Close(link, Closing::Abort));
                self.forget(link, CloseReason::Asked);
            }
            Stage::Securing => self.throw_out(link, CloseReason::TimedOut),
            Stage::Strange | Stage::Known(_) | Stage::Departed => {
                // A peer that is not read from cannot show that it is alive.
                if connection.paused && connection.is_held_up(self.config.limits.held_up_bytes) {
                    connection.channel.is_alive();
                }
                match connection.channel.handle_timeout(self.now) {
                    Ok(()) => {
                        if connection.channel.has_pending() {
                            self.dirty.insert(link);
                        }
                        self.rearm(link);
                    }
                    Err(reason) => self.throw_out(link, reason),
                }
            }
        }
    }

    pub(super) fn flush(&mut self, link: LinkId) {
        self.count_outbox(link);
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        if let Some(chunks) = connection.channel.take() {
            self.outputs.push(Output::Send(link, chunks));
        }
        if matches!(connection.stage, Stage::Leaving(_)) && !connection.channel.has_pending() {
            self.outputs.push(Output::Close(link, Closing::Flush));
            self.forget(link, CloseReason::Asked);
        }
    }

    fn trace_from(&mut self, link: LinkId, command: &Command) {
        if self.config.trace
            && let Some(trace) = super::trace::of(command, link, Direction::FromPeer)
        {
            self.outputs.trace(trace);
        }
    }

    pub(super) fn trace_to(&mut self, link: LinkId, command: &Command) {
        if self.config.trace
            && let Some(trace) = super::trace::of(command, link, Direction::ToPeer)
        {
            self.outputs.trace(trace);
        }
    }
}
