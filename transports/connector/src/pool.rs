//! The HTTP connections to one Finesse server: a few, kept alive, one exchange each.

use std::collections::VecDeque;

use bytes::Bytes;
use finewire_core::connector::RequestId;
use finewire_core::machine::{CloseReason, Endpoint, Instant, Link, LinkConfig, LinkSlot, Random};
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
    /// Why the last attempt to connect failed.
    fault: Option<CloseReason>,
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
            fault: None,
        }
    }

    /// Why the server cannot be reached, when the last attempt has failed.
    pub(crate) const fn fault(&self) -> Option<&CloseReason> {
        self.fault.as_ref()
    }

    /// A connection is there.
    pub(crate) fn reached(&mut self) {
        self.fault = None;
    }

    /// A connection is gone; `true` when that tells something new of the server. One that was used
    /// and ends tells nothing.
    pub(crate) fn missed(&mut self, reason: &CloseReason) -> bool {
        let is_failure = !matches!(reason, CloseReason::Eof | CloseReason::Asked);
        let is_news = is_failure && self.fault.as_ref() != Some(reason);
        if is_news {
            self.fault = Some(reason.clone());
        }
        is_news
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

    /// How many requests wait, and how many may.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.waiting.len(), self.most_waiting)
    }

    pub(crate) fn requests(&self) -> usize {
        self.waiting.len() + self.members.len() - self.idle.len()
    }

    fn index(&self, slot: u32) -> Option<usize> {
        let index = usize::try_from(slot.checked_sub(self.first_slot)?).ok()?;
        (index < self.members.len()).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn pool(size: usize, most: usize) -> Pool {
        let node = NodeConfig::new("finesse.example", 8445, 5223);
        Pool::new(&node, size, most, 1, &mut Random::from_seed([1; 32]))
    }

    fn waiting(number: u64, deadline: u64) -> Waiting {
        Waiting {
            request: RequestId(number),
            asked: finesse::Request::SystemInfo,
            http: Request::new(Bytes::new()),
            deadline: Instant::START + Duration::from_secs(deadline),
        }
    }

    #[test]
    fn no_more_requests_are_under_way_than_there_are_connections() {
        let mut pool = pool(2, 10);
        for number in 0..3 {
            assert!(pool.push(waiting(number, 9)));
        }
        let (first, _) = pool.begin().unwrap();
        let (second, _) = pool.begin().unwrap();
        assert_ne!(first, second);
        assert!(pool.begin().is_none());
        assert_eq!(pool.requests(), 3);

        let (unanswered, _) = pool.release(first).unwrap();
        assert_eq!(unanswered, RequestId(0));
        let (again, third) = pool.begin().unwrap();
        assert_eq!((again, third.request), (first, RequestId(2)));
    }

    #[test]
    fn the_warm_connection_is_used_again() {
        let mut pool = pool(8, 10);
        let mut slots = Vec::new();
        for number in 0..5 {
            assert!(pool.push(waiting(number, 9)));
            let (slot, _) = pool.begin().unwrap();
            pool.release(slot);
            slots.push(slot);
        }
        slots.dedup();
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn more_requests_than_may_wait_are_turned_away() {
        let mut pool = pool(1, 2);
        assert!(pool.push(waiting(1, 9)) && pool.push(waiting(2, 9)));
        assert!(!pool.push(waiting(3, 9)));
    }

    #[test]
    fn a_request_that_waited_too_long_is_given_up() {
        let mut pool = pool(1, 10);
        pool.push(waiting(1, 5));
        pool.push(waiting(2, 6));
        let at = |seconds| Instant::START + Duration::from_secs(seconds);
        assert_eq!(pool.deadline(), Some(at(5)));
        assert!(pool.pop_overdue(at(4)).is_none());
        assert_eq!(pool.pop_overdue(at(5)).unwrap().request, RequestId(1));
        assert_eq!(pool.deadline(), Some(at(6)));
    }

    #[test]
    fn a_connection_released_twice_is_idle_once() {
        let mut pool = pool(1, 10);
        pool.release(1);
        pool.push(waiting(1, 9));
        pool.push(waiting(2, 9));
        assert!(pool.begin().is_some());
        assert!(pool.begin().is_none());
        assert!(pool.release(7).is_none(), "no such slot");
    }
}
