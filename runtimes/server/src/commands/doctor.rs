//! `finewire doctor`: what is wrong with the connector's surroundings, line by line.

use crate::cli;
use crate::config;
use crate::doctor::{Agent, Plan, examine};
use crate::secret;
use anyhow::{Result, bail};
use core::time::Duration;
use std::process::ExitCode;

/// The configuration cannot be used.
const CONFIG: u8 = 2;

pub(crate) async fn run(args: cli::Doctor) -> Result<ExitCode> {
    let plan = plan(&args.examination)?;
    let settings = match config::load(&args.config) {
        Ok(settings) => settings,
        Err(faults) => {
            if args.json {
                let told = serde_json::json!({
                    "version": env!("CARGO_PKG_VERSION"),
                    "verdict": "configuration",
                    "finding": format!("{faults:#}"),
                });
                println!("{told:#}");
            } else {
                eprintln!("{faults:#}");
            }
            return Ok(ExitCode::from(CONFIG));
        }
    };
    let report = examine(settings, &args.config, plan).await;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(match report.is_failed() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// What the options ask for.
///
/// # Errors
///
/// The agent's password cannot be read, or the topic is no name.
pub(crate) fn plan(options: &cli::Examination) -> Result<Plan> {
    let agent = match (&options.agent, &options.agent_password_file) {
        (Some(id), Some(file)) => Some(Agent {
            id: id.clone(),
            password: secret::from_file(file)?,
        }),
        _ => None,
    };
    if let Some(topic) = &options.topic
        && let Err(fault) = finewire_core::contract::Destination::parse(topic, &[])
    {
        bail!("--topic: {fault}");
    }
    Ok(Plan {
        timeout: Duration::from_secs(options.timeout),
        step: Duration::from_secs(options.step_timeout),
        agent,
        topic: options.topic.clone(),
    })
}
