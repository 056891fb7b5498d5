//! One broker: the way to it, the login, and whether the connector may do there what it has to.

use super::advice::Place;
use super::handshake;
use super::report::Finding;
use super::tls;
use super::way::Way;
use crate::parts;
use core::net::SocketAddr;
use core::time::Duration;
use finewire_core::machine::Reason;
use finewire_core::password::Secret;
use finewire_host::{ClientTls, HostConfig, TlsProfiles};
use finewire_openwire::client::{BrokerUri, ClientConfig, Server};
use finewire_tokio::openwire::{
    self, Confirm, Connection, ConnectionEvent, Destination, Message, NotDone, Plan,
};

/// What a broker is asked.
#[derive(Debug)]
pub(crate) struct Questions {
    /// The settings' URI with this broker alone.
    pub(crate) uri: BrokerUri,
    pub(crate) user: Option<(String, Secret)>,
    /// The command queue.
    pub(crate) queue: String,
    /// A topic to see whether we may publish to topics.
    pub(crate) topic: String,
    /// Whether the topic is of our own making, to be removed afterwards.
    pub(crate) is_topic_ours: bool,
}

/// Looks at one broker.
pub(crate) async fn look(way: &mut Way, server: &Server, ask: &Questions, trust: Place<'_>) {
    let Some(at) = way.reach(&server.host, server.port).await else {
        return;
    };
    let target = format!("{}:{}", server.host, server.port);
    let mut profile = None;
    if server.tls {
        let client = match parts::client_tls(trust.trust) {
            Ok(client) => client,
            Err(e) => {
                let hint = "name a PEM file as ca_file in [broker], or pin the certificate";
                way.find("tls", &target, Finding::failed(format!("{e:#}"), hint));
                return;
            }
        };
        if way
            .step("tls", &target, tls::secure(at, trust, &client))
            .await
            .is_none()
        {
            return;
        }
        profile = Some(client);
    }
    let clock = way.clock();
    let login = async {
        match log_in(ask, profile).await {
            Ok((connection, finding)) => Ok((connection, finding)),
            Err(finding) if server.tls => Err(finding),
            Err(finding) => Err(instead_of(finding, at, &server.host, clock).await),
        }
    };
    let Some(connection) = way.step("login", &target, login).await else {
        return;
    };
    way.step("queue", &ask.queue, consume(&connection, ask))
        .await;
    way.step("topic", &ask.topic, publish(&connection, ask))
        .await;
    // Whatever it says to that, we are done with it.
    let farewell = tokio::time::timeout(Duration::from_secs(1), connection.close());
    let _ = farewell.await;
}

/// A failure on a plain road is another one where the peer speaks TLS.
async fn instead_of(
    finding: Finding,
    at: SocketAddr,
    host: &str,
    clock: super::way::Clock,
) -> Finding {
    if !handshake::speaks_tls(at, host, clock).await {
        return finding;
    }
    let text = "the port speaks TLS, and the configuration says plain text";
    Finding::failed(text, "write ssl:// in place of tcp:// in broker.url")
}

async fn log_in(
    ask: &Questions,
    profile: Option<ClientTls>,
) -> Result<(Connection, Finding), Finding> {
    let mut config = ClientConfig::default();
    config.apply(&ask.uri);
    if let Some((user, password)) = &ask.user {
        config.user = Some(user.clone());
        config.password = Some(password.clone());
    }
    let who = match &config.user {
        Some(user) => format!("user {user}"),
        None => "a client without user".to_owned(),
    };
    let mut tls = TlsProfiles::new();
    if let Some(profile) = profile {
        tls.set_client(openwire::TLS, profile);
    }
    let options = finewire_tokio::Options {
        host: HostConfig {
            tls,
            ..HostConfig::default()
        },
        ..finewire_tokio::Options::default()
    };
    let plan = Plan {
        uri: ask.uri.clone(),
        config,
    };
    let failed =
        |text: String| Finding::failed(text, "is it an OpenWire port? ActiveMQ's is 61616");
    let (connection, mut events) =
        openwire::open(plan, options).map_err(|e| failed(e.to_string()))?;
    connection
        .connected()
        .await
        .map_err(|refusal| match refusal.why.reason {
            Reason::Denied => Finding::failed(
                format!("{who} is refused: {}", words(&refusal)),
                "look at broker.user and broker.password_file, and at the broker's users",
            ),
            _ => failed(format!("no login: {}", words(&refusal))),
        })?;
    let mut spoken = String::new();
    if let Some(ConnectionEvent::Up { broker, version }) = events.next().await {
        let name = broker.as_deref().unwrap_or("unnamed");
        spoken = format!(": broker {name}, OpenWire {version}");
    }
    drop(events);
    let finding = Finding::ok(format!("{who} is let in{spoken}"));
    Ok((connection, finding))
}

/// May we consume from the command queue? A consumer without prefetch and with a selector that nothing
/// matches takes no command away from anybody.
async fn consume(connection: &Connection, ask: &Questions) -> Result<((), Finding), Finding> {
    let queue = Destination::queue(ask.queue.as_str());
    let consumer = connection.consumer(queue).prefetch(0).priority(-1);
    match consumer.selector("1 = 0").open().await {
        Ok(_) => Ok(((), Finding::ok("may consume"))),
        Err(refusal) => {
            let hint = format!(
                "grant read (and admin, so that it is made if missing) on queue {}",
                ask.queue
            );
            Err(no_right("consume from the queue", &refusal, hint))
        }
    }
}

/// May we publish to topics? A message in a transaction that is rolled back reaches nobody, and the broker
/// looks at the right to send it all the same.
async fn publish(connection: &Connection, ask: &Questions) -> Result<((), Finding), Finding> {
    let topic = Destination::topic(ask.topic.as_str());
    let sent = async {
        let session = connection.session().await?;
        let producer = session.producer(topic.clone()).confirm(Confirm::Always);
        producer.open().await?.send(Message::text("")).await?;
        session.rollback().await
    };
    match sent.await {
        Ok(()) => {
            if ask.is_topic_ours {
                // It may stay where that is not allowed: an empty topic.
                let _ = connection.remove_destination(topic).await;
            }
            Ok(((), Finding::ok("may publish")))
        }
        Err(refusal) => {
            let hint = "grant write (and admin, so that they are made if missing) on the topics of the drivers; \
                        --topic NAME tries one of them";
            Err(no_right("publish to the topic", &refusal, hint.to_owned()))
        }
    }
}

/// Why, without whose words they are: the finding says that.
fn words(refusal: &NotDone) -> &str {
    let text = refusal.why.text.as_ref();
    text.strip_prefix("refused by the peer: ").unwrap_or(text)
}

fn no_right(what: &str, refusal: &NotDone, hint: String) -> Finding {
    match refusal.why.reason {
        Reason::Denied => Finding::failed(format!("may not {what}: {}", words(refusal)), hint),
        _ => Finding::failed(
            format!("cannot {what}: {}", words(refusal)),
            "look at the broker's log",
        ),
    }
}
