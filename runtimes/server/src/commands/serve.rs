//! `finewire serve`: the connector alone.

use crate::cli;
use crate::config::{self, BrokerChoice};
use crate::monitor::{Monitor, MonitorPlan};
use crate::parts::{BrokerPart, ConnectorPart, broker_uri};
use crate::{logs, signals};
use anyhow::Result;
use finewire_openwire::broker::Admission;
use std::process::ExitCode;

pub(crate) async fn run(args: cli::Serve) -> Result<ExitCode> {
    logs::start("info");
    let settings = config::load(&args.config)?;
    finewire_tokio::raise_descriptor_limit()?;
    let broker = match settings.broker {
        BrokerChoice::Embedded(listen) => {
            if !listen.ip().is_loopback() && settings.user.is_none() {
                anyhow::bail!(
                    "without broker.user and broker.password_file the embedded broker listens on \
                     loopback only, not on {listen}"
                );
            }
            let admission = match settings.user.clone() {
                Some((name, password)) => Admission::Users([(name, password)].into()),
                None => Admission::Anyone,
            };
            Some(BrokerPart::start(listen, admission, "broker.listen").await?)
        }
        BrokerChoice::Remote(_) => None,
    };
    if let Some(broker) = &broker {
        println!("broker       {}", broker.url());
    }
    let uri = broker_uri(&settings, broker.as_ref().map(BrokerPart::url).as_deref())?;
    let monitor_at = settings.monitor;
    let connector = ConnectorPart::start(settings, &uri)?;
    let _monitor = match monitor_at {
        Some(address) => {
            let monitor = Monitor::start(
                MonitorPlan::local(address),
                connector.subject(),
                None,
                axum::Router::new(),
                "monitor.listen",
            )
            .await?;
            for line in monitor.introduction() {
                println!("{line}");
            }
            Some(monitor)
        }
        None => None,
    };
    let mut stop = signals::Stop::listen();
    tokio::select! {
        () = stop.asked() => {}
        ended = connector.in_service() => {
            ended?;
            println!("in service");
            stop.asked().await;
        }
    }
    tracing::info!("stopping: commands under way are answered first");
    tokio::select! {
        () = connector.stop() => {}
        () = stop.asked() => {
            tracing::warn!("asked again: stopped at once");
            return Ok(ExitCode::FAILURE);
        }
    }
    if let Some(broker) = broker {
        broker.stop().await;
    }
    Ok(ExitCode::SUCCESS)
}
