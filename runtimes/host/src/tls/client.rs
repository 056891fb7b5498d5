//! TLS as a client: whom to trust.

use super::TlsSetupError;
use super::pin::Pinned;
use finewire_core::machine::Fingerprint;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use std::path::Path;
use std::sync::Arc;

/// How a client checks whom it talks to. TLS 1.2 and 1.3, no ALPN.
#[derive(Clone, Debug)]
pub struct ClientTls {
    pub(super) config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Trusts the roots that the operating system trusts.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError::LocalNoRoots`] when there are none.
    pub fn system_roots() -> Result<Self, TlsSetupError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = found.errors.first().map(ToString::to_string);
            return Err(TlsSetupError::LocalNoRoots(why.unwrap_or_default()));
        }
        Ok(Self::with_roots(roots))
    }

    /// Trusts the certificates in this PEM text, and nobody else.
    ///
    /// # Errors
    ///
    /// The text holds none, or one that is malformed.
    pub fn roots_pem(pem: &[u8]) -> Result<Self, TlsSetupError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(TlsSetupError::malformed)?;
            roots.add(certificate).map_err(TlsSetupError::malformed)?;
        }
        if roots.is_empty() {
            return Err(TlsSetupError::LocalNoCertificate);
        }
        Ok(Self::with_roots(roots))
    }

    /// Trusts the certificates in this PEM file, and nobody else.
    ///
    /// # Errors
    ///
    /// As [`ClientTls::roots_pem`], or the file cannot be read.
    pub fn roots_file(path: &Path) -> Result<Self, TlsSetupError> {
        let pem = std::fs::read(path).map_err(|error| TlsSetupError::unreadable(path, &error))?;
        Self::roots_pem(&pem)
    }

    /// Trusts exactly the certificate with this SHA-256, whatever it says of names, dates,
    /// purpose and issuer. For the self-signed CA certificates and those without a subject
    /// alternative name that Finesse servers have. That the peer holds the certificate's key
    /// is verified.
    #[must_use]
    pub fn pinned(fingerprint: Fingerprint) -> Self {
        let pinned = Arc::new(Pinned::new(fingerprint));
        let config = builder()
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_no_client_auth();
        Self::from(Arc::new(config))
    }

    /// What rustls is configured with, for those who drive a connection themselves.
    #[must_use]
    pub fn to_rustls(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    fn with_roots(roots: RootCertStore) -> Self {
        let config = builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self::from(Arc::new(config))
    }
}

/// A configuration of one's own, where the constructors do not reach.
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self { config }
    }
}

fn builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the ring provider has suites of TLS 1.2 and 1.3")
}
