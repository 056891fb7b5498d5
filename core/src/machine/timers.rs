//! Deadlines by key.

use super::Instant;
use alloc::collections::{BTreeMap, BTreeSet};

/// One deadline per key; setting, clearing and finding the next cost O(log N).
///
/// ```
/// use core::time::Duration;
/// use finewire_core::machine::{Instant, Timers};
///
/// let mut timers = Timers::new();
/// let noon = Instant::START + Duration::from_secs(12);
/// timers.set("lunch", noon);
/// assert_eq!(timers.next(), Some(noon));
/// assert_eq!(timers.pop_due(noon), Some("lunch"));
/// assert_eq!(timers.next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Timers<K> {
    by_key: BTreeMap<K, Instant>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Clone> Timers<K> {
    /// No deadlines.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            by_key: BTreeMap::new(),
            by_time: BTreeSet::new(),
        }
    }

    /// Sets or moves the deadline of `key`.
    pub fn set(&mut self, key: K, deadline: Instant) {
        if let Some(old) = self.by_key.insert(key.clone(), deadline) {
            if old == deadline {
                return;
            }
            self.by_time.remove(&(old, key.clone()));
        }
        self.by_time.insert((deadline, key));
    }

    /// Sets the deadline of `key`, or clears it for `None`: what a child's `Wait` says.
    pub fn arm(&mut self, key: K, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => self.set(key, deadline),
            None => self.clear(&key),
        }
    }

    /// Removes the deadline of `key`, if any.
    pub fn clear(&mut self, key: &K) {
        if let Some(old) = self.by_key.remove(key) {
            self.by_time.remove(&(old, key.clone()));
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The deadline of `key`.
    #[must_use]
    pub fn deadline(&self, key: &K) -> Option<Instant> {
        self.by_key.get(key).copied()
    }

    /// Removes and returns a key whose deadline is not after `now`, earliest first.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// How many deadlines are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether no deadline is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl<K: Ord + Clone> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}
