//! Our OpenWire client against the real ActiveMQ and its Java client.

use core::time::Duration;
use finewire_core::machine::{Link, LinkEvent, LinkSlot, Outcome, Random, TlsId};
use finewire_openwire::client::{
    AckMode, BrokerUri, Client, ClientCommand, ClientConfig, ClientEvent, ConsumerHandle,
    Delivered, Publish, Subscribe,
};
use finewire_openwire::command::{Destination, Message};
use finewire_tests::peers::{Broker, Jms, available, certificate};
use finewire_tokio::{ClientTls, Events, Handle, Options, TlsProfiles};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);
const TLS: TlsId = TlsId(1);

/// One client of ours, on tokio.
struct Ours {
    handle: Handle<Link<Client>>,
    events: Events<LinkEvent<ClientEvent>>,
}

impl Ours {
    async fn connect(url: &str, seed: u8) -> Self {
        Self::connect_with(url, seed, TlsProfiles::new()).await
    }

    async fn connect_with(url: &str, seed: u8, tls: TlsProfiles) -> Self {
        let uri: BrokerUri = url.parse().expect("a URI");
        let mut config = ClientConfig::default();
        config.apply(&uri);
        let client = Client::new(config, [seed; 32]);
        let link = uri.to_link_config(Some(TLS)).expect("TLS is configured");
        let mut link = Link::new(client, link, LinkSlot(0), Random::from_seed([seed; 32]));
        link.start(finewire_core::machine::Instant::START);
        let mut options = Options::default();
        options.host.tls = tls;
        let (handle, events, _task) = finewire_tokio::spawn(link, options);
        let mut ours = Self { handle, events };
        ours.wait_for_up().await;
        ours
    }

    async fn event(&mut self, what: &str) -> LinkEvent<ClientEvent> {
        let next = tokio::time::timeout(PATIENCE, self.events.next()).await;
        next.unwrap_or_else(|_| panic!("{what} did not come"))
            .expect("the client runs")
    }

    async fn wait_for_up(&mut self) {
        while self.event("a connection").await != LinkEvent::Up {}
    }

    async fn delivered(&mut self) -> Delivered {
        loop {
            if let LinkEvent::Said(ClientEvent::Delivered(delivered)) =
                self.event("a message").await
            {
                return delivered;
            }
        }
    }

    async fn text(&mut self) -> String {
        text(&self.delivered().await.message)
    }

    async fn done(&self, command: ClientCommand) {
        let what = format!("{command:?}");
        assert_eq!(self.handle.command(command).await, Outcome::Done, "{what}");
    }

    async fn subscribe(&self, number: u32, destination: Destination) {
        self.done(ClientCommand::Subscribe(Subscribe::to(
            ConsumerHandle(number),
            destination,
        )))
        .await;
    }

    async fn publish(&self, destination: Destination, text: &str, persistent: bool) {
        let mut message = Message::text(text);
        message.persistent = persistent;
        self.done(ClientCommand::Publish(Publish {
            destination,
            message,
        }))
        .await;
    }
}

fn text(message: &Message) -> String {
    message
        .body()
        .expect("a body")
        .as_text()
        .expect("text")
        .to_string()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[tokio::test]
async fn messages_pass_both_ways_on_queues_and_topics() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let url = broker.url();
    let mut java = blocking(move || Jms::connect(&url)).await;
    let mut ours = Ours::connect(&broker.url(), 1).await;
    ours.subscribe(1, Destination::queue("to-us")).await;
    ours.subscribe(2, Destination::topic("news")).await;
    java = blocking(move || {
        java.queue("to-java");
        java.topic("events");
        java.send("to-us", "Hello#1", "grüße 😀");
        java
    })
    .await;

    let delivered = ours.delivered().await;
    assert_eq!(text(&delivered.message), "grüße 😀");
    assert_eq!(delivered.consumer, ConsumerHandle(1));
    ours.publish(Destination::queue("to-java"), "queued ✓", true)
        .await;
    ours.publish(Destination::topic("events"), "told", false)
        .await;
    java = blocking(move || {
        java.expect("a queued message", |body| body == "queued ✓");
        java.expect("a told message", |body| body == "told");
        java.publish("news", "N#1", "to all");
        java
    })
    .await;
    assert_eq!(ours.text().await, "to all");

    ours.done(ClientCommand::Disconnect).await;
    blocking(move || java.finish()).await;
}

#[tokio::test]
async fn a_java_request_is_answered_over_its_temporary_queue() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let url = broker.url();
    let mut ours = Ours::connect(&url, 2).await;
    ours.subscribe(1, Destination::queue("questions")).await;
    let asking = tokio::task::spawn_blocking(move || {
        let mut java = Jms::connect(&url);
        let answer = java.request("questions", "how many?");
        java.finish();
        answer
    });

    let question = ours.delivered().await.message;
    let reply_to = question.reply_to.clone().expect("a temporary queue");
    let mut message = Message::text("forty-two");
    message.correlation_id = question.correlation_id.clone();
    ours.done(ClientCommand::Publish(Publish {
        destination: reply_to,
        message,
    }))
    .await;

    assert_eq!(asking.await.expect("no panic"), "forty-two");
}

#[tokio::test]
async fn the_exclusive_consumer_with_the_highest_priority_gets_all_and_the_next_takes_over() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let mut secondary = Ours::connect(&broker.url(), 3).await;
    let mut primary = Ours::connect(&broker.url(), 4).await;
    let sender = Ours::connect(&broker.url(), 5).await;
    let queue = || Destination::queue("Connector1");
    for (ours, priority) in [(&secondary, 100), (&primary, 127)] {
        let mut subscribe = Subscribe::to(ConsumerHandle(1), queue());
        subscribe.exclusive = true;
        subscribe.priority = priority;
        ours.done(ClientCommand::Subscribe(subscribe)).await;
    }

    for n in 0..10 {
        sender.publish(queue(), &format!("{n}"), true).await;
    }
    for n in 0..10 {
        assert_eq!(primary.text().await, format!("{n}"));
    }
    primary.done(ClientCommand::Disconnect).await;
    for n in 10..20 {
        sender.publish(queue(), &format!("{n}"), true).await;
    }

    for n in 10..20 {
        assert_eq!(secondary.text().await, format!("{n}"));
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_is_delivered_again_to_another() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let mut first = Ours::connect(&broker.url(), 6).await;
    let mut subscribe = Subscribe::to(ConsumerHandle(1), Destination::queue("work"));
    subscribe.acknowledge = AckMode::Individual;
    first
        .done(ClientCommand::Subscribe(subscribe.clone()))
        .await;
    for n in 0..3 {
        first
            .publish(Destination::queue("work"), &format!("{n}"), true)
            .await;
    }
    let _ = first.delivered().await;
    let second = first.delivered().await;
    let _ = first.delivered().await;
    first
        .done(ClientCommand::Acknowledge(
            second.token.expect("ours to acknowledge"),
        ))
        .await;
    first.done(ClientCommand::Disconnect).await;

    let mut other = Ours::connect(&broker.url(), 7).await;
    other.done(ClientCommand::Subscribe(subscribe)).await;

    assert_eq!([other.text().await, other.text().await], ["0", "2"]);
}

#[tokio::test]
async fn subscriptions_survive_a_restart_of_the_broker() {
    if !Broker::is_available() {
        return;
    }
    let broker = Broker::start();
    let (port, url) = (broker.port(), broker.url());
    let failover = format!("failover:({url},tcp://127.0.0.1:1)?maxReconnectDelay=200");
    let mut ours = Ours::connect(&failover, 8).await;
    ours.subscribe(1, Destination::queue("kept")).await;
    ours.subscribe(2, Destination::topic("kept")).await;

    blocking(move || broker.kill()).await;
    let refused = loop {
        if let LinkEvent::Down { .. } = ours.event("the loss").await {
            let message = Message::text("lost");
            let destination = Destination::queue("kept");
            let publish = ClientCommand::Publish(Publish {
                destination,
                message,
            });
            break ours.handle.command(publish).await;
        }
    };
    assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
    let broker = blocking(move || Broker::start_on(port)).await;
    ours.wait_for_up().await;

    let mut java = blocking(move || Jms::connect(&url)).await;
    blocking(move || {
        java.send("kept", "A#1", "queued after");
        java.publish("kept", "B#1", "told after");
        java.finish();
    })
    .await;
    let mut texts = [ours.text().await, ours.text().await];
    texts.sort();
    assert_eq!(texts, ["queued after", "told after"]);
    drop(broker);
}

#[tokio::test]
async fn the_broker_is_reached_over_tls_with_a_pinned_certificate() {
    if !Broker::is_available() || !available("OpenSSL", &["/usr/bin/openssl"]) {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    certificate(folder.path());
    let store = folder.path().join("store.p12");
    let broker = blocking(move || Broker::start_with_tls(&store, "changeit")).await;
    let pem = std::fs::read(folder.path().join("cert.pem")).expect("a certificate");
    let mut profiles = TlsProfiles::new();
    profiles.set_client(TLS, ClientTls::roots_pem(&pem).expect("a root"));

    let url = format!("ssl://localhost:{}", broker.port());
    let mut ours = Ours::connect_with(&url, 9, profiles).await;
    ours.subscribe(1, Destination::queue("q")).await;
    ours.publish(Destination::queue("q"), "sealed", true).await;

    assert_eq!(ours.text().await, "sealed");
}
