//! Everything that a connector needs, looked at together.

use super::advice::Place;
use super::broker::{self, Questions};
use super::finesse::{self, Told};
use super::notification::{self, Greeted};
use super::report::{Check, Finding, Report, Verdict};
use super::secrets;
use super::way::{Clock, Way};
use crate::config::{BrokerChoice, EmbeddedBroker, Node, Settings, Trust};
use core::time::Duration;
use finewire_core::password::{PasswordCodec, Secret};
use finewire_openwire::client::BrokerUri;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What is to be looked at.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Everything ends within this.
    pub(crate) timeout: Duration,
    /// Each step ends within this.
    pub(crate) step: Duration,
    /// Whose login is tried.
    pub(crate) agent: Option<Agent>,
    /// The topic that is tried; `None`: one of our own making.
    pub(crate) topic: Option<String>,
}

/// Whose login is tried.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) password: Secret,
}

/// The topic that is made, tried and removed where no other is given.
const OUR_TOPIC: &str = "finewire.doctor";

/// Looks at everything that `settings`, read from the file at `path`, name.
pub(crate) async fn examine(settings: Settings, path: &Path, plan: Plan) -> Report {
    let begun = Instant::now();
    let clock = Clock {
        deadline: begun + plan.timeout,
        step: plan.step,
    };
    let settings = Arc::new(settings);
    let mut checks = local(&settings, path, &plan);
    let brokers = spawn_brokers(&settings, &plan, clock);
    let mut rest = Vec::new();
    let mut notifications = Vec::new();
    for index in 0..settings.nodes.len() {
        rest.push(tokio::spawn(look_at_node(settings.clone(), index, clock)));
        let look = look_at_notifications(settings.clone(), index, clock);
        notifications.push(tokio::spawn(look));
    }
    for broker in brokers {
        checks.extend(broker.await.unwrap_or_default());
    }
    let mut told = Vec::new();
    for look in rest {
        let (found, node) = look.await.unwrap_or_default();
        checks.extend(found);
        told.push(node);
    }
    let mut greeted = Vec::new();
    for look in notifications {
        let (found, node) = look.await.unwrap_or_default();
        checks.extend(found);
        greeted.push(node);
    }
    checks.extend(between_nodes(&settings.nodes, &told));
    nobody_serves(&mut checks, &told);
    checks.extend(logins(&settings, &plan, clock, &told, &greeted).await);
    Report::new(checks, begun.elapsed())
}

/// What can be looked at without a peer.
fn local(settings: &Settings, path: &Path, plan: &Plan) -> Vec<Check> {
    let shown = path.display().to_string();
    let check = |part: &str, what, target: &str, finding| {
        Check::new(part, what, target, finding, Duration::ZERO)
    };
    let mut checks = vec![check(
        "configuration",
        "file",
        &shown,
        Finding::ok("reads without an error"),
    )];
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    // It was there a moment ago.
    let text = std::fs::read_to_string(path).unwrap_or_default();
    checks.extend(secrets::look(&text, folder));
    if let Some(agent) = &plan.agent {
        let is_encrypted = !matches!(settings.passwords, PasswordCodec::Clear);
        let finding = secrets::agent(&agent.id, &agent.password, is_encrypted);
        checks.push(check("agent", "characters", &agent.id, finding));
    }
    if let BrokerChoice::Remote(uri) = &settings.broker
        && !uri.ignored.is_empty()
    {
        let text = format!("without meaning here: {}", uri.ignored.join(", "));
        let finding = Finding::warning(text, "remove them from broker.url");
        checks.push(check("broker", "options", "broker.url", finding));
    }
    checks
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn spawn_brokers(
    settings: &Arc<Settings>,
    plan: &Plan,
    clock: Clock,
) -> Vec<JoinHandle<Vec<Check>>> {
    let uri = match &settings.broker {
        BrokerChoice::Remote(uri) => uri.as_ref().clone(),
        BrokerChoice::Embedded(broker) => {
            let (settings, broker) = (settings.clone(), broker.as_ref().clone());
            let topic = plan.topic.clone();
            return vec![tokio::spawn(embedded(settings, broker, topic, clock))];
        }
    };
    let many = uri.servers.len() > 1;
    let looks = uri.servers.iter().zip(1..).map(|(server, number)| {
        let part = if many {
            format!("broker {number}")
        } else {
            "broker".to_owned()
        };
        let ask = questions(settings, &uri, server.clone(), plan.topic.as_deref());
        let (settings, server) = (settings.clone(), server.clone());
        tokio::spawn(async move {
            let mut way = Way::new(&part, clock);
            let place = broker_place(&server.host, &settings.broker_trust);
            broker::look(&mut way, &server, &ask, place).await;
            way.checks
        })
    });
    looks.collect()
}

fn questions(
    settings: &Settings,
    uri: &BrokerUri,
    server: finewire_openwire::client::Server,
    topic: Option<&str>,
) -> Questions {
    Questions {
        uri: BrokerUri {
            servers: vec![server],
            failover: None,
            jms: uri.jms.clone(),
            ignored: Vec::new(),
        },
        user: settings.user.clone(),
        queue: settings.queue.clone(),
        topic: topic.unwrap_or(OUR_TOPIC).to_owned(),
        is_topic_ours: topic.is_none(),
    }
}

fn broker_place<'a>(host: &'a str, trust: &'a Trust) -> Place<'a> {
    Place {
        host,
        trust,
        table: "[broker]",
        without_tls: "write tcp:// in place of ssl:// in broker.url",
        now: now(),
    }
}

/// The embedded broker runs within the connector: it is there already, or its port must be free.
async fn embedded(
    settings: Arc<Settings>,
    embedded: EmbeddedBroker,
    topic: Option<String>,
    clock: Clock,
) -> Vec<Check> {
    let mut way = Way::new("broker", clock);
    let listen = embedded.listen;
    let target = listen.to_string();
    match std::net::TcpListener::bind(listen) {
        Ok(_) => {
            way.find("port", &target, Finding::ok("free for the embedded broker"));
            return way.checks;
        }
        Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
            let text = "taken: the connector runs, or another program has it";
            way.find("port", &target, Finding::ok(text));
        }
        Err(e) => {
            let text = format!("cannot listen there: {e}");
            let hint =
                "choose another broker.listen: an address of this machine, a port above 1023";
            way.find("port", &target, Finding::failed(text, hint));
            return way.checks;
        }
    }
    let url = embedded.url(listen.port());
    let Ok(uri) = url.parse::<BrokerUri>() else {
        return way.checks;
    };
    if let Some(server) = uri.servers.first() {
        let ask = questions(&settings, &uri, server.clone(), topic.as_deref());
        let trust = embedded.trust();
        let place = broker_place(&server.host, trust.as_ref().unwrap_or(&Trust::System));
        broker::look(&mut way, server, &ask, place).await;
    }
    way.checks
}

/// A node's letter, as the rest of the program names it.
fn letter(index: usize) -> char {
    if index == 0 { 'A' } else { 'B' }
}

fn node_place<'a>(node: &'a Node, host: &'a str, is_rest: bool) -> Place<'a> {
    Place {
        host,
        trust: &node.trust,
        table: "[[finesse.node]]",
        without_tls: if is_rest {
            "security = \"plain\" in [[finesse.node]]"
        } else {
            "xmpp = \"tcp\" in [[finesse.node]]"
        },
        now: now(),
    }
}

async fn look_at_node(
    settings: Arc<Settings>,
    index: usize,
    clock: Clock,
) -> (Vec<Check>, Option<Told>) {
    let Some(node) = settings.nodes.get(index) else {
        return (Vec::new(), None);
    };
    let mut way = Way::new(&format!("Finesse {}", letter(index)), clock);
    let told = finesse::look(&mut way, node, node_place(node, &node.host, true)).await;
    (way.checks, told)
}

async fn look_at_notifications(
    settings: Arc<Settings>,
    index: usize,
    clock: Clock,
) -> (Vec<Check>, Option<Greeted>) {
    let Some(node) = settings.nodes.get(index) else {
        return (Vec::new(), None);
    };
    let mut way = Way::new(&format!("notifications {}", letter(index)), clock);
    let place = node_place(node, notification::host(node), false);
    let greeted = notification::look(&mut way, node, place).await;
    (way.checks, greeted)
}

/// What the nodes say of each other against what is configured.
fn between_nodes(nodes: &[Node], told: &[Option<Told>]) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut warn = |target: &str, text: String, hint: &str| {
        let finding = Finding::warning(text, hint);
        checks.push(Check::new(
            "Finesse",
            "nodes",
            target,
            finding,
            Duration::ZERO,
        ));
    };
    let knows_second = told
        .iter()
        .flatten()
        .find_map(|told| told.info.secondary.as_ref());
    if let (Some(second), 1) = (knows_second, nodes.len()) {
        let text = "the site has a second node, which is not configured".to_owned();
        warn(
            second.host.as_str(),
            text,
            "add a second [[finesse.node]]: nobody takes over for the first one",
        );
    }
    let domains: Vec<&str> = told
        .iter()
        .flatten()
        .filter_map(|told| told.info.xmpp_domain.as_ref().map(|domain| domain.as_str()))
        .collect();
    if told.iter().flatten().count() > domains.len() {
        let text = "SystemInfo names no XMPP domain".to_owned();
        warn(
            "xmppDomain",
            text,
            "set xmpp_domain and pubsub_domain in [finesse]",
        );
    }
    checks
}

/// One standby node is as it should be; no node in service is not.
fn nobody_serves(checks: &mut [Check], told: &[Option<Told>]) {
    if told.iter().flatten().any(|told| told.info.is_in_service()) {
        return;
    }
    for check in checks {
        if check.what == "SystemInfo" && check.verdict == Verdict::Warning {
            check.verdict = Verdict::Failed;
        }
    }
}

/// The agent's login: by REST at one node, and only where that went well by XMPP at all of them. A wrong
/// password so counts once, and Finesse locks an account after five.
async fn logins(
    settings: &Arc<Settings>,
    plan: &Plan,
    clock: Clock,
    told: &[Option<Told>],
    greeted: &[Option<Greeted>],
) -> Vec<Check> {
    let nodes = settings.nodes.iter().zip(told).zip(greeted).zip(0..);
    let ready = nodes.filter_map(|(((node, told), greeted), index)| {
        let told = told.as_ref().filter(|told| told.info.is_in_service())?;
        Some((index, node, told, greeted.as_ref()))
    });
    let ready: Vec<_> = ready.collect();
    let mut way = Way::new("agent", clock);
    let Some(agent) = &plan.agent else {
        let hint = "give --agent and --agent-password-file of an agent who is not at work";
        way.find("login", "Finesse", Finding::skipped("no agent given", hint));
        return way.checks;
    };
    let Some((index, node, first, _)) = ready.first() else {
        let finding = Finding::skipped("no node is in service", "mend that first");
        way.find("login", &agent.id, finding);
        return way.checks;
    };
    let target = format!("{} at Finesse {}", agent.id, letter(*index));
    let tried = finesse::credentials(node, first.tls.clone(), &agent.id, &agent.password, clock);
    if way.step("credentials", &target, tried).await.is_none() {
        return way.checks;
    }
    for (index, node, told, greeted) in ready {
        let target = format!("{} at notifications {}", agent.id, letter(index));
        let Some(greeted) = greeted else {
            let finding =
                Finding::skipped("the notification service did not greet", "mend that first");
            way.find("login", &target, finding);
            continue;
        };
        let domain = told
            .info
            .xmpp_domain
            .as_ref()
            .map_or(node.host.as_str(), |it| it.as_str());
        let tls = greeted.tls.clone();
        let login = notification::log_in(node, tls, domain, &agent.id, &agent.password);
        way.step("login", &target, login).await;
    }
    way.checks
}
