//! `finewire simulate`: the Finesse simulator, and what can be asked of one that runs.

use crate::cli::{self, SimulateAction};
use crate::door;
use crate::parts::{SimulatorPart, SimulatorPlan, exchange};
use crate::{logs, secret, signals};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use core::time::Duration;
use finewire_core::password::Secret;
use finewire_http::http::{Method, Request, header};
use finewire_simulator::{Knobs, Scenario};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(args: cli::Simulate) -> Result<ExitCode> {
    match args.action {
        None => serve(args.run).await,
        Some(SimulateAction::Call { to, from, door }) => {
            let body = json!({ "to": to, "from": from });
            let answer = ask(&door, Method::POST, "/calls", Some(&body)).await?;
            let id = answer
                .get("dialog")
                .and_then(Value::as_str)
                .context("an answer without a dialog")?;
            println!("call {id}");
            Ok(ExitCode::SUCCESS)
        }
        Some(SimulateAction::Hangup { dialog, door }) => {
            if dialog.is_empty() || !dialog.bytes().all(|byte| byte.is_ascii_digit()) {
                bail!("a dialog id has digits only");
            }
            ask(&door, Method::DELETE, &format!("/calls/{dialog}"), None).await?;
            println!("call {dialog} ended");
            Ok(ExitCode::SUCCESS)
        }
        Some(SimulateAction::Do { words, door }) => {
            let step = words.join(" ");
            let answer = send(&door, Method::POST, "/do", Bytes::from(step)).await?;
            match answer.get("dialog").and_then(Value::as_str) {
                Some(id) => println!("call {id}"),
                None => println!("done"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(SimulateAction::Play { scenario, door }) => {
            let (text, steps) = read_scenario(&scenario)?;
            send(&door, Method::POST, "/scenario", Bytes::from(text)).await?;
            println!("{} steps", steps.steps().len());
            Ok(ExitCode::SUCCESS)
        }
        Some(SimulateAction::Knobs { door }) => {
            let knobs = ask(&door, Method::GET, "/knobs", None).await?;
            for (name, position) in knobs.as_object().into_iter().flatten() {
                println!("{name:<26} {}", position.as_str().unwrap_or_default());
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(SimulateAction::Show { door }) => {
            let agents = ask(&door, Method::GET, "/agents", None).await?;
            let calls = ask(&door, Method::GET, "/calls", None).await?;
            show(&agents, &calls);
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(args: cli::SimulateRun) -> Result<ExitCode> {
    logs::start("info");
    let password = agent_password(&args.reach)?;
    let scenario = args.scenario.as_deref().map(read_scenario).transpose()?;
    finewire_tokio::raise_descriptor_limit()?;
    let plan = SimulatorPlan {
        listen: args.reach.listen,
        rest_port: args.finesse_port,
        xmpp_port: args.xmpp_port,
        websocket_port: args.websocket_port,
        http_port: args.http_port,
        door_port: args.control_port,
        knobs: knobs(&args.knob)?,
        wrap_up: args
            .wrap_up
            .map(|seconds| Duration::from_secs(seconds.into())),
        password,
        seed: Some(args.seed),
        second: args.second_finesse_port.zip(args.second_xmpp_port),
        uccx: args.uccx,
    };
    // Whoever reads the first line may end it.
    let mut stop = signals::Stop::listen();
    let simulator = SimulatorPart::start(plan).await?;
    let path = door::path(args.door.control_file.as_deref())?;
    door::write(&path, &simulator.door)?;
    println!("finesse      https://{}", simulator.rest);
    println!("xmpp         {} (TLS)", simulator.xmpp);
    println!("websocket    wss://{}/ws/", simulator.rest);
    if let Some((rest, xmpp)) = simulator.second {
        println!("second node  https://{rest}, xmpp {xmpp} (TLS)");
    }
    if let Some(address) = simulator.extra.websocket {
        println!("websocket    wss://{address}/ws/ too");
    }
    if let Some(address) = simulator.extra.http {
        println!("http         http://{address} (leads to https)");
    }
    println!("certificate  {}", simulator.fingerprint);
    println!(
        "control      http://{}, token in {}",
        simulator.door.address,
        path.display()
    );
    if let Some((_, scenario)) = scenario {
        println!("scenario     {} steps", scenario.steps().len());
        simulator.play(scenario).await;
    }
    stop.asked().await;
    door::forget(&path, &simulator.door);
    simulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The knobs as they are to stand: each turned as `name=position` says.
fn knobs(turns: &[String]) -> Result<Knobs> {
    let mut knobs = Knobs::default();
    for turn in turns {
        let (name, position) = turn
            .split_once('=')
            .with_context(|| format!("--knob {turn}: wants NAME=POSITION"))?;
        knobs
            .set(name, position)
            .with_context(|| format!("--knob {turn}"))?;
    }
    Ok(knobs)
}

/// Reads a scenario's file: its text, and what it says.
fn read_scenario(path: &Path) -> Result<(String, Scenario)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the scenario {}", path.display()))?;
    let scenario = text
        .parse()
        .with_context(|| format!("the scenario {}", path.display()))?;
    Ok((text, scenario))
}

/// The password that replaces the built-in one, which everybody knows: off loopback there must be
/// one.
pub(crate) fn agent_password(reach: &cli::Reach) -> Result<Option<Secret>> {
    match &reach.agent_password_file {
        Some(path) => secret::from_file(path).map(Some),
        None if reach.listen.is_loopback() => Ok(None),
        None => bail!(
            "the built-in password is for loopback only: give --agent-password-file to listen on {}",
            reach.listen
        ),
    }
}

async fn ask(
    file: &cli::DoorFile,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Value> {
    let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    send(file, method, path, body).await
}

async fn send(file: &cli::DoorFile, method: Method, path: &str, body: Bytes) -> Result<Value> {
    let door = door::read(&door::path(file.control_file.as_deref())?)?;
    let mut token = header::HeaderValue::from_str(&format!("Bearer {}", door.token))
        .context("the control file's token")?;
    token.set_sensitive(true);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, token)
        .body(body)
        .context("the request")?;
    let response = exchange(door.address, request).await?;
    let answer: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    if !response.status().is_success() {
        let text = answer
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or("no reason given");
        bail!(
            "the simulator refuses ({}): {text}",
            response.status().as_u16()
        );
    }
    Ok(answer)
}

fn show(agents: &Value, calls: &Value) {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let in_service = agents
        .get("in_service")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    println!(
        "{}",
        if in_service {
            "in service"
        } else {
            "out of service"
        }
    );
    for agent in list(agents, "agents") {
        println!(
            "agent {:<10} {:<20} {:<12} {}",
            text(&agent, "id"),
            text(&agent, "name"),
            text(&agent, "state"),
            text(&agent, "extension")
        );
    }
    for call in list(calls, "calls") {
        let parties = list(&call, "parties");
        let parties: Vec<String> = parties
            .iter()
            .map(|party| format!("{} {}", text(party, "address"), text(party, "state")))
            .collect();
        println!(
            "call  {:<10} {:<12} {}",
            text(&call, "id"),
            text(&call, "state"),
            parties.join(", ")
        );
    }
}
