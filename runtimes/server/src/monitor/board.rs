//! Everything that the monitor shows, as it is now: one writer ([`watch`](super::watch)), many readers.

use super::charts::{Charts, ChartsView, Column, Totals};
use super::journal::{Filter, Journal, MOST_ROWS, Page};
use super::shapes::{AgentView, At, Crowd, LinkView, MessageView, Rates, RowView, StatusView};
use super::timeline::Timelines;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{PoisonError, RwLock};
use tokio::sync::watch;

/// Agents that have gone which a reader can still be told of; who is further behind reads all anew.
const GONE_KEPT: usize = 10_000;

/// The board.
#[derive(Debug)]
pub(crate) struct Board {
    facts: RwLock<Facts>,
    /// Counts looks at the connector; readers wait for the next.
    looks: watch::Sender<u64>,
}

/// An agent, and when it last changed on the board.
#[derive(Debug)]
struct Posted {
    view: AgentView,
    revision: u64,
}

/// What is known.
#[derive(Debug)]
pub(crate) struct Facts {
    began: At,
    in_service_since: Option<At>,
    pub(crate) draining: bool,
    is_stopped: bool,
    links: BTreeMap<String, LinkView>,
    order: Vec<String>,
    pub(crate) counters: BTreeMap<&'static str, u64>,
    agents: BTreeMap<String, Posted>,
    gone: VecDeque<(u64, String)>,
    revision: u64,
    journal: Journal,
    timelines: Timelines,
    charts: Charts,
    rates: Rates,
    paces: VecDeque<(At, u64, u64)>,
}

/// What changed among the agents.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Changes {
    pub(crate) changed: Vec<AgentView>,
    pub(crate) gone: Vec<String>,
    /// The reader was too far behind: these are all agents there are.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(crate) all: bool,
}

/// A page of messages with what it was taken from.
#[derive(Debug, serde::Serialize)]
pub(crate) struct TracePage {
    pub(crate) rows: Vec<MessageView>,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) dropped: u64,
}

impl Board {
    pub(crate) fn new(began: At) -> Self {
        Self {
            facts: RwLock::new(Facts {
                began,
                in_service_since: None,
                draining: false,
                is_stopped: false,
                links: BTreeMap::new(),
                order: Vec::new(),
                counters: BTreeMap::new(),
                agents: BTreeMap::new(),
                gone: VecDeque::new(),
                revision: 0,
                journal: Journal::new(MOST_ROWS),
                timelines: Timelines::default(),
                charts: Charts::new(At::now()),
                rates: Rates::default(),
                paces: VecDeque::new(),
            }),
            looks: watch::Sender::new(0),
        }
    }

    /// Changes the board; readers are told by [`seen`](Self::seen).
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        change(&mut self.facts.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<T>(&self, look: impl FnOnce(&Facts) -> T) -> T {
        look(&self.facts.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes the readers.
    pub(crate) fn seen(&self) {
        self.looks
            .send_modify(|looks| *looks = looks.wrapping_add(1));
    }

    /// Tells of the next look.
    pub(crate) fn looks(&self) -> watch::Receiver<u64> {
        self.looks.subscribe()
    }

    pub(crate) fn status(&self, log_level: String) -> StatusView {
        self.read(|facts| facts.status(log_level))
    }

    /// Whether the connector is still there.
    pub(crate) fn is_alive(&self) -> bool {
        self.read(|facts| !facts.is_stopped)
    }

    /// A page of agents after `after`, in the order of their ids; the last id where there are more; how many
    /// there are in all, as far as `state` and `words` want them.
    pub(crate) fn agents(
        &self,
        after: &str,
        most: usize,
        state: &str,
        words: &str,
    ) -> (Vec<AgentView>, Option<String>, usize) {
        let words = words.trim().to_lowercase();
        let takes = |view: &AgentView| {
            (state.is_empty() || view.state.eq_ignore_ascii_case(state))
                && (words.is_empty() || is_about(view, &words))
        };
        self.read(|facts| {
            let wanted = facts.agents.values().map(|posted| &posted.view);
            let wanted: Vec<&AgentView> = wanted.filter(|view| takes(view)).collect();
            let total = wanted.len();
            let mut rest = wanted.into_iter().filter(|view| view.id.as_str() > after);
            let page: Vec<AgentView> = rest.by_ref().take(most).cloned().collect();
            let next = rest.next().and(page.last().map(|view| view.id.clone()));
            (page, next, total)
        })
    }

    pub(crate) fn agent(&self, id: &str) -> Option<AgentView> {
        self.read(|facts| facts.agents.get(id).map(|posted| posted.view.clone()))
    }

    pub(crate) fn timeline(
        &self,
        agent: &str,
        before: Option<u64>,
        most: usize,
    ) -> (Vec<RowView>, Option<u64>) {
        self.read(|facts| facts.timelines.page(agent, before, most))
    }

    pub(crate) fn trace(
        &self,
        after: Option<u64>,
        before: Option<u64>,
        filter: &Filter,
        most: usize,
    ) -> TracePage {
        self.read(|facts| {
            let (first, last) = facts.journal.ends();
            TracePage {
                rows: facts.journal.page(after, before, filter, most),
                first,
                last,
                dropped: facts.journal.dropped(),
            }
        })
    }

    /// The newest wanted messages after `after`, and the number of the newest message of all.
    pub(crate) fn follow(&self, after: u64, filter: &Filter, most: usize) -> (Page, u64) {
        self.read(|facts| {
            let (_, last) = facts.journal.ends();
            (facts.journal.newest_after(after, filter, most), last)
        })
    }

    pub(crate) fn charts(&self, minutes: u64) -> ChartsView {
        self.read(|facts| facts.charts.view(minutes))
    }

    pub(crate) fn column(&self) -> Option<Column> {
        self.read(|facts| facts.charts.last().copied())
    }

    /// Where a reader stands who knows everything.
    pub(crate) fn place(&self) -> (u64, u64) {
        self.read(|facts| (facts.revision, facts.journal.ends().1))
    }

    /// What changed among the agents after `revision`, and the revision to go on from.
    pub(crate) fn changes(&self, revision: u64) -> (Changes, u64) {
        self.read(|facts| {
            let oldest = facts.gone.front().map_or(0, |(at, _)| *at);
            let is_behind = facts.gone.len() >= GONE_KEPT && oldest > revision;
            let since = if is_behind { 0 } else { revision };
            let gone = facts.gone.iter().rev().take_while(|(at, _)| *at > since);
            let gone = gone.map(|(_, id)| id.clone());
            let changed = facts.agents.values();
            let changed = changed.filter(|posted| posted.revision > since);
            let changes = Changes {
                changed: changed.map(|posted| posted.view.clone()).collect(),
                gone: if is_behind {
                    Vec::new()
                } else {
                    gone.collect()
                },
                all: is_behind,
            };
            (changes, facts.revision)
        })
    }
}

fn is_about(view: &AgentView, words: &str) -> bool {
    [
        &view.id,
        &view.name,
        &view.extension,
        &view.team,
        &view.destination,
        &view.state,
        &view.reason,
    ]
    .iter()
    .any(|text| text.to_lowercase().contains(words))
        || view.calls.iter().any(|call| {
            [&call.id, &call.from, &call.to]
                .iter()
                .any(|text| text.contains(words))
        })
}

impl Facts {
    fn status(&self, log_level: String) -> StatusView {
        let now = At::now();
        let mut agents = Crowd {
            total: self.agents.len(),
            ..Crowd::default()
        };
        for posted in self.agents.values() {
            let state = posted.view.state.clone();
            *agents.by_state.entry(state).or_default() += 1;
            agents.on_calls += usize::from(!posted.view.calls.is_empty());
        }
        let links = self.order.iter().filter_map(|id| self.links.get(id));
        let links = links.map(|link| LinkView {
            since_ms: link.since.age(now),
            ..link.clone()
        });
        StatusView {
            version: env!("CARGO_PKG_VERSION"),
            ready: self.in_service_since.is_some() && !self.is_stopped,
            in_service_since: self.in_service_since,
            uptime_ms: self.began.age(now),
            draining: self.draining,
            now,
            log_level,
            links: links.collect(),
            agents,
            counters: self.counters.clone(),
            rates: self.rates,
        }
    }

    /// The connector has ended.
    pub(crate) const fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// The links as they are; counts those that were up and are not, and keeps since when.
    pub(crate) fn set_links(&mut self, links: Vec<LinkView>) {
        self.order = links.iter().map(|link| link.id.clone()).collect();
        for mut link in links {
            if let Some(known) = self.links.get(&link.id) {
                let is_lost = known.state == "up" && link.state != "up";
                link.flaps = known.flaps + u64::from(is_lost);
                // What stands for many has no moment of its own.
                if link.up.is_some() && known.state == link.state {
                    link.since = known.since;
                }
            }
            self.links.insert(link.id.clone(), link);
        }
    }

    pub(crate) fn set_ready(&mut self, now: At, is_ready: bool) {
        self.in_service_since = match is_ready {
            true => self.in_service_since.or(Some(now)),
            false => None,
        };
    }

    /// An agent as it is now. Its calls keep the moment at which they were first seen.
    pub(crate) fn post(&mut self, mut view: AgentView) {
        let known = self.agents.get(&view.id);
        for call in &mut view.calls {
            let before = known.and_then(|known| {
                let mut calls = known.view.calls.iter();
                calls.find(|known| known.id == call.id)
            });
            if let Some(before) = before {
                call.since = before.since;
            }
        }
        if known.is_some_and(|known| known.view == view) {
            return;
        }
        self.revision += 1;
        let revision = self.revision;
        self.agents
            .insert(view.id.clone(), Posted { view, revision });
    }

    /// Takes agents off that the connector knows no longer.
    pub(crate) fn keep_only(&mut self, is_known: impl Fn(&str) -> bool) {
        let gone = self.agents.keys().filter(|id| !is_known(id));
        let gone: Vec<String> = gone.cloned().collect();
        for id in gone {
            self.revision += 1;
            self.agents.remove(&id);
            self.gone.push_back((self.revision, id));
            if self.gone.len() > GONE_KEPT {
                self.gone.pop_front();
            }
        }
    }

    pub(crate) fn pass(&mut self, message: MessageView) {
        self.journal.push(message);
    }

    pub(crate) const fn lose(&mut self, messages: u64) {
        self.journal.lose(messages);
    }

    pub(crate) fn happen(&mut self, agent: &str, row: RowView) {
        self.timelines.push(agent, row);
    }

    pub(crate) fn ended(&mut self, ms: u64) {
        self.charts.ended(ms);
    }

    /// Five seconds may be over: closes the column of the charts.
    pub(crate) fn tick(&mut self, now: At) {
        let count = |name: &str| self.counters.get(name).copied().unwrap_or_default();
        let (commands, events) = (count("commands"), count("events"));
        let is_down = |link: &&LinkView| matches!(link.state, "down" | "connecting");
        let links_down = self.links.values().filter(is_down).count();
        let totals = Totals {
            commands,
            events,
            errors: count("commands_failed") + count("commands_dropped"),
            links_down: u64::try_from(links_down).unwrap_or(u64::MAX),
            agents: u64::try_from(self.agents.len()).unwrap_or(u64::MAX),
        };
        self.charts.tick(now, totals);
        self.paces.push_back((now, commands, events));
        while self.paces.len() > 2
            && self
                .paces
                .front()
                .is_some_and(|(at, ..)| at.age(now) > 5_000)
        {
            self.paces.pop_front();
        }
        if let Some((at, commands_then, events_then)) = self.paces.front().copied() {
            let ms = at.age(now).max(1);
            self.rates = Rates {
                commands_per_s: per_second(commands.saturating_sub(commands_then), ms),
                events_per_s: per_second(events.saturating_sub(events_then), ms),
            };
        }
    }
}

/// With one digit after the point.
fn per_second(count: u64, ms: u64) -> f64 {
    let tenths = count.saturating_mul(10_000) / ms;
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, state: &str) -> AgentView {
        AgentView {
            id: id.into(),
            name: format!("Agent {id}"),
            state: state.into(),
            reason: String::new(),
            since: At(0),
            extension: String::new(),
            team: "Blue".into(),
            destination: String::new(),
            feed: "up",
            feed_since: At(0),
            feed_why: String::new(),
            node: "A".into(),
            calls: Vec::new(),
            pending: 0,
        }
    }

    fn board(agents: usize) -> Board {
        let board = Board::new(At::now());
        board.write(|facts| {
            for n in 0..agents {
                facts.post(agent(&format!("{:04}", n), "READY"));
            }
        });
        board
    }

    #[test]
    fn a_reader_is_told_what_changed_and_who_has_gone_once() {
        let board = board(3);
        let (_, place) = board.changes(0);
        assert!(board.changes(place).0.changed.is_empty());
        board.write(|facts| {
            facts.post(agent("0001", "TALKING"));
            facts.post(agent("0002", "READY"));
            facts.keep_only(|id| id != "0000");
        });
        let (changes, place) = board.changes(place);
        let ids: Vec<_> = changes
            .changed
            .iter()
            .map(|view| view.id.as_str())
            .collect();
        assert_eq!(
            (ids, changes.gone, changes.all),
            (vec!["0001"], vec!["0000".to_owned()], false)
        );
        let (changes, _) = board.changes(place);
        assert!(changes.changed.is_empty() && changes.gone.is_empty());
    }

    #[test]
    fn who_is_too_far_behind_gets_all_agents() {
        let board = board(GONE_KEPT + 5);
        let (_, place) = board.changes(0);
        board.write(|facts| facts.keep_only(|id| id == "0000"));
        let (changes, _) = board.changes(place);
        assert!(changes.all && changes.gone.is_empty());
        assert_eq!(changes.changed.len(), 1);
    }

    #[test]
    fn agents_come_in_pages_and_can_be_searched() {
        let board = board(10);
        board.write(|facts| facts.post(agent("0004", "TALKING")));
        let (page, next, total) = board.agents("", 4, "", "");
        assert_eq!((page.len(), next.as_deref(), total), (4, Some("0003"), 10));
        let (page, next, _) = board.agents("0007", 4, "", "");
        assert_eq!((page.len(), next), (2, None));
        assert_eq!(board.agents("", 9, "talking", "").2, 1);
        assert_eq!(board.agents("", 9, "", "aGENT 0007").2, 1);
        assert_eq!(board.agents("", 9, "", "blue").2, 10);
    }

    #[test]
    fn a_link_that_was_up_and_is_not_has_flapped() {
        let board = board(0);
        let link = |state| LinkView {
            id: "broker".into(),
            name: "broker".into(),
            kind: "broker",
            peer: String::new(),
            state,
            since: At(0),
            since_ms: 0,
            why: String::new(),
            retry_ms: None,
            flaps: 0,
            up: None,
            connecting: None,
            down: None,
        };
        for state in ["connecting", "up", "down", "connecting", "up", "up", "down"] {
            board.write(|facts| facts.set_links(vec![link(state)]));
        }
        assert_eq!(board.status(String::new()).links[0].flaps, 2);
    }
}
