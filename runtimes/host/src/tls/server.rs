//! TLS as a server: what certificate to show.

use super::{TlsSetupError, fingerprint};
use finewire_core::machine::Fingerprint;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::sync::Arc;

/// The certificate a server shows and its key. TLS 1.2 and 1.3, no client certificates.
#[derive(Clone, Debug)]
pub struct ServerTls {
    pub(super) config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
    certificate_pem: Arc<str>,
}

impl ServerTls {
    /// From PEM texts: the chain beginning with the server's own certificate, and its key.
    ///
    /// # Errors
    ///
    /// One is missing or malformed, or they do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsSetupError> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(TlsSetupError::malformed)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            rustls::pki_types::pem::Error::NoItemsFound => TlsSetupError::LocalNoKey,
            error => TlsSetupError::malformed(error),
        })?;
        Self::from_parts(chain, key)
    }

    /// From PEM files, as [`ServerTls::from_pem`]; both may be the same file.
    ///
    /// # Errors
    ///
    /// As [`ServerTls::from_pem`], or a file cannot be read.
    pub fn from_files(chain: &Path, key: &Path) -> Result<Self, TlsSetupError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| TlsSetupError::unreadable(path, &error))
        };
        Self::from_pem(&read(chain)?, &read(key)?)
    }

    /// From DER: the chain beginning with the server's own certificate, and its key in
    /// PKCS #8, PKCS #1 or SEC 1 form.
    ///
    /// # Errors
    ///
    /// One is missing or malformed, or they do not belong together.
    pub fn from_der(chain: &[Vec<u8>], key: &[u8]) -> Result<Self, TlsSetupError> {
        let chain = chain.iter().cloned().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::try_from(key.to_vec()).map_err(TlsSetupError::malformed)?;
        Self::from_parts(chain, key)
    }

    /// A fresh ECDSA P-256 key and a certificate for `names` (DNS names or IP addresses) that it
    /// signs itself. Clients trust it by its [fingerprint](ServerTls::fingerprint) or by its
    /// [PEM form](ServerTls::certificate_pem) as a root. Nothing is stored.
    ///
    /// # Errors
    ///
    /// A name is no DNS name and no IP address, or the system has no randomness.
    pub fn self_made(names: &[&str]) -> Result<Self, TlsSetupError> {
        let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(owned).map_err(|error| {
            TlsSetupError::LocalBadName(format!("{}: {error}", names.join(", ")))
        })?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Self::from_parts(vec![made.cert.der().clone()], key.into())
    }

    /// A configuration of one's own, where the other constructors do not reach: client certificates, a certificate for
    /// each name, another provider. `certificate` is the one that is shown (DER), for
    /// [`fingerprint`](ServerTls::fingerprint) and [`certificate_pem`](ServerTls::certificate_pem); the configuration is
    /// not asked for it.
    #[must_use]
    pub fn from_rustls(config: Arc<ServerConfig>, certificate: &[u8]) -> Self {
        Self {
            config,
            fingerprint: fingerprint(certificate),
            certificate_pem: to_pem(certificate).into(),
        }
    }

    /// The SHA-256 of the server's own certificate, for clients to pin.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The server's own certificate in PEM form.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    fn from_parts(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsSetupError> {
        let own = chain.first().ok_or(TlsSetupError::LocalNoCertificate)?;
        let fingerprint = fingerprint(own);
        let certificate_pem = to_pem(own).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the ring provider has suites of TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => TlsSetupError::LocalKeyMismatch,
                error => TlsSetupError::malformed(error),
            })?;
        Ok(Self {
            config: Arc::new(config),
            fingerprint,
            certificate_pem,
        })
    }
}

/// RFC 7468 §5.
fn to_pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
