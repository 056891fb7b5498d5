//! One scrape: the running totals, and what the machines show at this moment.

use super::process::Process;
use super::{LOOK_WITHIN, Operations};
use core::sync::atomic::AtomicU64;
use finewire_connector::{Connector, NodeReport};
use finewire_core::connector::{Counters, Readiness, Subscription};
use finewire_core::machine::LinkState;
use finewire_openwire::broker::{Broker, BrokerSnapshot};
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;

type Labels = Vec<(&'static str, String)>;
type Level = Gauge<f64, AtomicU64>;

/// States that agents have a label for; further words of later releases count as `OTHER`.
const STATES: [&str; 12] = [
    "UNKNOWN",
    "LOGOUT",
    "NOT_READY",
    "READY",
    "RESERVED",
    "RESERVED_OUTBOUND",
    "RESERVED_OUTBOUND_PREVIEW",
    "TALKING",
    "HOLD",
    "WORK",
    "WORK_READY",
    "OTHER",
];

/// What the connector shows.
#[derive(Debug)]
struct Look {
    broker_is_up: bool,
    nodes: Vec<NodeReport>,
    readiness: Readiness,
    is_draining: bool,
    counters: Counters,
    totals: [(&'static str, u64); 4],
    states: BTreeMap<&'static str, u64>,
    feeds: BTreeMap<&'static str, u64>,
    calls: usize,
    on_calls: u64,
    pending: usize,
}

impl Look {
    fn of(connector: &Connector) -> Self {
        let (broker, nodes) = connector.links();
        let decisions = connector.decisions();
        let mut look = Self {
            broker_is_up: broker.state == LinkState::Ready,
            nodes,
            readiness: decisions.readiness(),
            is_draining: decisions.is_draining(),
            counters: *decisions.counters(),
            totals: connector.totals(),
            states: STATES.iter().map(|state| (*state, 0)).collect(),
            feeds: ["up", "connecting", "down", "idle"]
                .into_iter()
                .map(|state| (state, 0))
                .collect(),
            calls: 0,
            on_calls: 0,
            pending: 0,
        };
        for agent in decisions.agents() {
            let state = agent.state.to_string();
            let known = STATES.iter().find(|known| **known == state);
            *look
                .states
                .entry(known.copied().unwrap_or("OTHER"))
                .or_default() += 1;
            let feed = match agent.subscription {
                Subscription::Up => "up",
                Subscription::Opening => "connecting",
                Subscription::Down => "down",
                Subscription::None => "idle",
            };
            *look.feeds.entry(feed).or_default() += 1;
            look.calls += agent.calls.len();
            look.on_calls += u64::from(!agent.calls.is_empty());
            look.pending += agent.commands;
        }
        look
    }

    fn is_ready(&self) -> bool {
        self.broker_is_up && self.readiness == Readiness::InService && !self.is_draining
    }
}

impl Operations {
    /// Everything in OpenMetrics' text form; `None` when the connector is gone or does not turn.
    pub(super) async fn scrape(&self) -> Option<String> {
        let look = self.connector.inspect(|connector| Look::of(connector));
        let look = tokio::time::timeout(LOOK_WITHIN, look).await.ok()??;
        let broker = match &self.broker {
            Some(handle) => {
                let look = handle.inspect(Broker::snapshot);
                tokio::time::timeout(LOOK_WITHIN, look).await.ok()?
            }
            None => None,
        };
        let mut registry = Registry::with_prefix("finewire");
        self.metrics.register(&mut registry);
        let mut page = Page(&mut registry);
        page.whole(self.started.elapsed().unwrap_or_default().as_secs_f64());
        page.connector(&look);
        page.counters(&look);
        if let Some(broker) = broker {
            page.broker(&broker);
        }
        let mut system = Registry::with_prefix("process");
        process(&mut system, Process::look(), self.started);
        join(&registry, &system)
    }
}

/// Both registries in one text; it ends once.
fn join(first: &Registry, second: &Registry) -> Option<String> {
    let mut text = String::with_capacity(16 * 1024);
    text::encode_registry(&mut text, first).ok()?;
    text::encode_registry(&mut text, second).ok()?;
    text::encode_eof(&mut text).ok()?;
    Some(text)
}

struct Page<'a>(&'a mut Registry);

impl Page<'_> {
    fn level(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Level::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    fn levels(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Level>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }

    fn total(&mut self, name: &str, help: &str, value: u64) {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn whole(&mut self, uptime: f64) {
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        self.levels("build", "The running version", [(version, 1.0)]);
        self.level("uptime_seconds", "Since the program was started", uptime);
    }

    fn connector(&mut self, look: &Look) {
        self.level(
            "ready",
            "1: drivers are served; 0: broker or Finesse is away, or it is drained",
            bit(look.is_ready()),
        );
        self.level(
            "draining",
            "1: no new commands are taken",
            bit(look.is_draining),
        );
        let broker = (labels("link", "broker", ""), bit(look.broker_is_up));
        let nodes = look.nodes.iter().map(|node| {
            let is_up = node.readiness == Readiness::InService;
            (labels("link", "finesse", &letter(node)), bit(is_up))
        });
        self.levels(
            "link_up",
            "1: the link is up, or the Finesse server serves",
            nodes.chain([broker]),
        );
        let of_nodes = |value: fn(&NodeReport) -> usize| {
            let row = move |node: &NodeReport| (vec![("node", letter(node))], float(value(node)));
            look.nodes.iter().map(row).collect::<Vec<_>>()
        };
        self.levels(
            "http_connections",
            "Open connections to a Finesse server's REST interface",
            of_nodes(|node| node.connections),
        );
        self.levels(
            "http_requests",
            "Requests to a Finesse server under way and waiting",
            of_nodes(|node| node.requests),
        );
        let states = look.states.iter();
        self.levels(
            "agents",
            "Agents by state",
            states.map(|(state, count)| (one("state", state), large(*count))),
        );
        let feeds = look.feeds.iter();
        self.levels(
            "notification_links",
            "Agents' notification links by state",
            feeds.map(|(state, count)| (one("state", state), large(*count))),
        );
        self.level("calls", "Calls of all agents", float(look.calls));
        self.level(
            "agents_on_calls",
            "Agents with a call",
            large(look.on_calls),
        );
        self.level(
            "commands_pending",
            "Commands that wait or are under way",
            float(look.pending),
        );
    }

    fn counters(&mut self, look: &Look) {
        let counts = &look.counters;
        for (name, help, value) in [
            (
                "messages",
                "Messages from the command queue",
                counts.commands,
            ),
            (
                "messages_dropped",
                "Messages dropped because nobody could be answered",
                counts.commands_dropped,
            ),
            (
                "messages_malformed",
                "Messages that were no command",
                counts.malformed,
            ),
            (
                "destinations_refused",
                "Destination names that broke a rule",
                counts.refused_destinations,
            ),
            ("events", "Events sent to drivers", counts.events),
            (
                "events_dropped",
                "Events lost because the broker was away",
                counts.events_dropped,
            ),
            (
                "values_replaced",
                "Values of Finesse whose structural characters were replaced",
                counts.replaced_values,
            ),
            ("requests", "Requests to Finesse", counts.requests),
            (
                "requests_refused",
                "Requests that Finesse refused",
                counts.requests_refused,
            ),
            (
                "requests_unanswered",
                "Requests without an answer",
                counts.requests_unanswered,
            ),
            (
                "answers_late",
                "Answers that came after their request was given up",
                counts.late_answers,
            ),
            (
                "notifications",
                "Notifications of Finesse",
                counts.notifications,
            ),
            (
                "notifications_repeated",
                "Notifications that had been seen before",
                counts.duplicates,
            ),
            (
                "notifications_unrelated",
                "Notifications not understood, or about somebody else",
                counts.unrelated,
            ),
            (
                "passwords_wrong",
                "Wrong or undecodable passwords",
                counts.wrong_passwords,
            ),
            (
                "passwords_unread",
                "Passwords refused unread after too many wrong ones",
                counts.refused_unread,
            ),
            (
                "timeouts",
                "Commands that no outcome came for",
                counts.timeouts,
            ),
            (
                "resyncs",
                "Reads of an agent after its notifications had stopped",
                counts.resyncs,
            ),
        ] {
            self.total(name, help, value);
        }
        for (name, value) in look.totals {
            let (name, help) = match name {
                "unsent" => ("events_unsent", "Events that the broker did not take"),
                "repeated" => (
                    "messages_repeated",
                    "Commands that the broker delivered again",
                ),
                "forged" => (
                    "notifications_forged",
                    "Notifications from somebody who may not send them",
                ),
                _ => (
                    "notifications_unreadable",
                    "Notifications that could not be read",
                ),
            };
            self.total(name, help, value);
        }
    }

    fn broker(&mut self, broker: &BrokerSnapshot) {
        let queues = &broker.queues;
        let waiting: usize = queues.iter().map(|queue| queue.waiting).sum();
        let in_flight: usize = queues.iter().map(|queue| queue.in_flight).sum();
        let consumers: usize = broker.connections.iter().map(|one| one.consumers).sum();
        let backlog: usize = broker.connections.iter().map(|one| one.backlog).sum();
        for (name, help, value) in [
            (
                "broker_connections",
                "Clients of the embedded broker",
                broker.connections.len(),
            ),
            (
                "broker_consumers",
                "Consumers at the embedded broker",
                consumers,
            ),
            (
                "broker_queues",
                "Queues of the embedded broker",
                queues.len(),
            ),
            (
                "broker_topics",
                "Topics that somebody consumes",
                broker.topics.len(),
            ),
            (
                "broker_messages_waiting",
                "Messages in queues that nobody has taken",
                waiting,
            ),
            (
                "broker_messages_in_flight",
                "Messages with consumers, not yet acknowledged",
                in_flight,
            ),
            (
                "broker_held_bytes",
                "Bytes in all queues",
                broker.held_bytes,
            ),
            (
                "broker_backlog_bytes",
                "Bytes not yet written to slow clients",
                backlog,
            ),
        ] {
            self.level(name, help, float(value));
        }
    }
}

fn process(registry: &mut Registry, process: Process, started: std::time::SystemTime) {
    let started = started.duration_since(std::time::UNIX_EPOCH);
    let started = started.map(|since| since.as_secs_f64()).ok();
    let mut page = Page(registry);
    for (name, help, value) in [
        (
            "resident_memory_bytes",
            "Resident memory",
            process.resident_bytes.map(large),
        ),
        (
            "open_fds",
            "Open file descriptors",
            process.open_descriptors.map(large),
        ),
        (
            "max_fds",
            "Most open file descriptors",
            process.most_descriptors.map(large),
        ),
        ("threads", "Threads", process.threads.map(large)),
        (
            "start_time_seconds",
            "When the program was started, in seconds since 1970",
            started,
        ),
    ] {
        if let Some(value) = value {
            page.level(name, help, value);
        }
    }
}

/// Nodes go by letters, as in the configuration's order.
fn letter(node: &NodeReport) -> String {
    match node.node.0 {
        0 => "A".into(),
        1 => "B".into(),
        other => (u32::from(other) + 1).to_string(),
    }
}

fn labels(name: &'static str, value: &str, node: &str) -> Labels {
    vec![(name, value.to_owned()), ("node", node.to_owned())]
}

fn one(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn bit(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

fn float(count: usize) -> f64 {
    large(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Exact below 2^53, which no figure here reaches.
#[expect(
    clippy::cast_precision_loss,
    reason = "figures of a page, not of a ledger"
)]
fn large(count: u64) -> f64 {
    count as f64
}
