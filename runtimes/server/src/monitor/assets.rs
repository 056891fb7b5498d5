//! The page: files of the folder `page`, part of the program. Each is compressed once, when it is first asked
//! for, and told apart by a digest, so that a browser that comes again loads nothing twice.

use super::guard::text;
use super::refusal::Refusal;
use super::station::Station;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

#[derive(RustEmbed)]
#[folder = "src/monitor/page"]
#[include = "index.html"]
#[include = "assets/*"]
struct Page;

/// A file of the page.
struct Asset {
    plain: Bytes,
    /// `None` where it would be no smaller.
    gzip: Option<Bytes>,
    /// RFC 9110, section 8.8.3; weak, for it stands for both forms.
    tag: String,
}

/// All files, by path.
fn assets() -> &'static BTreeMap<String, Asset> {
    static ASSETS: OnceLock<BTreeMap<String, Asset>> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let named = |path| Page::get(path).map(|file| (path.to_owned(), asset(file)));
        let paths: Vec<_> = Page::iter().collect();
        paths.iter().filter_map(|path| named(path)).collect()
    })
}

fn asset(file: rust_embed::EmbeddedFile) -> Asset {
    let plain = Bytes::from(file.data.into_owned());
    let digest = file.metadata.sha256_hash();
    let digest = digest.get(..12).unwrap_or(&digest);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; if it did, the plain form is there.
    let gzip = encoder.write_all(&plain).and_then(|()| encoder.finish());
    let gzip = gzip.ok().filter(|gzip| gzip.len() < plain.len());
    Asset {
        plain,
        gzip: gzip.map(Bytes::from),
        tag: format!("W/\"{}\"", hex::encode(digest)),
    }
}

/// Adds the page at `/` and what it loads at `/assets/…`.
pub(super) fn routes(router: Router<Arc<Station>>) -> Router<Arc<Station>> {
    let named =
        |path: &'static str| get(move |headers: HeaderMap| async move { file(path, &headers) });
    router
        .route("/", named("index.html"))
        .route("/favicon.ico", named("assets/favicon.svg"))
        .route(
            "/assets/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                file(&format!("assets/{path}"), &headers)
            }),
        )
}

fn file(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = assets().get(path) else {
        return Refusal::not_found("there is no such page").into_response();
    };
    // The browser asks each time whether its copy is still good: the page and its scripts belong together.
    let fixed = [
        (header::ETAG, asset.tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "accept-encoding"),
    ];
    if is_known(headers, &asset.tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let kind = [(header::CONTENT_TYPE, kind(path))];
    match &asset.gzip {
        Some(gzip) if takes_gzip(headers) => {
            let coding = [(header::CONTENT_ENCODING, "gzip")];
            (fixed, kind, coding, gzip.clone()).into_response()
        }
        _ => (fixed, kind, asset.plain.clone()).into_response(),
    }
}

/// Whether the browser has this already. RFC 9110, section 13.1.2: weak comparison.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = text(headers, header::IF_NONE_MATCH.as_str()).unwrap_or_default();
    known.trim() == "*" || known.split(',').any(|known| opaque(known) == opaque(tag))
}

/// Whether gzip is among what the browser takes. RFC 9110, section 12.5.3: a weight of 0 is a no.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let taken = text(headers, header::ACCEPT_ENCODING.as_str()).unwrap_or_default();
    taken.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_no = weight.trim().strip_prefix("q=").is_some_and(|weight| {
            weight
                .trim()
                .parse::<f32>()
                .is_ok_and(|weight| weight == 0.0)
        });
        name.trim().eq_ignore_ascii_case("gzip") && !is_no
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn asked(path: &str, pairs: &[(&'static str, &str)]) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        file(path, &headers)
    }

    async fn body(response: Response) -> Bytes {
        axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_file_comes_compressed_to_who_takes_that_and_is_the_same_file() {
        let plain = asked("index.html", &[]);
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        let refused = asked("index.html", &[("accept-encoding", "gzip;q=0, br")]);
        assert!(refused.headers().get(header::CONTENT_ENCODING).is_none());
        let short = asked("index.html", &[("accept-encoding", "br, gzip;q=0.5")]);
        assert_eq!(short.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(short.headers()[header::ETAG], plain.headers()[header::ETAG]);

        let (plain, short) = (body(plain).await, body(short).await);
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*short)
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, plain);
        assert!(short.len() < plain.len());
    }

    #[tokio::test]
    async fn who_has_it_already_loads_nothing_and_who_has_another_one_does() {
        let tag = asked("assets/main.js", &[]).headers()[header::ETAG].clone();
        let tag = tag.to_str().unwrap();
        for known in [
            tag,
            "*",
            &format!("\"x\", {}", tag.trim_start_matches("W/")),
        ] {
            let answer = asked("assets/main.js", &[("if-none-match", known)]);
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert!(body(answer).await.is_empty());
        }
        let other = asked("assets/base.css", &[("if-none-match", tag)]);
        assert_eq!(other.status(), StatusCode::OK);
        assert_eq!(asked("assets/none.js", &[]).status(), StatusCode::NOT_FOUND);
    }
}
