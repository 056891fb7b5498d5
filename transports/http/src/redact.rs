//! Keeps credentials out of sight.

use bytes::Bytes;
use core::fmt;
use ureq_proto::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};

/// Whether the values of this field are secret: credentials and cookies.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        header::SET_COOKIE,
    ]
    .contains(name)
}

/// Marks the values of secret fields, so that the `http` crate's own `Debug` hides them too.
pub(crate) fn mark_secrets(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if is_secret(name) {
            value.set_sensitive(true);
        }
    }
}

/// The body as a trace may show it: XML only, at most [`SHOWN`] bytes of it.
pub(crate) fn shown_body(headers: &HeaderMap, body: &Bytes) -> String {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !kind.contains("xml") {
        return String::new();
    }
    let part = body.get(..SHOWN).unwrap_or(body);
    let mut text = String::from_utf8_lossy(part).into_owned();
    if part.len() < body.len() {
        text.push('…');
    }
    text
}

/// The most bytes of a body that a trace shows.
const SHOWN: usize = 4096;

/// A request for `Debug`: method, target (an absolute URI may hold a password), header fields without secrets, size of the body.
pub(crate) fn request(request: &Request<Bytes>) -> impl fmt::Debug + '_ {
    ShownRequest {
        method: request.method(),
        target: crate::write::target(request),
        headers: Headers(request.headers()),
        body_len: request.body().len(),
    }
}

/// An answer for `Debug`: status, header fields without secrets, size of the body.
pub(crate) fn response(response: &Response<Bytes>) -> impl fmt::Debug + '_ {
    ShownResponse {
        status: response.status(),
        headers: Headers(response.headers()),
        body_len: response.body().len(),
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug")]
struct ShownRequest<'a> {
    method: &'a Method,
    target: &'a str,
    headers: Headers<'a>,
    body_len: usize,
}

#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug")]
struct ShownResponse<'a> {
    status: StatusCode,
    headers: Headers<'a>,
    body_len: usize,
}

struct Headers<'a>(&'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            if is_secret(name) {
                map.entry(&name, &format_args!("…"));
            } else {
                map.entry(&name, value);
            }
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_credentials_nor_bodies_are_shown() {
        let made = Request::put("http://u:hunter2@f/finesse/api/User/1001001")
            .header("authorization", "Basic MTAwMTAwMTpQYXNzdzByZCE=")
            .header("cookie", "JSESSIONID=4711")
            .header("accept", "*/*")
            .body(Bytes::from_static(b"<User>secret</User>"))
            .unwrap();

        let shown = format!("{:?}", request(&made));

        for secret in ["MTAwMTAw", "4711", "secret", "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(
            shown.contains("*/*") && shown.contains("1001001"),
            "{shown}"
        );
    }

    #[test]
    fn marked_values_stay_hidden_in_the_debug_of_the_http_crate() {
        let mut made = Response::builder()
            .header("set-cookie", "JSESSIONID=4711")
            .body(())
            .unwrap();

        mark_secrets(made.headers_mut());

        assert!(!format!("{made:?}").contains("4711"));
    }
}
