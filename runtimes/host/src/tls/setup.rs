//! What can be wrong with a TLS configuration.

use core::fmt;
use std::path::PathBuf;

/// A TLS profile could not be made; all of it is the configuration's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsSetupError {
    /// The file could not be read; the system's words.
    LocalUnreadable(PathBuf, String),
    /// The text holds no certificate (of `BEGIN CERTIFICATE` form).
    LocalNoCertificate,
    /// The text holds no private key (PKCS #1, SEC 1 or PKCS #8).
    LocalNoKey,
    /// The text is no valid PEM, or a certificate or key in it is malformed or unusable.
    LocalMalformed(String),
    /// The private key is not that of the certificate.
    LocalKeyMismatch,
    /// A name for a certificate is neither a DNS name nor an IP address.
    LocalBadName(String),
    /// The system has no trusted roots, or none could be read.
    LocalNoRoots(String),
}

impl fmt::Display for TlsSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalUnreadable(path, why) => {
                write!(f, "cannot read {}: {why}", path.display())
            }
            Self::LocalNoCertificate => f.write_str("no certificate found"),
            Self::LocalNoKey => f.write_str("no private key found"),
            Self::LocalMalformed(why) => write!(f, "unusable certificate or key: {why}"),
            Self::LocalKeyMismatch => f.write_str("the private key is not the certificate's"),
            Self::LocalBadName(name) => write!(f, "{name:?} is no name for a certificate"),
            Self::LocalNoRoots(why) => write!(f, "no trusted roots on this system: {why}"),
        }
    }
}

impl core::error::Error for TlsSetupError {}

impl TlsSetupError {
    pub(super) fn malformed(error: impl fmt::Display) -> Self {
        Self::LocalMalformed(error.to_string())
    }

    pub(super) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::LocalUnreadable(path.to_owned(), error.to_string())
    }
}
