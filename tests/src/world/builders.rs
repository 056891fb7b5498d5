//! The machines of a site, made by its plan.

use std::time::Duration;

use finewire_connector::{
    BrokerConfig as WayToBroker, Config as ConnectorConfig, Connector, NodeConfig,
};
use finewire_core::contract::{self, Destination};
use finewire_core::driver;
use finewire_core::machine::{Address, Endpoint, LinkConfig, TlsId};
use finewire_driver::{Config as DriverConfig, Driver};
use finewire_openwire::broker::{Broker, BrokerConfig, Listen};
use finewire_simulator::{Config as FinesseConfig, Service, Simulator};

use super::passwords::{FOREIGN_KEY, codec, codec_with};
use super::site::{BROKER, FINESSE, PORTS, Plan, SECOND_BROKER, SECOND_PORTS, driver_name};

const QUEUE: &str = "Connector1";
const TLS: TlsId = TlsId(1);

fn seed(plan: &Plan, of: u8) -> [u8; 32] {
    let mut bytes = [of; 32];
    bytes[..8].copy_from_slice(&plan.seed.to_le_bytes());
    bytes
}

pub(super) fn new_broker(plan: &Plan) -> Broker {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", PORTS[0]),
            tls: None,
        }],
        ..BrokerConfig::default()
    };
    Broker::new(config, seed(plan, 1))
}

pub(super) fn new_finesse(plan: &Plan) -> Simulator {
    let local = |port| Address::new("127.0.0.1", port);
    let shape = &plan.shape;
    let mut config = FinesseConfig::new()
        .listen(Service::Rest, local(PORTS[1]), Some(TLS))
        .listen(Service::Xmpp, local(PORTS[2]), Some(TLS));
    if plan.has_second_node {
        config = config
            .listen_second(Service::Rest, local(SECOND_PORTS[0]), Some(TLS))
            .listen_second(Service::Xmpp, local(SECOND_PORTS[1]), Some(TLS));
    }
    config.platform = shape.platform;
    config.require_reason = shape.require_reason;
    config.timing.ring = shape.ring;
    config.timing.forced_sign_out = shape.forced_sign_out;
    // Shorter than what it takes until all is mended, so that dead streams are gone by then.
    config.timing.silence = Duration::from_secs(120);
    for agent in &mut config.agents {
        agent.wrap_up = shape.wrap_up;
    }
    config.knobs = plan.knobs.clone();
    (plan.finesse)(&mut config);
    Simulator::new(config, seed(plan, 2))
}

/// The connector of a site by plan, at its very first moment.
pub fn new_connector(plan: &Plan) -> Connector {
    connector(plan, 127, 3)
}

/// The connector that takes over when the first one dies.
pub(super) fn new_second_connector(plan: &Plan) -> Connector {
    connector(plan, 100, 4)
}

fn connector(plan: &Plan, priority: i8, of: u8) -> Connector {
    let shape = &plan.shape;
    let mut nodes = vec![NodeConfig::new(FINESSE, PORTS[1], PORTS[2]).secured(TLS)];
    if plan.has_second_node {
        let [rest, xmpp] = SECOND_PORTS;
        nodes.push(NodeConfig::new(FINESSE, rest, xmpp).secured(TLS));
    }
    if plan.has_websocket {
        let at_rest = |node: NodeConfig| NodeConfig {
            xmpp_port: node.http_port,
            ..node.in_websocket("/ws/")
        };
        nodes = nodes.into_iter().map(at_rest).collect();
    }
    let layout = contract::Layout::default();
    let mut decisions = finewire_core::connector::Config::new(layout, codec());
    if plan.is_json() == Some(true) {
        decisions.event_format = contract::EventFormat::Json;
    }
    decisions.connect_status = shape.connect_status;
    (decisions.timing.driver_silence, decisions.on_driver_loss) = shape.driver_loss;
    decisions.timing.return_after = shape.return_after;
    (plan.decisions)(&mut decisions);
    let mut broker = WayToBroker::new(way_to_broker(plan), QUEUE);
    broker.priority = priority;
    let config = ConnectorConfig::new(broker, nodes, decisions);
    Connector::new(config, seed(plan, of))
}

fn way_to_broker(plan: &Plan) -> LinkConfig {
    let mut endpoints = vec![Endpoint::plain(BROKER, PORTS[0])];
    if plan.shape.has_second_broker {
        endpoints.push(Endpoint::plain(SECOND_BROKER, PORTS[0]));
    }
    LinkConfig::keep_open(endpoints)
}

pub(super) fn new_driver(plan: &Plan, n: usize) -> Driver {
    let name = driver_name(n);
    let destination = Destination::parse(&name, &[]).expect("a plain name");
    let codec = if plan.has_foreign_key {
        codec_with(FOREIGN_KEY)
    } else {
        codec()
    };
    let mut decisions = driver::Config::new(destination, codec);
    decisions.connect_status = plan.shape.connect_status;
    let config = DriverConfig::new(way_to_broker(plan), QUEUE, decisions);
    let n = u8::try_from(n).expect("few drivers");
    Driver::new(config, seed(plan, 10 + n))
}
