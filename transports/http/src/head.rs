//! Reads message heads: finds their end in any chunking, parses them once, and decides what body follows.

use crate::body::Framing;
use crate::{Fault, Limits, redact};
use std::vec::Vec;
use ureq_proto::http::uri::Authority;
use ureq_proto::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Version};
use ureq_proto::http::{HeaderValue, header};
use ureq_proto::{Error, parser};

/// Gathers the bytes of one head; looks at each byte once.
#[derive(Default)]
pub(crate) struct HeadReader {
    bytes: Vec<u8>,
    after_line_end: bool,
    skipped: usize,
}

impl HeadReader {
    /// Takes what belongs to the head; tells how much that was and whether the head is complete.
    /// Empty lines before the start line are skipped (RFC 9112 §2.2).
    pub(crate) fn read(&mut self, input: &[u8], limits: &Limits) -> Result<(usize, bool), Fault> {
        let mut start = 0;
        if self.bytes.is_empty() {
            let blank = |b: &&u8| **b == b'\r' || **b == b'\n';
            start = input.iter().take_while(blank).count();
            self.skipped = self.skipped.saturating_add(start);
        }
        let rest = input.get(start..).unwrap_or_default();
        let mut used = rest.len();
        let mut complete = false;
        for (n, byte) in rest.iter().enumerate() {
            match byte {
                b'\n' if self.after_line_end => {
                    used = n + 1;
                    complete = true;
                    break;
                }
                b'\n' => self.after_line_end = true,
                b'\r' => {}
                _ => self.after_line_end = false,
            }
        }
        if self.skipped + self.bytes.len() + used > limits.head_bytes {
            return Err(Fault::LimitHeadBytes);
        }
        self.bytes
            .extend_from_slice(rest.get(..used).unwrap_or_default());
        Ok((start + used, complete))
    }

    /// Whether a byte of the start line has come.
    pub(crate) const fn has_begun(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The request whose head is complete; begins anew.
    pub(crate) fn take_request(&mut self, limits: &Limits) -> Result<Request<()>, Fault> {
        let bytes = core::mem::take(self).bytes;
        let parsed = parser::try_parse_request::<{ Limits::MOST_HEADERS }>(&bytes);
        let mut request = match parsed {
            Ok(Some((used, request))) if used == bytes.len() => request,
            Ok(_) => return Err(Fault::RemoteHeader),
            Err(Error::HttpParseTooManyHeaders) => return Err(Fault::LimitHeaders),
            Err(_) => return Err(request_fault(&bytes)),
        };
        if request.headers().len() > limits.headers {
            return Err(Fault::LimitHeaders);
        }
        redact::mark_secrets(request.headers_mut());
        check_target(&request)?;
        check_host(&request)?;
        Ok(request)
    }

    /// The answer whose head is complete; begins anew.
    pub(crate) fn take_response(&mut self, limits: &Limits) -> Result<Response<()>, Fault> {
        let bytes = core::mem::take(self).bytes;
        let parsed = parser::try_parse_response::<{ Limits::MOST_HEADERS }>(&bytes);
        let mut response = match parsed {
            Ok(Some((used, response))) if used == bytes.len() => response,
            Ok(_) => return Err(Fault::RemoteHeader),
            Err(Error::HttpParseTooManyHeaders) => return Err(Fault::LimitHeaders),
            Err(_) => return Err(response_fault(&bytes)),
        };
        if response.headers().len() > limits.headers {
            return Err(Fault::LimitHeaders);
        }
        redact::mark_secrets(response.headers_mut());
        Ok(response)
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii_end()
}

/// Says more exactly why a request head was not parsed.
fn request_fault(bytes: &[u8]) -> Fault {
    let line = first_line(bytes);
    let mut words = line.split(|byte| *byte == b' ');
    let (_, target, version) = (words.next(), words.next(), words.next());
    match version {
        Some(b"HTTP/1.1" | b"HTTP/1.0") if words.next().is_none() => {
            let mut alone = line.to_vec();
            alone.extend_from_slice(b"\r\n\r\n");
            match parser::try_parse_request::<0>(&alone) {
                Ok(_) => Fault::RemoteHeader,
                Err(_) if target.is_none_or(<[u8]>::is_empty) => Fault::RemoteStartLine,
                Err(_) => Fault::RemoteTarget,
            }
        }
        Some(version) if version.starts_with(b"HTTP/") => Fault::RemoteVersion,
        _ => Fault::RemoteStartLine,
    }
}

fn response_fault(bytes: &[u8]) -> Fault {
    let line = first_line(bytes);
    let mut alone = line.to_vec();
    alone.extend_from_slice(b"\r\n\r\n");
    let version = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => match parser::try_parse_response::<0>(&alone) {
            Ok(_) => Fault::RemoteHeader,
            Err(_) => Fault::RemoteStartLine,
        },
        version if version.starts_with(b"HTTP/") => Fault::RemoteVersion,
        _ => Fault::RemoteStartLine,
    }
}

/// The four forms of RFC 9112 §3.2, each with its methods.
fn check_target(request: &Request<()>) -> Result<(), Fault> {
    let uri = request.uri();
    let fits = if request.method() == Method::CONNECT {
        uri.authority().is_some() && uri.path_and_query().is_none()
    } else if uri.path() == "*" {
        request.method() == Method::OPTIONS
    } else {
        uri.path().starts_with('/') && (uri.authority().is_none() || uri.scheme().is_some())
    };
    if fits {
        Ok(())
    } else {
        Err(Fault::RemoteTarget)
    }
}

fn check_host(request: &Request<()>) -> Result<(), Fault> {
    let mut values = request.headers().get_all(header::HOST).iter();
    let (first, second) = (values.next(), values.next());
    let fits = match (first, second) {
        (Some(host), None) => {
            host.is_empty()
                || Authority::try_from(host.as_bytes()).is_ok_and(|a| !a.as_str().contains('@'))
        }
        (None, _) => request.version() == Version::HTTP_10,
        (Some(_), Some(_)) => false,
    };
    if fits { Ok(()) } else { Err(Fault::RemoteHost) }
}

/// What body follows a request (RFC 9112 §6.3).
pub(crate) fn request_framing(request: &Request<()>) -> Result<Framing, Fault> {
    declared_framing(request.headers(), request.version())
        .map(|framing| framing.unwrap_or(Framing::Length(0)))
}

/// What body follows an answer to a request with `method` (RFC 9112 §6.3).
pub(crate) fn response_framing(response: &Response<()>, method: &Method) -> Result<Framing, Fault> {
    let status = response.status();
    if method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
    {
        return Ok(Framing::Length(0));
    }
    declared_framing(response.headers(), response.version())
        .map(|framing| framing.unwrap_or(Framing::UntilClose))
}

fn declared_framing(headers: &HeaderMap, version: Version) -> Result<Option<Framing>, Fault> {
    let mut length = None;
    for value in headers.get_all(header::CONTENT_LENGTH) {
        for element in value.as_bytes().split(|byte| *byte == b',') {
            let element = element.trim_ascii();
            let digits = !element.is_empty() && element.iter().all(u8::is_ascii_digit);
            let number = core::str::from_utf8(element)
                .ok()
                .filter(|_| digits)
                .and_then(|text| text.parse::<u64>().ok())
                .ok_or(Fault::RemoteContentLength)?;
            if length.is_some_and(|before| before != number) {
                return Err(Fault::RemoteContentLength);
            }
            length = Some(number);
        }
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(length.map(Framing::Length)),
        (Some(coding), None)
            if length.is_none()
                && version == Version::HTTP_11
                && coding
                    .as_bytes()
                    .trim_ascii()
                    .eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(Some(Framing::Chunked))
        }
        (Some(_), _) => Err(Fault::RemoteTransferEncoding),
    }
}

/// Whether the connection can carry another exchange after this message (RFC 9112 §9.3).
pub(crate) fn keeps_alive(headers: &HeaderMap, version: Version) -> bool {
    if lists(headers, &header::CONNECTION, "close") {
        return false;
    }
    version == Version::HTTP_11 || lists(headers, &header::CONNECTION, "keep-alive")
}

/// Whether a list-valued field has this element, case aside (RFC 9110 §5.6.1).
pub(crate) fn lists(headers: &HeaderMap, name: &HeaderName, element: &str) -> bool {
    let split = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(element.as_bytes()))
    };
    headers.get_all(name).iter().any(split)
}
