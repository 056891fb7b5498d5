//! Rates and latencies over time, in columns of five seconds.

use super::shapes::At;
use serde::Serialize;
use std::collections::VecDeque;

/// How long a column is, in milliseconds.
pub(crate) const STEP_MS: u64 = 5_000;
/// Columns that are kept: four hours.
const MOST_COLUMNS: usize = 2_880;
/// Latencies of one column that are looked at; more are as many.
const MOST_LATENCIES: usize = 50_000;

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Column {
    /// Its begin.
    pub(crate) at: At,
    pub(crate) commands: u64,
    pub(crate) events: u64,
    pub(crate) errors: u64,
    /// Of the commands that ended in it; `None`: none did.
    pub(crate) latency_p50_ms: Option<u64>,
    pub(crate) latency_p99_ms: Option<u64>,
    pub(crate) links_down: u64,
    pub(crate) agents: u64,
}

/// Running totals at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) commands: u64,
    pub(crate) events: u64,
    pub(crate) errors: u64,
    pub(crate) links_down: u64,
    pub(crate) agents: u64,
}

/// All columns, with the one that is being filled.
#[derive(Debug)]
pub(crate) struct Charts {
    columns: VecDeque<Column>,
    began: At,
    before: Totals,
    latencies: Vec<u64>,
}

/// `GET /api/charts`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChartsView {
    pub(crate) step_ms: u64,
    pub(crate) from: At,
    pub(crate) series: Series,
}

/// Arrays of the same length.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Series {
    pub(crate) commands: Vec<u64>,
    pub(crate) events: Vec<u64>,
    pub(crate) errors: Vec<u64>,
    pub(crate) latency_p50_ms: Vec<Option<u64>>,
    pub(crate) latency_p99_ms: Vec<Option<u64>>,
    pub(crate) links_down: Vec<u64>,
    pub(crate) agents: Vec<u64>,
}

impl Charts {
    pub(crate) const fn new(now: At) -> Self {
        Self {
            columns: VecDeque::new(),
            began: now,
            before: Totals {
                commands: 0,
                events: 0,
                errors: 0,
                links_down: 0,
                agents: 0,
            },
            latencies: Vec::new(),
        }
    }

    /// A command has ended after so many milliseconds.
    pub(crate) fn ended(&mut self, ms: u64) {
        if self.latencies.len() < MOST_LATENCIES {
            self.latencies.push(ms);
        }
    }

    /// Closes the column if its time is over; gives it.
    pub(crate) fn tick(&mut self, now: At, totals: Totals) -> Option<Column> {
        if self.began.age(now) < STEP_MS {
            return None;
        }
        self.latencies.sort_unstable();
        let column = Column {
            at: self.began,
            commands: totals.commands.saturating_sub(self.before.commands),
            events: totals.events.saturating_sub(self.before.events),
            errors: totals.errors.saturating_sub(self.before.errors),
            latency_p50_ms: percentile(&self.latencies, 50),
            latency_p99_ms: percentile(&self.latencies, 99),
            links_down: totals.links_down,
            agents: totals.agents,
        };
        self.latencies.clear();
        self.before = totals;
        self.began = now;
        self.columns.push_back(column);
        if self.columns.len() > MOST_COLUMNS {
            self.columns.pop_front();
        }
        Some(column)
    }

    pub(crate) fn last(&self) -> Option<&Column> {
        self.columns.back()
    }

    /// The columns of the last so many minutes.
    pub(crate) fn view(&self, minutes: u64) -> ChartsView {
        let wanted = minutes.saturating_mul(60_000) / STEP_MS;
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let from = self.columns.len().saturating_sub(wanted);
        let mut series = Series::default();
        for column in self.columns.range(from..) {
            series.commands.push(column.commands);
            series.events.push(column.events);
            series.errors.push(column.errors);
            series.latency_p50_ms.push(column.latency_p50_ms);
            series.latency_p99_ms.push(column.latency_p99_ms);
            series.links_down.push(column.links_down);
            series.agents.push(column.agents);
        }
        ChartsView {
            step_ms: STEP_MS,
            from: self.columns.get(from).map_or(self.began, |first| first.at),
            series,
        }
    }
}

/// The nearest rank: of a hundred values the 99th for 99.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn totals(commands: u64) -> Totals {
        Totals {
            commands,
            events: 2 * commands,
            errors: 0,
            links_down: 1,
            agents: 7,
        }
    }

    #[test]
    fn a_column_holds_what_was_added_in_its_five_seconds() {
        let mut charts = Charts::new(At(0));
        for ms in 1..=100 {
            charts.ended(ms);
        }
        assert_eq!(charts.tick(At(4_999), totals(3)), None);
        let first = charts.tick(At(5_000), totals(10)).unwrap();
        assert_eq!((first.commands, first.events, first.agents), (10, 20, 7));
        assert_eq!(
            (first.latency_p50_ms, first.latency_p99_ms),
            (Some(50), Some(99))
        );
        let second = charts.tick(At(10_000), totals(14)).unwrap();
        assert_eq!((second.commands, second.latency_p50_ms), (4, None));

        let view = charts.view(15);
        assert_eq!((view.from, view.series.commands), (At(0), vec![10, 4]));
        assert_eq!(charts.view(0).series.commands.len(), 0);
    }

    #[test]
    fn columns_are_bounded() {
        let mut charts = Charts::new(At(0));
        for n in 1..=4_000 {
            charts.tick(At(n * 5_000), totals(0));
        }
        assert_eq!(charts.view(u64::MAX).series.agents.len(), MOST_COLUMNS);
    }
}
