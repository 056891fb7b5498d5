//! One TLS connection as a filter of bytes.

use super::fault::tls_fault;
use super::{ClientTls, ServerTls, fingerprint};
use bytes::Bytes;
use core::fmt;
use finewire_core::machine::{Chunks, PeerIdentity, TlsFault};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};
use std::io::{Read, Write};

/// Turns socket bytes into plain bytes and back.
pub(crate) struct Session {
    connection: Connection,
    has_begun: bool,
    is_secured: bool,
    has_peer_ended: bool,
}

impl Session {
    /// The client's side of a connection to `host`.
    pub(super) fn client(profile: &ClientTls, host: &str) -> Result<Self, TlsFault> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TlsFault::Other(format!("{host:?} is no host name that TLS can check")))?;
        let connection = ClientConnection::new(profile.config.clone(), name);
        Ok(Self::new(
            connection.map_err(|error| tls_fault(&error))?.into(),
        ))
    }

    /// The server's side.
    pub(super) fn server(profile: &ServerTls) -> Result<Self, TlsFault> {
        let connection = ServerConnection::new(profile.config.clone());
        Ok(Self::new(
            connection.map_err(|error| tls_fault(&error))?.into(),
        ))
    }

    fn new(mut connection: Connection) -> Self {
        // The bound on what is encrypted ahead is the caller's.
        connection.set_buffer_limit(None);
        Self {
            connection,
            has_begun: false,
            is_secured: false,
            has_peer_ended: false,
        }
    }

    /// Takes some of the socket's bytes off the front of `bytes`. [`Session::read`] is to be
    /// called until it gives nothing before more are taken in.
    pub(crate) fn take_in(&mut self, bytes: &mut &[u8]) -> Result<(), TlsFault> {
        // A TLS record begins with its content type, 20 to 24 (RFC 8446 §5.1).
        if !self.has_begun
            && let Some(first) = bytes.first()
        {
            if !(20..=24).contains(first) {
                return Err(TlsFault::NotTls);
            }
            self.has_begun = true;
        }
        self.connection
            .read_tls(bytes)
            .map_err(|error| TlsFault::Other(error.to_string()))?;
        match self.connection.process_new_packets() {
            Ok(state) => {
                self.has_peer_ended = state.peer_has_closed();
                Ok(())
            }
            Err(error) => Err(tls_fault(&error)),
        }
    }

    /// Moves decrypted bytes into `plain`; 0 when there are none.
    pub(crate) fn read(&mut self, plain: &mut [u8]) -> usize {
        // `WouldBlock` and the stream's end both mean: nothing.
        self.connection.reader().read(plain).unwrap_or(0)
    }

    /// Encrypts; the result is fetched with [`Session::take_out`].
    pub(crate) fn encrypt(&mut self, plain: &[u8]) {
        self.connection
            .writer()
            .write_all(plain)
            .expect("writing into an unlimited buffer");
    }

    /// Moves what is to be written to the socket into `raw`.
    pub(crate) fn take_out(&mut self, raw: &mut Chunks) {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            self.connection
                .write_tls(&mut bytes)
                .expect("writing into a vector");
        }
        raw.push(Bytes::from(bytes));
    }

    /// Says `close_notify`.
    pub(crate) fn end(&mut self) {
        self.connection.send_close_notify();
    }

    /// Whether the handshake is done.
    pub(crate) fn is_secured(&self) -> bool {
        self.is_secured
    }

    /// Whom the handshake proved to be there: once, after it is done.
    pub(crate) fn newly_secured(&mut self) -> Option<PeerIdentity> {
        if self.is_secured || self.connection.is_handshaking() {
            return None;
        }
        self.is_secured = true;
        let certificate = self.connection.peer_certificates().and_then(<[_]>::first);
        let version = self.connection.protocol_version();
        Some(PeerIdentity {
            certificate: certificate.map(|certificate| fingerprint(certificate)),
            version: version.and_then(|version| match version {
                rustls::ProtocolVersion::TLSv1_2 => Some("TLSv1.2".into()),
                rustls::ProtocolVersion::TLSv1_3 => Some("TLSv1.3".into()),
                _ => None,
            }),
        })
    }

    /// Whether the peer said `close_notify`.
    pub(crate) fn has_peer_ended(&self) -> bool {
        self.has_peer_ended
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("is_secured", &self.is_secured)
            .finish_non_exhaustive()
    }
}
