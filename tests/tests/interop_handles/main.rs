//! Our OpenWire handles on every runtime, feature by feature: against the real ActiveMQ, and against the
//! embedded broker, which must not differ.

mod blocking;
mod losses;
mod suite;

use finewire_core::machine::Address;
use finewire_openwire::broker::{Broker, BrokerConfig, BrokerEvent, Listen};
use finewire_tests::peers;
use suite::{PATIENCE, Site, everything};

/// The embedded broker on a thread of its own; it ends with the value.
fn embedded() -> (finewire_blocking::Handle<Broker>, String) {
    let config = BrokerConfig {
        listen: vec![Listen {
            address: Address::new("127.0.0.1", 0),
            tls: None,
        }],
        ..BrokerConfig::default()
    };
    let broker = Broker::new(config, [9; 32]);
    let options = finewire_blocking::Options::default();
    let (handle, mut events, _task) = finewire_blocking::spawn(broker, options).expect("a thread");
    loop {
        let event = events.next_within(PATIENCE).expect("the broker runs");
        if let BrokerEvent::Listening { address, .. } = event {
            std::thread::spawn(move || while events.next_within(PATIENCE).is_ok() {});
            return (handle, format!("tcp://{address}"));
        }
    }
}

/// Runs the suite on every runtime, one after the other.
fn on_every_runtime(url: &str) {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    tokio.block_on(async {
        use finewire_tokio::openwire::connect;
        let (first, second) = (connect(url).await, connect(url).await);
        let site = Site {
            name: "tokio",
            first: first.expect("a connection"),
            second: second.expect("a connection"),
        };
        everything(site).await;
    });
    smol::block_on(async {
        use finewire_smol::openwire::connect;
        let (first, second) = (connect(url).await, connect(url).await);
        let site = Site {
            name: "smol",
            first: first.expect("a connection"),
            second: second.expect("a connection"),
        };
        everything(site).await;
    });
    // Its futures run where they are polled; its own executor carries the machine.
    smol::block_on(async {
        use finewire_async_std::openwire::connect;
        let (first, second) = (connect(url).await, connect(url).await);
        let site = Site {
            name: "async-std",
            first: first.expect("a connection"),
            second: second.expect("a connection"),
        };
        everything(site).await;
    });
    blocking::everything(url);
}

#[test]
fn everything_a_jms_client_knows_works_with_activemq_on_every_runtime() {
    if !peers::Broker::is_available() {
        return;
    }
    let broker = peers::Broker::start();
    on_every_runtime(&broker.url());
}

#[test]
fn everything_a_jms_client_knows_works_with_the_embedded_broker_on_every_runtime() {
    let (broker, url) = embedded();
    on_every_runtime(&url);
    drop(broker);
}
