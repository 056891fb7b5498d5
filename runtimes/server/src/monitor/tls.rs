//! The monitor's certificate: from files, or made by itself.

use super::plan::Wire;
use anyhow::{Context, Result};
use core::net::IpAddr;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What a browser meets.
pub(crate) struct Secured {
    pub(crate) acceptor: TlsAcceptor,
    /// SHA-256 of the certificate, as browsers show it.
    pub(crate) fingerprint: String,
}

/// The TLS of `wire`; `None` for plain HTTP.
///
/// # Errors
///
/// The files cannot be read, or key and certificate do not belong together.
pub(crate) fn secure(wire: &Wire, address: IpAddr, names: &[String]) -> Result<Option<Secured>> {
    let (chain, key) = match wire {
        Wire::Plain => return Ok(None),
        Wire::SelfMade => self_made(address, names)?,
        Wire::Files { certificate, key } => from_files(certificate, key)?,
    };
    let first = chain.first().context("a certificate")?;
    let fingerprint = finewire_host::fingerprint(first).to_string();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the monitor's certificate and key")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Secured {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        fingerprint,
    }))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn self_made(address: IpAddr, names: &[String]) -> Result<Identity> {
    let mut all = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    if !address.is_loopback() && !address.is_unspecified() {
        all.push(address.to_string());
    }
    all.extend(names.iter().cloned());
    let made = rcgen::generate_simple_self_signed(all).context("the monitor's certificate")?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((vec![made.cert.der().clone()], key.into()))
}

fn from_files(certificate: &Path, key: &Path) -> Result<Identity> {
    let of = |path: &Path| format!("{}", path.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .with_context(|| of(certificate))?
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| of(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| of(key))?;
    Ok((chain, key))
}
