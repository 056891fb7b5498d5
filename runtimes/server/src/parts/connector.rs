//! The connector.

use super::{options, seed};
use crate::config::{BrokerChoice, Node, Settings, Trust, XmppRoad};
use crate::logs::codes;
use crate::monitor::{MESSAGES_AT_ONCE, Subject};
use crate::operations::{Metrics, Operations};
use crate::record::{Announcer, Keeper, Plan, Preface, Recorded, Tap};
use anyhow::{Context, Result};
use core::time::Duration;
use finewire_connector::{
    BrokerConfig, Command, Config, Connector, DriverSide, Event, NodeConfig, Which,
};
use finewire_core::connector::{NodeId, Note};
use finewire_core::contract::TimeFormat;
use finewire_core::machine::{CloseReason, Outcome, TlsId};
use finewire_host::{ClientTls, TlsProfiles};
use finewire_openwire::broker::Broker;
use finewire_openwire::client::{BrokerUri, ClientConfig};
use finewire_tokio::{Events, Handle, Task};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{broadcast, watch};

const BROKER: TlsId = TlsId(1);
/// Node n has the profile of this number plus n.
const NODES: u32 = 10;
/// Events that a listener may be behind; it looks four times a second.
const HAPPENED_KEPT: usize = 16_384;
/// Where Finesse's web server takes WebSockets for notifications.
const WEBSOCKET: &str = "/ws/";

/// A running connector.
#[derive(Debug)]
pub(crate) struct ConnectorPart {
    pub(crate) handle: Handle<Recorded>,
    /// Whether the broker is reached and Finesse serves.
    pub(crate) ready: watch::Receiver<bool>,
    /// What it tells its owner, with the moment it did, for everybody who listens.
    pub(crate) happened: broadcast::Sender<(SystemTime, Event)>,
    metrics: Arc<Metrics>,
    started: SystemTime,
    zone: Arc<watch::Sender<TimeZone>>,
    task: Task<Recorded>,
    recording: Option<(Keeper, Announcer)>,
}

/// How the decisions of a running connector are changed.
#[derive(Clone, Debug)]
pub(crate) struct Steering {
    handle: Handle<Recorded>,
    zone: Arc<watch::Sender<TimeZone>>,
    announcer: Option<Announcer>,
}

impl Steering {
    /// Says by which settings it is about to decide, for a recording; `rows` are the whole configuration.
    pub(crate) fn announce(&self, rows: &[crate::config::Row]) {
        if let Some(announcer) = &self.announcer {
            announcer.announce(crate::config::replayable(rows, Some("tcp://localhost")));
        }
    }

    /// Has it decide by `settings` from now on; what links hang on stays.
    pub(crate) async fn apply(&self, settings: Settings) -> Outcome {
        let zone = settings.time_zone.clone();
        let mut decisions = crate::config::decisions(settings);
        decisions.time = TimeFormat::with_offset(offset(&zone));
        let configure = Command::Configure(Box::new(decisions));
        let outcome = self.handle.command(configure).await;
        if outcome == Outcome::Done {
            self.zone.send_replace(zone);
        }
        outcome
    }
}

impl ConnectorPart {
    /// Starts it. `broker` is where the broker is: the settings' own, or the embedded one's.
    ///
    /// # Errors
    ///
    /// Certificates cannot be read, or the broker's address is no good.
    pub(crate) fn start(settings: Settings, broker: &BrokerUri) -> Result<Self> {
        Self::start_as(settings, broker, |_, _, _, _| Ok(None))
    }

    /// As [`ConnectorPart::start`], and everything that it is told is recorded as `recording` says. `text` is the
    /// configuration as [`crate::config::replayable`] gives it.
    ///
    /// # Errors
    ///
    /// As there; or the recording cannot be begun.
    pub(crate) fn start_recorded(
        settings: Settings,
        broker: &BrokerUri,
        recording: &Plan,
        text: &str,
    ) -> Result<Self> {
        Self::start_as(settings, broker, |config, started, seed, offset| {
            let preface = Preface::new(started, seed, text, offset);
            let decisions = &config.decisions;
            let client = match &config.drivers {
                DriverSide::Broker(broker) => broker.client.clone(),
                // No broker: the owner carries what drivers say, or whatever side there will be.
                _ => ClientConfig::default(),
            };
            let (layout, passwords) = (decisions.layout.clone(), decisions.password.clone());
            Keeper::begin(recording, &preface, client, layout, passwords).map(Some)
        })
    }

    fn start_as(
        settings: Settings,
        broker: &BrokerUri,
        record: impl FnOnce(&Config, SystemTime, &[u8], i32) -> Result<Option<(Keeper, Tap, Announcer)>>,
    ) -> Result<Self> {
        let zone = Arc::new(watch::Sender::new(settings.time_zone.clone()));
        let profiles = profiles(&settings, broker)?;
        let offset = offset(&settings.time_zone);
        let config = connector_config(settings, broker, TimeFormat::with_offset(offset))?;
        let (seed, started) = (seed()?, SystemTime::now());
        let (tap, recording) = match record(&config, started, &seed, offset)? {
            Some((keeper, tap, announcer)) => (Some(tap), Some((keeper, announcer))),
            None => (None, None),
        };
        let connector = Recorded::new(Connector::new(config, seed), tap);
        let (handle, events, task) = finewire_tokio::spawn(connector, options(profiles));
        let (sender, ready) = watch::channel(false);
        let happened = broadcast::Sender::new(HAPPENED_KEPT);
        let metrics = Arc::new(Metrics::new());
        tokio::spawn(watch_over(
            events,
            sender,
            happened.clone(),
            metrics.clone(),
        ));
        tokio::spawn(keep_offset(handle.clone(), zone.subscribe()));
        Ok(Self {
            handle,
            ready,
            happened,
            metrics,
            started,
            zone,
            task,
            recording,
        })
    }

    /// For reloads of the configuration.
    pub(crate) fn steering(&self) -> Steering {
        Steering {
            handle: self.handle.clone(),
            zone: Arc::clone(&self.zone),
            announcer: self
                .recording
                .as_ref()
                .map(|(_, announcer)| announcer.clone()),
        }
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

    /// What metrics and readiness are looked up in; `broker` is the embedded one, where there is one.
    pub(crate) fn operations(&self, broker: Option<Handle<Broker>>) -> Operations {
        Operations {
            connector: self.handle.clone(),
            broker,
            metrics: self.metrics.clone(),
            started: self.started,
        }
    }

    /// What a monitor watches, from now on.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            handle: self.handle.clone(),
            happened: self.happened.subscribe(),
            started: self.started,
        }
    }

    /// Ends what is under way, leaves Finesse and broker in good order, and stops.
    pub(crate) async fn stop(self) {
        if let Outcome::Refused(why) | Outcome::Failed(why) =
            self.handle.command(Command::Shutdown).await
        {
            tracing::warn!(
                code = codes::STOPPED_IN_DISORDER,
                "the connector did not end in good order: {why}"
            );
        }
        self.handle.shut_down().await;
        match self.task.await {
            // The recording ends when nobody is left who could say more.
            Ok(connector) => drop(connector),
            Err(e) => tracing::error!(code = codes::TASK_BROKEN, "the connector's task: {e}"),
        }
        if let Some((keeper, _)) = self.recording {
            let _ = tokio::task::spawn_blocking(move || keeper.finish()).await;
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
        (BrokerChoice::Embedded(embedded), None) => embedded
            .url(embedded.listen.port())
            .parse()
            .context("the broker's address"),
    }
}

/// Whom the links of these settings trust.
fn profiles(settings: &Settings, broker: &BrokerUri) -> Result<TlsProfiles> {
    let mut profiles = TlsProfiles::new();
    if broker.servers.iter().any(|server| server.tls) {
        profiles.set_client(BROKER, client_tls(&settings.broker_trust)?);
    }
    for (node, number) in settings.nodes.iter().zip(NODES..) {
        let (is_rest_secured, is_xmpp_secured) = secured(node);
        if is_rest_secured || is_xmpp_secured {
            profiles.set_client(TlsId(number), client_tls(&node.trust)?);
        }
    }
    Ok(profiles)
}

/// Whether TLS protects REST and notifications.
const fn secured(node: &Node) -> (bool, bool) {
    let is_rest_secured = !node.is_plain;
    let is_xmpp_secured = match node.xmpp {
        XmppRoad::Tls => true,
        XmppRoad::Tcp => false,
        XmppRoad::WebSocket => is_rest_secured,
    };
    (is_rest_secured, is_xmpp_secured)
}

/// The connector's machine for these settings.
///
/// # Errors
///
/// The broker's address is no good.
pub(crate) fn connector_config(
    mut settings: Settings,
    broker: &BrokerUri,
    time: TimeFormat,
) -> Result<Config> {
    for ignored in &broker.ignored {
        tracing::warn!(
            code = codes::OPTION_WITHOUT_MEANING,
            "the broker's address has an option without meaning here: {ignored}"
        );
    }
    let mut nodes = Vec::new();
    for (node, number) in settings.nodes.iter().zip(NODES..) {
        let mut config = NodeConfig::new(&node.host, node.port, node.xmpp_port);
        let (is_rest_secured, is_xmpp_secured) = secured(node);
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
    if let Some((user, password)) = settings.user.take() {
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
    let mut decisions = crate::config::decisions(settings);
    decisions.time = time;
    let mut config = Config::new(broker, nodes, decisions);
    config.recent = MESSAGES_AT_ONCE;
    Ok(config)
}

/// Summer time begins and ends while we run.
async fn keep_offset(handle: Handle<Recorded>, zone: watch::Receiver<TimeZone>) {
    let mut known = offset(&zone.borrow());
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    while !handle.is_stopped() {
        minutes.tick().await;
        let current = offset(&zone.borrow());
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

async fn watch_over(
    mut events: Events<Event>,
    ready: watch::Sender<bool>,
    happened: broadcast::Sender<(SystemTime, Event)>,
    metrics: Arc<Metrics>,
) {
    let (mut broker, mut finesse) = (false, Vec::new());
    while let Some(event) = events.next().await {
        metrics.observe(&event);
        log(&event);
        // Nobody listens: nothing to tell.
        let _ = happened.send((SystemTime::now(), event.clone()));
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
                tracing::info!(
                    code = codes::IN_SERVICE,
                    "in service: broker and Finesse are there"
                );
            } else {
                tracing::warn!(code = codes::OUT_OF_SERVICE, "out of service");
            }
        }
    }
}

fn log(event: &Event) {
    match event {
        Event::LinkUp(which) => tracing::info!(code = codes::LINK_UP, "{which}: up"),
        Event::LinkDown {
            which,
            reason,
            retry_at: Some(_),
        } => {
            tracing::warn!(
                code = codes::LINK_DOWN,
                "{which}: down, trying again: {reason}"
            );
        }
        Event::LinkDown {
            which,
            reason: CloseReason::Asked,
            ..
        } => tracing::info!(code = codes::LINK_CLOSED, "{which}: closed"),
        Event::LinkDown {
            which,
            reason,
            retry_at: None,
        } => {
            tracing::warn!(code = codes::LINK_GIVEN_UP, "{which}: down: {reason}");
        }
        Event::QueueLost { why } => {
            tracing::error!(code = codes::QUEUE_LOST, "the command queue is lost: {why}")
        }
        Event::Noted(Note::ServiceChanged {
            node,
            in_service,
            why,
        }) => {
            let node = node_name(*node);
            if *in_service {
                tracing::info!(
                    code = codes::FINESSE_IN_SERVICE,
                    "Finesse {node}: in service ({why})"
                );
            } else {
                tracing::warn!(
                    code = codes::FINESSE_OUT_OF_SERVICE,
                    "Finesse {node}: out of service ({why})"
                );
            }
        }
        Event::Noted(Note::AgentConnected { agent, destination }) => {
            tracing::info!(code = codes::AGENT_CONNECTED, %agent, "agent {agent}: connected, events go to {destination}");
        }
        Event::Noted(Note::AgentSignedIn { agent, extension }) => {
            tracing::info!(code = codes::AGENT_SIGNED_IN, %agent, "agent {agent}: signed in at {extension}");
        }
        Event::Noted(Note::AgentSignedOut(agent)) => {
            tracing::info!(code = codes::AGENT_SIGNED_OUT, %agent, "agent {agent}: signed out")
        }
        Event::Noted(Note::AgentStale { agent, why }) => {
            tracing::warn!(code = codes::AGENT_STALE, %agent, "agent {agent}: notifications have stopped: {why}");
        }
        Event::Noted(Note::CommandFailed {
            agent,
            verb,
            code,
            cause,
            ..
        }) => {
            tracing::warn!(code = codes::COMMAND_FAILED, %agent, "agent {agent}: {verb} failed with {code}: {cause}");
        }
        Event::Noted(Note::CommandDone { agent, verb, spent }) => {
            let took = spent.total.as_millis();
            tracing::debug!(code = codes::COMMAND_DONE, %agent, "agent {agent}: {verb} done in {took} ms");
        }
        Event::Noted(Note::DriverLost {
            destination,
            agents,
        }) => {
            tracing::warn!(
                code = codes::DRIVER_LOST,
                "the driver at {destination} is silent; {agents} of its agents are signed in"
            );
        }
        Event::Noted(Note::CommandDropped { why }) => {
            tracing::warn!(code = codes::COMMAND_DROPPED, "command dropped: {why}")
        }
        Event::Noted(Note::Displaced) => {
            tracing::warn!(
                code = codes::QUEUE_TAKEN_OVER,
                "another connector has taken over the command queue"
            );
        }
        Event::Noted(note) => tracing::debug!(code = codes::DETAIL, "{note:?}"),
        Event::Stopped => tracing::info!(code = codes::CONNECTOR_ENDED, "the connector has ended"),
        other => tracing::debug!(code = codes::DETAIL, "{other:?}"),
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
