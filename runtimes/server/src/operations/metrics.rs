//! What is counted as it happens. Everything else is read off the machines at each scrape.

use finewire_connector::{Event, Which};
use finewire_core::connector::{Note, Spent};
use finewire_core::contract::{ErrorCode, Verb};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds: REST answers within tens of milliseconds, notifications within some hundred, a command is given
/// up after 30 s.
const BUCKETS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0,
];

/// Labels of a command that ended. All of them come from closed lists, so that nobody outside can add one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    verb: String,
    outcome: &'static str,
    /// The error that the driver was told; `none` where it was done.
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hop {
    hop: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Change {
    link: &'static str,
    to: &'static str,
}

/// Running totals since the start.
#[derive(Debug)]
pub(crate) struct Metrics {
    commands: Family<Ended, Counter>,
    durations: Family<Hop, Histogram, fn() -> Histogram>,
    links: Family<Change, Counter>,
    service: Family<Change, Counter>,
    queue_lost: Counter,
    displaced: Counter,
    stale: Counter,
    drivers_lost: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(BUCKETS);
        let metrics = Self {
            commands: Family::default(),
            durations: Family::new_with_constructor(durations),
            links: Family::default(),
            service: Family::default(),
            queue_lost: Counter::default(),
            displaced: Counter::default(),
            stale: Counter::default(),
            drivers_lost: Counter::default(),
        };
        // An alert on a rate needs the zero before the first event.
        for link in ["broker", "finesse-xmpp", "finesse-rest"] {
            for to in ["up", "down"] {
                let _ = metrics.links.get_or_create(&Change { link, to });
            }
        }
        for to in ["up", "down"] {
            let link = "finesse";
            let _ = metrics.service.get_or_create(&Change { link, to });
        }
        for verb in Verb::ALL {
            let _ = metrics.commands.get_or_create(&Ended {
                verb: format!("{verb:?}"),
                outcome: "done",
                code: "none".into(),
            });
        }
        for hop in ["total", "queue", "rest", "event"] {
            let _ = metrics.durations.get_or_create(&Hop { hop });
        }
        metrics
    }

    /// Counts what the connector has told.
    pub(crate) fn observe(&self, event: &Event) {
        match event {
            Event::LinkUp(which) => self.link(which, "up"),
            Event::LinkDown { which, .. } => self.link(which, "down"),
            Event::QueueLost { .. } => {
                self.queue_lost.inc();
            }
            Event::Noted(Note::ServiceChanged { in_service, .. }) => {
                let to = if *in_service { "up" } else { "down" };
                let link = "finesse";
                self.service.get_or_create(&Change { link, to }).inc();
            }
            Event::Noted(Note::CommandDone { verb, spent, .. }) => {
                self.command(verb.as_str(), "done", "none".into());
                self.spent(spent);
            }
            Event::Noted(Note::CommandFailed {
                verb, code, spent, ..
            }) => {
                self.command(verb.as_str(), "failed", name_of(code));
                self.spent(spent);
            }
            Event::Noted(Note::Displaced) => {
                self.displaced.inc();
            }
            Event::Noted(Note::AgentStale { .. }) => {
                self.stale.inc();
            }
            Event::Noted(Note::DriverLost { .. }) => {
                self.drivers_lost.inc();
            }
            _ => {}
        }
    }

    fn link(&self, which: &Which, to: &'static str) {
        let link = match which {
            Which::Broker => "broker",
            Which::Notifications(_) => "finesse-xmpp",
            Which::Rest(_) => "finesse-rest",
        };
        self.links.get_or_create(&Change { link, to }).inc();
    }

    fn command(&self, verb: &str, outcome: &'static str, code: String) {
        let is_known = Verb::ALL.iter().any(|known| format!("{known:?}") == verb);
        let verb = if is_known { verb } else { "other" }.to_owned();
        let labels = Ended {
            verb,
            outcome,
            code,
        };
        self.commands.get_or_create(&labels).inc();
    }

    fn spent(&self, spent: &Spent) {
        let hops = [
            ("total", Some(spent.total)),
            ("queue", spent.waited),
            ("rest", spent.rest),
            ("event", spent.event),
        ];
        for (hop, took) in hops {
            if let Some(took) = took {
                let histogram = self.durations.get_or_create(&Hop { hop });
                histogram.observe(took.as_secs_f64());
            }
        }
    }

    /// Shows all of it in `registry`.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "commands",
            "Commands of drivers that ended, by verb, outcome and the error that the driver was told",
            self.commands.clone(),
        );
        registry.register_with_unit(
            "command_duration",
            "Time of commands: all of it, until the request, from request to answer, from answer to effect",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "link_changes",
            "How often a link came up, and went down or could not be opened",
            self.links.clone(),
        );
        registry.register(
            "service_changes",
            "How often a Finesse server came into service and went out of it",
            self.service.clone(),
        );
        for (name, help, counter) in [
            (
                "queue_lost",
                "How often the broker took the command queue away",
                &self.queue_lost,
            ),
            (
                "displaced",
                "How often another connector took the command queue over",
                &self.displaced,
            ),
            (
                "agents_stale",
                "How often an agent's notifications stopped",
                &self.stale,
            ),
            (
                "drivers_lost",
                "Drivers that were silent for too long",
                &self.drivers_lost,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
    }
}

fn name_of(code: &ErrorCode) -> String {
    let name = code.to_string();
    let is_known = ErrorCode::KNOWN.iter().any(|known| known == code);
    if is_known { name } else { "other".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use finewire_core::machine::CloseReason;

    fn text(metrics: &Metrics) -> String {
        let mut registry = Registry::with_prefix("finewire");
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    fn failed(verb: &str) -> Event {
        Event::Noted(Note::CommandFailed {
            agent: "1001001".into(),
            verb: verb.into(),
            code: ErrorCode::Timeout,
            cause: "no answer".into(),
            spent: Spent {
                total: Duration::from_millis(30_000),
                waited: None,
                rest: Some(Duration::from_millis(7)),
                event: None,
            },
        })
    }

    #[test]
    fn a_failed_command_counts_once_by_verb_and_code_and_in_each_hop_it_made() {
        let metrics = Metrics::new();
        metrics.observe(&failed("MakeReady"));
        let text = text(&metrics);
        let wanted =
            "finewire_commands_total{verb=\"MakeReady\",outcome=\"failed\",code=\"TIMEOUT\"} 1";
        assert!(text.contains(wanted), "{text}");
        for (hop, count) in [("total", 1), ("rest", 1), ("event", 0), ("queue", 0)] {
            let wanted =
                format!("finewire_command_duration_seconds_count{{hop=\"{hop}\"}} {count}");
            assert!(text.contains(&wanted), "{wanted}\n{text}");
        }
        assert!(!text.contains("1001001"), "{text}");
    }

    #[test]
    fn verbs_that_nobody_knows_share_one_label() {
        let metrics = Metrics::new();
        for n in 0..1_000 {
            metrics.observe(&failed(&format!("Verb{n}")));
        }
        let text = text(&metrics);
        assert!(text.contains("verb=\"other\",outcome=\"failed\",code=\"TIMEOUT\"} 1000"));
        assert!(!text.contains("Verb1"), "{text}");
    }

    #[test]
    fn a_link_that_never_moved_has_a_zero() {
        let metrics = Metrics::new();
        metrics.observe(&Event::LinkDown {
            which: Which::Broker,
            reason: CloseReason::Refused,
            retry_at: None,
        });
        let text = text(&metrics);
        assert!(text.contains("link_changes_total{link=\"broker\",to=\"down\"} 1"));
        assert!(text.contains("link_changes_total{link=\"broker\",to=\"up\"} 0"));
    }
}
