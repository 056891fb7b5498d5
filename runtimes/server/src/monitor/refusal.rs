//! Answers that are errors: `{"error":{"code":"…","text":"…"}}`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code,
            text: text.into(),
        }
    }

    pub(crate) fn misdirected() -> Self {
        let text = "the monitor answers to its own names only; others are listed in monitor.names";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", text)
    }

    pub(crate) fn cross_site() -> Self {
        let text = "the request comes from another site's page, or lacks X-Finewire-Csrf";
        Self::new(StatusCode::FORBIDDEN, "cross_site", text)
    }

    pub(crate) fn no_session() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_session", "log in first")
    }

    pub(crate) fn login() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "refused",
            "wrong user, password or token",
        )
    }

    pub(crate) fn too_many_failures() -> Self {
        let text = "too many failed logins from this address; wait a minute";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text)
    }

    pub(crate) fn too_many(text: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many", text)
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "this takes an operator")
    }

    pub(crate) fn unconfirmed(wanted: &str) -> Self {
        let text = format!("\"confirm\" has to be {wanted:?}");
        Self::new(StatusCode::BAD_REQUEST, "unconfirmed", text)
    }

    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", text)
    }

    pub(crate) fn not_found(text: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", text)
    }

    pub(crate) fn gone() -> Self {
        let text = "the connector has stopped";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "text": self.text}});
        (self.status, Json(body)).into_response()
    }
}
