//! What is to be done later, in order.

use std::collections::BTreeMap;

use finewire_core::machine::Instant;

/// Things to do, by time; what is for the same time keeps the order in which it was added.
#[derive(Debug)]
pub(crate) struct Agenda<J> {
    jobs: BTreeMap<(Instant, u64), J>,
    added: u64,
}

impl<J> Agenda<J> {
    pub(crate) const fn new() -> Self {
        Self {
            jobs: BTreeMap::new(),
            added: 0,
        }
    }

    pub(crate) fn add(&mut self, at: Instant, job: J) {
        self.jobs.insert((at, self.added), job);
        self.added += 1;
    }

    /// When the first is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.jobs.first_key_value().map(|((at, _), _)| *at)
    }

    /// Everything that is to be done, in order.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &J> {
        self.jobs.values()
    }

    /// Takes the first that is not after `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<J> {
        if self.next()? > now {
            return None;
        }
        self.jobs.pop_first().map(|(_, job)| job)
    }
}
