//! Waiting times between attempts.

use super::Random;
use core::time::Duration;

/// Exponential back-off with full upper-half jitter.
///
/// The n-th delay is drawn from the upper half of `first · growthⁿ`, capped at `max`: never all
/// clients at the same moment, never at once. The growth is 2, unless [changed](Backoff::growing).
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    growth: u32,
    ceiling: Duration,
    attempt: u32,
}

/// Doubling, in percent.
const DOUBLES: u32 = 200;

impl Backoff {
    /// Delays from `first`, doubling, up to `max`.
    #[must_use]
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            growth: DOUBLES,
            ceiling: first,
            attempt: 0,
        }
    }

    /// The same with another growth, percent: 100 keeps all delays alike, less counts as 100.
    #[must_use]
    pub const fn growing(self, percent: u32) -> Self {
        let growth = if percent < 100 { 100 } else { percent };
        Self { growth, ..self }
    }

    /// The next delay.
    pub fn next(&mut self, random: &mut Random) -> Duration {
        self.attempt = self.attempt.saturating_add(1);
        let ceiling = self.ceiling.min(self.max);
        self.ceiling = ceiling.saturating_mul(self.growth) / 100;
        let half = ceiling / 2;
        let span = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(random.below(span.saturating_add(1)))
    }

    /// Starts over: the last attempt succeeded.
    pub fn reset(&mut self) {
        self.attempt = 0;
        self.ceiling = self.first;
    }

    /// How many delays were given since the last success.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_stay_below_the_maximum_and_begin_again_after_success() {
        let mut random = Random::from_seed([7; 32]);
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

        for n in 0..40 {
            let delay = backoff.next(&mut random);
            let ceiling = Duration::from_millis(100 << n.min(10)).min(Duration::from_secs(5));
            assert!(delay >= ceiling / 2 && delay <= ceiling, "{n}: {delay:?}");
        }
        backoff.reset();

        assert!(backoff.next(&mut random) <= Duration::from_millis(100));
    }
}
