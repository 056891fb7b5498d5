//! The verbs of a machine: what it is told and what it answers.

use super::UnixMillis;
use super::{Chunks, CommandId, Instant, LinkId, ListenerId, Outcome, TlsId, TraceEvent};
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// Talks many byte streams, does no IO. See the [module's rules](super).
pub trait Machine {
    /// What its owner can ask for.
    type Command;
    /// What it tells its owner.
    type Event;

    /// Tells it what happened.
    fn handle_input(&mut self, now: Instant, input: Input<'_, Self::Command>);

    /// Tells it that time has passed, at the latest at the deadline of its last `Wait`.
    /// A call that comes early or twice is harmless.
    fn handle_timeout(&mut self, now: Instant);

    /// The next thing to do; [`Output::Wait`] is the last answer, given only when nothing else
    /// is left.
    #[must_use]
    fn poll_output(&mut self) -> Output<Self::Event>;
}

/// What a machine is told.
#[derive(Clone)]
pub enum Input<'a, C> {
    /// A link that it asked for is connected.
    Opened(LinkId),
    /// The TLS handshake that it asked for is done; further bytes are plain text.
    Secured(LinkId, PeerIdentity),
    /// Bytes came, in any chunking, never empty.
    Received(LinkId, &'a [u8]),
    /// The last `Send` of this link is written; the next may follow.
    Sent(LinkId),
    /// The link is gone, for good. Comes exactly once for each link.
    Closed(LinkId, CloseReason),
    /// It listens, on this address (with the real port where 0 was asked for).
    Listening(ListenerId, Address),
    /// It could not listen, or listening ended.
    ListenFailed(ListenerId, CloseReason),
    /// A peer connected from this address.
    Accepted(ListenerId, LinkId, Address),
    /// Its owner asks for something; it ends in exactly one [`Output::Ended`].
    Command(CommandId, C),
    /// The wall clock shows this; given at start and after each step of the clock.
    Wall(UnixMillis),
}

impl<C: fmt::Debug> fmt::Debug for Input<'_, C> {
    /// Shows how many bytes came, never which: they may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(link) => write!(f, "Opened({link})"),
            Self::Secured(link, identity) => write!(f, "Secured({link}, {identity:?})"),
            Self::Received(link, bytes) => write!(f, "Received({link}, {} bytes)", bytes.len()),
            Self::Sent(link) => write!(f, "Sent({link})"),
            Self::Closed(link, reason) => write!(f, "Closed({link}, {reason:?})"),
            Self::Listening(listener, address) => write!(f, "Listening({listener:?}, {address})"),
            Self::ListenFailed(listener, reason) => {
                write!(f, "ListenFailed({listener:?}, {reason:?})")
            }
            Self::Accepted(listener, link, address) => {
                write!(f, "Accepted({listener:?}, {link}, {address})")
            }
            Self::Command(id, command) => write!(f, "Command({id:?}, {command:?})"),
            Self::Wall(wall) => write!(f, "Wall({wall:?})"),
        }
    }
}

/// What a machine answers.
#[derive(Clone, Debug)]
pub enum Output<E> {
    /// Connect to this endpoint. TLS is asked for apart, by [`Output::Secure`].
    Open(LinkId, Endpoint),
    /// Write all of this, in order, then say [`Input::Sent`].
    Send(LinkId, Chunks),
    /// Stop reading from this link.
    Pause(LinkId),
    /// Read from it again.
    Resume(LinkId),
    /// Do a TLS handshake on it: as client on links we opened, as server on accepted ones.
    Secure(LinkId, TlsId),
    /// Close it; it ends in [`Input::Closed`].
    Close(LinkId, Closing),
    /// Listen on this address; port 0 lets the system choose.
    Listen(ListenerId, Address),
    /// Stop listening; links already accepted stay.
    Unlisten(ListenerId),
    /// Something its owner wants to know.
    Event(E),
    /// A command has ended.
    Ended(CommandId, Outcome),
    /// A message passed.
    Trace(TraceEvent),
    /// Nothing to do until this deadline (`None`: until the next input).
    Wait(Option<Instant>),
}

/// How to close a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// After the write in flight, in good order (TLS close_notify, FIN).
    Flush,
    /// At once; what is not yet written is dropped.
    Abort,
}

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host name or IP address, as TLS is to check it.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
    /// The TLS profile to secure the link with before anything is said; `None`: plain.
    pub tls: Option<TlsId>,
}

impl Endpoint {
    /// A plain endpoint.
    #[must_use]
    pub fn plain(host: &str, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: None,
        }
    }

    /// An endpoint that speaks TLS from the first byte.
    #[must_use]
    pub fn secure(host: &str, port: u16, tls: TlsId) -> Self {
        Self {
            host: host.into(),
            port,
            tls: Some(tls),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An address to listen on or that a peer has: an IP address as text, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// IP address, without brackets.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
}

impl Address {
    /// The address `host`:`port`.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The SHA-256 of a certificate's DER form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whom a TLS handshake proved to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The peer's own certificate, where it showed one.
    pub certificate: Option<Fingerprint>,
    /// The TLS version agreed on, e.g. `TLSv1.3`.
    pub version: Option<Arc<str>>,
}

/// Why a link is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// Nobody listens there.
    Refused,
    /// No route, host down.
    Unreachable,
    /// The name does not resolve.
    NameNotFound,
    /// The address to listen on is taken.
    AddressInUse,
    /// TLS failed.
    Tls(TlsFault),
    /// No answer in time.
    TimedOut,
    /// The peer closed, or reset the connection.
    Eof,
    /// We asked for it.
    Asked,
    /// The peer broke its protocol; what it did.
    Remote(String),
    /// The peer refused us on protocol level (credentials, rights); what it said.
    Denied(String),
    /// A limit of ours was exceeded; which.
    Limit(String),
    /// As many attempts failed as may; with the reason of the last one. Nobody tries again.
    GaveUp(String),
    /// Anything else; the system's words.
    Other(String),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Unreachable => f.write_str("host unreachable"),
            Self::NameNotFound => f.write_str("name not found"),
            Self::AddressInUse => f.write_str("address already in use"),
            Self::Tls(fault) => write!(f, "TLS: {fault}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Eof => f.write_str("closed by the peer"),
            Self::Asked => f.write_str("closed by us"),
            Self::Remote(text) => write!(f, "peer broke the protocol: {text}"),
            Self::Denied(text) => write!(f, "refused by the peer: {text}"),
            Self::Limit(text) => write!(f, "limit exceeded: {text}"),
            Self::GaveUp(text) => f.write_str(text),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// What exactly is wrong with a TLS peer; `doctor` names it and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// Signed by nobody we trust.
    UnknownIssuer,
    /// A self-signed CA certificate (CA:TRUE) used as the server's own.
    SelfSignedCa,
    /// The certificate is not for this host name, or has no subject alternative name at all.
    WrongName,
    /// Past its end.
    Expired,
    /// Before its beginning.
    NotYetValid,
    /// Revoked.
    Revoked,
    /// A signature does not fit, or its algorithm is not accepted.
    BadSignature,
    /// Malformed, of an unsupported X.509 version, or with an unusable key.
    BadCertificate(String),
    /// It is not the certificate that was pinned.
    PinMismatch(Fingerprint),
    /// No common protocol version.
    Version,
    /// No common cipher suite, group or signature scheme.
    NoCommonSuite,
    /// The peer ended the handshake with this alert.
    Alert(String),
    /// What came is not TLS.
    NotTls,
    /// This TLS profile is not configured with the host, or TLS is not built in.
    NoProfile,
    /// Anything else.
    Other(String),
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("certificate signed by an unknown issuer"),
            Self::SelfSignedCa => f.write_str("self-signed CA certificate used by a server"),
            Self::WrongName => f.write_str("certificate is not valid for this host name"),
            Self::Expired => f.write_str("certificate expired"),
            Self::NotYetValid => f.write_str("certificate not yet valid"),
            Self::Revoked => f.write_str("certificate revoked"),
            Self::BadSignature => f.write_str("bad or unacceptable signature"),
            Self::BadCertificate(text) => write!(f, "bad certificate: {text}"),
            Self::PinMismatch(found) => write!(f, "not the pinned certificate, found {found}"),
            Self::Version => f.write_str("no common protocol version"),
            Self::NoCommonSuite => f.write_str("no common cipher suite"),
            Self::Alert(text) => write!(f, "peer sent alert: {text}"),
            Self::NotTls => f.write_str("peer does not speak TLS"),
            Self::NoProfile => f.write_str("TLS profile not configured"),
            Self::Other(text) => f.write_str(text),
        }
    }
}
