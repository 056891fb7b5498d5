//! Looking once more for what is about to come, before the thread sleeps.

use core::time::Duration;
use std::time::Instant;

/// Decides whether it is worth looking once more.
///
/// A thread that sleeps takes 10 to 30 µs to wake, which is most of the time of a round trip on one machine.
/// Where what comes next came soon the last times, it is worth to look for it that long; where it did not,
/// nothing is spent on it.
#[derive(Debug)]
pub(super) struct Linger {
    /// How long to look; zero: never.
    most: Duration,
    /// How often it may be in vain before it is given up.
    trust: u32,
    /// When something last came, as the engine says it.
    input: Instant,
    /// Since when there is nothing to do.
    idle: Instant,
    is_asleep: bool,
}

/// How often in turn nothing may come.
const TRUST: u32 = 8;

impl Linger {
    pub(super) fn new(most: Duration) -> Self {
        let now = Instant::now();
        Self {
            most,
            trust: 0,
            input: now,
            idle: now,
            is_asleep: false,
        }
    }

    pub(super) const fn is_wanted(&self) -> bool {
        !self.most.is_zero()
    }

    /// Whether to look once more at `now`, where something last came at `input`.
    pub(super) fn is_worth(&mut self, input: Instant, now: Instant) -> bool {
        if self.input != input {
            if input.saturating_duration_since(self.idle) <= self.most {
                self.trust = TRUST;
            }
            self.input = input;
            self.idle = now;
            self.is_asleep = false;
        }
        if self.is_asleep || self.trust == 0 {
            return false;
        }
        if now.saturating_duration_since(self.idle) <= self.most {
            return true;
        }
        self.trust -= 1;
        self.is_asleep = true;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_micros(50);

    fn micros(count: u64) -> Duration {
        Duration::from_micros(count)
    }

    #[test]
    fn who_is_not_asked_to_never_lingers() {
        let mut linger = Linger::new(Duration::ZERO);
        let start = linger.idle;
        assert!(!linger.is_wanted());
        assert!(!linger.is_worth(start + micros(1), start + micros(2)));
    }

    #[test]
    fn it_is_worth_it_once_something_came_soon() {
        let mut linger = Linger::new(MOST);
        let late = linger.idle + micros(1000);
        assert!(!linger.is_worth(late, late + micros(5)), "it came late");

        let soon = late + micros(35);
        assert!(linger.is_worth(soon, soon + micros(5)));
        assert!(linger.is_worth(soon, soon + micros(5) + MOST));
        let over = soon + micros(6) + MOST;
        assert!(!linger.is_worth(soon, over), "its time is over");
        assert!(!linger.is_worth(soon, soon + micros(6)), "and stays so");
    }

    #[test]
    fn it_is_given_up_when_nothing_comes_in_time_again_and_again() {
        let mut linger = Linger::new(MOST);
        let mut input = linger.idle + micros(10);
        let mut looked = 0;
        for _ in 0..100 {
            looked += u32::from(linger.is_worth(input, input));
            assert!(!linger.is_worth(input, input + micros(51)));
            input += micros(200);
        }
        assert_eq!(looked, TRUST);
    }
}
