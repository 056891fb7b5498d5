//! What waits to be written to all connections together.

use finewire_core::machine::LinkId;

use super::config::BrokerLimits;
use super::machine::Broker;

/// What every connection may have unwritten, bytes, however much the others have.
const ALWAYS: usize = 64 * 1024;

/// The outboxes of all connections.
#[derive(Debug)]
pub(super) struct Outboxes {
    /// Bytes in all of them, as of each one's last flush or write.
    unwritten: usize,
    /// Bytes in one of them above which nothing is dispatched to it now.
    pub(super) room: usize,
}

impl Outboxes {
    pub(super) const fn new(limits: &BrokerLimits) -> Self {
        Self {
            unwritten: 0,
            room: limits.outbox_bytes,
        }
    }

    fn replace(&mut self, before: usize, after: usize, limits: &BrokerLimits) {
        self.unwritten = self.unwritten.saturating_sub(before).saturating_add(after);
        let is_much = self.unwritten > limits.total_bytes / 4;
        self.room = match is_much {
            true => limits.outbox_bytes.min(ALWAYS),
            false => limits.outbox_bytes,
        };
    }
}

impl Broker {
    /// Counts what is unwritten on a link; to be called whenever some of it was handed over or written.
    pub(super) fn count_outbox(&mut self, link: LinkId) {
        if let Some(connection) = self.connections.get_mut(&link) {
            let backlog = connection.channel.backlog();
            let before = core::mem::replace(&mut connection.unwritten, backlog);
            self.outboxes.replace(before, backlog, &self.config.limits);
        }
    }

    /// A link is gone, and so is what was unwritten.
    pub(super) fn uncount_outbox(&mut self, unwritten: usize) {
        self.outboxes.replace(unwritten, 0, &self.config.limits);
    }

    /// The books agree with one another; for the fuzz target.
    pub(super) fn assert_outboxes_whole(&self) {
        let all: usize = self.connections.values().map(|it| it.unwritten).sum();
        assert_eq!(self.outboxes.unwritten, all, "bytes unwritten");
    }
}
