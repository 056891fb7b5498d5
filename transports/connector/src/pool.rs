//! The HTTP connections to one Finesse server: a few, kept alive, one exchange each.

use std::collections::VecDeque;

use bytes::Bytes;
use finewire_core::connector::RequestId;
use finewire_core::machine::{Endpoint, Instant, Link, LinkConfig, LinkSlot, Random};
use finewire_finesse as finesse;
use finewire_http::{Client, ClientConfig, Request};

use crate::config::NodeConfig;

/// A request that has not begun.
pub(crate) struct Waiting {
    pub(crate) request: RequestId,
    pub(crate) asked: finesse::Request,
    pub(crate) http: Request<Bytes>,
    pub(crate) deadline: Instant,
}

/// One connection, with what it is asked.
pub(crate) struct Member {
    pub(crate) link: Link<Client>,
    pub(crate) current: Option<(RequestId, finesse::Request)>,
}

/// The connections to one server.
pub(crate) struct Pool {
    pub(crate) endpoint: Endpoint,
    first_slot: u32,
    members: Vec<Member>,
    /// The one used last is used next, so that few connections stay warm.
    idle: Vec<usize>,
    waiting: VecDeque<Waiting>,
    most_waiting: usize,
}

impl Pool {
    pub(crate) fn new(
        node: &NodeConfig,
        size: usize,
        most_waiting: usize,
        first_slot: u32,
        random: &mut Random,
    ) -> Self {
        let endpoint = Endpoint {
            host: node.host.clone(),
            port: node.http_port,
            tls: node.http_tls,
        };
        let config = ClientConfig::new(&endpoint.to_string());
        let member = |slot: u32| Member {
            link: Link::new(
                Client::new(config.clone()),
                LinkConfig::on_command(endpoint.clone()),
                LinkSlot(slot),
                random.fork(),
            ),
            current: None,
        };
        let members: Vec<Member> = (first_slot..).take(size.max(1)).map(member).collect();
        Self {
            idle: (0..members.len()).rev().collect(),
            members,
            endpoint,
            first_slot,
            waiting: VecDeque::new(),
            most_waiting,
        }
    }

    /// The connection in this slot.
    pub(crate) fn member(&mut self, slot: u32) -> Option<&mut Member> {
        let index = self.index(slot)?;
        self.members.get_mut(index)
    }

    pub(crate) fn has(&self, slot: u32) -> bool {
        self.index(slot).is_some()
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + use<> {
        (self.first_slot..).take(self.members.len())
    }

    /// Takes a request on; `false` when too many wait.
    pub(crate) fn push(&mut self, waiting: Waiting) -> bool {
        let has_room = self.waiting.len() < self.most_waiting;
        if has_room {
            self.waiting.push_back(waiting);
        }
        has_room
    }

    /// The next request with the slot of the connection that is to make it.
    pub(crate) fn begin(&mut self) -> Option<(u32, Waiting)> {
        if self.waiting.is_empty() {
            return None;
        }
        let index = self.idle.pop()?;
        let waiting = self.waiting.pop_front()?;
        if let Some(member) = self.members.get_mut(index) {
            member.current = Some((waiting.request, waiting.asked.clone()));
        }
        let slot = self.slots().nth(index)?;
        Some((slot, waiting))
    }

    /// A connection's exchange has ended; what it was asked and not answered.
    pub(crate) fn release(&mut self, slot: u32) -> Option<(RequestId, finesse::Request)> {
        let index = self.index(slot)?;
        if !self.idle.contains(&index) {
            self.idle.push(index);
        }
        self.members.get_mut(index)?.current.take()
    }

    /// A request whose time was over before it began.
    pub(crate) fn pop_overdue(&mut self, now: Instant) -> Option<Waiting> {
        let is_overdue = self
            .waiting
            .front()
            .is_some_and(|first| first.deadline <= now);
        is_overdue.then(|| self.waiting.pop_front()).flatten()
    }

    /// When the request that waits longest is overdue.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|first| first.deadline)
    }

    pub(crate) fn connections(&self) -> usize {
        self.members
            .iter()
            .filter(|member| member.link.is_ready())
            .count()
    }

    pub(crate) fn requests(&self) -> usize {
        self.waiting.len() + self.members.len() - self.idle.len()
    }

    fn index(&self, slot: u32) -> Option<usize> {
        let index = usize::try_from(slot.checked_sub(self.first_slot)?).ok()?;
        (index < self.members.len()).then_some(index)
    }
}
