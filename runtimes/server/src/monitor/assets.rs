//! The page: files of the folder `page`, part of the program.

use super::refusal::Refusal;
use super::station::Station;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "src/monitor/page"]
#[include = "index.html"]
#[include = "assets/*"]
struct Page;

/// Adds the page at `/` and what it loads at `/assets/…`.
pub(super) fn routes(router: Router<Arc<Station>>) -> Router<Arc<Station>> {
    router
        .route("/", get(|| async { file("index.html") }))
        .route("/favicon.ico", get(|| async { file("assets/favicon.svg") }))
        .route(
            "/assets/{*path}",
            get(|Path(path): Path<String>| async move { file(&format!("assets/{path}")) }),
        )
}

fn file(path: &str) -> Response {
    match Page::get(path) {
        Some(file) => {
            let body = Body::from(file.data.into_owned());
            ([(header::CONTENT_TYPE, kind(path))], body).into_response()
        }
        None => Refusal::not_found("there is no such page").into_response(),
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
