//! `finewire serve`: the connector alone.

use crate::cli;
use crate::config::{self, BrokerChoice};
use crate::logs::codes;
use crate::monitor::{Monitor, MonitorPlan};
use crate::operations;
use crate::parts::{BrokerPart, ConnectorPart, broker_uri};
use crate::{logs, notices, signals};
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
                operations::router(connector.operations(broker.as_ref().map(BrokerPart::handle))),
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
    let notices = notices::begin(connector.handle.clone(), connector.ready.clone());
    let mut stop = signals::Stop::listen();
    tokio::select! {
        () = stop.asked() => {}
        ended = connector.in_service() => {
            ended?;
            println!("in service");
            stop.asked().await;
        }
    }
    tracing::info!(
        code = codes::STOPPING,
        "stopping: commands under way are answered first"
    );
    notices::stopping();
    tokio::select! {
        () = connector.stop() => {}
        () = stop.asked() => {
            tracing::warn!(code = codes::STOPPED_AT_ONCE, "asked again: stopped at once");
            return Ok(ExitCode::FAILURE);
        }
    }
    // The watchdog is fed until the machine has ended.
    notices.abort();
    if let Some(broker) = broker {
        broker.stop().await;
    }
    Ok(ExitCode::SUCCESS)
}
