//! Broker, Finesse and connector, each a machine of its own on one tokio runtime.

use finewire_connector::{BrokerConfig, Config, Connector, NodeConfig};
use finewire_core::agent::AgentState;
use finewire_core::connector;
use finewire_core::contract::Layout;
use finewire_core::machine::{Address, Endpoint, LinkConfig};
use finewire_core::password::PasswordCodec;
use finewire_openwire::broker::{Admission, Broker, BrokerEvent, Listen};
use finewire_simulator::{Command, Event, Service, Simulator};
use finewire_tokio::{Handle, Options, seed, spawn};

type Error = Box<dyn core::error::Error + Send + Sync>;

/// A running site without TLS on loopback ports; it ends when it is dropped.
#[derive(Debug)]
pub struct Site {
    /// The broker as clients write it: `tcp://127.0.0.1:…`.
    pub url: String,
    _broker: Handle<Broker>,
    _finesse: Handle<Simulator>,
    _connector: Handle<Connector>,
}

impl Site {
    /// Starts it. Whoever becomes ready is called, once.
    ///
    /// The connector reads the queue `Connector1` and takes passwords in clear; agents and their password are the
    /// simulator's own.
    ///
    /// # Errors
    ///
    /// The system gives no port or no randomness.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start() -> Result<Self, Error> {
        let (broker, port) = broker().await?;
        let (finesse, node) = finesse().await?;
        let way = LinkConfig::keep_open(vec![Endpoint::plain("127.0.0.1", port)]);
        let decisions = connector::Config::new(Layout::default(), PasswordCodec::Clear);
        let config = Config::new(BrokerConfig::new(way, "Connector1"), vec![node], decisions);
        let (connector, _, _) = spawn(Connector::new(config, seed()?), Options::default());
        Ok(Self {
            url: format!("tcp://127.0.0.1:{port}"),
            _broker: broker,
            _finesse: finesse,
            _connector: connector,
        })
    }
}

async fn broker() -> Result<(Handle<Broker>, u16), Error> {
    let config = finewire_openwire::broker::BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        admission: Admission::Anyone,
        ..Default::default()
    };
    let (broker, mut events, _) = spawn(Broker::new(config, seed()?), Options::default());
    loop {
        let event = events.next().await.ok_or("the broker has stopped")?;
        if let BrokerEvent::Listening { address, .. } = event {
            return Ok((broker, address.port));
        }
    }
}

async fn finesse() -> Result<(Handle<Simulator>, NodeConfig), Error> {
    let anywhere = || Address::new("127.0.0.1", 0);
    let config = finewire_simulator::Config::new()
        .listen(Service::Rest, anywhere(), None)
        .listen(Service::Xmpp, anywhere(), None);
    let (finesse, mut events, _) = spawn(Simulator::new(config, seed()?), Options::default());
    let mut node = NodeConfig::new("127.0.0.1", 0, 0);
    node.allow_plaintext = true;
    while node.http_port == 0 || node.xmpp_port == 0 {
        let event = events.next().await.ok_or("the simulator has stopped")?;
        if let Event::Listening {
            service, address, ..
        } = event
        {
            match service {
                Service::Rest => node.http_port = address.port,
                _ => node.xmpp_port = address.port,
            }
        }
    }
    let calling = finesse.clone();
    tokio::spawn(async move {
        let mut called = Vec::new();
        while let Some(event) = events.next().await {
            if let Event::AgentChanged {
                agent,
                state: AgentState::Ready,
            } = event
                && !called.contains(&agent)
            {
                let to = agent.as_str().into();
                called.push(agent);
                let from = "5550100".into();
                calling.command(Command::PlaceCall { to, from }).await;
            }
        }
    });
    Ok((finesse, node))
}
