//! The connector.

use super::{options, seed};
use crate::config::{BrokerChoice, Settings, Trust, XmppRoad};
use crate::monitor::{AgentView, CallView, LinkView, MessageView, Source, View};
use anyhow::{Context, Result};
use core::time::Duration;
use finewire_connector::{
    BrokerConfig, Command, Config, Connector, Event, LinkReport, NodeConfig, Status, Which,
};
use finewire_core::connector::{self, NodeId, Note, Readiness, Subscription};
use finewire_core::contract::TimeFormat;
use finewire_core::machine::{CloseReason, Instant, LinkState, Outcome, TlsId};
use finewire_host::{ClientTls, TlsProfiles};
use finewire_openwire::client::{BrokerUri, ClientConfig};
use finewire_tokio::{Events, Handle, Task};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::watch;

const BROKER: TlsId = TlsId(1);
/// Node n has the profile of this number plus n.
const NODES: u32 = 10;
/// Where Finesse's web server takes WebSockets for notifications.
const WEBSOCKET: &str = "/ws/";

/// A running connector.
#[derive(Debug)]
pub(crate) struct ConnectorPart {
    pub(crate) handle: Handle<Connector>,
    /// Whether the broker is reached and Finesse serves.
    pub(crate) ready: watch::Receiver<bool>,
    started: SystemTime,
    zone: TimeZone,
    task: Task<Connector>,
}

impl ConnectorPart {
    /// Starts it. `broker` is where the broker is: the settings' own, or the embedded one's.
    ///
    /// # Errors
    ///
    /// Certificates cannot be read, or the broker's address is no good.
    pub(crate) fn start(settings: Settings, broker: &BrokerUri) -> Result<Self> {
        let zone = settings.time_zone.clone();
        let (config, profiles) = plan(settings, broker)?;
        let started = SystemTime::now();
        let (handle, events, task) =
            finewire_tokio::spawn(Connector::new(config, seed()?), options(profiles));
        let (sender, ready) = watch::channel(false);
        tokio::spawn(watch_over(events, sender));
        tokio::spawn(keep_offset(handle.clone(), zone.clone()));
        Ok(Self {
            handle,
            ready,
            started,
            zone,
            task,
        })
    }

    /// Returns once broker and Finesse are there.
    ///
    /// # Errors
    ///
    /// The connector has stopped.
    pub(crate) async fn in_service(&self) -> Result<()> {
        let mut ready = self.ready.clone();
        ready
            .wait_for(|ready| *ready)
            .await
            .map(|_| ())
            .context("the connector has stopped")
    }

    /// Where the monitor gets its facts.
    pub(crate) fn source(&self) -> Source {
        let (handle, started, zone) = (self.handle.clone(), self.started, self.zone.clone());
        Arc::new(move || {
            let (handle, zone) = (handle.clone(), zone.clone());
            Box::pin(async move {
                let status = handle.inspect(Connector::status).await?;
                Some(view(&status, started, &zone))
            })
        })
    }

    /// Ends what is under way, leaves Finesse and broker in good order, and stops.
    pub(crate) async fn stop(self) {
        if let Outcome::Refused(why) | Outcome::Failed(why) =
            self.handle.command(Command::Shutdown).await
        {
            tracing::warn!("the connector did not end in good order: {why}");
        }
        self.handle.shut_down().await;
        if let Err(e) = self.task.await {
            tracing::error!("the connector's task: {e}");
        }
    }
}

/// The broker that the settings name, or the embedded one at `embedded`.
///
/// # Errors
///
/// The address is no good.
pub(crate) fn broker_uri(settings: &Settings, embedded: Option<&str>) -> Result<BrokerUri> {
    match (&settings.broker, embedded) {
        (BrokerChoice::Remote(uri), _) => Ok(uri.as_ref().clone()),
        (BrokerChoice::Embedded(_), Some(url)) => url.parse().context("the broker's address"),
        (BrokerChoice::Embedded(at), None) => format!("tcp://{at}")
            .parse()
            .context("the broker's address"),
    }
}

fn plan(settings: Settings, broker: &BrokerUri) -> Result<(Config, TlsProfiles)> {
    let mut profiles = TlsProfiles::new();
    if broker.servers.iter().any(|server| server.tls) {
        profiles.set_client(BROKER, client_tls(&settings.broker_trust)?);
    }
    for ignored in &broker.ignored {
        tracing::warn!("the broker's address has an option without meaning here: {ignored}");
    }
    let mut nodes = Vec::new();
    for (node, number) in settings.nodes.iter().zip(NODES..) {
        let mut config = NodeConfig::new(&node.host, node.port, node.xmpp_port);
        let is_rest_secured = !node.is_plain;
        let is_xmpp_secured = match node.xmpp {
            XmppRoad::Tls => true,
            XmppRoad::Tcp => false,
            XmppRoad::WebSocket => is_rest_secured,
        };
        if is_rest_secured || is_xmpp_secured {
            profiles.set_client(TlsId(number), client_tls(&node.trust)?);
        }
        config.http_tls = is_rest_secured.then_some(TlsId(number));
        config.xmpp_tls = is_xmpp_secured.then_some(TlsId(number));
        config.allow_plaintext = !is_xmpp_secured;
        config.xmpp_host = node.xmpp_host.as_deref().map(Into::into);
        if node.xmpp == XmppRoad::WebSocket {
            config = config.in_websocket(WEBSOCKET);
        }
        nodes.push(config);
    }
    let mut client = ClientConfig::default();
    client.apply(broker);
    if let Some((user, password)) = settings.user {
        client.user = Some(user);
        client.password = Some(password);
    }
    let link = broker
        .to_link_config(Some(BROKER))
        .context("the broker's address")?;
    let broker = BrokerConfig {
        client,
        priority: i8::try_from(settings.priority).unwrap_or(i8::MAX),
        ..BrokerConfig::new(link, &settings.queue)
    };
    let mut decisions = connector::Config::new(settings.layout, settings.passwords);
    decisions.time = TimeFormat::with_offset(offset(&settings.time_zone));
    decisions.connect_status = settings.connect_status;
    decisions.new_outbound_call = settings.new_outbound_call;
    decisions.event_format = settings.event_format;
    settings.tuning.apply(&mut decisions);
    Ok((Config::new(broker, nodes, decisions), profiles))
}

/// Summer time begins and ends while we run.
async fn keep_offset(handle: Handle<Connector>, zone: TimeZone) {
    let mut known = offset(&zone);
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    while !handle.is_stopped() {
        minutes.tick().await;
        let current = offset(&zone);
        if current != known {
            known = current;
            handle
                .command(Command::SetTime(TimeFormat::with_offset(current)))
                .await;
        }
    }
}

fn offset(zone: &TimeZone) -> i32 {
    zone.to_offset(jiff::Timestamp::now()).seconds()
}

/// The TLS of a client with this trust.
///
/// # Errors
///
/// Certificates cannot be read.
pub(crate) fn client_tls(trust: &Trust) -> Result<ClientTls> {
    match trust {
        Trust::System => ClientTls::system_roots().context("the system's authorities"),
        Trust::Authority(path) => {
            ClientTls::roots_file(path).with_context(|| format!("{}", path.display()))
        }
        Trust::Pinned(fingerprint) => Ok(ClientTls::pinned(*fingerprint)),
    }
}

async fn watch_over(mut events: Events<Event>, ready: watch::Sender<bool>) {
    let (mut broker, mut finesse) = (false, Vec::new());
    while let Some(event) = events.next().await {
        log(&event);
        match event {
            Event::LinkUp(Which::Broker) => broker = true,
            // It is ending: nobody is to be alarmed.
            Event::LinkDown {
                which: Which::Broker,
                reason: CloseReason::Asked,
                ..
            } => continue,
            Event::LinkDown {
                which: Which::Broker,
                ..
            } => broker = false,
            Event::Noted(Note::ServiceChanged {
                node, in_service, ..
            }) => {
                finesse.retain(|other| *other != node);
                if in_service {
                    finesse.push(node);
                }
            }
            _ => {}
        }
        let is_ready = broker && !finesse.is_empty();
        if ready.send_if_modified(|was| core::mem::replace(was, is_ready) != is_ready) {
            if is_ready {
                tracing::info!("in service: broker and Finesse are there");
            } else {
                tracing::warn!("out of service");
            }
        }
    }
}

fn log(event: &Event) {
    match event {
        Event::LinkUp(which) => tracing::info!("{which}: up"),
        Event::LinkDown {
            which,
            reason,
            retry_at: Some(_),
        } => {
            tracing::warn!("{which}: down, trying again: {reason}");
        }
        Event::LinkDown {
            which,
            reason: CloseReason::Asked,
            ..
        } => tracing::info!("{which}: closed"),
        Event::LinkDown {
            which,
            reason,
            retry_at: None,
        } => {
            tracing::warn!("{which}: down: {reason}");
        }
        Event::QueueLost { why } => tracing::error!("the command queue is lost: {why}"),
        Event::Noted(Note::ServiceChanged {
            node,
            in_service,
            why,
        }) => {
            let state = if *in_service {
                "in service"
            } else {
                "out of service"
            };
            tracing::info!("Finesse {}: {state} ({why})", node_name(*node));
        }
        Event::Noted(Note::AgentConnected { agent, destination }) => {
            tracing::info!("agent {agent}: connected, events go to {destination}");
        }
        Event::Noted(Note::AgentSignedIn { agent, extension }) => {
            tracing::info!("agent {agent}: signed in at {extension}");
        }
        Event::Noted(Note::AgentSignedOut(agent)) => tracing::info!("agent {agent}: signed out"),
        Event::Noted(Note::AgentStale { agent, why }) => {
            tracing::warn!("agent {agent}: notifications have stopped: {why}");
        }
        Event::Noted(Note::CommandFailed {
            agent,
            verb,
            code,
            cause,
            ..
        }) => {
            tracing::warn!("agent {agent}: {verb} failed with {code}: {cause}");
        }
        Event::Noted(Note::CommandDropped { why }) => tracing::warn!("command dropped: {why}"),
        Event::Noted(Note::Displaced) => {
            tracing::warn!("another connector has taken over the command queue");
        }
        Event::Noted(note) => tracing::debug!("{note:?}"),
        Event::Stopped => tracing::info!("the connector has ended"),
        other => tracing::debug!("{other:?}"),
    }
}

fn view(status: &Status, started: SystemTime, zone: &TimeZone) -> View {
    let uptime = started.elapsed().unwrap_or_default();
    let now = Instant::START + uptime;
    let ms = |since: Instant| u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
    let mut links = vec![LinkView {
        name: "broker".into(),
        peer: status.broker.endpoint.clone(),
        state: link_state(&status.broker),
        since_ms: ms(status.broker.since),
        why: status
            .broker
            .why
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }];
    for node in &status.nodes {
        links.push(LinkView {
            name: format!("Finesse {}", node_name(node.node)),
            peer: node.endpoint.clone(),
            state: match node.readiness {
                Readiness::InService => "up",
                Readiness::OutOfService => "down",
                Readiness::Unknown => "connecting",
            },
            since_ms: ms(node.since),
            why: node.why.to_string(),
        });
    }
    let agents = status.agents.iter().map(|(agent, _)| AgentView {
        id: agent.agent.to_string(),
        name: agent.name.to_string(),
        state: agent.state.to_string(),
        extension: agent
            .extension
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        destination: agent
            .destination
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        feed: match agent.subscription {
            Subscription::None => "idle",
            Subscription::Opening => "connecting",
            Subscription::Up => "up",
            Subscription::Down => "down",
        },
        calls: agent
            .calls
            .iter()
            .map(|call| CallView {
                id: call.id.to_string(),
                state: call.state.to_string(),
                from: call.from.to_string(),
            })
            .collect(),
    });
    let messages = status.recent.iter().rev().map(|recent| MessageView {
        at: clock(started, recent.at, zone),
        from: recent.message.from.to_string(),
        to: recent.message.to.to_string(),
        agent: recent
            .message
            .agent
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        subject: recent.message.subject.clone(),
        detail: recent.message.detail.clone(),
    });
    View {
        version: env!("CARGO_PKG_VERSION"),
        ready: status.readiness == Readiness::InService && status.broker.state == LinkState::Ready,
        uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
        agents: agents.collect(),
        messages: messages.collect(),
        counters: counters(status),
        links,
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

fn link_state(link: &LinkReport) -> &'static str {
    match link.state {
        LinkState::Ready => "up",
        LinkState::Opening | LinkState::Securing | LinkState::Greeting => "connecting",
        LinkState::Waiting { .. } => "down",
        LinkState::Idle => "idle",
    }
}

fn counters(status: &Status) -> std::collections::BTreeMap<&'static str, u64> {
    let counts = &status.counters;
    [
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
        ("unsent", status.unsent),
        ("forged", status.forged),
        ("unreadable", status.unreadable),
    ]
    .into()
}

/// The wall time of a moment, to the millisecond.
fn clock(started: SystemTime, at: Instant, zone: &TimeZone) -> String {
    let moment = started + at.since(Instant::START);
    match jiff::Timestamp::try_from(moment) {
        Ok(moment) => moment
            .to_zoned(zone.clone())
            .strftime("%H:%M:%S%.3f")
            .to_string(),
        Err(_) => at.to_string(),
    }
}
