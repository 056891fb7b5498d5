//! `finewire serve`: the connector alone.

use crate::cli;
use crate::config::{self, BrokerChoice, Running, Trust};
use crate::logs::codes;
use crate::monitor::Monitor;
use crate::operations;
use crate::parts::{BrokerPart, ConnectorPart, broker_uri};
use crate::{logs, notices, reload, signals};
use anyhow::Result;
use std::process::ExitCode;
use std::sync::Arc;

pub(crate) async fn run(args: cli::Serve) -> Result<ExitCode> {
    let checked = config::check_file(&args.config)?;
    logs::start(&checked.log.level);
    for warning in &checked.warnings {
        tracing::warn!(code = codes::CONFIGURATION_DOUBTFUL, "{warning}");
    }
    let running = Running::new(&args.config, &checked);
    let plan = checked.record.plan(args.record);
    let rows = checked.rows;
    let (mut settings, access) = (checked.settings, checked.access);
    // From here on SIGHUP ends nothing.
    let hangups = signals::HangUp::listen();
    finewire_tokio::raise_descriptor_limit()?;
    let mut stop = signals::Stop::listen();
    let broker = match &settings.broker {
        BrokerChoice::Embedded(embedded) => Some(BrokerPart::embedded(embedded).await?),
        BrokerChoice::Remote(_) => None,
    };
    if let Some(broker) = &broker {
        println!("broker       {}", broker.url());
        println!("{}", BrokerPart::FORGETS);
        // The connector believes no other certificate than the one that it shows itself.
        if let Some(fingerprint) = broker.fingerprint() {
            settings.broker_trust = Trust::Pinned(fingerprint);
        }
    }
    let own_url = broker.as_ref().map(BrokerPart::own_url);
    let uri = broker_uri(&settings, own_url.as_deref())?;
    let monitor_at = settings.monitor;
    let connector = match plan {
        Some(plan) => {
            let text = config::replayable(&rows, own_url.as_deref());
            ConnectorPart::start_recorded(settings, &uri, &plan, &text)?
        }
        None => ConnectorPart::start(settings, &uri)?,
    };
    let (door, asks) = reload::door();
    let monitor = match monitor_at {
        Some(address) => {
            let monitor = Monitor::start(
                reload::monitor_plan(address, &access)?,
                connector.subject(),
                Some(door),
                operations::router(connector.operations(broker.as_ref().map(BrokerPart::handle))),
                "monitor.listen",
            )
            .await?;
            for line in monitor.introduction() {
                println!("{line}");
            }
            Some(Arc::new(monitor))
        }
        None => None,
    };
    let notices = notices::begin(connector.handle.clone(), connector.ready.clone());
    let reloads = reload::serve(
        running,
        connector.steering(),
        monitor.clone(),
        asks,
        hangups,
    );
    let reloads = tokio::spawn(reloads);
    tokio::select! {
        () = stop.asked() => {}
        ended = connector.in_service() => {
            ended?;
            println!("in service");
            stop.asked().await;
        }
    }
    reloads.abort();
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
