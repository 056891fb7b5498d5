//! What an operator does. Each action is confirmed where it cannot be taken back, and audited.

use super::{either, read};
use crate::levels;
use crate::monitor::caller::{Caller, Operator};
use crate::monitor::refusal::Refusal;
use crate::monitor::shapes::{At, RowView};
use crate::monitor::station::Station;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Json, Response};
use core::time::Duration;
use finewire_connector::Command;
use finewire_core::machine::Outcome;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
struct Confirm {
    #[serde(default)]
    confirm: String,
}

async fn confirmed(request: Request, wanted: &str) -> Result<(), Refusal> {
    let given: Confirm = read(request).await?;
    if given.confirm == wanted {
        Ok(())
    } else {
        Err(Refusal::unconfirmed(wanted))
    }
}

/// Writes down how an action ended, and answers.
fn ended(
    station: &Station,
    caller: &Caller,
    action: &'static str,
    target: &str,
    result: Result<String, Refusal>,
) -> Response {
    let outcome = match &result {
        Ok(_) => "done",
        Err(refusal) => refusal.text.as_str(),
    };
    station
        .audit
        .note(&caller.user, action, target, outcome, caller.from);
    match result {
        Ok(text) => Json(json!({"done": true, "text": text})).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Has the connector do something.
async fn command(station: &Station, command: Command, text: &str) -> Result<String, Refusal> {
    match station.handle.command(command).await {
        Outcome::Done => Ok(text.into()),
        Outcome::Refused(why) | Outcome::Failed(why) => Err(Refusal::new(
            StatusCode::CONFLICT,
            "refused",
            why.text.to_string(),
        )),
    }
}

pub(super) async fn drain(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
    request: Request,
) -> Response {
    let result = match confirmed(request, "drain").await {
        Ok(()) => {
            let text = "no new commands are taken on; drivers are told";
            command(&station, Command::Drain, text).await
        }
        Err(refusal) => Err(refusal),
    };
    ended(&station, &caller, "drain", "", result)
}

pub(super) async fn undrain(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
) -> Response {
    let text = "commands are taken on again";
    let result = command(&station, Command::Resume, text).await;
    ended(&station, &caller, "undrain", "", result)
}

pub(super) async fn resync(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let order = Command::Resync(id.as_str().into());
    let done = "state and calls are read again";
    to_agent(&station, &caller, "agent.resync", &id, request, order, done).await
}

pub(super) async fn drop_stream(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let order = Command::DropStream(id.as_str().into());
    let done = "the stream is closed and opened again";
    to_agent(
        &station,
        &caller,
        "agent.drop_stream",
        &id,
        request,
        order,
        done,
    )
    .await
}

async fn to_agent(
    station: &Station,
    caller: &Caller,
    action: &'static str,
    id: &str,
    request: Request,
    order: Command,
    done: &str,
) -> Response {
    let result = match confirmed(request, id).await {
        Ok(()) if station.board.agent(id).is_none() => {
            Err(Refusal::not_found("there is no such agent"))
        }
        Ok(()) => command(station, order, done).await,
        Err(refusal) => Err(refusal),
    };
    if result.is_ok() {
        tell_timeline(station, caller, id, action, done);
    }
    ended(station, caller, action, id, result)
}

/// An agent's time line shows what was done to it.
fn tell_timeline(station: &Station, caller: &Caller, id: &str, action: &str, done: &str) {
    let row = RowView {
        n: 0,
        at: At::now(),
        kind: "operator",
        text: format!("{action} by {}", caller.user),
        detail: done.into(),
        ok: true,
        latency_ms: None,
    };
    station.board.write(|facts| facts.happen(id, row));
    station.board.seen();
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    level: String,
    agent: Option<String>,
    minutes: Option<u64>,
}

/// The longest time for which a level is changed.
const MOST_MINUTES: u64 = 24 * 60;

pub(super) async fn log_level(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
    request: Request,
) -> Response {
    let wanted: Level = match read(request).await {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal.into_response(),
    };
    let minutes = wanted.minutes.unwrap_or(10);
    let span = Duration::from_secs(minutes.clamp(1, MOST_MINUTES) * 60);
    let agent = wanted.agent.as_deref().filter(|agent| !agent.is_empty());
    let result = levels::set_level(&wanted.level, agent, span).map_err(Refusal::malformed);
    let target = agent.unwrap_or_default();
    let result = result.map(|()| {
        let whose = agent.map_or(String::new(), |agent| format!(" of agent {agent}"));
        let minutes = span.as_secs() / 60;
        format!(
            "the log level{whose} is {} for {minutes} minutes",
            wanted.level
        )
    });
    if let (Ok(text), Some(agent)) = (&result, agent) {
        tell_timeline(&station, &caller, agent, "log-level", text);
    }
    ended(&station, &caller, "log-level", target, result)
}

pub(super) async fn reload(
    Operator(caller): Operator,
    State(station): State<Arc<Station>>,
    request: Request,
) -> Response {
    let result = async {
        confirmed(request, "reload").await?;
        let reload = station.reload.clone().ok_or_else(|| {
            Refusal::new(
                StatusCode::CONFLICT,
                "refused",
                "there is no configuration file",
            )
        })?;
        let text = |text| Refusal::new(StatusCode::CONFLICT, "refused", text);
        reload().await.map_err(text)
    };
    match result.await {
        Ok(reloaded) => {
            let (target, outcome) = reloaded.told();
            station
                .audit
                .note(&caller.user, "reload", &target, &outcome, caller.from);
            either(Ok(Json(json!({
                "done": true, "text": outcome,
                "applied": reloaded.applied, "refused": reloaded.refused,
            }))
            .into_response()))
        }
        Err(refusal) => ended(&station, &caller, "reload", "", Err(refusal)),
    }
}
