//! When messages are due, and the stamps that say so.

use core::time::Duration;
use std::time::Instant;

/// The common clock of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.start.elapsed()
    }

    /// Nanoseconds since the start.
    pub(crate) fn nanos(self) -> u64 {
        nanos(self.elapsed())
    }

    /// When that time after the start is.
    pub(crate) fn at(self, after: Duration) -> Instant {
        self.start + after
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// An even pace: message n is due n/rate seconds after the start, whatever became of those before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    per_second: f64,
    offset: f64,
}

impl Pace {
    /// The share of one of `producers` that send `per_second` together, one after the other.
    pub(crate) fn share(per_second: u32, producers: u16, index: u16) -> Self {
        let offset = f64::from(index) / f64::from(per_second);
        let per_second = f64::from(per_second) / f64::from(producers);
        Self { per_second, offset }
    }

    /// When message `n` is due.
    pub(crate) fn due(self, n: u32) -> Duration {
        Duration::from_secs_f64(self.offset + f64::from(n) / self.per_second)
    }
}

/// A body of `size` bytes (at least 8) that begins with a stamp.
pub(crate) fn stamped(size: usize, nanos: u64) -> Vec<u8> {
    let mut body = vec![b'x'; size];
    for (place, byte) in body.iter_mut().zip(nanos.to_be_bytes()) {
        *place = byte;
    }
    body
}

/// The stamp of a body; `None`: it has none.
pub(crate) fn stamp(body: &[u8]) -> Option<u64> {
    body.first_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_share_a_rate_evenly_and_take_turns() {
        let shares: Vec<Pace> = (0..4).map(|index| Pace::share(1000, 4, index)).collect();
        let mut due: Vec<Duration> = shares
            .iter()
            .flat_map(|pace| (0..250).map(|n| pace.due(n)))
            .collect();
        due.sort();
        for (n, at) in due.iter().enumerate() {
            let expected = Duration::from_millis(u64::try_from(n).unwrap());
            assert!(
                at.abs_diff(expected) < Duration::from_micros(1),
                "{n}: {at:?}"
            );
        }
    }

    #[test]
    fn a_stamp_survives_its_body() {
        let body = stamped(200, 0x0102_0304_0506_0708);
        assert_eq!(
            (body.len(), stamp(&body)),
            (200, Some(0x0102_0304_0506_0708))
        );
        assert_eq!(stamp(b"short"), None);
    }
}
