//! Producer flow control: what there is no room for waits its turn, for a while.
//!
//! What is held up keeps its order within its session. Whatever can make room (acknowledgements, pulls,
//! consumers that come and go, commits of other sessions) is heard meanwhile, so a connection that produces
//! and consumes never waits for itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use finewire_core::machine::{Instant, LinkId};

use crate::command::{Command, Destination, RemoveInfo, TransactionInfo, TransactionStep};

use super::config::WhenFull;
use super::connection::Connection;
use super::consumer::ConsumerKey;
use super::detach::detach;
use super::event::BrokerEvent;
use super::fault::Fault;
use super::machine::{Broker, Due};
use super::sending::size_of;
use super::serve::{Answer, Then};

/// What a command without a body counts for among what is held up.
const SMALL: usize = 256;

/// What there is too little of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortage {
    /// Room in a queue.
    Queue(Destination),
    /// Room in the broker.
    Total,
}

/// What is held up of one connection.
#[derive(Debug, Default)]
pub(super) struct HeldUp {
    lines: BTreeMap<i64, Line>,
    /// The client's farewell, which comes after everything else.
    farewell: Vec<Command>,
    bytes: usize,
}

/// What is held up of one session, in order.
#[derive(Debug)]
struct Line {
    commands: VecDeque<Held>,
    shortage: Shortage,
    ticket: u64,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    bytes: usize,
    command: Command,
}

/// All lines of the broker, by what their heads wait for and since when.
#[derive(Debug, Default)]
pub(super) struct WaitingLines {
    by_shortage: BTreeMap<Shortage, BTreeSet<(u64, LinkId, i64)>>,
    /// Where room was made since anybody looked.
    roomy: BTreeSet<Shortage>,
    next_ticket: u64,
    bytes: usize,
    /// What is carried out now has waited already: it takes effect or is refused.
    last_call: bool,
}

impl WaitingLines {
    /// There is more room in a queue, and so in the broker.
    pub(super) fn room_in(&mut self, name: &Destination) {
        if self.by_shortage.is_empty() {
            return;
        }
        for shortage in [Shortage::Queue(name.clone()), Shortage::Total] {
            if self.by_shortage.contains_key(&shortage) {
                self.roomy.insert(shortage);
            }
        }
    }

    /// There is more room in the broker.
    pub(super) fn room_in_total(&mut self) {
        if self.by_shortage.contains_key(&Shortage::Total) {
            self.roomy.insert(Shortage::Total);
        }
    }

    fn enter(&mut self, shortage: &Shortage, at: (u64, LinkId, i64)) {
        self.by_shortage
            .entry(shortage.clone())
            .or_default()
            .insert(at);
    }

    fn quit(&mut self, shortage: &Shortage, at: (u64, LinkId, i64)) {
        if let Some(waiting) = self.by_shortage.get_mut(shortage) {
            waiting.remove(&at);
            if waiting.is_empty() {
                self.by_shortage.remove(shortage);
            }
        }
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }
}

impl Connection {
    /// Whether so much of it is held up that nothing more should be read.
    pub(super) fn is_held_up(&self, limit: usize) -> bool {
        let bytes = self.held_up.as_ref().map_or(0, |held| held.bytes);
        bytes > limit && !self.can_make_room()
    }
}

/// Behind what a command has to stand.
enum Behind {
    Line(i64),
    Everything,
}

impl Broker {
    /// Gives back a command whose turn it is; one that has to stand behind what is held up joins it.
    pub(super) fn line_up(&mut self, link: LinkId, command: Command) -> Option<Command> {
        let connection = self.connections.get(&link)?;
        let Some(held) = &connection.held_up else {
            return Some(command);
        };
        match behind(connection, held, &command) {
            None => Some(command),
            Some(Behind::Everything) => {
                self.close_consumers(link, None);
                let held = self.connections.get_mut(&link)?.held_up.as_mut()?;
                // A client takes leave of its connection and of its link.
                if held.farewell.len() < 2 {
                    held.farewell.push(command);
                }
                None
            }
            Some(Behind::Line(session)) => {
                if let Command::RemoveInfo(info) = &command
                    && let Some(Command::SessionId(_)) = info.object_id.as_deref()
                {
                    self.close_consumers(link, Some(session));
                }
                self.join(link, session, command)
            }
        }
    }

    fn join(&mut self, link: LinkId, session: i64, command: Command) -> Option<Command> {
        let bytes = bytes_of(&command);
        if self.may_hold(link, bytes) {
            self.append(link, session, command, bytes);
            return None;
        }
        if matches!(command, Command::RemoveInfo(_)) {
            return Some(command);
        }
        let fault = Fault::exhausted("Too much of this connection is held up already");
        let id = command.command_id().filter(|_| command.response_required());
        self.refuse(link, command.type_name(), &fault, id);
        None
    }

    /// Whether so many bytes more of a connection may be held up.
    fn may_hold(&self, link: LinkId, bytes: usize) -> bool {
        let limits = &self.config.limits;
        let Some(connection) = self.connections.get(&link) else {
            return false;
        };
        let own = connection.held_up.as_ref().map_or(0, |held| held.bytes);
        let crowded = own > 0 && own.saturating_add(bytes) > limits.held_up_bytes;
        !(crowded && connection.can_make_room())
            && self.lines.bytes.saturating_add(bytes) <= limits.total_bytes / 4
    }

    /// A command found no room: it is held up, or the fault stands.
    pub(super) fn hold_up(
        &mut self,
        link: LinkId,
        session: i64,
        command: Command,
        fault: Fault,
    ) -> Result<(Answer, Then), Fault> {
        let Some(shortage) = fault.shortage.clone() else {
            return Err(fault);
        };
        if self.config.when_full == WhenFull::Refuse || self.lines.last_call {
            return Err(fault);
        }
        let bytes = bytes_of(&command);
        if !self.may_hold(link, bytes) {
            return Err(fault);
        }
        self.counters.held_up += 1;
        let place = match &shortage {
            Shortage::Queue(name) => name.to_string(),
            Shortage::Total => "the broker".to_owned(),
        };
        self.outputs
            .event(BrokerEvent::ProducerHeldUp { link, place });
        let ticket = self.lines.ticket();
        if let Some(connection) = self.connections.get_mut(&link) {
            let held = connection.held_up.get_or_insert_default();
            held.lines.entry(session).or_insert_with(|| Line {
                commands: VecDeque::new(),
                shortage: shortage.clone(),
                ticket,
            });
            self.lines.enter(&shortage, (ticket, link, session));
        }
        self.append(link, session, command, bytes);
        self.watch_line(link, session);
        Ok((Answer::Nothing, Then::Nothing))
    }

    fn append(&mut self, link: LinkId, session: i64, mut command: Command, bytes: usize) {
        if let Command::Message(message) = &mut command {
            detach(message.make_mut());
        }
        let since = self.now;
        let connection = self.connections.get_mut(&link);
        let held = connection.and_then(|known| known.held_up.as_mut());
        if let Some(held) = held
            && let Some(line) = held.lines.get_mut(&session)
        {
            held.bytes += bytes;
            self.lines.bytes += bytes;
            line.commands.push_back(Held {
                since,
                bytes,
                command,
            });
        }
    }

    fn watch_line(&mut self, link: LinkId, session: i64) {
        let head = self.line(link, session).and_then(|it| it.commands.front());
        let deadline = match (self.config.when_full, head) {
            (WhenFull::Hold(bound), Some(head)) => Some(head.since + bound),
            _ => None,
        };
        self.timers.arm(Due::Held(link, session), deadline);
    }

    fn line(&self, link: LinkId, session: i64) -> Option<&Line> {
        let held = self.connections.get(&link)?.held_up.as_ref()?;
        held.lines.get(&session)
    }

    /// Lets in what has room now, who waits longest first.
    pub(super) fn let_in(&mut self) {
        while let Some(shortage) = self.lines.roomy.pop_first() {
            loop {
                let waiting = self.lines.by_shortage.get(&shortage);
                let Some((_, link, session)) = waiting.and_then(|it| it.first().copied()) else {
                    break;
                };
                if !self.advance(link, session, false) {
                    break;
                }
            }
        }
    }

    /// The head of a line has waited long enough: it is refused, unless there is room.
    pub(super) fn held_due(&mut self, link: LinkId, session: i64) {
        self.advance(link, session, true);
    }

    /// Carries out what is in a line until its head finds no room; with `forced`, the head is carried out at
    /// any rate. Whether the line has moved, or waits for something else.
    fn advance(&mut self, link: LinkId, session: i64, mut forced: bool) -> bool {
        let mut moved = false;
        while let Some(line) = self.line(link, session) {
            let (shortage, ticket) = (line.shortage.clone(), line.ticket);
            let lacks = match line.commands.front() {
                Some(head) if !forced => self.lacks(link, &head.command),
                _ => None,
            };
            if let Some(lacks) = lacks {
                if moved || lacks != shortage {
                    self.lines.quit(&shortage, (ticket, link, session));
                    let ticket = if moved { self.lines.ticket() } else { ticket };
                    self.lines.enter(&lacks, (ticket, link, session));
                    moved = true;
                    if let Some(line) = self.line_mut(link, session) {
                        line.ticket = ticket;
                        line.shortage = lacks;
                    }
                }
                self.watch_line(link, session);
                break;
            }
            forced = false;
            moved = true;
            match self.pop(link, session) {
                Some(command) => {
                    self.lines.last_call = true;
                    self.carry_out(link, command);
                    self.lines.last_call = false;
                }
                None => {
                    self.lines.quit(&shortage, (ticket, link, session));
                    self.timers.clear(&Due::Held(link, session));
                    self.end_line(link, session);
                }
            }
        }
        self.ease(link);
        moved
    }

    fn line_mut(&mut self, link: LinkId, session: i64) -> Option<&mut Line> {
        let held = self.connections.get_mut(&link)?.held_up.as_mut()?;
        held.lines.get_mut(&session)
    }

    fn pop(&mut self, link: LinkId, session: i64) -> Option<Command> {
        let held = self.connections.get_mut(&link)?.held_up.as_mut()?;
        let head = held.lines.get_mut(&session)?.commands.pop_front()?;
        held.bytes = held.bytes.saturating_sub(head.bytes);
        self.lines.bytes = self.lines.bytes.saturating_sub(head.bytes);
        Some(head.command)
    }

    /// A line is through; after the last one the client's farewell is heard.
    fn end_line(&mut self, link: LinkId, session: i64) {
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        let Some(held) = &mut connection.held_up else {
            return;
        };
        held.lines.remove(&session);
        if !held.lines.is_empty() {
            return;
        }
        let farewell = core::mem::take(&mut held.farewell);
        connection.held_up = None;
        for command in farewell {
            self.carry_out(link, command);
        }
    }

    /// What there is too little of for a command that is held up.
    fn lacks(&self, link: LinkId, command: &Command) -> Option<Shortage> {
        let room = match command {
            Command::Message(message) => self.room_for(message),
            Command::TransactionInfo(info) => self.room_for_commit(link, info),
            _ => Ok(()),
        };
        room.err().and_then(|fault| fault.shortage)
    }

    /// A client is gone: what was held up of it is gone too.
    pub(super) fn drop_held(&mut self, link: LinkId, held: Option<Box<HeldUp>>) {
        let Some(held) = held else {
            return;
        };
        self.lines.bytes = self.lines.bytes.saturating_sub(held.bytes);
        for (session, line) in held.lines {
            self.lines
                .quit(&line.shortage, (line.ticket, link, session));
            self.timers.clear(&Due::Held(link, session));
        }
    }

    /// Closes the consumers of a session, or of the whole connection, whose farewell has to wait.
    fn close_consumers(&mut self, link: LinkId, session: Option<i64>) {
        let Some(connection) = self.connections.get(&link) else {
            return;
        };
        let own = connection.consumers.iter();
        let keys: Vec<ConsumerKey> = own
            .filter(|((of, _), _)| session.is_none_or(|session| session == *of))
            .map(|(_, key)| *key)
            .collect();
        for key in keys {
            self.close_consumer(key, RemoveInfo::UNKNOWN_DELIVERED);
        }
    }

    /// The books of what is held up agree with one another; for the fuzz target.
    pub(super) fn assert_lines_whole(&self) {
        let lines = self.connections.iter().flat_map(|(link, known)| {
            let held = known.held_up.iter().flat_map(|held| &held.lines);
            held.map(move |(session, line)| (link, *session, line))
        });
        let mut bytes = 0;
        let mut count = 0;
        for (link, session, line) in lines {
            bytes += line.commands.iter().map(|held| held.bytes).sum::<usize>();
            count += 1;
            assert!(!line.commands.is_empty(), "an empty line");
            let waiting = self.lines.by_shortage.get(&line.shortage);
            assert!(waiting.is_some_and(|it| it.contains(&(line.ticket, link, session))));
            assert!(self.timers.deadline(&Due::Held(link, session)).is_some());
        }
        assert_eq!(self.lines.bytes, bytes, "bytes held up");
        let waiting = self.lines.by_shortage.values();
        assert_eq!(waiting.map(BTreeSet::len).sum::<usize>(), count, "lines");
    }
}

fn behind(connection: &Connection, held: &HeldUp, command: &Command) -> Option<Behind> {
    let session = match command {
        Command::Message(message) if message.extras.transaction_id.is_none() => {
            message.producer_id.as_ref()?.session_id
        }
        Command::TransactionInfo(info) => session_of(connection, info)?,
        Command::ShutdownInfo(_) => return Some(Behind::Everything),
        Command::RemoveInfo(info) => match info.object_id.as_deref()? {
            Command::ConnectionId(_) => return Some(Behind::Everything),
            Command::SessionId(id) => id.value,
            Command::ProducerId(id) => id.session_id,
            _ => return None,
        },
        _ => return None,
    };
    let is_held = held.lines.contains_key(&session);
    is_held.then_some(Behind::Line(session))
}

/// The session that a commit belongs to: that of the first send in it. Other steps wait for nothing.
pub(super) fn session_of(connection: &Connection, info: &TransactionInfo) -> Option<i64> {
    let is_commit = matches!(
        info.step,
        TransactionStep::COMMIT_ONE_PHASE | TransactionStep::COMMIT_TWO_PHASE
    );
    if !is_commit {
        return None;
    }
    let Some(crate::command::TransactionId::Local(id)) = &info.transaction_id else {
        return None;
    };
    let first = connection.transactions.get(&id.value)?.sends.first()?;
    Some(first.producer_id.as_ref()?.session_id)
}

fn bytes_of(command: &Command) -> usize {
    match command {
        Command::Message(message) => size_of(message),
        _ => SMALL,
    }
}
