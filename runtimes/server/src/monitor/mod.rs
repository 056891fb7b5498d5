//! The web monitor's first page: links, agents, last messages. Read-only, loopback only.
//!
//! Not here: users, roles, live trace, charts.

mod view;

pub(crate) use view::{AgentView, CallView, LinkView, MessageView, View};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Answer = Pin<Box<dyn Future<Output = Option<View>> + Send>>;

/// Where the page gets its facts: `None` once the connector is gone.
pub(crate) type Source = Arc<dyn Fn() -> Answer + Send + Sync>;

/// A running monitor; ends when dropped.
#[derive(Debug)]
pub(crate) struct Monitor {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Monitor {
    /// Listens on `address` (port 0: a free one) and serves the page.
    ///
    /// # Errors
    ///
    /// When the address is taken or not ours.
    pub(crate) async fn start(address: SocketAddr, source: Source) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("the monitor cannot listen on {address}"))?;
        let address = listener.local_addr().context("the monitor's address")?;
        let service = router(source).into_make_service();
        let task = tokio::spawn(async move {
            if let Err(e) = axum::serve(listener, service).await {
                tracing::error!("the monitor ended: {e}");
            }
        });
        Ok(Self { address, task })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(source: Source) -> Router {
    Router::new()
        .route(
            "/",
            get(|| asset("text/html; charset=utf-8", include_str!("page.html"))),
        )
        .route(
            "/page.css",
            get(|| asset("text/css; charset=utf-8", include_str!("page.css"))),
        )
        .route(
            "/page.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("page.js"))),
        )
        .route("/api/status", get(status))
        .route("/healthz", get(healthz))
        .layer(middleware::from_fn(guard))
        .with_state(source)
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn status(State(source): State<Source>) -> Response {
    match source().await {
        Some(view) => Json(view).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Alive: the process answers and the connector's machine turns.
async fn healthz(State(source): State<Source>) -> Response {
    match source().await {
        Some(_) => (StatusCode::OK, "ok\n").into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the connector has stopped\n",
        )
            .into_response(),
    }
}

/// Answers only requests that name a loopback host, so that no page elsewhere can read us by a
/// name of its own that resolves to 127.0.0.1; and keeps the page from loading anything foreign.
async fn guard(request: Request, next: Next) -> Response {
    if !names_loopback(request.headers()) {
        let text = "the monitor answers requests to localhost only\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn names_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
    else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<core::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_are_answered() {
        for (host, answered) in [
            ("localhost:8162", true),
            ("127.0.0.1:8162", true),
            ("[::1]:8162", true),
            ("rebound.example:8162", false),
            ("127.0.0.1.rebound.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            assert_eq!(names_loopback(&headers), answered, "{host}");
        }
    }
}
