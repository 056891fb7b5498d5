//! The last messages that passed, bounded by number and by size, with a filter.

use super::shapes::MessageView;
use std::collections::VecDeque;

/// Rows that are kept.
pub(crate) const MOST_ROWS: usize = 100_000;
/// Bytes that the rows' texts may take together; a row is some 100 to 700 of them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What a row takes besides its texts.
const ROW_BYTES: usize = size_of::<MessageView>() + 32;

/// Which messages are wanted; empty parts want all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The agent's login id, exactly.
    pub(crate) agent: String,
    /// Who sends or gets it.
    pub(crate) party: String,
    /// Words that occur in subject, detail or agent; in lower case.
    pub(crate) words: String,
}

impl Filter {
    pub(crate) fn new(agent: &str, party: &str, words: &str) -> Self {
        Self {
            agent: agent.into(),
            party: party.into(),
            words: words.trim().to_lowercase(),
        }
    }

    /// Whether a message is wanted.
    pub(crate) fn takes(&self, row: &MessageView) -> bool {
        let agent = row.agent.as_deref().unwrap_or_default();
        (self.agent.is_empty() || agent == self.agent)
            && (self.party.is_empty() || row.from == self.party || row.to == self.party)
            && (self.words.is_empty()
                || holds(&row.subject, &self.words)
                || holds(&row.detail, &self.words)
                || agent.contains(&self.words))
    }
}

/// Whether `text` holds `words`, which are in lower case.
fn holds(text: &str, words: &str) -> bool {
    if !words.is_ascii() {
        return text.to_lowercase().contains(words);
    }
    let (text, words) = (text.as_bytes(), words.as_bytes());
    text.windows(words.len())
        .any(|part| part.eq_ignore_ascii_case(words))
}

/// A page of messages, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) rows: Vec<MessageView>,
    /// How many wanted rows were left out because the page was full.
    pub(crate) skipped: u64,
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Journal {
    rows: VecDeque<MessageView>,
    bytes: usize,
    next: u64,
    /// Messages that passed faster than they could be taken over.
    dropped: u64,
    most_rows: usize,
}

impl Journal {
    pub(crate) const fn new(most_rows: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            bytes: 0,
            next: 1,
            dropped: 0,
            most_rows,
        }
    }

    /// Takes a message over and numbers it.
    pub(crate) fn push(&mut self, mut row: MessageView) {
        row.n = self.next;
        self.next += 1;
        self.bytes += weight(&row);
        self.rows.push_back(row);
        while self.rows.len() > self.most_rows || self.bytes > MOST_BYTES {
            let Some(oldest) = self.rows.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(weight(&oldest));
        }
    }

    pub(crate) const fn lose(&mut self, messages: u64) {
        self.dropped = self.dropped.saturating_add(messages);
    }

    /// Number of the oldest row and of the newest; 0 for none.
    pub(crate) fn ends(&self) -> (u64, u64) {
        let first = self.rows.front().map_or(0, |row| row.n);
        (first, self.next - 1)
    }

    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest `most` wanted rows after number `after`; older ones are counted as skipped.
    pub(crate) fn newest_after(&self, after: u64, filter: &Filter, most: usize) -> Page {
        let mut page = Page::default();
        for row in self.range(after + 1, u64::MAX).rev() {
            if !filter.takes(row) {
                continue;
            }
            if page.rows.len() < most {
                page.rows.push(row.clone());
            } else {
                page.skipped += 1;
            }
        }
        page.rows.reverse();
        page
    }

    /// A page: the first `most` wanted rows after `after` where it is given, else the last ones before
    /// `before`, else the newest.
    pub(crate) fn page(
        &self,
        after: Option<u64>,
        before: Option<u64>,
        filter: &Filter,
        most: usize,
    ) -> Vec<MessageView> {
        let from = after.map_or(0, |after| after.saturating_add(1));
        let to = before.unwrap_or(u64::MAX);
        let wanted = self.range(from, to).filter(|row| filter.takes(row));
        if after.is_some() {
            return wanted.take(most).cloned().collect();
        }
        let mut rows: Vec<_> = wanted.rev().take(most).cloned().collect();
        rows.reverse();
        rows
    }

    /// The rows whose numbers are `from` or more and less than `to`. Numbers have no gaps.
    fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = &MessageView> {
        let (first, _) = self.ends();
        let place = |n: u64| {
            let place = usize::try_from(n.saturating_sub(first)).unwrap_or(usize::MAX);
            place.min(self.rows.len())
        };
        let (start, end) = (place(from), place(to));
        self.rows.range(start..end.max(start))
    }
}

fn weight(row: &MessageView) -> usize {
    ROW_BYTES + row.subject.capacity() + row.detail.capacity()
}

#[cfg(test)]
mod tests {
    use super::super::shapes::At;
    use super::*;

    fn row(agent: &str, subject: &str) -> MessageView {
        MessageView {
            n: 0,
            at: At(0),
            from: "driver",
            to: "connector",
            link: "broker",
            agent: Some(agent.into()),
            subject: subject.into(),
            detail: String::new(),
        }
    }

    fn full(rows: u64, most: usize) -> Journal {
        let mut journal = Journal::new(most);
        for n in 0..rows {
            journal.push(row(&format!("{}", n % 3), &format!("Subject{n}")));
        }
        journal
    }

    fn numbers(rows: &[MessageView]) -> Vec<u64> {
        rows.iter().map(|row| row.n).collect()
    }

    #[test]
    fn pages_go_forward_after_a_number_and_backward_before_one() {
        let journal = full(20, 10);
        let all = Filter::default();
        assert_eq!(journal.ends(), (11, 20));
        assert_eq!(numbers(&journal.page(None, None, &all, 3)), [18, 19, 20]);
        assert_eq!(
            numbers(&journal.page(None, Some(18), &all, 3)),
            [15, 16, 17]
        );
        assert_eq!(numbers(&journal.page(Some(12), None, &all, 2)), [13, 14]);
        assert_eq!(numbers(&journal.page(Some(12), Some(14), &all, 9)), [13]);
        assert_eq!(numbers(&journal.page(Some(2), None, &all, 1)), [11]);
        assert_eq!(
            numbers(&journal.page(Some(u64::MAX), None, &all, 1)),
            Vec::<u64>::new()
        );
        assert_eq!(
            numbers(&journal.page(Some(19), Some(3), &all, 1)),
            Vec::<u64>::new()
        );
    }

    #[test]
    fn a_follower_gets_the_newest_and_learns_how_many_it_missed() {
        let journal = full(20, 100);
        let page = journal.newest_after(5, &Filter::default(), 4);
        assert_eq!(
            (numbers(&page.rows), page.skipped),
            (vec![17, 18, 19, 20], 11)
        );
        let page = journal.newest_after(20, &Filter::default(), 4);
        assert_eq!((page.rows.len(), page.skipped), (0, 0));
    }

    #[test]
    fn a_filter_takes_agent_party_and_words_in_any_case() {
        let journal = full(9, 100);
        let found = |filter: &Filter| numbers(&journal.page(None, None, filter, 100));
        assert_eq!(found(&Filter::new("1", "", "")), [2, 5, 8]);
        assert_eq!(found(&Filter::new("", "finesse", "")), Vec::<u64>::new());
        assert_eq!(found(&Filter::new("", "driver", " sUBJECT7")), [8]);
        assert_eq!(found(&Filter::new("", "", "ß")), Vec::<u64>::new());
    }

    #[test]
    fn rows_are_bounded_by_their_size_too() {
        let mut journal = Journal::new(MOST_ROWS);
        for _ in 0..200 {
            let mut large = row("1", "");
            large.detail = "x".repeat(1024 * 1024);
            journal.push(large);
        }
        assert!(journal.bytes <= MOST_BYTES, "{}", journal.bytes);
        assert!(journal.rows.len() < 70);
        assert_eq!(journal.ends().1, 200);
    }
}
