//! What every request has to fulfil before anybody looks at who asks: it names this monitor as its host, and
//! it comes from the monitor's own page or from no page at all. And what every answer carries.

use super::refusal::Refusal;
use super::station::Station;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use core::net::IpAddr;
use std::sync::Arc;

/// Which hosts are this monitor.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    names: Vec<String>,
    address: IpAddr,
}

impl Hosts {
    pub(crate) fn new(address: IpAddr, names: &[String]) -> Self {
        Self {
            names: names.iter().map(|name| name.to_lowercase()).collect(),
            address,
        }
    }

    /// Whether everything that names a host in a request names this monitor: a page elsewhere must not read
    /// it by a name of its own that resolves to this machine.
    fn are_named_by(&self, request: &Request) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let target = request.uri().authority();
        host.to_str().is_ok_and(|host| self.is_ours(host))
            && target.is_none_or(|authority| self.is_ours(authority.as_str()))
    }

    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap_or((rest, "?")),
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        let port = port.strip_prefix(':').unwrap_or(port);
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        if let Ok(ip) = name.parse::<IpAddr>() {
            let is_any = self.address.is_unspecified();
            return ip.is_loopback() || ip == self.address || is_any;
        }
        let name = name.to_lowercase();
        name == "localhost" || self.names.contains(&name)
    }
}

/// Refuses what names another host or comes from another site, and adds the headers that keep a page from
/// loading or being shown in anything foreign.
pub(crate) async fn guard(
    State(station): State<Arc<Station>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = if !station.hosts.are_named_by(&request) {
        Refusal::misdirected().into_response()
    } else if comes_from_elsewhere(&request, station.is_secured) {
        Refusal::cross_site().into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if station.is_secured {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Whether a browser says that another site's page makes this request (W3C, "Fetch Metadata"; RFC 6454).
/// Reading the page itself from a link elsewhere is allowed.
fn comes_from_elsewhere(request: &Request, is_secured: bool) -> bool {
    let headers = request.headers();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let site = text(headers, "sec-fetch-site");
    let is_page = is_read && !request.uri().path().starts_with("/api/");
    match site {
        Some("same-origin" | "none") | None => {}
        Some(_) if is_page => {}
        Some(_) => return true,
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let scheme = if is_secured { "https://" } else { "http://" };
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    let is_ours = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix(scheme))
        .is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    !is_ours
}

/// A header's value, where it is there once and plain.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return Some("");
    };
    Some(value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    fn named(address: &str, target: &str, hosts: &[&str]) -> bool {
        let names = ["Monitor.example".to_owned()];
        let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        Hosts::new(address.parse().unwrap(), &names).are_named_by(&request("GET", target, &headers))
    }

    #[test]
    fn only_hosts_that_are_this_monitor_are_answered() {
        for (host, answered) in [
            ("localhost:8162", true),
            ("127.0.0.1:8162", true),
            ("[::1]:8162", true),
            ("monitor.EXAMPLE", true),
            ("rebound.example:8162", false),
            ("127.0.0.1.rebound.example", false),
            ("localhost:x@rebound.example", false),
            ("192.0.2.1", false),
            ("", false),
        ] {
            assert_eq!(named("127.0.0.1", "/", &[host]), answered, "{host}");
        }
        assert!(named("192.0.2.1", "/", &["192.0.2.1:8162"]));
        assert!(!named("127.0.0.1", "/", &[]));
        assert!(!named("127.0.0.1", "/", &["localhost", "evil.example"]));
        assert!(!named("127.0.0.1", "http://evil.example/", &["localhost"]));
    }

    #[test]
    fn what_another_sites_page_asks_for_is_refused() {
        let host = ("host", "localhost:8162");
        for (method, target, header, refused) in [
            (
                "POST",
                "/api/drain",
                ("origin", "http://localhost:8162"),
                false,
            ),
            (
                "POST",
                "/api/drain",
                ("sec-fetch-site", "same-origin"),
                false,
            ),
            ("POST", "/api/drain", ("x", ""), false),
            (
                "POST",
                "/api/drain",
                ("origin", "http://localhost:8163"),
                true,
            ),
            (
                "POST",
                "/api/drain",
                ("origin", "https://localhost:8162"),
                true,
            ),
            ("POST", "/api/drain", ("origin", "null"), true),
            ("POST", "/api/drain", ("origin", ""), true),
            ("POST", "/api/drain", ("sec-fetch-site", "same-site"), true),
            ("POST", "/api/drain", ("sec-fetch-site", "cross-site"), true),
            ("GET", "/api/status", ("sec-fetch-site", "cross-site"), true),
            (
                "GET",
                "/api/status",
                ("origin", "http://evil.example"),
                true,
            ),
            ("GET", "/", ("sec-fetch-site", "cross-site"), false),
            ("POST", "/", ("sec-fetch-site", "cross-site"), true),
        ] {
            let request = request(method, target, &[host, header]);
            assert_eq!(
                comes_from_elsewhere(&request, false),
                refused,
                "{method} {target} {header:?}"
            );
        }
    }
}
