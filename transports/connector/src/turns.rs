//! Turns for logins at the notification service, so that not all agents log in at once.

use core::time::Duration;
use std::collections::BTreeMap;

use finewire_core::machine::Instant;

/// Gives out moments, at most one in each span of the pace.
#[derive(Debug)]
pub(crate) struct Turns {
    pace: Duration,
    /// Spans that are taken: runs of neighbours, first and last, never touching one another.
    taken: BTreeMap<u64, u64>,
}

impl Turns {
    pub(crate) const fn new(pace: Duration) -> Self {
        Self {
            pace,
            taken: BTreeMap::new(),
        }
    }

    /// The first free moment at `wanted` or later; it is taken from now on.
    pub(crate) fn take(&mut self, now: Instant, wanted: Instant) -> Instant {
        if self.pace.is_zero() {
            return wanted;
        }
        self.forget_before(self.span_of(now));
        let first = self.span_of(wanted);
        let before = self.taken.range(..=first).next_back();
        let span = match before {
            Some((_, last)) if *last >= first => last.saturating_add(1),
            _ => first,
        };
        self.mark(span);
        if span == first {
            return wanted;
        }
        let nanos = u128::from(span).saturating_mul(self.pace.as_nanos());
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        Instant::START + Duration::from_nanos(nanos)
    }

    /// How many runs of taken spans are remembered.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    fn mark(&mut self, span: u64) {
        let (mut first, mut last) = (span, span);
        if let Some((start, end)) = self.taken.range(..span).next_back()
            && end.saturating_add(1) == span
        {
            first = *start;
        }
        if let Some(end) = self.taken.remove(&span.saturating_add(1)) {
            last = end;
        }
        self.taken.insert(first, last);
    }

    fn forget_before(&mut self, span: u64) {
        while let Some(run) = self.taken.first_entry() {
            if *run.get() >= span {
                return;
            }
            run.remove();
        }
    }

    fn span_of(&self, at: Instant) -> u64 {
        let since = at.since(Instant::START).as_nanos();
        let span = since.checked_div(self.pace.as_nanos()).unwrap_or(0);
        u64::try_from(span).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    #[test]
    fn a_single_one_waits_for_nothing_and_a_crowd_goes_one_by_one() {
        let mut turns = Turns::new(Duration::from_millis(20));
        assert_eq!(turns.take(at(7), at(7)), at(7));
        assert_eq!(turns.take(at(7), at(7)), at(20));
        assert_eq!(turns.take(at(7), at(9)), at(40));
        assert_eq!(turns.take(at(900), at(900)), at(900));
    }

    #[test]
    fn who_wants_a_late_turn_delays_nobody_who_wants_an_early_one() {
        let mut turns = Turns::new(Duration::from_millis(20));
        assert_eq!(turns.take(at(0), at(30_000)), at(30_000));
        assert_eq!(turns.take(at(0), at(100)), at(100));
    }

    #[test]
    fn without_a_pace_everybody_goes_when_they_want() {
        let mut turns = Turns::new(Duration::ZERO);
        assert_eq!(turns.take(at(1), at(5)), at(5));
        assert_eq!(turns.take(at(1), at(5)), at(5));
    }

    proptest! {
        #[test]
        fn no_span_is_given_out_twice_and_old_ones_are_forgotten(
            wishes in proptest::collection::vec((0u64..50, 0u64..2000), 1..300),
        ) {
            let pace = Duration::from_millis(20);
            let mut turns = Turns::new(pace);
            let (mut now, mut given) = (0, std::collections::BTreeSet::new());
            for (passed, ahead) in wishes {
                now += passed;
                let wanted = at(now + ahead);
                let turn = turns.take(at(now), wanted);
                prop_assert!(turn >= wanted);
                prop_assert!(given.insert(turns.span_of(turn)), "{turn:?} twice");
            }
            let end = at(now + 1_000_000);
            turns.take(end, end);
            prop_assert_eq!(turns.taken.len(), 1);
        }
    }
}
