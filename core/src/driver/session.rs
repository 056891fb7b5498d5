//! One agent as its driver keeps it: the model, what is under way, what is remembered.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::command::Command;
use super::expectation::{Expectation, Lane};
use super::mirror::Mirror;
use super::signal::Ticket;
use crate::agent::{AgentId, AgentState};
use crate::machine::{CommandId, Outcome};

/// One agent.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) mirror: Mirror,
    lanes: BTreeMap<Lane, Queue>,
    /// The `Connect` that succeeded, to be repeated when the connector asks for it.
    pub(super) connect: Option<Command>,
    /// The login that succeeded, to be repeated for its events after the connector was away.
    pub(super) login: Option<Command>,
    /// A `Connect` and a login whose ends are unknown: the link was lost, or no answer came. An
    /// event for the agent shows that they took effect after all.
    pub(super) attempts: [Option<Command>; 2],
    /// Whether it could not be connected again, and why not was not its password.
    pub(super) is_lost: bool,
    /// Whether an event came for the agent since it was last connected.
    pub(super) is_bound: bool,
}

/// One command at a time is under way in a lane; the others wait for it.
#[derive(Debug, Default)]
struct Queue {
    current: Option<Sent>,
    waiting: VecDeque<Order>,
}

/// A command that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) purpose: Purpose,
    pub(super) command: Command,
}

/// A command that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) ticket: Ticket,
    pub(super) order: Order,
    pub(super) expectation: Expectation,
}

/// Why a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The owner wants it.
    Owner(CommandId),
    /// The agent is connected again.
    Reconnect,
    /// After that: what is its state?
    Recheck,
    /// After that: what are its calls? Only a login tells them.
    Relogin,
}

impl Purpose {
    pub(super) const fn owner(self) -> Option<CommandId> {
        match self {
            Self::Owner(id) => Some(id),
            Self::Reconnect | Self::Recheck | Self::Relogin => None,
        }
    }
}

impl Session {
    pub(super) fn new(agent: AgentId) -> Self {
        Self {
            mirror: Mirror::new(agent),
            lanes: BTreeMap::new(),
            connect: None,
            login: None,
            attempts: [None, None],
            is_lost: false,
            is_bound: false,
        }
    }

    /// A command has ended: what succeeded is remembered, what may have is kept in mind.
    pub(super) fn remember(&mut self, command: Command, outcome: &Outcome) {
        let [connect, login] = &mut self.attempts;
        let (known, attempt) = match command {
            Command::Connect { .. } => (&mut self.connect, connect),
            Command::Login { .. } | Command::MobileLogin { .. } => (&mut self.login, login),
            Command::Tell { .. } | Command::Forget(_) => return,
        };
        match outcome {
            Outcome::Done => {
                *known = Some(command);
                *attempt = None;
            }
            Outcome::Failed(_) => *attempt = Some(command),
            Outcome::Refused(_) => *attempt = None,
        }
    }

    /// An event came for the agent: it is bound to this driver.
    pub(super) fn on_bound(&mut self) {
        let [connect, login] = &mut self.attempts;
        if let Some(connect) = connect.take() {
            self.connect = Some(connect);
        }
        // Of two logins the one that is known to have succeeded is kept.
        if self.mirror.model().user().is_signed_in()
            && let Some(login) = login.take()
        {
            self.login.get_or_insert(login);
        }
    }

    /// Whether it was connected without a password.
    pub(super) const fn connects_unproven(&self) -> bool {
        matches!(self.connect, Some(Command::Connect { password: None, .. }))
    }

    /// How many commands of the owner wait in a lane.
    pub(super) fn waiting(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, |queue| queue.waiting.len())
    }

    pub(super) fn push(&mut self, lane: Lane, order: Order) {
        self.lanes.entry(lane).or_default().waiting.push_back(order);
    }

    pub(super) fn push_first(&mut self, lane: Lane, order: Order) {
        self.lanes
            .entry(lane)
            .or_default()
            .waiting
            .push_front(order);
    }

    /// The next command of a lane, if none is under way there.
    pub(super) fn take_next(&mut self, lane: Lane) -> Option<Order> {
        let queue = self.lanes.get_mut(&lane)?;
        if queue.current.is_some() {
            return None;
        }
        queue.waiting.pop_front()
    }

    pub(super) fn set_current(&mut self, lane: Lane, sent: Sent) {
        self.lanes.entry(lane).or_default().current = Some(sent);
    }

    pub(super) fn current(&self, lane: Lane) -> Option<&Sent> {
        self.lanes.get(&lane)?.current.as_ref()
    }

    pub(super) fn current_mut(&mut self, lane: Lane) -> Option<&mut Sent> {
        self.lanes.get_mut(&lane)?.current.as_mut()
    }

    /// Takes the command under way out of its lane.
    pub(super) fn take_current(&mut self, lane: Lane) -> Option<Sent> {
        self.lanes.get_mut(&lane)?.current.take()
    }

    /// Whether something with this purpose waits or is under way.
    pub(super) fn has(&self, purpose: Purpose) -> bool {
        self.lanes.values().any(|queue| {
            queue
                .current
                .as_ref()
                .is_some_and(|sent| sent.order.purpose == purpose)
                || queue.waiting.iter().any(|order| order.purpose == purpose)
        })
    }

    /// Whether nothing would be lost with it: no command succeeded and nothing is known.
    pub(super) fn is_blank(&self) -> bool {
        let is_idle = |queue: &Queue| queue.current.is_none() && queue.waiting.is_empty();
        let model = self.mirror.model();
        self.connect.is_none()
            && self.login.is_none()
            && self.attempts.iter().all(Option::is_none)
            && self.lanes.values().all(is_idle)
            && model.user().state == AgentState::Unknown
            && model.dialogs().len() == 0
    }

    /// Empties all lanes: what was sent, and what was not.
    pub(super) fn clear(&mut self) -> (Vec<Sent>, Vec<Order>) {
        let lanes = core::mem::take(&mut self.lanes);
        let mut sent = Vec::new();
        let mut unsent = Vec::new();
        for queue in lanes.into_values() {
            sent.extend(queue.current);
            unsent.extend(queue.waiting);
        }
        (sent, unsent)
    }

    /// Lanes with a command under way, the oldest first.
    pub(super) fn busy_lanes(&self) -> Vec<Lane> {
        let mut busy: Vec<(Ticket, Lane)> = self
            .lanes
            .iter()
            .filter_map(|(lane, queue)| Some((queue.current.as_ref()?.ticket, *lane)))
            .collect();
        busy.sort_unstable();
        busy.into_iter().map(|(_, lane)| lane).collect()
    }
}
