//! Writes messages: head in one buffer, body shared.

use crate::{Bytes, redact};
use bytes::BytesMut;
use finewire_core::machine::{Outbox, Party, TraceEvent};
use std::sync::Arc;
use ureq_proto::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};

/// Fields that belong to the framing: set here, never taken from the owner.
const OURS: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
];

/// Queues a request.
pub(crate) fn request(outbox: &mut Outbox, request: &Request<Bytes>, host: &str) {
    let mut head = BytesMut::with_capacity(256);
    put(&mut head, request.method().as_str());
    put(&mut head, " ");
    put(&mut head, target(request));
    put(&mut head, " HTTP/1.1\r\nhost: ");
    put(&mut head, host);
    put(&mut head, "\r\n");
    fields(&mut head, request.headers(), &OURS);
    let body = request.body();
    let expects_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    if expects_body || !body.is_empty() {
        put(&mut head, &format!("content-length: {}\r\n", body.len()));
    }
    put(&mut head, "\r\n");
    outbox.push(head.freeze());
    outbox.push(body.clone());
}

/// A GET that asks to leave HTTP (RFC 9110 §7.8); the headers name for what.
pub(crate) fn upgrade_request(request: &Request<Bytes>, host: &str) -> Bytes {
    let mut head = BytesMut::with_capacity(256);
    put(&mut head, "GET ");
    put(&mut head, target(request));
    put(&mut head, " HTTP/1.1\r\nhost: ");
    put(&mut head, host);
    put(&mut head, "\r\nconnection: Upgrade\r\n");
    fields(&mut head, request.headers(), &OURS);
    put(&mut head, "\r\n");
    head.freeze()
}

/// The request target in origin form (or `*`).
pub(crate) fn target(request: &Request<Bytes>) -> &str {
    let uri = request.uri();
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// What a server adds to an answer.
pub(crate) struct Framed<'a> {
    /// Whether the request was HEAD.
    pub(crate) head_only: bool,
    /// The value of `Connection`, if any is said.
    pub(crate) connection: Option<&'static str>,
    /// The value of `Date`.
    pub(crate) date: Option<&'a str>,
}

/// Queues an answer.
pub(crate) fn response(outbox: &mut Outbox, response: &Response<Bytes>, framed: &Framed<'_>) {
    let status = response.status();
    let mut head = BytesMut::with_capacity(256);
    put(&mut head, "HTTP/1.1 ");
    put(&mut head, status.as_str());
    put(&mut head, " ");
    put(&mut head, status.canonical_reason().unwrap_or_default());
    put(&mut head, "\r\n");
    let has_body = !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED;
    let said = response.headers().get(header::CONTENT_LENGTH);
    let length = match said {
        // An answer to HEAD may tell the length of a body that nobody has made.
        Some(said) if framed.head_only && response.body().is_empty() => {
            Some(said.as_bytes().into())
        }
        _ if has_body => Some(response.body().len().to_string().into_bytes()),
        _ => None,
    };
    fields(&mut head, response.headers(), &OURS);
    if let Some(length) = length {
        put(&mut head, "content-length: ");
        head.extend_from_slice(&length);
        put(&mut head, "\r\n");
    }
    if let Some(date) = framed.date
        && !response.headers().contains_key(header::DATE)
    {
        put(&mut head, "date: ");
        put(&mut head, date);
        put(&mut head, "\r\n");
    }
    if let Some(connection) = framed.connection {
        put(&mut head, "connection: ");
        put(&mut head, connection);
        put(&mut head, "\r\n");
    }
    put(&mut head, "\r\n");
    outbox.push(head.freeze());
    if has_body && !framed.head_only {
        outbox.push(response.body().clone());
    }
}

fn fields(head: &mut BytesMut, headers: &HeaderMap, except: &[HeaderName]) {
    for (name, value) in headers {
        if !except.contains(name) {
            put(head, name.as_str());
            put(head, ": ");
            head.extend_from_slice(value.as_bytes());
            put(head, "\r\n");
        }
    }
}

fn put(head: &mut BytesMut, text: &str) {
    head.extend_from_slice(text.as_bytes());
}

/// A trace of one message. The body is shown only where it is XML, which holds no credentials here;
/// forms and the rest stay out.
pub(crate) fn trace(
    from: Party,
    to: Party,
    subject: String,
    headers: &HeaderMap,
    body: &Bytes,
) -> TraceEvent {
    let agent: Option<Arc<str>> = None;
    TraceEvent {
        from,
        to,
        link: None,
        agent,
        subject,
        detail: redact::shown_body(headers, body),
    }
}
