//! Connections: how many, for how long, with or without TLS. Neither many nor slow ones can take the
//! process's descriptors.

use super::caller::PeerAddress;
use super::stall::Stall;
use crate::logs::codes;
use axum::{Extension, Router};
use core::time::Duration;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at a time: the streams' and as many again; further ones wait to be accepted.
const CONNECTIONS: usize = 96;
/// How long TLS, a request's head, and an idle connection may take.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long the other end may read nothing of what is written to it.
const READS_WITHIN: Duration = Duration::from_secs(20);
/// How long one connection may live: a stream of events lasts an hour.
const LIFE: Duration = Duration::from_secs(3700);

/// Serves `router`.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(e) => {
                tracing::warn!(
                    code = codes::MONITOR_CANNOT_ACCEPT,
                    "the monitor cannot accept: {e}"
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let router = router.clone().layer(Extension(PeerAddress(peer)));
        let tls = tls.clone();
        tokio::spawn(async move {
            // Small events are worth nothing late; a socket that cannot do it does without.
            let _ = stream.set_nodelay(true);
            let stream = Stall::new(stream, READS_WITHIN);
            let connection = async {
                match tls {
                    None => talk(stream, router).await,
                    Some(tls) => {
                        let secured = tokio::time::timeout(HEAD_WITHIN, tls.accept(stream));
                        match secured.await {
                            Ok(Ok(stream)) => talk(stream, router).await,
                            Ok(Err(e)) => tracing::debug!(
                                code = codes::MONITOR_DETAIL,
                                "the monitor: no TLS with {peer}: {e}"
                            ),
                            Err(_) => tracing::debug!(
                                code = codes::MONITOR_DETAIL,
                                "the monitor: no TLS with {peer} in time"
                            ),
                        }
                    }
                }
            };
            // Whatever a browser does wrong ends its own connection only.
            let _ = tokio::time::timeout(LIFE, connection).await;
            drop(place);
        });
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, router: Router) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(e) = connection.await {
        tracing::debug!(
            code = codes::MONITOR_DETAIL,
            "the monitor: a connection ended: {e}"
        );
    }
}
