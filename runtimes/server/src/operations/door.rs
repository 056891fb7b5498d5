//! The two paths.

use super::Operations;
use crate::monitor::{Caller, Station};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;

/// `/metrics`, for who may look at the monitor (or everybody, where the configuration says so), and
/// `/readyz`, for everybody.
pub(crate) fn router(operations: Operations) -> Router<Arc<Station>> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .layer(Extension(operations))
}

/// OpenMetrics 1.0, "Overall Structure": the content type of the text format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn metrics(
    State(station): State<Arc<Station>>,
    Extension(operations): Extension<Operations>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    if !station.open_metrics
        && let Err(refusal) = Caller::from_request_parts(&mut parts, &station).await
    {
        return refusal.into_response();
    }
    match operations.scrape().await {
        Some(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        None => {
            let text = "the connector does not answer\n";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// 200 when ready, else 503 with the reasons; JSON for who asks for it.
async fn ready(Extension(operations): Extension<Operations>, headers: HeaderMap) -> Response {
    let view = operations.ready().await;
    let status = if view.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|all| all.to_str().ok());
    if accepts.is_some_and(|all| all.contains("application/json")) {
        return (status, Json(view)).into_response();
    }
    if view.ready {
        return (status, "ready\n").into_response();
    }
    (status, format!("not ready\n{}\n", view.why.join("\n"))).into_response()
}
