//! One TLS handshake, watched: what was agreed on, or where and why it broke, and which certificates came.

use super::hello::{self, Heard, Newest};
use super::way::Clock;
use core::fmt;
use core::net::SocketAddr;
use finewire_core::machine::TlsFault;
use finewire_host::{ClientTls, tls_fault};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A stream to a peer, with TLS or without.
pub(crate) struct Wire {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// The first bytes that the peer sent, as they were on the socket.
    pub(crate) first: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

/// Why a handshake broke.
#[derive(Debug)]
pub(crate) enum Broken {
    /// TLS itself.
    Tls(TlsFault),
    /// The peer closed, or the system's words.
    Closed(String),
}

/// How many of a peer's first bytes are kept.
const FIRST: usize = 256;
/// No plain answer that is waited for is longer.
const LONGEST_ANSWER: usize = 64 * 1024;

impl Wire {
    /// Connects; no TLS yet.
    pub(crate) async fn open(to: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(to).await.map_err(|e| e.to_string())?;
        Ok(Self {
            stream,
            tls: None,
            first: Vec::new(),
        })
    }

    /// Does the handshake as a client of `host`.
    pub(crate) async fn secure(
        &mut self,
        host: &str,
        config: Arc<ClientConfig>,
    ) -> Result<(), Broken> {
        let fault = |text: String| Broken::Tls(TlsFault::Other(text));
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| fault(format!("{host:?} is no host name that TLS can check")))?;
        let tls = ClientConnection::new(config, name).map_err(|e| Broken::Tls(tls_fault(&e)))?;
        let mut tls = Box::new(tls);
        while tls.is_handshaking() {
            self.write_out(&mut tls).await.map_err(Broken::Closed)?;
            if !tls.is_handshaking() {
                break;
            }
            let mut bytes = [0; 4096];
            let count = match self.stream.read(&mut bytes).await {
                Ok(0) => return Err(Broken::Closed("the peer closed the connection".into())),
                Ok(count) => count,
                Err(e) => return Err(Broken::Closed(e.to_string())),
            };
            let came = bytes.get(..count).unwrap_or_default();
            let room = FIRST.saturating_sub(self.first.len());
            self.first.extend(came.iter().take(room));
            // A TLS record begins with its content type, 20 to 24 (RFC 8446 §5.1).
            if !self
                .first
                .first()
                .is_some_and(|kind| (20..=24).contains(kind))
            {
                return Err(Broken::Tls(TlsFault::NotTls));
            }
            let result = take_in(&mut tls, came);
            if let Err(error) = result {
                // The alert that says why; whether it arrives is of no matter.
                let _ = self.write_out(&mut tls).await;
                return Err(Broken::Tls(tls_fault(&error)));
            }
        }
        self.write_out(&mut tls).await.map_err(Broken::Closed)?;
        self.tls = Some(tls);
        Ok(())
    }

    async fn write_out(&mut self, tls: &mut ClientConnection) -> Result<(), String> {
        let mut bytes = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut bytes).map_err(|e| e.to_string())?;
        }
        self.stream
            .write_all(&bytes)
            .await
            .map_err(|e| e.to_string())
    }

    /// The version and suite agreed on, such as `TLSv1.3 with TLS13_AES_256_GCM_SHA384`.
    pub(crate) fn agreed(&self) -> Option<String> {
        let tls = self.tls.as_ref()?;
        let version = match tls.protocol_version()? {
            rustls::ProtocolVersion::TLSv1_2 => "TLS 1.2",
            rustls::ProtocolVersion::TLSv1_3 => "TLS 1.3",
            _ => "TLS",
        };
        let suite = tls.negotiated_cipher_suite()?.suite();
        Some(format!("{version} with {}", suite.as_str()?))
    }

    /// The certificates that the peer showed in a handshake that went well; its own is the first.
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let tls = self.tls.as_ref();
        let shown = tls.and_then(|tls| tls.peer_certificates());
        shown
            .unwrap_or_default()
            .iter()
            .cloned()
            .map(CertificateDer::into_owned)
            .collect()
    }

    /// Sends `question` and returns what comes up to the moment that `is_whole` says it is enough, the
    /// peer closes, or 64 KiB came.
    pub(crate) async fn ask(
        &mut self,
        question: &[u8],
        is_whole: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, String> {
        let mut tls = self.tls.take();
        let result = self
            .ask_through(tls.as_deref_mut(), question, is_whole)
            .await;
        self.tls = tls;
        result
    }

    async fn ask_through(
        &mut self,
        mut tls: Option<&mut ClientConnection>,
        question: &[u8],
        is_whole: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, String> {
        match tls.as_deref_mut() {
            Some(tls) => {
                tls.writer()
                    .write_all(question)
                    .map_err(|e| e.to_string())?;
                self.write_out(tls).await?;
            }
            None => self
                .stream
                .write_all(question)
                .await
                .map_err(|e| e.to_string())?,
        }
        let mut answer = Vec::new();
        while answer.len() < LONGEST_ANSWER && !is_whole(&answer) {
            let mut bytes = [0; 4096];
            let count = match self.stream.read(&mut bytes).await {
                Ok(0) => break,
                Ok(count) => count,
                Err(_) if !answer.is_empty() => break,
                Err(e) => return Err(e.to_string()),
            };
            let came = bytes.get(..count).unwrap_or_default();
            match tls.as_deref_mut() {
                Some(tls) => {
                    take_in(tls, came).map_err(|e| e.to_string())?;
                    // The end of the plain text is no error here: `WouldBlock` and `UnexpectedEof`.
                    let mut plain = [0; 4096];
                    while let Ok(count @ 1..) = tls.reader().read(&mut plain) {
                        answer.extend(plain.iter().take(count));
                    }
                }
                None => answer.extend_from_slice(came),
            }
        }
        Ok(answer)
    }
}

fn take_in(tls: &mut ClientConnection, mut came: &[u8]) -> Result<(), Error> {
    while !came.is_empty() {
        tls.read_tls(&mut came)
            .map_err(|e| Error::General(e.to_string()))?;
        tls.process_new_packets()?;
    }
    Ok(())
}

/// The certificates that a peer shows to somebody who believes anything: they are only looked at, and nothing
/// is said to that peer.
pub(crate) async fn shown(to: SocketAddr, host: &str) -> Vec<CertificateDer<'static>> {
    let onlooker = Arc::new(Onlooker::default());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(builder) =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
    else {
        return Vec::new();
    };
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(onlooker.clone())
        .with_no_client_auth();
    if let Ok(mut wire) = Wire::open(to).await {
        // How it ends does not matter.
        let _ = wire.secure(host, Arc::new(config)).await;
    }
    onlooker
        .seen
        .lock()
        .map(|seen| seen.clone())
        .unwrap_or_default()
}

/// Whether a peer answers a TLS client with TLS.
pub(crate) async fn speaks_tls(to: SocketAddr, host: &str, clock: Clock) -> bool {
    let limit = clock.step_ends();
    let look = async {
        let Ok(mut wire) = Wire::open(to).await else {
            return false;
        };
        let tls = ClientTls::pinned(finewire_core::machine::Fingerprint([0; 32]));
        let _ = wire.secure(host, tls.to_rustls()).await;
        super::speech::Speech::of(&wire.first) == super::speech::Speech::Tls
    };
    tokio::time::timeout_at(limit, look).await.unwrap_or(false)
}

/// What a peer that refuses our TLS says to an old ClientHello.
pub(crate) async fn heard(to: SocketAddr, host: &str, newest: Newest) -> Heard {
    let ask = async {
        let mut wire = Wire::open(to).await.ok()?;
        let question = hello::hello(newest, host);
        let answer = wire
            .ask(&question, |bytes| hello::heard(bytes).is_some())
            .await;
        hello::heard(&answer.ok()?)
    };
    ask.await.unwrap_or(Heard::Nothing)
}

/// Believes everything and keeps what was shown.
#[derive(Debug)]
struct Onlooker {
    seen: Mutex<Vec<CertificateDer<'static>>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Default for Onlooker {
    fn default() -> Self {
        let provider = rustls::crypto::ring::default_provider();
        Self {
            seen: Mutex::default(),
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(mut seen) = self.seen.lock() {
            let all = core::iter::once(end_entity).chain(intermediates);
            *seen = all.cloned().map(CertificateDer::into_owned).collect();
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
