//! The web monitor's first page: links, agents, last messages. Read-only, loopback only.
//!
//! Not here: users, roles, live trace, charts.

mod view;

pub(crate) use view::{AgentView, CallView, LinkView, MessageView, View};

use crate::parts::cannot_listen;
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;
use core::time::Duration;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
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
    /// Listens on `address` (port 0: a free one) and serves the page; `option` is what chooses the
    /// address, for the error.
    ///
    /// # Errors
    ///
    /// When the address is taken or not ours.
    pub(crate) async fn start(address: SocketAddr, source: Source, option: &str) -> Result<Self> {
        let listener = TcpListener::bind(address).await.map_err(|e| {
            cannot_listen("monitor", address, &finewire_host::close_reason(&e), option)
        })?;
        let address = listener.local_addr().context("the monitor's address")?;
        let task = tokio::spawn(serve(listener, router(source)));
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

/// Connections at a time; further ones wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a request's head may take, and an idle connection may stay.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long one connection may live; a browser opens another.
const LIFE: Duration = Duration::from_secs(120);

/// Serves `router`. Neither many connections nor slow ones can take the process's descriptors.
async fn serve(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(e) => {
                tracing::warn!("the monitor cannot accept: {e}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WITHIN)
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), service);
            // Whatever a browser does wrong ends its own connection only.
            let _ = tokio::time::timeout(LIFE, connection).await;
            drop(place);
        });
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
    if !names_loopback(&request) {
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

/// Whether everything that names a host in a request names this machine.
fn names_loopback(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let target = request.uri().authority();
    host.to_str().is_ok_and(is_loopback)
        && target.is_none_or(|authority| is_loopback(authority.as_str()))
}

fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or((rest, "?")),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (name.eq_ignore_ascii_case("localhost")
            || name
                .parse::<core::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&str]) -> Request {
        let mut request = axum::http::Request::builder().uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(axum::body::Body::empty()).unwrap()
    }

    #[test]
    fn only_loopback_hosts_are_answered() {
        for (host, answered) in [
            ("localhost:8162", true),
            ("127.0.0.1:8162", true),
            ("[::1]:8162", true),
            ("rebound.example:8162", false),
            ("127.0.0.1.rebound.example", false),
            ("localhost:x@rebound.example", false),
            ("", false),
        ] {
            assert_eq!(names_loopback(&request("/", &[host])), answered, "{host}");
        }
        assert!(!names_loopback(&request("/", &[])));
        assert!(!names_loopback(&request(
            "/",
            &["localhost", "evil.example"]
        )));
        assert!(!names_loopback(&request(
            "http://evil.example/",
            &["localhost"]
        )));
    }
}
