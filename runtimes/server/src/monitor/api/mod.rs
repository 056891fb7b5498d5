//! The endpoints; `API.md` beside this folder is their page.

mod actions;
mod events;
mod login;
mod state;

use super::assets;
use super::guard::guard;
use super::refusal::Refusal;
use super::station::Station;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use core::time::Duration;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A request's body.
const MOST_BODY: usize = 16 * 1024;
/// How long it may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// All endpoints.
pub(crate) fn router(station: Arc<Station>, further: Router<Arc<Station>>) -> Router {
    let api = Router::new()
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .route("/api/session", get(login::session))
        .route("/api/status", get(state::status))
        .route("/api/agents", get(state::agents))
        .route("/api/agents/{id}", get(state::agent))
        .route("/api/agents/{id}/timeline", get(state::timeline))
        .route("/api/agents/{id}/resync", post(actions::resync))
        .route("/api/agents/{id}/drop-stream", post(actions::drop_stream))
        .route("/api/trace", get(state::trace))
        .route("/api/trace/export", get(state::export))
        .route("/api/charts", get(state::charts))
        .route("/api/audit", get(state::audit))
        .route("/api/events", get(events::events))
        .route("/api/drain", post(actions::drain))
        .route("/api/undrain", post(actions::undrain))
        .route("/api/log-level", post(actions::log_level))
        .route("/api/reload", post(actions::reload))
        .route("/healthz", get(state::healthz));
    assets::routes(api)
        .merge(further)
        .method_not_allowed_fallback(|| async {
            let text = "not with this method";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", text)
        })
        .fallback(|| async { Refusal::not_found("there is no such page") })
        .layer(middleware::from_fn_with_state(station.clone(), guard))
        .with_state(station)
}

/// Reads a JSON body, bounded in size and time.
async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let body = axum::body::to_bytes(request.into_body(), MOST_BODY);
    let bytes = match tokio::time::timeout(BODY_WITHIN, body).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Refusal::malformed("the body is too large or broken off")),
        Err(_) => return Err(Refusal::malformed("the body did not come in time")),
    };
    serde_json::from_slice(&bytes).map_err(|e| Refusal::malformed(format!("the body: {e}")))
}

/// Looks at much without holding up the other requests.
async fn aside<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(look)
        .await
        .map_err(|_| Refusal::gone())
}

/// An answer that is the same for both kinds of ends.
fn either(result: Result<Response, Refusal>) -> Response {
    result.unwrap_or_else(|refusal| refusal.into_response())
}
