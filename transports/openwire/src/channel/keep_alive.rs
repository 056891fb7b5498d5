//! When to say that one is alive, and when to believe that the other is not.

use core::time::Duration;

use finewire_core::machine::Instant;

/// ActiveMQ's inactivity monitor (Apache ActiveMQ, "ActiveMQ InactivityMonitor").
///
/// With D the negotiated inactivity and I the initial delay: at I + k·D/3 a sign of life is due if nothing
/// was sent since the last time; at I + k·D the peer's silence counts, and the second silent check in a
/// row gives it up. So a peer is dropped between 2·D and 3·D after its last byte.
#[derive(Debug)]
pub(super) struct KeepAlive {
    read_period: Duration,
    write_period: Duration,
    next_read: Instant,
    next_write: Instant,
    heard: bool,
    said: bool,
    silent_checks: u8,
}

/// What a keep-alive wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    /// Say something.
    Sign,
    /// The peer is dead.
    GiveUp,
}

impl KeepAlive {
    /// `None` where the negotiated inactivity is zero: switched off.
    pub(super) fn new(now: Instant, inactivity: Duration, initial: Duration) -> Option<Self> {
        if inactivity.is_zero() {
            return None;
        }
        // Java checks no more often than its clock ticks.
        let write_period = match inactivity / 3 {
            third if third < Duration::from_millis(1) => inactivity,
            third => third,
        };
        Some(Self {
            read_period: inactivity,
            write_period,
            next_read: now + initial.max(Duration::from_millis(1)),
            next_write: now + initial.max(Duration::from_millis(1)),
            heard: true,
            said: false,
            silent_checks: 0,
        })
    }

    /// Bytes came.
    pub(super) const fn heard(&mut self) {
        self.heard = true;
    }

    /// Something was sent.
    pub(super) const fn said(&mut self) {
        self.said = true;
    }

    pub(super) fn deadline(&self) -> Instant {
        self.next_read.min(self.next_write)
    }

    pub(super) fn check(&mut self, now: Instant) -> Wanted {
        if self.next_read <= now {
            self.next_read = now + self.read_period;
            if core::mem::take(&mut self.heard) {
                self.silent_checks = 0;
            } else {
                self.silent_checks += 1;
                if self.silent_checks >= 2 {
                    return Wanted::GiveUp;
                }
            }
        }
        if self.next_write <= now {
            self.next_write = now + self.write_period;
            if !core::mem::take(&mut self.said) {
                return Wanted::Sign;
            }
        }
        Wanted::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    /// Runs to `until` ms and says when signs were due and when the peer was given up.
    fn run(keep_alive: &mut KeepAlive, from: Instant, until: u32) -> (Vec<u128>, Option<u128>) {
        let mut signs = Vec::new();
        loop {
            let now = keep_alive.deadline();
            let at = (now - Instant::START).as_millis();
            if now > from + MILLI * until {
                return (signs, None);
            }
            match keep_alive.check(now) {
                Wanted::Nothing => {}
                Wanted::Sign => signs.push(at),
                Wanted::GiveUp => return (signs, Some(at)),
            }
        }
    }

    #[test]
    fn a_silent_peer_is_given_up_when_the_real_broker_does() {
        let mut keep_alive = KeepAlive::new(Instant::START, 1000 * MILLI, 500 * MILLI).unwrap();

        let (signs, given_up) = run(&mut keep_alive, Instant::START, 10_000);

        assert_eq!(given_up, Some(2500), "the capture raw-silent");
        assert_eq!(signs.first(), Some(&500));
        assert!(
            signs.windows(2).all(|pair| pair[1] - pair[0] <= 334),
            "{signs:?}"
        );
    }

    #[test]
    fn who_speaks_is_not_given_up_and_who_has_spoken_need_not_sign() {
        let mut keep_alive = KeepAlive::new(Instant::START, 900 * MILLI, 300 * MILLI).unwrap();
        for _ in 0..100 {
            let now = keep_alive.deadline();
            keep_alive.heard();
            keep_alive.said();
            assert_eq!(keep_alive.check(now), Wanted::Nothing);
        }
    }

    #[test]
    fn no_inactivity_means_no_checks() {
        assert!(KeepAlive::new(Instant::START, Duration::ZERO, MILLI).is_none());
    }
}
