//! How everything stands.

use super::{aside, either};
use crate::levels;
use crate::monitor::board::TracePage;
use crate::monitor::caller::{Caller, Operator};
use crate::monitor::journal::Filter;
use crate::monitor::refusal::Refusal;
use crate::monitor::station::Station;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Json, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Rows of one answer at most.
const MOST_ROWS: usize = 5_000;
/// Rows of an export that are in memory at a time.
const EXPORT_ROWS: usize = 1_000;

type At = State<Arc<Station>>;

pub(super) async fn status(_: Caller, State(station): At) -> Response {
    if !station.board.is_alive() {
        return Refusal::gone().into_response();
    }
    Json(station.board.status(levels::level())).into_response()
}

/// Alive: the process answers and the connector's machine turns.
pub(super) async fn healthz(State(station): At) -> Response {
    if station.handle.inspect(|_| ()).await.is_some() {
        return (StatusCode::OK, "ok\n").into_response();
    }
    let text = "the connector has stopped\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

#[derive(Deserialize)]
pub(super) struct AgentsQuery {
    #[serde(default)]
    after: String,
    limit: Option<usize>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
}

pub(super) async fn agents(
    _: Caller,
    State(station): At,
    Query(query): Query<AgentsQuery>,
) -> Response {
    let most = query.limit.unwrap_or(500).clamp(1, MOST_ROWS);
    let found = aside(move || {
        let (agents, next, total) =
            station
                .board
                .agents(&query.after, most, &query.state, &query.q);
        Json(json!({"agents": agents, "next": next, "total": total})).into_response()
    });
    either(found.await)
}

pub(super) async fn agent(_: Caller, State(station): At, Path(id): Path<String>) -> Response {
    match station.board.agent(&id) {
        Some(agent) => Json(agent).into_response(),
        None => Refusal::not_found("there is no such agent").into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn timeline(
    _: Caller,
    State(station): At,
    Path(id): Path<String>,
    Query(query): Query<Before>,
) -> Response {
    let most = query.limit.unwrap_or(200).clamp(1, MOST_ROWS);
    let (rows, next) = station.board.timeline(&id, query.before, most);
    if rows.is_empty() && station.board.agent(&id).is_none() {
        return Refusal::not_found("there is no such agent").into_response();
    }
    Json(json!({"rows": rows, "next": next})).into_response()
}

#[derive(Deserialize)]
pub(super) struct TraceQuery {
    after: Option<u64>,
    before: Option<u64>,
    limit: Option<usize>,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    party: String,
    #[serde(default)]
    q: String,
}

pub(super) async fn trace(
    _: Caller,
    State(station): At,
    Query(query): Query<TraceQuery>,
) -> Response {
    let most = query.limit.unwrap_or(1_000).clamp(1, MOST_ROWS);
    let filter = Filter::new(&query.agent, &query.party, &query.q);
    let page = aside(move || {
        let page = station
            .board
            .trace(query.after, query.before, &filter, most);
        Json(page).into_response()
    });
    either(page.await)
}

/// All wanted messages that are kept, a JSON object a line; written as fast as they are read.
pub(super) async fn export(
    _: Caller,
    State(station): At,
    Query(query): Query<TraceQuery>,
) -> Response {
    let filter = Filter::new(&query.agent, &query.party, &query.q);
    let (_, end) = station.board.place();
    let begin = query.after.unwrap_or(0);
    let pages = futures_util::stream::unfold(Some(begin), move |after| {
        let (station, filter) = (station.clone(), filter.clone());
        async move {
            let after = after?;
            let page = aside(move || {
                let before = Some(end.saturating_add(1));
                station
                    .board
                    .trace(Some(after), before, &filter, EXPORT_ROWS)
            });
            let page = page.await.ok()?;
            let next = page.rows.last().map(|last| last.n);
            let lines = lines(&page)?;
            Some((Ok::<_, core::convert::Infallible>(lines), next))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"finewire-trace.ndjson\"",
        ),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

/// `None` for no rows.
fn lines(page: &TracePage) -> Option<Bytes> {
    let mut text = Vec::new();
    for row in &page.rows {
        serde_json::to_writer(&mut text, row).ok()?;
        text.push(b'\n');
    }
    (!text.is_empty()).then(|| text.into())
}

#[derive(Deserialize)]
pub(super) struct Minutes {
    minutes: Option<u64>,
}

pub(super) async fn charts(
    _: Caller,
    State(station): At,
    Query(query): Query<Minutes>,
) -> Response {
    Json(station.board.charts(query.minutes.unwrap_or(15))).into_response()
}

pub(super) async fn audit(
    _: Operator,
    State(station): At,
    Query(query): Query<Before>,
) -> Response {
    let most = query.limit.unwrap_or(200).clamp(1, MOST_ROWS);
    let (rows, next) = station.audit.page(query.before, most);
    Json(json!({"rows": rows, "next": next})).into_response()
}
