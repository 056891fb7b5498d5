//! The statistics of queues, told when they change and at most every ten seconds.

use core::time::Duration;

use finewire_core::agent::Text;
use finewire_core::machine::Instant;
use finewire_finesse::{Queue, Resource, Update, UpdateData, UpdateMethod};

use crate::machine::{Job, Simulator};

/// Finesse Developer Guide, "Queue notifications".
const PAUSE: Duration = Duration::from_secs(10);

/// What was told of one queue.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    last: Option<(Instant, Queue)>,
    is_due: bool,
}

impl Simulator {
    /// A queue's statistics may be others. Without anybody who listens nothing is kept.
    pub(crate) fn queue_touched(&mut self, queue: &Text) {
        let node = Resource::Queue(queue.clone()).to_string();
        if self.subscriptions.of(&node).next().is_none() {
            self.pulses.remove(queue);
            return;
        }
        let pulse = self.pulses.entry(queue.clone()).or_default();
        if pulse.is_due {
            return;
        }
        pulse.is_due = true;
        let earliest = pulse.last.as_ref().map_or(self.now, |(at, _)| *at + PAUSE);
        let at = earliest.max(self.now);
        self.agenda.add(at, Job::TellQueue(queue.clone()));
    }

    pub(crate) fn tell_queue(&mut self, id: &Text) {
        let (Some(pulse), Some(queue)) = (self.pulses.get_mut(id), self.world.queue(id.as_str()))
        else {
            return;
        };
        pulse.is_due = false;
        if queue.statistics.is_empty()
            || pulse.last.as_ref().is_some_and(|(_, said)| *said == queue)
        {
            return;
        }
        pulse.last = Some((self.now, queue.clone()));
        let node = Resource::Queue(id.clone());
        self.schedule_update(Update {
            node: node.clone(),
            source: node,
            method: UpdateMethod::Put,
            request_id: None,
            data: UpdateData::Queue(queue),
        });
    }
}
