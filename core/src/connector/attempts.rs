//! How often a password may be wrong.

use alloc::collections::VecDeque;

use super::config::Config;
use crate::machine::Instant;
use crate::password::Secret;

/// The wrong passwords of one agent.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    strikes: VecDeque<Instant>,
    refused: Option<(Secret, Instant)>,
}

impl Attempts {
    /// Whether a further password is refused without looking at it. Without this bound the answers
    /// are a padding oracle.
    pub(super) fn are_spent(&mut self, now: Instant, config: &Config) -> bool {
        while self
            .strikes
            .front()
            .is_some_and(|struck| now.since(*struck) >= config.timing.strike_window)
        {
            self.strikes.pop_front();
        }
        self.strikes.len() >= config.limits.strikes
    }

    /// One was wrong.
    pub(super) fn strike(&mut self, now: Instant, config: &Config) {
        if self.strikes.len() >= config.limits.strikes {
            self.strikes.pop_front();
        }
        self.strikes.push_back(now);
    }

    /// Finesse refused this one: it need not be asked again soon.
    pub(super) fn remember_refused(&mut self, password: Secret, now: Instant, config: &Config) {
        self.refused = Some((password, now + config.timing.refused_memory));
    }

    /// Whether Finesse refused this one a short while ago.
    pub(super) fn is_refused(&self, password: &Secret, now: Instant) -> bool {
        matches!(&self.refused, Some((known, until)) if now < *until && known == password)
    }

    /// One was right.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many are counted.
    pub(super) fn len(&self) -> usize {
        self.strikes.len()
    }

    /// When nothing of this matters any more.
    pub(super) fn is_clean(&self, now: Instant, config: &Config) -> bool {
        let is_old = |struck: &Instant| now.since(*struck) >= config.timing.strike_window;
        self.strikes.iter().all(is_old)
    }
}
