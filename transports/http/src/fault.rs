//! What can be wrong with a message.

use core::fmt;
use finewire_core::machine::{CloseReason, Reason};
use ureq_proto::http::StatusCode;

/// What a peer's message did wrong, or which limit of ours it met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The start line is malformed.
    RemoteStartLine,
    /// A header field is malformed.
    RemoteHeader,
    /// A version other than HTTP/1.0 and HTTP/1.1.
    RemoteVersion,
    /// The request target is malformed.
    RemoteTarget,
    /// `Host` is missing, given twice, or not a host (RFC 9112 §3.2).
    RemoteHost,
    /// `Content-Length` is no number, or given twice with different values (RFC 9112 §6.3).
    RemoteContentLength,
    /// `Transfer-Encoding` is other than a single `chunked`, or comes with `Content-Length` or with
    /// HTTP/1.0: the ways in which requests are smuggled (RFC 9112 §6.1).
    RemoteTransferEncoding,
    /// The chunk framing is broken.
    RemoteChunk,
    /// Bytes came that belong to no answer.
    RemoteUnasked,
    /// The stream ended inside a message.
    RemoteCut,
    /// An answer switched protocols although nobody asked for it.
    RemoteSwitch,
    /// `Expect` asks for something other than `100-continue`.
    RemoteExpectation,
    /// More bytes of head (or of chunk framing) than allowed.
    LimitHeadBytes,
    /// More header fields than allowed.
    LimitHeaders,
    /// More bytes of body than allowed.
    LimitBody,
}

impl Fault {
    /// Why the stream is closed for it.
    #[must_use]
    pub fn close_reason(self) -> CloseReason {
        match self.reason() {
            Reason::Limit => CloseReason::Limit(self.to_string()),
            _ => CloseReason::Remote(self.to_string()),
        }
    }

    /// Whose turn it is to mend it: `Remote` or `Limit`.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::LimitHeadBytes | Self::LimitHeaders | Self::LimitBody => Reason::Limit,
            _ => Reason::Remote,
        }
    }

    /// The status with which a server answers it.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::RemoteVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::RemoteExpectation => StatusCode::EXPECTATION_FAILED,
            Self::LimitHeadBytes | Self::LimitHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::LimitBody => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RemoteStartLine => "malformed start line",
            Self::RemoteHeader => "malformed header field",
            Self::RemoteVersion => "unsupported HTTP version",
            Self::RemoteTarget => "malformed request target",
            Self::RemoteHost => "missing or malformed host field",
            Self::RemoteContentLength => "malformed or contradictory content-length",
            Self::RemoteTransferEncoding => "unsupported or ambiguous transfer-encoding",
            Self::RemoteChunk => "broken chunk framing",
            Self::RemoteUnasked => "bytes that answer no request",
            Self::RemoteCut => "stream ended inside a message",
            Self::RemoteSwitch => "protocol switched without having been asked to",
            Self::RemoteExpectation => "unknown expectation",
            Self::LimitHeadBytes => "too many header bytes",
            Self::LimitHeaders => "too many header fields",
            Self::LimitBody => "body too large",
        })
    }
}

impl core::error::Error for Fault {}
