//! `finewire demo`: the main job with everything in one process, over loopback sockets.

use super::simulate::agent_password;
use crate::cli;
use crate::config::{BrokerChoice, EmbeddedBroker, Node, Settings, Trust, Tuning, XmppRoad};
use crate::monitor::{Monitor, MonitorPlan};
use crate::operations;
use crate::parts::{
    BrokerPart, ConnectorPart, DriverPart, DriverPlan, SimulatorPart, SimulatorPlan, broker_uri,
};
use crate::play::Play;
use crate::printer::Printer;
use crate::{door, logs, signals};
use anyhow::{Context, Result, bail};
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use finewire_core::contract::{EventFormat, Layout};
use finewire_core::password::{CipherText, InitialVector, PasswordCodec, Secret};
use finewire_openwire::broker::Admission;
use jiff::tz::TimeZone;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

const QUEUE: &str = "Connector1";
const DESTINATION: &str = "demo";

pub(crate) async fn run(args: cli::Demo) -> Result<ExitCode> {
    logs::start("warn");
    let own_password = agent_password(&args.reach)?;
    if !args.reach.listen.is_loopback() {
        bail!(
            "the demo's broker lets everybody in and stays on loopback; run `finewire broker \
             --users-file`, `finewire simulate` and `finewire serve` to listen on {}",
            args.reach.listen
        );
    }
    let begin = Instant::now();
    let port =
        |given: Option<u16>, customary: u16| given.unwrap_or(if args.stay { customary } else { 0 });
    let listen = args.reach.listen;
    let broker_at = SocketAddr::new(listen, port(args.broker_port, 61616));
    let broker = BrokerPart::start(broker_at, Admission::Anyone, "--broker-port").await?;
    let simulator = SimulatorPart::start(SimulatorPlan {
        listen,
        rest_port: port(args.finesse_port, 8445),
        xmpp_port: port(args.xmpp_port, 5223),
        websocket_port: None,
        http_port: None,
        door_port: 0,
        knobs: finewire_simulator::Knobs::default(),
        wrap_up: None,
        password: own_password.clone(),
        seed: None,
        second: None,
        uccx: false,
    })
    .await?;
    let password = own_password.unwrap_or_else(|| Secret::from(finewire_simulator::PASSWORD));
    let passwords = triple_des()?;
    let settings = settings(&broker, &simulator, passwords.clone());
    let uri = broker_uri(&settings, Some(&broker.url()))?;
    let connector = ConnectorPart::start(settings, &uri)?;
    let monitor_at = SocketAddr::from((Ipv4Addr::LOCALHOST, port(args.monitor_port, 8162)));
    let monitor = Monitor::start(
        MonitorPlan::local(monitor_at),
        connector.subject(),
        None,
        operations::router(connector.operations(Some(broker.handle()))),
        "--monitor-port",
    )
    .await?;
    println!("broker       {}", broker.url());
    println!("finesse      https://{}", simulator.rest);
    println!("xmpp         {} (TLS)", simulator.xmpp);
    println!("certificate  {}", simulator.fingerprint);
    for line in monitor.introduction() {
        println!("{line}");
    }

    let printer = Arc::new(Printer::new());
    let play = Play::new(printer.clone(), connector.handle.traces());
    tokio::time::timeout(Duration::from_secs(15), connector.in_service())
        .await
        .context("the connector did not come into service")??;
    let mut driver = DriverPart::start(DriverPlan {
        broker: broker.url(),
        trust: Trust::System,
        queue: QUEUE.into(),
        destination: DESTINATION.into(),
        passwords,
    })?;
    let played = play.run(&mut driver, &simulator, &password).await;
    match &played {
        Ok(()) => printer.step(&format!(
            "Every expected message came, in order, in {:.1} s.",
            begin.elapsed().as_secs_f64()
        )),
        Err(e) => printer.step(&format!("The play failed: {e:#}")),
    }

    if args.stay && played.is_ok() {
        println!();
        println!(
            "All servers stay up until Ctrl-C. Agents 1001001 to 1001010, {}.",
            secret_hint(&args)
        );
        println!(
            "Drivers: send to queue {QUEUE} at {}; passwords come Triple-DES",
            broker.url()
        );
        println!("encrypted, as hex, initial vector zero, key {KEY}.");
        let file = door::path(None)?;
        door::write(&file, &simulator.door)?;
        println!(
            "Calls: `finewire simulate call --to 1001002 --from 5551234` (token in {}).",
            file.display()
        );
        let mut stop = signals::Stop::listen();
        // The play's driver goes; its agents are free for others.
        driver.stop().await;
        stop.asked().await;
        door::forget(&file, &simulator.door);
    } else {
        driver.stop().await;
    }
    drop(monitor);
    connector.stop().await;
    simulator.stop().await;
    broker.stop().await;
    Ok(if played.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn secret_hint(args: &cli::Demo) -> &'static str {
    match args.reach.agent_password_file {
        Some(_) => "password as in your file",
        None => "password Passw0rd!",
    }
}

fn settings(broker: &BrokerPart, simulator: &SimulatorPart, passwords: PasswordCodec) -> Settings {
    Settings {
        broker: BrokerChoice::Embedded(Box::new(EmbeddedBroker::at(broker.address()))),
        broker_trust: Trust::System,
        user: None,
        queue: QUEUE.into(),
        priority: 127,
        nodes: vec![Node {
            host: simulator.rest.ip().to_string(),
            port: simulator.rest.port(),
            xmpp_host: None,
            xmpp_port: simulator.xmpp.port(),
            xmpp: XmppRoad::Tls,
            is_plain: false,
            trust: Trust::Pinned(simulator.fingerprint),
        }],
        passwords,
        time_zone: TimeZone::system(),
        connect_status: false,
        event_format: EventFormat::Text,
        layout: Layout::default(),
        tuning: Tuning::default(),
        monitor: None,
    }
}

/// The demo's Triple-DES key. As well known as the built-in password, and like it for loopback
/// only.
const KEY: &str = "46696e6577697265206f6e206c6f6f706261636b206f6e6c";

fn triple_des() -> Result<PasswordCodec> {
    PasswordCodec::triple_des(&Secret::from(KEY), InitialVector::ZERO, CipherText::Hex)
        .context("the demo's Triple-DES key")
}
