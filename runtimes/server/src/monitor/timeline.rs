//! What happened to each agent: commands, answers, states, calls, errors, link changes, and what an operator
//! did.

use super::shapes::RowView;
use std::collections::{BTreeMap, VecDeque};

/// Rows of one agent that are kept.
const MOST_ROWS: usize = 300;
/// Agents of whom rows are kept; the one that was quiet for longest makes room.
const MOST_AGENTS: usize = 10_000;
/// Rows that an agent keeps also when all together have too many.
const FEWEST_ROWS: usize = 30;
/// Rows of all agents together.
const MOST_TOGETHER: usize = 300_000;

/// One agent's rows, oldest first.
#[derive(Debug, Default)]
struct Line {
    rows: VecDeque<RowView>,
}

/// The time lines of all agents.
#[derive(Debug, Default)]
pub(crate) struct Timelines {
    lines: BTreeMap<String, Line>,
    rows: usize,
    next: u64,
}

impl Timelines {
    /// Takes a row over and numbers it.
    pub(crate) fn push(&mut self, agent: &str, mut row: RowView) {
        self.next += 1;
        row.n = self.next;
        if !self.lines.contains_key(agent) {
            self.make_room();
            self.lines.insert(agent.into(), Line::default());
        }
        if let Some(line) = self.lines.get_mut(agent) {
            line.rows.push_back(row);
            self.rows += 1;
            let is_crowded = self.rows > MOST_TOGETHER && line.rows.len() > FEWEST_ROWS;
            if line.rows.len() > MOST_ROWS || is_crowded {
                line.rows.pop_front();
                self.rows -= 1;
            }
        }
    }

    fn make_room(&mut self) {
        while self.lines.len() >= MOST_AGENTS {
            let last = |line: &Line| line.rows.back().map_or(0, |row| row.n);
            let quiet = self.lines.iter().min_by_key(|(_, line)| last(line));
            let Some(agent) = quiet.map(|(agent, _)| agent.clone()) else {
                return;
            };
            if let Some(line) = self.lines.remove(&agent) {
                self.rows -= line.rows.len();
            }
        }
    }

    /// An agent's rows before number `before`, newest first, and the number to go on before; `None` in its
    /// place when there are no more.
    pub(crate) fn page(
        &self,
        agent: &str,
        before: Option<u64>,
        most: usize,
    ) -> (Vec<RowView>, Option<u64>) {
        let before = before.unwrap_or(u64::MAX);
        let rows = self.lines.get(agent).map(|line| line.rows.iter().rev());
        let mut rows = rows.into_iter().flatten().filter(|row| row.n < before);
        let page: Vec<_> = rows.by_ref().take(most).cloned().collect();
        let next = rows.next().and(page.last().map(|row| row.n));
        (page, next)
    }
}

#[cfg(test)]
mod tests {
    use super::super::shapes::At;
    use super::*;

    fn row(text: &str) -> RowView {
        RowView {
            n: 0,
            at: At(0),
            kind: "state",
            text: text.into(),
            detail: String::new(),
            ok: true,
            latency_ms: None,
        }
    }

    #[test]
    fn the_newest_come_first_and_a_page_names_the_next() {
        let mut lines = Timelines::default();
        for text in ["a", "b", "c", "d"] {
            lines.push("1", row(text));
            lines.push("2", row("other"));
        }
        let (page, next) = lines.page("1", None, 3);
        let texts: Vec<_> = page.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["d", "c", "b"]);
        let (page, next) = lines.page("1", next, 3);
        assert_eq!((page.len(), page[0].text.as_str(), next), (1, "a", None));
        assert_eq!(lines.page("3", None, 3).0.len(), 0);
    }

    #[test]
    fn rows_and_agents_are_bounded_and_the_quiet_ones_go_first() {
        let mut lines = Timelines::default();
        for n in 0..MOST_ROWS + 50 {
            lines.push("1", row(&n.to_string()));
        }
        assert_eq!(lines.page("1", None, 10_000).0.len(), MOST_ROWS);
        for n in 0..MOST_AGENTS {
            lines.push(&format!("agent{n}"), row("x"));
        }
        assert_eq!(lines.lines.len(), MOST_AGENTS);
        assert!(lines.page("1", None, 1).0.is_empty());
        assert_eq!(lines.rows, MOST_AGENTS);
    }
}
