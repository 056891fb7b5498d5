//! Looks at the connector four times a second and brings the board up to date. The connector is asked for
//! what is new only, so that a look costs it little, however many agents it has.

use super::board::Board;
use super::shapes::{AgentView, At, CallView, HopsView, LinkView, MessageView, RowView};
use crate::levels::{self, Depth};
use crate::logs::codes;
use crate::record::Recorded;
use core::time::Duration;
use finewire_connector::{Connector, Event, LinkReport, NodeReport, Recent, Which};
use finewire_core::connector::{
    AgentReport, Counters, NodeId, Note, Readiness, Spent, Subscription,
};
use finewire_core::machine::{Instant, LinkState, Party};
use finewire_tokio::Handle;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

/// How often the connector is looked at.
const PERIOD: Duration = Duration::from_millis(250);
/// Messages taken over in one look; the connector keeps as many.
pub(crate) const MESSAGES_AT_ONCE: usize = 8_192;

/// What the monitor watches.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) handle: Handle<Recorded>,
    /// What the connector tells its owner, with the moment it did.
    pub(crate) happened: broadcast::Receiver<(SystemTime, Event)>,
    /// When the connector's clock began.
    pub(crate) started: SystemTime,
}

/// What one look brings.
struct Look {
    broker: LinkReport,
    nodes: Vec<NodeReport>,
    readiness: Readiness,
    is_draining: bool,
    counters: Counters,
    extra: [(&'static str, u64); 4],
    agents: Vec<AgentReport>,
    /// All ids, when some agents may have gone.
    ids: Option<BTreeSet<String>>,
    forgotten: u64,
    messages: Vec<Recent>,
}

/// Where the last look ended.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    revision: u64,
    forgotten: u64,
    message: u64,
}

/// Keeps `board` up to date until the connector ends.
pub(crate) async fn watch(subject: Subject, board: Arc<Board>) {
    let Subject {
        handle,
        mut happened,
        started,
    } = subject;
    let mut place = Place::default();
    let mut feeds = BTreeMap::new();
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let from = place;
        let Some(look) = handle.inspect(move |connector| look(connector, from)).await else {
            board.write(super::board::Facts::stop);
            board.seen();
            return;
        };
        let moments = Moments { started };
        let mut rows = Vec::new();
        loop {
            match happened.try_recv() {
                Ok((at, event)) => rows.extend(about_event(moments.wall(at), &event)),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        post(&board, &look, moments, &mut place, &mut feeds, rows);
        board.seen();
    }
}

fn look(connector: &Connector, from: Place) -> Look {
    let decisions = connector.decisions();
    let (broker, nodes) = connector.links();
    let forgotten = decisions.agents_forgotten();
    let ids = (forgotten != from.forgotten)
        .then(|| decisions.agent_ids().map(ToString::to_string).collect());
    let messages = connector.recent_since(from.message, MESSAGES_AT_ONCE);
    Look {
        broker,
        nodes,
        readiness: decisions.readiness(),
        is_draining: decisions.is_draining(),
        counters: *decisions.counters(),
        extra: connector.totals(),
        agents: decisions.agents_since(from.revision).collect(),
        ids,
        forgotten,
        messages: messages.cloned().collect(),
    }
}

/// From the connector's clock to the wall's.
#[derive(Clone, Copy)]
struct Moments {
    started: SystemTime,
}

impl Moments {
    fn wall(self, at: SystemTime) -> At {
        jiff::Timestamp::try_from(at).map_or_else(|_| At::now(), |at| At(at.as_millisecond()))
    }

    fn at(self, at: Instant) -> At {
        let since = at.since(Instant::START);
        self.started
            .checked_add(since)
            .map_or_else(At::now, |at| self.wall(at))
    }
}

fn post(
    board: &Board,
    look: &Look,
    moments: Moments,
    place: &mut Place,
    feeds: &mut BTreeMap<String, (u16, Subscription, String)>,
    mut rows: Vec<(String, RowView)>,
) {
    let now = At::now();
    for agent in &look.agents {
        place.revision = place.revision.max(agent.revision);
        let feed = (agent.node.0, agent.subscription, agent.trouble.to_string());
        feeds.insert(agent.agent.to_string(), feed);
    }
    if let Some(ids) = &look.ids {
        feeds.retain(|id, _| ids.contains(id));
    }
    place.forgotten = look.forgotten;
    let mut messages = Vec::new();
    let depths = levels::tick(std::time::Instant::now());
    for recent in &look.messages {
        let agent = recent.message.agent.as_deref();
        if let Some(depth) = agent.and_then(|agent| depths.get(agent)) {
            say(recent, *depth);
        }
        let at = moments.at(recent.at);
        rows.extend(about_message(at, recent));
        messages.push(message(at, recent));
    }
    let missed = look.messages.first().map_or(0, |first| {
        first.number.saturating_sub(place.message.saturating_add(1))
    });
    if let Some(last) = look.messages.last() {
        place.message = last.number;
    }
    rows.sort_by_key(|(_, row)| row.at);
    let is_ready = look.readiness == Readiness::InService
        && look.broker.state == LinkState::Ready
        && !look.is_draining;
    let links = links(look, feeds, moments, now);
    board.write(|facts| {
        facts.draining = look.is_draining;
        facts.set_links(links);
        facts.set_ready(now, is_ready);
        facts.counters = counters(&look.counters, look.extra);
        for agent in &look.agents {
            facts.post(agent_view(agent, moments, now));
        }
        if let Some(ids) = &look.ids {
            facts.keep_only(|id| ids.contains(id));
        }
        facts.lose(missed);
        for message in messages {
            facts.pass(message);
        }
        for (agent, row) in rows {
            if let Some(hops) = row.latency_ms {
                facts.ended(hops.total);
            }
            if !agent.is_empty() {
                facts.happen(&agent, row);
            }
        }
        facts.tick(now);
    });
}

fn links(
    look: &Look,
    feeds: &BTreeMap<String, (u16, Subscription, String)>,
    moments: Moments,
    now: At,
) -> Vec<LinkView> {
    let blank = |id: String, name: String, kind, peer: &str| LinkView {
        id,
        name,
        kind,
        peer: peer.into(),
        state: "idle",
        since: now,
        since_ms: 0,
        why: String::new(),
        retry_ms: None,
        flaps: 0,
        up: None,
        connecting: None,
        down: None,
    };
    let broker = &look.broker;
    let mut links = vec![LinkView {
        state: link_state(broker.state),
        since: moments.at(broker.since),
        why: broker
            .why
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        retry_ms: match broker.state {
            LinkState::Waiting { retry_at } => Some(moments.at(retry_at)).map(|at| now.age(at)),
            _ => None,
        },
        ..blank("broker".into(), "broker".into(), "broker", &broker.endpoint)
    }];
    for node in &look.nodes {
        let letter = node_name(node.node);
        let why = match &node.fault {
            Some(fault) if node.readiness != Readiness::InService => {
                format!("{}: {fault}", node.why)
            }
            _ => node.why.to_string(),
        };
        links.push(LinkView {
            state: match node.readiness {
                Readiness::InService => "up",
                Readiness::OutOfService => "down",
                Readiness::Unknown => "connecting",
            },
            since: moments.at(node.since),
            why,
            ..blank(
                format!("rest-{}", letter.to_lowercase()),
                format!("Finesse {letter} REST"),
                "finesse-rest",
                &node.endpoint,
            )
        });
        let mine = || feeds.values().filter(|(at, ..)| *at == node.node.0);
        let count = |wanted| mine().filter(|(_, state, _)| *state == wanted).count();
        let (up, down) = (count(Subscription::Up), count(Subscription::Down));
        let connecting = count(Subscription::Opening);
        let state = match (up, connecting, down) {
            (0, 0, 0) => "idle",
            (0, 0, _) => "down",
            (0, _, _) => "connecting",
            _ if down > up => "down",
            _ => "up",
        };
        let trouble = mine().find(|(_, state, _)| *state == Subscription::Down);
        let why = trouble
            .map(|(_, _, why)| format!("{down} of {} are down: {why}", up + down + connecting));
        links.push(LinkView {
            state,
            why: why.unwrap_or_default(),
            up: Some(up),
            connecting: Some(connecting),
            down: Some(down),
            ..blank(
                format!("xmpp-{}", letter.to_lowercase()),
                format!("Finesse {letter} notifications"),
                "finesse-xmpp",
                &node.notifications,
            )
        });
    }
    links
}

const fn link_state(state: LinkState) -> &'static str {
    match state {
        LinkState::Ready => "up",
        LinkState::Opening | LinkState::Securing | LinkState::Greeting => "connecting",
        LinkState::Waiting { .. } => "down",
        LinkState::Idle => "idle",
    }
}

/// Nodes go by letters: A, and B where there is one.
fn node_name(node: NodeId) -> String {
    match node.0 {
        0 => "A".into(),
        1 => "B".into(),
        other => (u32::from(other) + 1).to_string(),
    }
}

fn text(of: Option<&impl ToString>) -> String {
    of.map(ToString::to_string).unwrap_or_default()
}

fn agent_view(agent: &AgentReport, moments: Moments, now: At) -> AgentView {
    let feed_since = moments.at(agent.since);
    let calls = agent.calls.iter().map(|call| CallView {
        id: call.id.to_string(),
        state: call.state.to_string(),
        from: call.from.to_string(),
        to: call.to.to_string(),
        since: now,
    });
    AgentView {
        id: agent.agent.to_string(),
        name: agent.name.to_string(),
        state: agent.state.to_string(),
        reason: agent.reason.to_string(),
        since: agent.state_since.map_or(feed_since, |at| At(at.0)),
        extension: text(agent.extension.as_ref()),
        team: agent.team.to_string(),
        destination: text(agent.destination.as_ref()),
        feed: match agent.subscription {
            Subscription::None => "idle",
            Subscription::Opening => "connecting",
            Subscription::Up => "up",
            Subscription::Down => "down",
        },
        feed_since,
        feed_why: agent.trouble.to_string(),
        node: node_name(agent.node),
        calls: calls.collect(),
        pending: agent.commands,
    }
}

const fn party(party: Party) -> &'static str {
    match party {
        Party::Driver => "driver",
        Party::Broker => "broker",
        Party::Finesse => "finesse",
        _ => "connector",
    }
}

pub(crate) fn message(at: At, recent: &Recent) -> MessageView {
    let trace = &recent.message;
    MessageView {
        n: 0,
        at,
        from: party(trace.from),
        to: party(trace.to),
        link: road(trace.from, trace.to, &trace.subject),
        agent: trace.agent.clone(),
        subject: trace.subject.clone(),
        detail: trace.detail.clone(),
    }
}

/// What a message travels on: REST has request lines and answers with a status, the rest of what Finesse says
/// comes by XMPP.
fn road(from: Party, to: Party, subject: &str) -> &'static str {
    if from != Party::Finesse && to != Party::Finesse {
        return "broker";
    }
    let word = subject.split(' ').next().unwrap_or_default();
    let is_status = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_request = matches!(word, "GET" | "PUT" | "POST" | "DELETE");
    if is_status || is_request || subject == "no answer" {
        "rest"
    } else {
        "xmpp"
    }
}

/// Logs a message of an agent that the operator wants to know more of. At `info`, whatever the level of the
/// rest is: it was asked for.
fn say(recent: &Recent, depth: Depth) {
    let trace = &recent.message;
    let is_driver = trace.from == Party::Driver || trace.to == Party::Driver;
    if depth == Depth::Trace || is_driver {
        tracing::info!(
            target: levels::ASKED,
            code = codes::MESSAGE,
            agent = trace.agent.as_deref().unwrap_or_default(),
            "{} → {}: {} {}",
            trace.from,
            trace.to,
            trace.subject,
            trace.detail
        );
    }
}

/// What a message says about an agent: commands and events; what Finesse is asked stands in the trace.
pub(crate) fn about_message(at: At, recent: &Recent) -> Option<(String, RowView)> {
    let trace = &recent.message;
    let agent = trace.agent.as_deref()?;
    let word = trace.subject.split('#').next().unwrap_or_default();
    let kind = match (trace.from, trace.to) {
        (Party::Driver, Party::Connector) => "command",
        (Party::Connector, Party::Driver) => match word {
            "State" => "state",
            "Error" => "error",
            _ if word.ends_with("Call") || word.contains("Dialog") => "call",
            _ => "answer",
        },
        (Party::Connector, Party::Connector) => "link",
        _ => return None,
    };
    let row = RowView {
        n: 0,
        at,
        kind,
        text: word.into(),
        detail: trace.detail.clone(),
        ok: kind != "error",
        latency_ms: None,
    };
    Some((agent.into(), row))
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn hops(spent: &Spent) -> HopsView {
    HopsView {
        total: ms(spent.total),
        queue: spent.waited.map(ms),
        rest: spent.rest.map(ms),
        event: spent.event.map(ms),
    }
}

/// What the connector tells its owner about an agent.
pub(crate) fn about_event(at: At, event: &Event) -> Option<(String, RowView)> {
    let row = |kind, text: String, detail: String, ok| RowView {
        n: 0,
        at,
        kind,
        text,
        detail,
        ok,
        latency_ms: None,
    };
    let (agent, row) = match event {
        Event::LinkUp(Which::Notifications(agent)) => (
            agent,
            row("link", "notifications flow".into(), String::new(), true),
        ),
        Event::LinkDown {
            which: Which::Notifications(agent),
            reason,
            ..
        } => (
            agent,
            row("link", "no notifications".into(), reason.to_string(), false),
        ),
        Event::Noted(Note::CommandDone { agent, verb, spent }) => (
            agent,
            RowView {
                latency_ms: Some(hops(spent)),
                ..row("answer", format!("{verb} done"), String::new(), true)
            },
        ),
        Event::Noted(Note::CommandFailed {
            agent,
            verb,
            code,
            cause,
            spent,
        }) => (
            agent,
            RowView {
                latency_ms: Some(hops(spent)),
                ..row(
                    "error",
                    format!("{verb} failed: {code}"),
                    cause.to_string(),
                    false,
                )
            },
        ),
        Event::Noted(Note::AgentConnected { agent, destination }) => (
            agent,
            row(
                "answer",
                "connected".into(),
                format!("events go to {destination}"),
                true,
            ),
        ),
        Event::Noted(Note::AgentSignedIn { agent, extension }) => (
            agent,
            row(
                "state",
                "signed in".into(),
                format!("extension {extension}"),
                true,
            ),
        ),
        Event::Noted(Note::AgentSignedOut(agent)) => (
            agent,
            row("state", "signed out".into(), String::new(), true),
        ),
        Event::Noted(Note::AgentStale { agent, why }) => (
            agent,
            row(
                "link",
                "what is known is stale".into(),
                why.to_string(),
                false,
            ),
        ),
        _ => return None,
    };
    Some((agent.to_string(), row))
}

fn counters(counts: &Counters, extra: [(&'static str, u64); 4]) -> BTreeMap<&'static str, u64> {
    let mut all: BTreeMap<_, _> = [
        ("commands", counts.commands),
        ("commands_done", counts.commands_done),
        ("commands_failed", counts.commands_failed),
        ("commands_dropped", counts.commands_dropped),
        ("malformed", counts.malformed),
        ("refused_destinations", counts.refused_destinations),
        ("events", counts.events),
        ("events_dropped", counts.events_dropped),
        ("replaced_values", counts.replaced_values),
        ("requests", counts.requests),
        ("requests_refused", counts.requests_refused),
        ("requests_unanswered", counts.requests_unanswered),
        ("late_answers", counts.late_answers),
        ("notifications", counts.notifications),
        ("duplicates", counts.duplicates),
        ("unrelated", counts.unrelated),
        ("wrong_passwords", counts.wrong_passwords),
        ("refused_unread", counts.refused_unread),
        ("timeouts", counts.timeouts),
        ("resyncs", counts.resyncs),
    ]
    .into();
    all.extend(extra);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_road_it_came_on() {
        for (from, to, subject, wanted) in [
            (Party::Driver, Party::Connector, "MakeReady#1", "broker"),
            (Party::Connector, Party::Finesse, "PUT User/1", "rest"),
            (Party::Finesse, Party::Connector, "202 Accepted", "rest"),
            (Party::Finesse, Party::Connector, "no answer", "rest"),
            (Party::Finesse, Party::Connector, "User changed", "xmpp"),
            (Party::Connector, Party::Finesse, "log in 1@x", "xmpp"),
        ] {
            assert_eq!(road(from, to, subject), wanted, "{subject}");
        }
    }
}
