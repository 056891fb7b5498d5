//! The Java client against the embedded broker: what JMS users expect, case by case. The same cases run
//! against ActiveMQ itself, so that they are known to be right.

use crate::java;
use finewire_core::machine::Address;
use finewire_openwire::broker::{Broker, BrokerConfig, BrokerEvent, Listen};
use finewire_tests::peers;
use std::process::Stdio;

/// Runs all cases against `url`; the broker is what `kind` says. Returns what each said.
fn run(url: &str, kind: &str) -> Vec<String> {
    let output = java::program("Cases.java")
        .args([url, kind])
        .stderr(Stdio::inherit())
        .output()
        .expect("java starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.last().map(String::as_str), Some("end"), "{text}");
    lines
}

fn all_are_ok(lines: &[String]) {
    let failed: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("failed"))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let ok = lines.iter().filter(|line| line.starts_with("ok ")).count();
    assert!(ok >= 40, "only {ok} cases ran");
}

#[test]
fn the_java_client_does_not_notice_the_embedded_broker() {
    if !java::is_available() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let listen = Listen {
        address: Address::new("127.0.0.1", 0),
        tls: None,
    };
    let config = BrokerConfig {
        listen: vec![listen],
        ..BrokerConfig::default()
    };
    let (url, handle) = runtime.block_on(async {
        let broker = Broker::new(config, [7; 32]);
        let (handle, mut events, _task) =
            finewire_tokio::spawn(broker, finewire_tokio::Options::default());
        let url = loop {
            match events.next().await.expect("the broker runs") {
                BrokerEvent::Listening { address, .. } => break format!("tcp://{address}"),
                other => assert!(
                    !matches!(other, BrokerEvent::ListenFailed { .. }),
                    "{other:?}"
                ),
            }
        };
        tokio::spawn(async move { while events.next().await.is_some() {} });
        (url, handle)
    });

    let lines = run(&url, "finewire");

    drop(handle);
    all_are_ok(&lines);
}

#[test]
fn the_cases_hold_on_activemq_itself() {
    if !peers::Broker::is_available() {
        return;
    }
    let broker = peers::Broker::start();
    all_are_ok(&run(&broker.url(), "activemq"));
}
