//! The HTTP exchange that makes a connection a WebSocket (RFC 6455 §4).

use super::Fault;
use crate::{Bytes, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use crate::{head, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The value of `Sec-WebSocket-Accept` that proves that `key` was read (RFC 6455 §4.2.2).
///
/// ```
/// let accept = finewire_http::ws::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

/// A client's wish for a WebSocket, read from its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    accept: String,
    subprotocols: Vec<String>,
}

/// Why a request for a WebSocket cannot be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not GET, not HTTP/1.1, or without `Connection: upgrade`.
    RemoteRequest,
    /// `Sec-WebSocket-Key` is missing, given twice, or not 16 bytes in Base64.
    RemoteKey,
    /// A version other than 13.
    RemoteVersion,
}

impl Refusal {
    /// The answer that tells it (RFC 6455 §4.2.2, §4.4).
    #[must_use]
    pub fn response(self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        let (status, name, value) = match self {
            Self::RemoteRequest | Self::RemoteKey => {
                *response.status_mut() = StatusCode::BAD_REQUEST;
                return response;
            }
            Self::RemoteVersion => (
                StatusCode::UPGRADE_REQUIRED,
                header::SEC_WEBSOCKET_VERSION,
                "13",
            ),
        };
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        response
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::RemoteRequest => "no proper request for a websocket",
            Self::RemoteKey => "malformed websocket key",
            Self::RemoteVersion => "unsupported websocket version",
        })
    }
}

impl core::error::Error for Refusal {}

impl Handshake {
    /// The wish in this request; `None` if it does not ask for a WebSocket at all.
    ///
    /// # Errors
    /// What is wrong with it.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Result<Self, Refusal>> {
        asks_for_websocket(request).then(|| Self::read(request))
    }

    fn read<B>(request: &Request<B>) -> Result<Self, Refusal> {
        let headers = request.headers();
        if request.method() != Method::GET
            || request.version() != Version::HTTP_11
            || !head::lists(headers, &header::CONNECTION, "upgrade")
        {
            return Err(Refusal::RemoteRequest);
        }
        if single(headers, &header::SEC_WEBSOCKET_VERSION) != Some(b"13") {
            return Err(Refusal::RemoteVersion);
        }
        let key = single(headers, &header::SEC_WEBSOCKET_KEY).ok_or(Refusal::RemoteKey)?;
        if !STANDARD.decode(key).is_ok_and(|key| key.len() == 16) {
            return Err(Refusal::RemoteKey);
        }
        Ok(Self {
            accept: accept_key(key),
            subprotocols: headers
                .get_all(header::SEC_WEBSOCKET_PROTOCOL)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect(),
        })
    }

    /// The subprotocols on offer, in the client's order of preference.
    #[must_use]
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// Whether this subprotocol is on offer.
    #[must_use]
    pub fn offers(&self, subprotocol: &str) -> bool {
        self.subprotocols.iter().any(|name| name == subprotocol)
    }

    /// The answer that grants it, with the subprotocol chosen from those on offer.
    pub(super) fn response(&self, subprotocol: Option<&'static str>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(name) = subprotocol {
            headers.insert(
                header::SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(name),
            );
        }
        response
    }
}

/// Whether a request wants to leave HTTP for a WebSocket.
pub(crate) fn asks_for_websocket<B>(request: &Request<B>) -> bool {
    head::lists(request.headers(), &header::UPGRADE, "websocket")
}

/// Checks the answer to a handshake with this key (RFC 6455 §4.1).
pub(super) fn check_answer(
    response: &Response<()>,
    key: &str,
    subprotocol: Option<&'static str>,
) -> Result<(), Fault> {
    let headers = response.headers();
    let accepted = response.status() == StatusCode::SWITCHING_PROTOCOLS
        && response.version() == Version::HTTP_11
        && single(headers, &header::UPGRADE)
            .is_some_and(|it| it.eq_ignore_ascii_case(b"websocket"))
        && head::lists(headers, &header::CONNECTION, "upgrade")
        && single(headers, &header::SEC_WEBSOCKET_ACCEPT)
            == Some(accept_key(key.as_bytes()).as_bytes())
        && !headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS);
    // A server that names no subprotocol agreed to none; naming another one than asked for is forbidden.
    let agreed = match subprotocol {
        Some(name) => single(headers, &header::SEC_WEBSOCKET_PROTOCOL) == Some(name.as_bytes()),
        None => !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL),
    };
    if accepted && agreed {
        Ok(())
    } else {
        Err(Fault::RemoteHandshake)
    }
}

/// The value of a field that stands there once.
fn single<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}
