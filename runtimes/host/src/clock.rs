//! The machine's two clocks, made of the system's.

use core::time::Duration;
use finewire_core::machine::{Instant, UnixMillis};
use std::time::{SystemTime, UNIX_EPOCH};

/// Turns the system's monotonic time into time since start, and notices when the wall clock
/// was stepped.
#[derive(Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
    /// What it was asked last and what it said: several questions belong to one moment.
    asked: std::time::Instant,
    last: Instant,
    looked_at: Option<Instant>,
    look_again_at: Instant,
    wall: UnixMillis,
}

/// How far the wall clock may stray from where the monotonic clock says it should be before
/// that counts as a step. Slewing by NTP is at most 500 ppm and stays far below.
const STEP: Duration = Duration::from_secs(1);

/// How often the wall clock is compared at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl Clock {
    pub(crate) const fn new(start: std::time::Instant) -> Self {
        Self {
            start,
            asked: start,
            last: Instant::START,
            looked_at: None,
            look_again_at: Instant::START,
            wall: UnixMillis(0),
        }
    }

    /// The time since start; never less than what it said before.
    pub(crate) fn at(&mut self, now: std::time::Instant) -> Instant {
        if now != self.asked {
            let at = Instant::START + now.saturating_duration_since(self.start);
            self.asked = now;
            self.last = self.last.max(at);
        }
        self.last
    }

    /// Whether it is time to compare the wall clock.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.look_again_at
    }

    /// The wall time, if it is the first one or was stepped since the last look.
    pub(crate) fn look(&mut self, now: Instant, wall: SystemTime) -> Option<UnixMillis> {
        let wall = unix_millis(wall);
        let expected = self.looked_at.map(|at| self.wall.plus(now - at));
        self.looked_at = Some(now);
        self.look_again_at = now + LOOK_EVERY;
        self.wall = wall;
        let limit = u64::try_from(STEP.as_millis()).unwrap_or(u64::MAX);
        match expected {
            Some(expected) if expected.0.abs_diff(wall.0) < limit => None,
            _ => Some(wall),
        }
    }
}

fn unix_millis(wall: SystemTime) -> UnixMillis {
    match wall.duration_since(UNIX_EPOCH) {
        Ok(since) => UnixMillis(0).plus(since),
        Err(before) => {
            let millis = i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX);
            UnixMillis(-millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_told_at_first_and_after_steps_only() {
        let start = std::time::Instant::now();
        let noon = UNIX_EPOCH + Duration::from_secs(43_200);
        let mut clock = Clock::new(start);
        let second = |n| start + Duration::from_secs(n);

        let first = clock.at(second(1));
        assert_eq!(clock.look(first, noon), Some(UnixMillis(43_200_000)));
        let slewed = clock.at(second(11));
        assert_eq!(
            clock.look(slewed, noon + Duration::from_millis(10_005)),
            None
        );
        let stepped = clock.at(second(12));
        let back = noon - Duration::from_secs(3600);
        assert_eq!(clock.look(stepped, back), Some(UnixMillis(39_600_000)));
        let after = clock.at(second(13));
        assert_eq!(clock.look(after, back + Duration::from_secs(1)), None);
    }

    #[test]
    fn time_never_goes_back() {
        let start = std::time::Instant::now();
        let mut clock = Clock::new(start);

        let late = clock.at(start + Duration::from_secs(5));
        let early = clock.at(start + Duration::from_secs(3));

        assert_eq!(early, late);
    }
}
